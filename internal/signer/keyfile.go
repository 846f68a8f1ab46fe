package signer

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/secretfile"
)

// maxKeyFile bounds what is read: a key file has about 230 bytes.
const maxKeyFile = 4096

// KeyFile is a key in the format of the Solana command line: a JSON array of 64 numbers, seed then public key. However
// it is printed or logged, it shows its public key only.
type KeyFile struct {
	private ed25519.PrivateKey
	public  solana.PublicKey
}

// OpenKeyFile reads a key file. It refuses one that others on the machine may read or replace, one of the wrong length,
// and one whose two halves do not belong together. Errors: Human "signer/key"; they never quote the file's content.
func OpenKeyFile(path string) (*KeyFile, error) {
	raw, err := secretfile.Read(path, secretfile.OwnerAlone, maxKeyFile)
	switch {
	case errors.Is(err, secretfile.ErrUnsafe):
		return nil, refuseKey(fmt.Errorf("key file: %w", err), "If the advice does not help, give another file: signer.keypair_path, or the vault's keypair_path")
	case err != nil:
		return nil, refuseKey(fmt.Errorf("key file: %w", err), "Check KEYPAIR_PATH or the vault's key setting")
	}
	k, err := ParseKey(raw)
	if err != nil {
		return nil, refuseKey(fmt.Errorf("key file %s: %w", path, err), "Make one with solana-keygen new")
	}
	return k, nil
}

// ParseKey reads the content of a key file. Its errors never quote the content.
func ParseKey(raw []byte) (*KeyFile, error) {
	if len(raw) > maxKeyFile {
		return nil, fmt.Errorf("more than %d bytes", maxKeyFile)
	}
	var numbers []uint16 // Not bytes: those may stand as base64 text as well.
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&numbers); err != nil {
		return nil, errors.New("not a JSON array of numbers from 0 to 255")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON array")
	}
	if len(numbers) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("%d numbers, want %d", len(numbers), ed25519.PrivateKeySize)
	}
	seed := make([]byte, 0, ed25519.SeedSize)
	for _, n := range numbers[:ed25519.SeedSize] {
		if n > 255 {
			return nil, errors.New("not a JSON array of numbers from 0 to 255")
		}
		seed = append(seed, byte(n))
	}
	private := ed25519.NewKeyFromSeed(seed)
	for i, n := range numbers {
		if uint16(private[i]) != n {
			return nil, errors.New("its public half does not belong to its secret half; the file is damaged")
		}
	}
	return &KeyFile{private: private, public: solana.PublicKeyFromBytes(private[ed25519.SeedSize:])}, nil
}

func refuseKey(err error, next string) error {
	return fault.New(fault.Human, CodeKey, err).WithNext(next)
}

// PublicKey is the key's address.
func (k *KeyFile) PublicKey() solana.PublicKey { return k.public }

// Sign signs anything; wrap it in a Policy.
func (k *KeyFile) Sign(_ context.Context, message []byte) (solana.Signature, error) {
	return solana.SignatureFromBytes(ed25519.Sign(k.private, message)), nil
}

// String shows the public key.
func (k *KeyFile) String() string { return "key " + k.public.String() }

// GoString shows the public key.
func (k *KeyFile) GoString() string { return k.String() }

// Format shows the public key, whatever the verb: %d would print the secret bytes.
func (k *KeyFile) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue shows the public key.
func (k *KeyFile) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalJSON shows the public key.
func (k *KeyFile) MarshalJSON() ([]byte, error) { return json.Marshal(k.public.String()) }
