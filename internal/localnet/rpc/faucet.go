package rpc

import (
	"fmt"
	"sync/atomic"

	"github.com/gagliardetto/solana-go"
	computebudget "github.com/gagliardetto/solana-go/programs/compute-budget"
	"github.com/gagliardetto/solana-go/programs/system"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// maxAirdrop is what one request may ask for, in lamports: a million SOL.
const maxAirdrop = 1_000_000 * solana.LAMPORTS_PER_SOL

// Faucet pays airdrops with real transactions, so that clients can confirm them.
type Faucet struct {
	key  solana.PrivateKey
	turn atomic.Uint32
}

// NewFaucet takes the key of a funded account.
func NewFaucet(key solana.PrivateKey) *Faucet { return &Faucet{key: key} }

// pay queues a transfer. Each has its own compute limit: two equal airdrops within one blockhash must not be one.
func (f *Faucet) pay(b *bank.Bank, to solana.PublicKey, lamports uint64) (solana.Signature, error) {
	hash, _ := b.LatestBlockhash(bank.Processed)
	tx, err := solana.NewTransaction([]solana.Instruction{
		computebudget.NewSetComputeUnitLimitInstruction(10_000 + f.turn.Add(1)%1_000_000).Build(),
		system.NewTransferInstruction(lamports, f.key.PublicKey(), to).Build(),
	}, hash, solana.TransactionPayer(f.key.PublicKey()))
	if err != nil {
		return solana.Signature{}, fmt.Errorf("build airdrop to %s: %w", to, err)
	}
	if _, err := tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &f.key }); err != nil {
		return solana.Signature{}, fmt.Errorf("sign airdrop to %s: %w", to, err)
	}
	raw, err := tx.MarshalBinary()
	if err != nil {
		return solana.Signature{}, fmt.Errorf("encode airdrop to %s: %w", to, err)
	}
	return b.Submit(raw, bank.SubmitOptions{})
}

func requestAirdrop(q *query) (any, error) {
	to, err := q.params.key(0)
	if err != nil {
		return nil, err
	}
	var lamports uint64
	if err := q.params.need(1, &lamports); err != nil {
		return nil, err
	}
	if lamports > maxAirdrop {
		return nil, invalid("Invalid request: airdrop of %d lamports is more than %d", lamports, maxAirdrop)
	}
	sig, err := q.endpoint.faucet.pay(q.view.bank, to, lamports)
	if err != nil {
		return nil, fmt.Errorf("airdrop: %w", err)
	}
	return sig.String(), nil
}
