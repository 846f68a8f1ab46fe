package sender

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"
	computebudget "github.com/gagliardetto/solana-go/programs/compute-budget"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// MaxUnits are the compute units that one transaction may use.
const MaxUnits = 1_400_000

// Limits of a transaction (CHAIN.md §4).
const (
	maxBytes        = 1232
	maxLocks        = 64
	maxUnits        = MaxUnits
	feePerSignature = 5_000
)

// CodeTooLarge is the failure of a request that does not fit one transaction; its kind is Human.
const CodeTooLarge = "sender/too_large"

// Build gives the request's bytes with an empty signature, an empty blockhash and the highest compute limit: what a
// simulation needs that puts in a blockhash of its own. It asks nobody and stores nothing.
func (s *Sender) Build(_ context.Context, r Request) ([]byte, error) {
	tx, err := s.build(r, solana.Hash{}, maxUnits, 0)
	if err != nil {
		return nil, err
	}
	raw, err := tx.MarshalBinary()
	if err != nil {
		return nil, fault.Newf(fault.Human, CodeTooLarge, "%s of %s: encode: %w", r.Key, r.Vault, err)
	}
	return raw, nil
}

// build makes the transaction: limit and price first, then the request's instructions; v0 when a table shortens it.
func (s *Sender) build(r Request, hash solana.Hash, units uint32, price uint64) (*solana.Transaction, error) {
	list := []solana.Instruction{
		computebudget.NewSetComputeUnitLimitInstruction(units).Build(),
		computebudget.NewSetComputeUnitPriceInstruction(price).Build(),
	}
	for i, ix := range r.Instructions {
		own, err := copied(ix)
		if err != nil {
			return nil, fault.Newf(fault.Human, CodeTooLarge, "%s of %s: instruction %d: %w", r.Key, r.Vault, i, err)
		}
		list = append(list, own)
	}
	opts := []solana.TransactionOption{solana.TransactionPayer(s.signer.PublicKey())}
	if len(r.Tables) > 0 {
		opts = append(opts, solana.TransactionAddressTables(r.Tables))
	}
	tx, err := solana.NewTransaction(list, hash, opts...)
	if err != nil {
		return nil, fault.Newf(fault.Human, CodeTooLarge, "%s of %s: build: %w", r.Key, r.Vault, err)
	}
	return tx, fits(r, tx)
}

// copied protects the caller's account lists: the library's builder writes into them while it merges accounts.
func copied(ix solana.Instruction) (solana.Instruction, error) {
	data, err := ix.Data()
	if err != nil {
		return nil, err
	}
	metas := make(solana.AccountMetaSlice, 0, len(ix.Accounts()))
	for _, m := range ix.Accounts() {
		own := *m
		metas = append(metas, &own)
	}
	return solana.NewInstruction(ix.ProgramID(), metas, data), nil
}

// fits names the bytes and the accounts when a transaction is too large, because the cure is a smaller page.
func fits(r Request, tx *solana.Transaction) error {
	raw, err := tx.MarshalBinary()
	if err != nil {
		return fault.Newf(fault.Human, CodeTooLarge, "%s of %s: encode: %w", r.Key, r.Vault, err)
	}
	locks := len(tx.Message.AccountKeys) + tx.Message.NumLookups()
	if len(raw) <= maxBytes && locks <= maxLocks {
		return nil
	}
	given := 0
	for _, ix := range r.Instructions {
		given += len(ix.Accounts())
	}
	return fault.Newf(
		fault.Human, CodeTooLarge, "%s of %s does not fit one transaction: %d bytes of %d, %d account locks of %d, %d accounts given, %d lookup tables",
		r.Key, r.Vault, len(raw), maxBytes, locks, maxLocks, given, len(r.Tables),
	).WithNext("Make the page smaller, or put its accounts into a lookup table (CHAIN.md §4 has the sizes)")
}

// sign completes the transaction and gives its bytes.
func (s *Sender) sign(ctx context.Context, tx *solana.Transaction) (solana.Signature, []byte, error) {
	message, err := tx.Message.MarshalBinary()
	if err != nil {
		return solana.Signature{}, nil, fmt.Errorf("encode message: %w", err)
	}
	sig, err := s.signer.Sign(ctx, message)
	if err != nil {
		return solana.Signature{}, nil, fmt.Errorf("sign: %w", err)
	}
	if !sig.Verify(s.signer.PublicKey(), message) {
		return solana.Signature{}, nil, fault.Newf(fault.Human, "signer/broken", "the signer returned a signature that its key %s does not verify", s.signer.PublicKey())
	}
	tx.Signatures = []solana.Signature{sig}
	raw, err := tx.MarshalBinary()
	if err != nil {
		return solana.Signature{}, nil, fmt.Errorf("encode transaction: %w", err)
	}
	return sig, raw, nil
}
