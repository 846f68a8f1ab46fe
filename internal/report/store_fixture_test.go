package report

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/lookuptable"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func newStore(tb testing.TB) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), "file:"+filepath.Join(tb.TempDir(), "feeops.db"))
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// spent is what a stored day cost.
type spent struct {
	pages    []uint64 // Fees of pages that landed.
	failed   []uint64
	expired  int
	accounts int // Token accounts created by one more transaction.
	retries  int
}

// keep stores a day as a run leaves it: its plan, its opening, its transactions, its measured steps, its report.
func keep(tb testing.TB, s *store.Store, r domain.DayReport, opened time.Time, cost spent) {
	tb.Helper()
	ctx := tb.Context()
	m := domain.Manifest{Vault: r.Vault, Day: r.Day, Behaviour: r.Behaviour, Token: r.Token, ChainTime: opened.Unix() - 10, PrevTS: opened.Unix() - domain.DaySeconds, PageSize: 9}
	m, err := m.Seal()
	require.NoError(tb, err)
	_, err = s.SaveManifest(ctx, m)
	require.NoError(tb, err)
	if !opened.IsZero() {
		require.NoError(tb, s.SetOpening(ctx, r.Vault, r.Day, domain.Opening{TS: opened.Unix(), Claimed: r.Result.Claimed}))
	}
	n := 0
	put := func(kind domain.IntentKind, raw []byte, u store.IntentUpdate) {
		n++
		in := domain.Intent{
			Signature: fmt.Sprintf("%s-%s-%d", r.Vault, r.Day, n), Vault: r.Vault, Day: r.Day, Kind: kind, Key: fmt.Sprintf("%s/%d", kind, n), State: domain.IntentPrepared,
			Raw: raw, CreatedAt: opened.Add(time.Duration(n) * time.Second),
		}
		require.NoError(tb, s.InsertIntent(ctx, in))
		require.NoError(tb, s.SettleIntent(ctx, in.Signature, u))
	}
	for _, fee := range cost.pages {
		put(domain.IntentPage, []byte{1}, store.IntentUpdate{State: domain.IntentFinalized, FeeLamports: fee})
	}
	for _, fee := range cost.failed {
		put(domain.IntentPage, []byte{1}, store.IntentUpdate{State: domain.IntentFailed, FeeLamports: fee})
	}
	for range cost.expired {
		put(domain.IntentPage, []byte{1}, store.IntentUpdate{State: domain.IntentExpired})
	}
	if cost.accounts > 0 {
		put(domain.IntentAccounts, creation(tb, cost.accounts), store.IntentUpdate{State: domain.IntentFinalized, FeeLamports: 5_000})
	}
	if r.RunID != "" {
		steps := 8 + cost.retries
		for i := range steps {
			o := domain.Operation{Name: "SendPage", Vault: r.Vault, RunID: r.RunID, WorkflowID: r.WorkflowID, Attempt: 1, OK: true, Started: r.StartedAt.Add(time.Duration(i) * time.Second), Duration: time.Second, Requests: 4}
			if i >= 8 {
				o.Attempt, o.OK, o.Code = 2, false, "rpc/unavailable"
			}
			require.NoError(tb, s.RecordOperation(ctx, o))
		}
	}
	require.NoError(tb, s.SaveReport(ctx, r))
}

// creation is a signed transaction that creates n token accounts.
func creation(tb testing.TB, n int) []byte {
	tb.Helper()
	payer, err := solana.NewRandomPrivateKey()
	require.NoError(tb, err)
	var list []solana.Instruction
	for i := range n {
		list = append(list, lookuptable.CreateTokenAccount(payer.PublicKey(), key('w', i), key('q', 0), key('a', i)))
	}
	tx, err := solana.NewTransaction(list, solana.Hash{1}, solana.TransactionPayer(payer.PublicKey()))
	require.NoError(tb, err)
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &payer })
	require.NoError(tb, err)
	raw, err := tx.MarshalBinary()
	require.NoError(tb, err)
	return raw
}

// paidDay is a day that went as planned: claimed, paid, creator, dust in and out.
func paidDay(vault string, day domain.Day, token domain.Token, f domain.Figures) domain.DayReport {
	at, _ := time.Parse(time.DateOnly, string(day))
	at = at.Add(9 * time.Hour)
	return domain.DayReport{
		Vault: vault, Day: day, Behaviour: domain.Reference, State: domain.Complete, Investors: 20, Pages: 3, Token: token,
		Result: domain.Reconciliation{Figures: f, Residual: f.DustOut}, Requests: 32, FeeLamports: 15_000, FirstSlot: 100, CloseSlot: 106,
		WorkflowID: "distribution/" + vault, RunID: "run-" + vault + "-" + string(day), StartedAt: at, EndedAt: at.Add(31 * time.Second),
	}
}
