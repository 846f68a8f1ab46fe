package e2e

import (
	"github.com/gagliardetto/solana-go"
	computebudget "github.com/gagliardetto/solana-go/programs/compute-budget"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// crank turns a page as a stranger with money of his own, and waits until it has landed: the call is open to anyone.
func (w *world) crank(short string, cursor, size uint32) solana.Signature {
	w.t.Helper()
	record := w.tryCrank(short, cursor, size)
	require.Nil(w.t, record.Err, "the stranger's page: %v", record.Logs)
	return record.Signature
}

// tryCrank is crank when another page may come before it.
func (w *world) tryCrank(short string, cursor, size uint32) *bank.Record {
	w.t.Helper()
	key, err := solana.NewRandomPrivateKey()
	require.NoError(w.t, err)
	v, b := w.vault(short), w.node.Bank()
	b.SetAccount(key.PublicKey(), bank.Account{Lamports: solana.LAMPORTS_PER_SOL})
	var list []router.Payee
	for _, i := range v.Investors {
		if !i.Closed {
			list = append(list, router.Payee{Stream: i.Stream, ATA: i.ATA})
		}
	}
	remaining := router.ReferenceRemaining(list[min(int(cursor), len(list)):min(int(cursor+size), len(list))])
	if v.Behaviour == bank.Published {
		remaining = router.PublishedRemaining(v.Streams)
	}
	instruction := router.DistributeFees{
		Program: v.ProgramID, Crank: key.PublicKey(), Vault: v.Vault, HonoraryPosition: v.HonoraryPosition, CPAMMProgram: damm.CPAMMProgram,
		Addresses: v.Addresses, PageSize: size, Cursor: &cursor, Remaining: remaining,
	}.Instruction()
	hash, _ := b.LatestBlockhash(bank.Processed)
	tx, err := solana.NewTransaction([]solana.Instruction{computebudget.NewSetComputeUnitLimitInstruction(1_400_000).Build(), instruction}, hash, solana.TransactionPayer(key.PublicKey()))
	require.NoError(w.t, err)
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &key })
	require.NoError(w.t, err)
	raw, err := tx.MarshalBinary()
	require.NoError(w.t, err)
	sig, err := b.Submit(raw, bank.SubmitOptions{})
	require.NoError(w.t, err)
	w.until("the stranger's page", func() bool { _, landed := b.Transaction(sig); return landed })
	record, _ := b.Transaction(sig)
	return record
}

// closeStream ends an investor's stream, as its sender may at any time.
func (w *world) closeStream(i localnet.Investor) {
	w.t.Helper()
	account, exists := w.node.Bank().Account(i.Stream, bank.Processed)
	require.True(w.t, exists)
	s, err := streamflow.Decode(account.Data)
	require.NoError(w.t, err)
	s.Closed = true
	changed := account.Clone()
	changed.Data = s.Encode()
	w.node.Bank().SetAccount(i.Stream, *changed)
}
