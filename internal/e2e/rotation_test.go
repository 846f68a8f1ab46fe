package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/programs/system"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// TestACompromisedKey_TheRunbookStopsRotatesAndRefusesTheOldOne follows docs/runbooks/key-compromised.md in the middle of
// a day: stop, take the key away, save its SOL, put a new key in, lift by two people, go on at the chain's cursor. After
// that the old key neither starts a worker nor gets anything signed.
func TestACompromisedKey_TheRunbookStopsRotatesAndRefusesTheOldOne(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 24}), pageSize(3), with(slowly), with(people))
	ctx, b := context.Background(), w.node.Bank()
	old, oldFile := w.vault("v").Payer, w.settings.Vaults[0].KeypairPath
	w.settings.Vaults[0].SignerPublicKey = old.PublicKey().String()
	w.startWorker()
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 6)

	// 1. Stop.
	require.NoError(t, app.SignalFlag(ctx, w.client, w.settings.Temporal.TaskQueue, domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "the fee payer's key may be known", Actor: "joe", At: time.Now()}))
	require.Equal(t, domain.Stopped, w.end(run).State)
	signed := len(w.calls("v", 0))

	// 2. Take the key away. 3. Save the SOL: what the old key still has goes to the new one.
	w.stopWorker()
	next := w.newPayer()
	b.SetAccount(next.PublicKey(), bank.Account{Owner: solana.SystemProgramID})
	w.transferAll(old, next.PublicKey())

	// 5. New key. The settings name its address, so that the old file, put back by whomever, starts nothing.
	w.settings.Vaults[0].SignerPublicKey = next.PublicKey().String()
	back := w.settings
	back.Vaults = slices.Clone(w.settings.Vaults)
	back.Vaults[0].KeypairPath = oldFile
	err := app.New(back).Err()
	require.ErrorContains(t, err, old.PublicKey().String())
	require.ErrorContains(t, err, "rotated")
	w.startWorker()
	require.Len(t, w.safetyState().Flags, 1, "a new key lifts nothing")
	w.resume()
	w.audited("v", before, w.pay("v"))
	calls := w.calls("v", 0)
	require.Greater(t, len(calls), signed)
	for i, c := range calls {
		require.Equal(t, i < signed, c.signer == old.PublicKey(), "call %d: the old key signed nothing after the stop", i)
		require.Equal(t, i >= signed, c.signer == next.PublicKey(), "call %d", i)
	}
	db := w.store()
	_, found, err := db.FirstAudit(ctx, "key.use", "fee payer "+next.PublicKey().String())
	require.NoError(t, err)
	require.True(t, found, "the log shows since when the new key is in use")

	// What the policy says of either key, by the settings that are in use now.
	vaults, err := app.Vaults(w.settings, func(config.Vault) (solana.PublicKey, error) { return next.PublicKey(), nil })
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		key, pays solana.PrivateKey
		want      string
	}{
		"the new key pays":                      {next, next, ""},
		"the old key asks for the same page":    {old, old, "not on the allow-list"},
		"the new key is asked for the old page": {next, old, "not this key"},
		"the old key is asked for the new page": {old, next, "not this key"},
	} {
		file, err := signer.ParseKey(keyJSON(t, tt.key))
		require.NoError(t, err)
		// A key that pays for no vault may call no program of theirs.
		limits := app.SigningLimits(w.settings, tt.key.PublicKey(), vaults)
		if tt.key.PublicKey() == old.PublicKey() {
			require.Empty(t, limits.Vaults)
		}
		sig, err := signer.WithPolicy(file, limits, signer.Sources{}).Sign(ctx, w.pageMessage("v", tt.pays.PublicKey()))
		if tt.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tt.want, name)
		require.Equal(t, signer.CodeRefused, fault.CodeOf(err), name)
		require.True(t, sig.IsZero(), name)
	}
}

// transferAll moves what a key has, but for the fee, as solana transfer ALL does.
func (w *world) transferAll(from solana.PrivateKey, to solana.PublicKey) {
	w.t.Helper()
	b := w.node.Bank()
	account, exists := b.Account(from.PublicKey(), bank.Processed)
	require.True(w.t, exists)
	hash, _ := b.LatestBlockhash(bank.Processed)
	tx, err := solana.NewTransaction([]solana.Instruction{system.NewTransferInstruction(account.Lamports-5_000, from.PublicKey(), to).Build()}, hash, solana.TransactionPayer(from.PublicKey()))
	require.NoError(w.t, err)
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &from })
	require.NoError(w.t, err)
	raw, err := tx.MarshalBinary()
	require.NoError(w.t, err)
	sig, err := b.Submit(raw, bank.SubmitOptions{})
	require.NoError(w.t, err)
	w.until("the SOL is saved", func() bool { _, landed := b.Transaction(sig); return landed })
	record, _ := b.Transaction(sig)
	require.Nil(w.t, record.Err, "%v", record.Logs)
}

// pageMessage is a guarded page of a vault that somebody pays for.
func (w *world) pageMessage(short string, crank solana.PublicKey) []byte {
	w.t.Helper()
	v, cursor := w.vault(short), uint32(0)
	tx, err := solana.NewTransaction([]solana.Instruction{router.DistributeFees{
		Program: v.ProgramID, Crank: crank, Vault: v.Vault, HonoraryPosition: v.HonoraryPosition, CPAMMProgram: damm.CPAMMProgram, Addresses: v.Addresses,
		PageSize: 1, Cursor: &cursor, Remaining: router.ReferenceRemaining([]router.Payee{{Stream: v.Investors[0].Stream, ATA: v.Investors[0].ATA}}),
	}.Instruction()}, solana.Hash{1}, solana.TransactionPayer(crank))
	require.NoError(w.t, err)
	raw, err := tx.Message.MarshalBinary()
	require.NoError(w.t, err)
	return raw
}
