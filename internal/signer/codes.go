package signer

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Failures for a person: asking again would give the same answer. Their kind is Human.
const (
	CodeRefused = "signer/refused" // The policy does not allow the message.
	CodeSpend   = "signer/spend"   // The key would pass its cap of 24 hours.
	CodeKey     = "signer/key"     // The key cannot be used: missing, damaged, of another type, disabled.
	CodeDenied  = "signer/denied"  // The key service does not let this worker use the key.
	CodeRotated = "signer/rotated" // The service holds another key than the settings name.
	CodeBroken  = "signer/broken"  // The service's signature does not verify.
	CodeTLS     = "signer/tls"     // The service's certificate is not accepted, such as one that has expired.
)

// Failures that pass. Nothing was signed that anybody could send. Their kind is Retry.
const (
	CodeUnreachable = "signer/unreachable" // No answer, or the service says that it is out of order.
	CodeThrottled   = "signer/throttled"   // Too many requests.
	CodeSealed      = "signer/sealed"      // HashiCorp Vault is sealed until people unseal it.
	CodeLedger      = "signer/ledger"      // What was spent cannot be read or written.
)

// wrongKey is the failure of a service that holds another key than the settings name.
func wrongKey(where string, got, want solana.PublicKey) error {
	return fault.Newf(fault.Human, CodeRotated, "%s is key %s, and the settings say %s", where, got, want).
		WithNext("If the key was rotated on purpose, follow docs/security.md (rotation): a new key needs SOL before it can pay; else find out who changed it")
}

// verified takes a signature only when the key made it over exactly this message.
func verified(where string, public solana.PublicKey, message, raw []byte) (solana.Signature, error) {
	if len(raw) != ed25519.SignatureSize || !ed25519.Verify(public[:], message, raw) {
		return solana.Signature{}, fault.Newf(fault.Human, CodeBroken, "%s answered a signature that key %s does not verify", where, public).
			WithNext("Nothing was sent. Treat the service as broken or replaced until you know better; docs/runbooks/key-compromised.md")
	}
	return solana.SignatureFromBytes(raw), nil
}

// publicKey takes the 32 bytes of an ed25519 key.
func publicKey(raw []byte) (solana.PublicKey, error) {
	if len(raw) != ed25519.PublicKeySize {
		return solana.PublicKey{}, fmt.Errorf("a public key of %d bytes, want %d", len(raw), ed25519.PublicKeySize)
	}
	return solana.PublicKeyFromBytes(raw), nil
}

var errNoKey = errors.New("no key is named")
