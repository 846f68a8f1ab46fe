// Package routerprog is the local chain's model of the fee router program, in both behaviours.
package routerprog

import "github.com/gagliardetto/solana-go"

// Behaviour is one of the two ways in which the fee router works (CHAIN.md §1).
type Behaviour string

// The behaviours.
const (
	Reference Behaviour = "reference" // what the documents promise
	Published Behaviour = "published" // what the published source does
)

// VaultSpec is what the local router knows of a vault beside its accounts.
type VaultSpec struct {
	Vault      solana.PublicKey
	ProgramID  solana.PublicKey
	Behaviour  Behaviour
	Streams    []solana.PublicKey // the registered list, in order
	StreamMint solana.PublicKey   // what the streams must hold; the zero key means the quote mint
}
