// Package seal signs documents that people outside verify: heads of the audit log, daily receipts and labels of
// backups. The key is an
// ed25519 key of its own and pays for nothing.
package seal

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/secretfile"
)

// ErrSignature means that a document was changed, or signed with another key.
var ErrSignature = errors.New("the signature does not verify")

// Purposes keep a signature for one kind of document from being shown as another's.
const (
	AuditHead = "feeops-audit-head-v1"
	Receipt   = "feeops-receipt-v1"
	Backup    = "feeops-backup-v1"
)

const (
	privateType = "PRIVATE KEY"
	publicType  = "PUBLIC KEY"
	maxKeyFile  = 4096
)

// Public is the key that verifies.
type Public [ed25519.PublicKeySize]byte

// String is the key in hex, as documents carry it.
func (p Public) String() string { return hex.EncodeToString(p[:]) }

// ParsePublic reads a key in hex.
func ParsePublic(text string) (Public, error) {
	var p Public
	b, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != len(p) {
		return p, fmt.Errorf("public key %q: want 64 hex digits", text)
	}
	return Public(b), nil
}

// LoadPublic reads a key in hex, or the file of one: PEM, as keygen writes it beside the key.
func LoadPublic(text string) (Public, error) {
	if p, err := ParsePublic(text); err == nil {
		return p, nil
	}
	raw, err := os.ReadFile(text)
	if err != nil {
		return Public{}, fmt.Errorf("public key: neither 64 hex digits nor a file: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != publicType {
		return ParsePublic(string(raw))
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := parsed.(ed25519.PublicKey)
	if err != nil || !ok {
		return Public{}, fmt.Errorf("public key file %s: no ed25519 key", text)
	}
	return Public(key), nil
}

// Verify holds a signature against the document it was made for. ErrSignature: it does not fit.
func (p Public) Verify(purpose string, document []byte, signature string) error {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !ed25519.Verify(p[:], message(purpose, document), raw) {
		return ErrSignature
	}
	return nil
}

// message is what is signed. No purpose holds a zero byte.
func message(purpose string, document []byte) []byte {
	return append(append([]byte(purpose), 0), document...)
}

// Key signs. However it is printed, it shows its public half only.
type Key struct{ private ed25519.PrivateKey }

// Generate makes a key.
func Generate(random io.Reader) (*Key, error) {
	_, private, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return &Key{private}, nil
}

// Open reads a key file: PKCS #8 in PEM, mode 0600. Errors never quote its content.
func Open(path string) (*Key, error) {
	raw, err := secretfile.Read(path, secretfile.OwnerAlone, maxKeyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("audit key: %w. Make one with: feeops audit keygen", err)
	case err != nil:
		return nil, fmt.Errorf("audit key: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != privateType {
		return nil, fmt.Errorf("audit key %s is no PEM private key. Make one with: feeops audit keygen", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("audit key %s is no ed25519 key. Make one with: feeops audit keygen", path)
	}
	return &Key{key}, nil
}

// Write puts the key into a new file of mode 0600 and its public half beside it as FILE.pub. It never overwrites: the
// signatures of a key that is gone can be verified, and none made.
func (k *Key) Write(path string) error {
	private, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return fmt.Errorf("encode the key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		return fmt.Errorf("encode the key: %w", err)
	}
	for _, one := range []struct {
		path, kind string
		mode       os.FileMode
		der        []byte
	}{{path, privateType, 0o600, private}, {path + ".pub", publicType, 0o644, public}} {
		f, err := os.OpenFile(one.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, one.mode)
		if err != nil {
			return fmt.Errorf("write the key: %w", err)
		}
		_, err = f.Write(pem.EncodeToMemory(&pem.Block{Type: one.kind, Bytes: one.der}))
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("write the key: %w", err)
		}
	}
	return nil
}

// Public is the half that verifies.
func (k *Key) Public() Public { return Public(k.private.Public().(ed25519.PublicKey)) }

// Sign signs a document for a purpose; the signature is base64.
func (k *Key) Sign(purpose string, document []byte) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, message(purpose, document)))
}

// String shows the public half.
func (k *Key) String() string { return "audit key " + k.Public().String() }

// GoString shows the public half.
func (k *Key) GoString() string { return k.String() }

// Format shows the public half, whatever the verb.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue shows the public half.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalJSON shows the public half.
func (k *Key) MarshalJSON() ([]byte, error) { return json.Marshal(k.Public().String()) }
