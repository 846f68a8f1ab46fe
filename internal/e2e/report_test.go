package e2e

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// reporting is what the report commands open, on a test's chain and store.
type reporting struct {
	*report.Reporter

	pool   *chain.Pool
	store  *store.Store
	vaults map[string]distribution.Vault
}

func (w *world) reporting() reporting {
	w.t.Helper()
	o := app.PoolOptions(w.settings, nil)
	pool, err := chain.New(o)
	require.NoError(w.t, err)
	require.NoError(w.t, app.StartPool(context.Background(), w.settings, pool))
	w.t.Cleanup(func() { require.NoError(w.t, pool.Stop(context.Background())) })
	r := reporting{pool: pool, store: w.store()}
	payers := map[string]solana.PublicKey{}
	for _, v := range w.node.Vaults() {
		payers[v.ID] = payer(v)
	}
	r.vaults, err = app.Vaults(w.settings, func(v config.Vault) (solana.PublicKey, error) { return payers[v.ID], nil })
	require.NoError(w.t, err)
	service := distribution.New(distribution.Params{Chain: pool, Store: r.store, Vaults: r.vaults, Rules: app.Rules(w.settings), Now: time.Now})
	p := report.Params{Fleet: distribution.NewFleet(service, r.store), Books: r.store, Zone: time.UTC, Now: time.Now}
	for _, v := range w.settings.Vaults {
		p.Vaults = append(p.Vaults, report.Vault{ID: v.ID})
	}
	r.Reporter = report.New(p)
	return r
}

// now is the chain's time.
func (r reporting) now(t testing.TB) time.Time {
	t.Helper()
	clock, err := r.pool.Clock(context.Background(), rpc.CommitmentConfirmed)
	require.NoError(t, err)
	return time.Unix(clock.UnixTime, 0)
}

// review reads what the chain recorded within the last hours.
func (r reporting) review(t testing.TB, hours int) report.Review {
	t.Helper()
	now := r.now(t)
	var list []distribution.Vault
	for _, v := range r.vaults {
		list = append(list, v)
	}
	w := report.NewWindow("hours", now.Add(-time.Duration(hours)*time.Hour), now.Add(time.Second), now, time.UTC)
	return (&report.Reviewer{Chain: r.pool, Books: r.store, Page: 3}).Review(context.Background(), list, func(string) string { return "" }, report.Span{Window: w})
}

// TestReports_EqualTheChainToTheBaseUnit pays two vaults for two days and holds every report against the balances, which
// the test reads by itself.
func TestReports_EqualTheChainToTheBaseUnit(t *testing.T) {
	t.Parallel()
	limit := uint64(9_000_000)
	w := newWorld(t, []localnet.VaultSpec{
		{ID: "a", Investors: 14, ClosedStreams: 1, MissingATAs: 2, BelowMinimum: 1, DuplicateRecipients: 2},
		{ID: "b", Investors: 7, DailyCap: &limit, DustIn: 321},
	}, pageSize(4), with(func(s *config.Settings) { s.Distribution.MaxInvalidStreamsPercent = 20 }))
	var truth verdict
	investors := map[string]uint64{} // By wallet, over both days.
	pay := func(short string) {
		before := w.ledger(short)
		held := maps.Clone(before.atas) // The audit uses its own up.
		got := w.audited(short, before, w.pay(short))
		truth.Claimed, truth.Paid, truth.Creator = truth.Claimed+got.Claimed, truth.Paid+got.Paid, truth.Creator+got.Creator
		after := w.ledger(short)
		counted := map[solana.PublicKey]bool{}
		for _, i := range w.vault(short).Investors {
			if !counted[i.ATA] {
				investors[i.Wallet.String()] += after.atas[i.ATA] - held[i.ATA]
			}
			counted[i.ATA] = true
		}
	}
	pay("a")
	pay("b")
	w.nextDay()
	pay("a")
	pay("b")

	r := w.reporting()
	ctx := context.Background()
	window := report.NewWindow("both days", r.now(t).Add(-48*time.Hour), r.now(t).Add(time.Hour), r.now(t), time.UTC)
	review := r.review(t, 48)
	require.True(t, review.Complete, "%+v", review.Vaults)
	require.NotEqual(t, report.Fail, review.Verdict, "%+v", review.Advice)
	daily, err := r.Daily(ctx, report.DailyInput{Window: window, Review: &review})
	require.NoError(t, err)
	require.NotEqual(t, report.Fail, daily.Verdict, "%+v", daily.Advice)
	require.Equal(t, []int{4, 4, 0}, []int{daily.Chain.Days, daily.Chain.Equal, daily.Chain.Differ})

	require.Len(t, daily.Mints, 1)
	m := daily.Mints[0]
	want := []domain.Amount{domain.Amount(truth.Claimed), domain.Amount(truth.Paid), domain.Amount(truth.Creator)}
	require.Equal(t, want, []domain.Amount{m.Claimed, m.Paid, m.Creator}, "the books")
	require.Equal(t, want, []domain.Amount{review.Totals[0].Claimed, review.Totals[0].Paid, review.Totals[0].Creator}, "the chain's transactions")
	require.Equal(t, "0", m.Difference)
	held := domain.Amount(w.ledger("a").treasury + w.ledger("b").treasury)
	require.Equal(t, held, *m.Treasury)

	body, err := sheet.Render(daily, "csv")
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
	require.NoError(t, err)
	sums := map[string]uint64{}
	for _, row := range rows[1:] {
		for i, name := range rows[0] {
			if strings.HasSuffix(name, "_base_units") {
				n, err := strconv.ParseUint(row[i], 10, 64)
				require.NoError(t, err)
				sums[name] += n
			}
		}
	}
	require.Equal(t, []uint64{truth.Claimed, truth.Paid, truth.Creator}, []uint64{sums["claimed_base_units"], sums["paid_base_units"], sums["creator_base_units"]}, "CSV")
	body, err = sheet.Render(daily, "json")
	require.NoError(t, err)
	var doc struct {
		Mints []struct{ Claimed, Paid, Creator domain.Amount }
	}
	require.NoError(t, json.Unmarshal(body, &doc))
	require.Equal(t, want, []domain.Amount{doc.Mints[0].Claimed, doc.Mints[0].Paid, doc.Mints[0].Creator}, "JSON")
	for _, format := range []string{"md", "html"} {
		body, err := sheet.Render(daily, format)
		require.NoError(t, err)
		for _, a := range want {
			require.Contains(t, string(body), m.Token.Format(a), format)
		}
	}

	for wallet, got := range investors {
		statement, known, err := r.Investor(ctx, wallet, "", "")
		require.NoError(t, err)
		require.True(t, known, wallet)
		require.Len(t, statement.Totals, 1)
		require.Equal(t, domain.Amount(got), statement.Totals[0].Paid, "what the wallet %s gained", wallet)
	}

	month, err := r.Monthly(ctx, report.MonthlyParams{Window: window, Security: r.store})
	require.NoError(t, err)
	require.Equal(t, want, []domain.Amount{month.Metrics.Mints[0].Claimed, month.Metrics.Mints[0].Paid, month.Metrics.Mints[0].Creator})
	require.Equal(t, []int{4, 4}, []int{month.Objectives[1].Good, month.Objectives[1].Of})
	morning := r.Morning(ctx, nil)
	require.Equal(t, map[domain.State]int{domain.Complete: 2}, morning.States)
}

