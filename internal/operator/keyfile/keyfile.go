// Package keyfile makes and reads operators' private keys: PKCS#8 in PEM, as openssl writes ed25519 keys too.
package keyfile

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/meteora-fee-router/feeops/internal/secretfile"
)

// largest bounds what is read; a key file has about 120 bytes.
const largest = 4096

const blockType = "PRIVATE KEY"

// Write makes a new key of the random source and writes it to a file of mode 0600. A file that exists is left alone and
// is an error: a lost key cannot be had back.
func Write(path string, random io.Reader) (ed25519.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("make an operator's key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("make an operator's key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("write an operator's key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write an operator's key: %w. A key file is never overwritten: choose another name", err)
	}
	_, err = f.Write(pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write an operator's key to %s: %w", path, err)
	}
	return public, nil
}

// Read reads a key file. It refuses one that others on the machine may read or replace. Its errors never quote the content.
func Read(path string) (ed25519.PrivateKey, error) {
	raw, err := secretfile.Read(path, secretfile.OwnerAlone, largest)
	if err != nil {
		return nil, fmt.Errorf("operator's key: %w", err)
	}
	key, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("operator's key %s: %w. Make one with feeops operator keygen", path, err)
	}
	return key, nil
}

// Parse reads the content of a key file.
func Parse(raw []byte) (ed25519.PrivateKey, error) {
	if len(raw) > largest {
		return nil, fmt.Errorf("more than %d bytes", largest)
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != blockType {
		return nil, errors.New("no PEM block of type " + blockType)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the PEM block holds no PKCS#8 key")
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a key of another kind (%T), want ed25519", parsed)
	}
	return key, nil
}
