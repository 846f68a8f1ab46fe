package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/meteora-fee-router/feeops/internal/secretfile"
)

// ParseRecipient reads a public key, age1… . Whoever has the secret half can open what is encrypted to it.
func ParseRecipient(s string) (age.Recipient, error) {
	if strings.HasPrefix(s, "AGE-SECRET-KEY-") {
		return nil, fmt.Errorf("%w: this is the secret half of a key, and the settings want the public one, age1…", ErrKeyFile) // It is not repeated here.
	}
	list, err := age.ParseRecipients(strings.NewReader(s))
	if err != nil || len(list) != 1 {
		return nil, fmt.Errorf("recipient %.16q…: want one public key age1…", s)
	}
	return list[0], nil
}

// maxIdentityFile bounds what is read: a file of keys has some hundred bytes.
const maxIdentityFile = 64 << 10

// LoadIdentities reads a file of secret keys. One that others on the machine may read or replace is refused. No error quotes it.
func LoadIdentities(path string) ([]age.Identity, error) {
	fail := func(err error) ([]age.Identity, error) {
		return nil, refuse("key file %s: %w: %w", path, ErrKeyFile, err)
	}
	raw, err := secretfile.Read(path, secretfile.OwnerAlone, maxIdentityFile)
	if err != nil {
		return fail(err)
	}
	list, err := age.ParseIdentities(bytes.NewReader(raw))
	if err != nil {
		return fail(errors.New("it holds something else than secret keys AGE-SECRET-KEY-…, one a line"))
	}
	return list, nil
}

// GenerateKey makes a key and writes its secret half into a new file of mode 0600. It gives the public half.
func GenerateKey(path string, now time.Time) (recipient string, err error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	recipient = identity.Recipient().String()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make the directory of %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", refuse("key file %s: %w: backups made for the key in it could not be opened any more", path, ErrTaken)
	}
	if err != nil {
		return "", fmt.Errorf("write the key: %w", err)
	}
	_, err = fmt.Fprintf(f, "# created: %s\n# public key: %s\n%s\n", now.UTC().Format(time.RFC3339), recipient, identity)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("write the key into %s: %w", path, err)
	}
	return recipient, nil
}

// RecipientsOf are the public halves of loaded keys, for a look at whether they fit the settings.
func RecipientsOf(list []age.Identity) []string {
	var out []string
	for _, i := range list {
		switch key := i.(type) {
		case *age.X25519Identity:
			out = append(out, key.Recipient().String())
		case *age.HybridIdentity:
			out = append(out, key.Recipient().String())
		}
	}
	return out
}
