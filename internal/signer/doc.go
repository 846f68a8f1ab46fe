// Package signer holds the crank's key and says no: a policy looks at every message before it is signed, so that a bug
// or an intruder elsewhere in the program cannot make the key pay for anything but the router's day.
//
// A key is a file, a key of HashiCorp Vault's transit engine, or a key of AWS KMS. The last two never leave their
// service: what comes back is a signature, and one that does not verify is refused.
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
