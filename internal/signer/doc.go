// Package signer holds the crank's key and says no: a policy looks at every message before it is signed, so that a bug
// or an intruder elsewhere in the program cannot make the key pay for anything but the router's day.
package signer

import (
	"context"

	"github.com/gagliardetto/solana-go"
)

// Signer signs messages with one key. Remote keys (a vault, a cloud's key service) fit behind it as well as a file.
type Signer interface {
	PublicKey() solana.PublicKey
	// Sign signs the serialized message of a transaction, legacy or v0.
	Sign(ctx context.Context, message []byte) (solana.Signature, error)
}

// CodeRefused is the failure of a message that the policy does not allow; its kind is Human.
const CodeRefused = "signer/refused"

// CodeKey is the failure of a key that cannot be used; its kind is Human.
const CodeKey = "signer/key"
