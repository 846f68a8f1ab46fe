// Package operator knows who may decide: people with roles and public keys from the settings, and the approvals that they
// sign. It is pure, so that workflows may judge a signature; private keys are in operator/keyfile.
package operator

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/edwards25519"
)

// Role is what a person may do.
type Role string

// Roles. Each stands for itself: an admin signs what an approver signs, and nobody else does.
const (
	Viewer   Role = "viewer"   // Looks.
	Operate  Role = "operator" // Runs the day; may bring an isolated vault back.
	Approver Role = "approver" // One of the two who lift a stop.
	Admin    Role = "admin"    // Like an approver.
)

// Roles lists them from least to most.
func Roles() []Role { return []Role{Viewer, Operate, Approver, Admin} }

// Operator is one person of the settings. Without a key a person can be told things and sign nothing.
type Operator struct {
	Name    string    `json:"name"`
	Roles   []Role    `json:"roles"`
	Key     string    `json:"key,omitempty"` // As FormatKey writes it.
	Expires time.Time `json:"expires,omitzero"`
}

// Has is true when the operator has one of the roles.
func (o Operator) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(o.Roles, r) })
}

// Expired is true once the operator's time is over. Somebody without an end has none.
func (o Operator) Expired(now time.Time) bool { return !o.Expires.IsZero() && !now.Before(o.Expires) }

// Roster is everybody.
type Roster []Operator

// Find looks a person up by name.
func (r Roster) Find(name string) (Operator, bool) {
	i := slices.IndexFunc(r, func(o Operator) bool { return o.Name == name })
	if i < 0 {
		return Operator{}, false
	}
	return r[i], true
}

// Owner looks a person up by public key.
func (r Roster) Owner(key ed25519.PublicKey) (Operator, bool) {
	i := slices.IndexFunc(r, func(o Operator) bool {
		own, err := ParseKey(o.Key)
		return err == nil && own.Equal(key)
	})
	if i < 0 {
		return Operator{}, false
	}
	return r[i], true
}

// keyPrefix names the algorithm, so that a key of another one cannot be taken for this.
const keyPrefix = "ed25519:"

// FormatKey writes a public key as the settings hold it: ed25519: and 32 bytes in base64.
func FormatKey(key ed25519.PublicKey) string {
	return keyPrefix + base64.StdEncoding.EncodeToString(key)
}

// ParseKey is the inverse of FormatKey, and accepts nothing that FormatKey would write otherwise. A key of low order, for
// which one signature fits many texts, is refused: whoever registered it could deny what he signed.
func ParseKey(text string) (ed25519.PublicKey, error) {
	encoded, ok := strings.CutPrefix(text, keyPrefix)
	if !ok {
		return nil, fmt.Errorf("public key: want %s and 32 bytes in base64", keyPrefix)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) != ed25519.PublicKeySize || FormatKey(raw) != text {
		return nil, fmt.Errorf("public key: want %s and 32 bytes in base64", keyPrefix)
	}
	point, err := new(edwards25519.Point).SetBytes(raw)
	if err != nil || new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return nil, errors.New("public key: these bytes are no ed25519 key that anybody could sign with alone: copy the line that feeops operator keygen printed")
	}
	return raw, nil
}
