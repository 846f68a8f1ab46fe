package backup

import (
	"encoding/json"
	"fmt"
	"slices"

	"filippo.io/age"

	"github.com/meteora-fee-router/feeops/internal/seal"
)

// Keys open an archive, and say whose archives are believed: encryption to a public key proves nothing of who made it.
type Keys struct {
	Identities []age.Identity
	Signers    []seal.Public // Public halves of the audit keys that are known here.
	Unsigned   bool          // An archive that none of the signers signed is taken all the same: a person said so.
}

// signed is what the signature is over: the label in JSON without it. The label holds the archive's SHA-256.
func (l Label) signed() ([]byte, error) {
	l.Signature, l.MadeAt = "", l.MadeAt.UTC()
	return json.Marshal(l)
}

// sign signs a label. Without a key it stays unsigned.
func (l *Label) sign(key *seal.Key) error {
	if key == nil {
		return nil
	}
	l.Signer = key.Public().String()
	b, err := l.signed()
	if err != nil {
		return err
	}
	l.Signature = key.Sign(seal.Backup, b)
	return nil
}

// intact holds a signature against the label's own key. Whose key that is, only the caller can know.
func (l Label) intact() error {
	if l.Signature == "" && l.Signer == "" {
		return nil
	}
	key, err := seal.ParsePublic(l.Signer)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTampered, err)
	}
	b, err := l.signed()
	if err == nil {
		err = key.Verify(seal.Backup, b, l.Signature)
	}
	if err != nil {
		return fmt.Errorf("%w: its label: %w", ErrTampered, err)
	}
	return nil
}

// SignedBy is true when one of the keys signed the label, and with it the archive's bytes.
func (l Label) SignedBy(signers []seal.Public) bool {
	key, err := seal.ParsePublic(l.Signer)
	return err == nil && l.Signature != "" && slices.Contains(signers, key) && l.intact() == nil
}

// believe refuses what no known key signed, unless a person said that it is to be taken.
func (k Keys) believe(l Label) error {
	if err := l.intact(); err != nil {
		return err
	}
	switch {
	case l.SignedBy(k.Signers), k.Unsigned:
		return nil
	case l.Signature == "":
		return fmt.Errorf("%w: it has no signature", ErrUnsigned)
	}
	return fmt.Errorf("%w: key %s signed it, and %d other keys are known here", ErrUnsigned, l.Signer, len(k.Signers))
}