// TestD15_D17_BadWeatherChangesNoSum reviews the same day while the node hides times and cuts logs, and after a stranger
// turned a page.
func TestD15_D17_BadWeatherChangesNoSum(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
	w.node.SetFault(localnet.Fault{Name: "foreign-crank", Value: 3, Count: 1})
	before := w.ledger("v")
	truth := w.audited("v", before, w.pay("v"))
	r := w.reporting()
	calm := r.review(t, 24)
	require.True(t, calm.Complete, "%+v", calm.Vaults)
	want := report.Flow{Claimed: domain.Amount(truth.Claimed), Paid: domain.Amount(truth.Paid), Creator: domain.Amount(truth.Creator), Logged: domain.Amount(truth.Paid)}
	require.Equal(t, want, calm.Vaults[0].Flow)
	require.Equal(t, 1, calm.Vaults[0].Foreign)
	require.Equal(t, 4, calm.Vaults[0].Pages)
	for name, struck := range map[string]func(report.Reviewed) int{
		"null-block-time": func(v report.Reviewed) int { return v.Signatures },
		"truncated-logs":  func(v report.Reviewed) int { return v.Cut },
	} {
		w.node.ClearFaults()
		w.node.SetFault(namedFault(t, name))
		v := r.review(t, 24).Vaults[0]
		require.Positive(t, struck(v), name)
		require.True(t, v.Complete, "%s: %+v", name, v.Gaps)
		require.Equal(t, []domain.Amount{want.Claimed, want.Paid, want.Creator}, []domain.Amount{v.Flow.Claimed, v.Flow.Paid, v.Flow.Creator}, name)
		require.True(t, v.Days[0].Closed, name)
	}
}

func namedFault(t testing.TB, name string) localnet.Fault {
	t.Helper()
	f, err := localnet.ParseFault(name)
	require.NoError(t, err)
	return f
}

// TestD01_AThousandVaultsAreReadInSixtyRequests counts the requests of a morning's check on the local chain.
func TestD01_AThousandVaultsAreReadInSixtyRequests(t *testing.T) {
	t.Parallel()
	var list []localnet.VaultSpec
	for i := range 1_000 {
		list = append(list, localnet.VaultSpec{ID: "v" + strconv.Itoa(i), Investors: 1})
	}
	w := newChain(t, list)
	r := w.reporting()
	var requests atomic.Uint64
	m := r.Morning(chain.WithCounter(context.Background(), &requests), nil)
	require.Equal(t, map[domain.State]int{domain.NeverRun: 1_000}, m.States, "%+v", m.Sources)
	require.LessOrEqual(t, requests.Load(), uint64(60))
}

// BenchmarkMorning1000 is the morning's check of 1,000 vaults on the local chain; the bar is 5 s.
func BenchmarkMorning1000(b *testing.B) {
	var list []localnet.VaultSpec
	for i := range 1_000 {
		list = append(list, localnet.VaultSpec{ID: "v" + strconv.Itoa(i), Investors: 1})
	}
	w := newChain(b, list)
	r := w.reporting()
	var requests atomic.Uint64
	for b.Loop() {
		requests.Store(0)
		m := r.Morning(chain.WithCounter(context.Background(), &requests), nil)
		require.Len(b, m.Vaults, 1_000)
	}
	b.ReportMetric(float64(requests.Load()), "requests")
}
