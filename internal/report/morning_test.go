package report

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// chainNow is the chain's time in these tests: 2026-11-23T20:00:00Z.
var chainNow = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)

var usdc = domain.Token{Mint: "EPjF", Symbol: "USDC", Decimals: 6}

// seen is a fleet whose standings are given.
type seen map[string]distribution.Standing

func (s seen) Standings(_ context.Context, ids []string) []distribution.Standing {
	out := make([]distribution.Standing, len(ids))
	for i, id := range ids {
		out[i] = s[id]
	}
	return out
}

// standing is a vault whose day was opened so long ago.
func standing(id string, state domain.State, ago time.Duration, complete bool) distribution.Standing {
	t := domain.Timing{ChainNow: chainNow.Unix(), LastTS: chainNow.Add(-ago).Unix(), Complete: complete}
	return distribution.Standing{
		Vault: id, State: state, Day: t.Day(), Timing: t, Cursor: 27, Entries: 20, Percent: 100, Slot: 9, Token: usdc,
		Treasury: distribution.TokenView{Exists: true, Valid: true, Amount: 1_234_567}, Payer: 5_000_000_000, PayerKnown: true, Claimable: 0,
	}
}

func reporter(fleet Fleet, ids ...string) *Reporter {
	p := Params{Fleet: fleet, Zone: time.UTC, Now: func() time.Time { return chainNow }, UI: "http://ui.example/base", Namespace: "default"}
	for _, id := range ids {
		p.Vaults = append(p.Vaults, Vault{ID: id})
	}
	return New(p)
}

func TestD04_TheVerdictIsTheWorstOfAll(t *testing.T) {
	tests := []struct {
		state domain.State
		want  Verdict
	}{
		{domain.Complete, OK},
		{domain.NotDue, OK},
		{domain.Ready, OK},
		{domain.NeverRun, OK},
		{domain.Running, OK},
		{domain.Overdue, Warn},
		{domain.Stuck, Warn},
		{domain.NoFees, Warn},
		{domain.Paused, Warn},
		{domain.Stopped, Warn},
		{domain.Isolated, Warn},
		{domain.WaitingApproval, Warn},
		{domain.Capped, Warn},
		{domain.Failed, Fail},
		{domain.CompleteUnreconciled, Fail},
		{domain.UnknownState, Fail},
	}
	var covered []domain.State
	for _, tt := range tests {
		covered = append(covered, tt.state)
		good, other := standing("a", domain.Complete, time.Hour, true), standing("b", tt.state, time.Hour, false)
		r := reporter(seen{"a": good, "b": other}, "a", "b")
		r.Runs = func(context.Context) (map[string]Run, error) { return nil, nil }
		m := r.Morning(t.Context(), nil)
		require.Equal(t, tt.want, m.Verdict, tt.state)
		require.Equal(t, tt.want != OK, len(m.Advice) > 0, "%s: what is not ok says what to do", tt.state)
	}
	require.ElementsMatch(t, domain.States(), covered, "no state is judged by accident")
}

func TestE02_EveryVaultIsInExactlyOneState(t *testing.T) {
	r := reporter(seen{"a": standing("a", domain.Complete, time.Hour, true), "b": standing("b", domain.Overdue, 26*time.Hour, true)}, "a", "b", "c")
	m := r.Morning(t.Context(), nil)
	sum := 0
	for _, n := range m.States {
		sum += n
	}
	require.Equal(t, 3, sum)
	require.Equal(t, m.Total, sum)
}

func TestD11_AFleetThatCannotBeReadIsUnknownAndListed(t *testing.T) {
	r := reporter(nil, "a", "b")
	r.FleetErr = errors.New("no RPC endpoint is usable: local (http://x): refused")
	m := r.Morning(t.Context(), nil)
	require.Equal(t, Fail, m.Verdict)
	require.Equal(t, map[domain.State]int{domain.UnknownState: 2}, m.States)
	require.Equal(t, SourceUnknown, m.Sources[0].State)
	for _, h := range m.Vaults {
		require.Contains(t, h.Reason, "no RPC endpoint")
		require.Nil(t, h.UntilDue)
		require.Equal(t, unknown, h.Treasury.State)
		require.Equal(t, unknown, h.Payer.State)
	}
	row := m.table().Rows[0]
	for _, cell := range row[2:] {
		require.Equal(t, unknown, cell.Text, "nothing of it is shown as 0")
	}
}

func TestD06_TimeIsSigned(t *testing.T) {
	late := standing("late", domain.Overdue, 24*time.Hour+80*time.Minute, true)
	early := standing("early", domain.Complete, 90*time.Minute, true)
	never := standing("never", domain.NeverRun, 0, false)
	never.Timing = domain.Timing{ChainNow: chainNow.Unix()}
	m := reporter(seen{"late": late, "early": early, "never": never}, "late", "early", "never").Morning(t.Context(), nil)
	rows := m.table().Rows
	require.Equal(t, "overdue 1.3 h", rows[0][2].Text)
	require.EqualValues(t, -4_800, *m.Vaults[0].UntilDue)
	require.Equal(t, "in 22.5 h", rows[1][2].Text)
	require.Equal(t, "now (first day)", rows[2][2].Text, "never run is not overdue by 54 years (D12)")
	require.Zero(t, *m.Vaults[2].UntilDue)
}

func TestD07_ProgressIsClampedAndNamesItsDay(t *testing.T) {
	m := reporter(seen{"a": standing("a", domain.Complete, time.Hour, true)}, "a").Morning(t.Context(), nil)
	require.Equal(t, "20/20 100 %", m.table().Rows[0][4].Text, "the cursor is 27 of 20")
	require.Equal(t, "2026-11-23", m.table().Rows[0][3].Text)
}

func TestD08_TreasuryAndPayerHaveThreeAnswers(t *testing.T) {
	absent, odd, unread := standing("absent", domain.Complete, time.Hour, true), standing("odd", domain.Complete, time.Hour, true), standing("unread", domain.Complete, time.Hour, true)
	absent.Treasury, absent.Payer = distribution.TokenView{}, 0
	odd.Treasury.Valid, odd.PayerKnown = false, false
	m := reporter(seen{"absent": absent, "odd": odd, "unread": unread}, "absent", "odd", "unread").Morning(t.Context(), nil)
	require.Equal(t, Balance{State: "absent"}, m.Vaults[0].Treasury)
	require.Equal(t, Balance{State: "absent"}, m.Vaults[0].Payer)
	require.Equal(t, Balance{State: unknown}, m.Vaults[1].Treasury)
	require.Equal(t, Balance{State: unknown}, m.Vaults[1].Payer)
	require.Equal(t, value(1_234_567), m.Vaults[2].Treasury)
	require.Equal(t, value(5_000_000_000), m.Vaults[2].Payer)
	require.Equal(t, Fail, m.Verdict, "a treasury that is something else is not known")
	rules := []string{}
	for _, a := range m.Advice {
		rules = append(rules, a.Rule)
		require.NotEmpty(t, a.Evidence)
	}
	require.Equal(t, []string{"treasury/absent", "payer/absent", "treasury/unknown"}, rules)
}

func TestMorning_ALiveRunsWordCountsAndAnUnreachableTemporalIsSaid(t *testing.T) {
	r := reporter(seen{"a": standing("a", domain.Stuck, time.Hour, false)}, "a")
	r.Runs = func(context.Context) (map[string]Run, error) {
		return map[string]Run{"a": {State: domain.Running, Since: chainNow}}, nil
	}
	m := r.Morning(t.Context(), nil)
	require.Equal(t, OK, m.Verdict)
	require.True(t, m.Vaults[0].Live)
	require.Contains(t, m.Vaults[0].Reason, "under way since 2026-11-23 20:00:00")
	r = reporter(seen{"a": standing("a", domain.Complete, time.Hour, true)}, "a")
	r.Runs = func(context.Context) (map[string]Run, error) { return nil, errors.New("refused") }
	m = r.Morning(t.Context(), nil)
	require.Equal(t, Warn, m.Verdict, "whether runs are under way is not known")
	require.Equal(t, Source{Name: "Temporal", State: SourceUnknown, Note: "refused"}, m.Sources[1])
}

func TestMorning_OnlyTheNamedVaultsAndTheirJSON(t *testing.T) {
	r := reporter(seen{"a": standing("a", domain.Complete, time.Hour, true), "b": standing("b", domain.Overdue, 30*time.Hour, true)}, "a", "b")
	r.Vaults[1].Name = "=cmd|calc"
	m := r.Morning(t.Context(), []string{"b"})
	require.Len(t, m.Vaults, 1)
	body, err := sheet.Render(m, "json")
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(body, &got))
	require.Equal(t, []string{"at", "attention", "chain_time", "sources", "states", "time_zone", "vaults", "vaults_total", "verdict"}, keys(got))
	vault := got["vaults"].([]any)[0].(map[string]any)
	require.Equal(t, []string{
		"chain_time", "claimable", "cursor", "day", "due", "id", "investors", "live", "name", "payer", "percent", "slot", "state", "token", "treasury", "until_due_seconds",
	}, keys(vault))
	require.Equal(t, "1234567", vault["treasury"].(map[string]any)["amount"], "amounts are strings")
	table, err := sheet.Render(m, "csv")
	require.NoError(t, err)
	require.Contains(t, string(table), "'=cmd|calc")
}

func keys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// unreadable is a vault whose accounts nobody could read.
func unreadable(id string) distribution.Standing {
	return distribution.Standing{Vault: id, State: domain.UnknownState, Reason: "refused", Token: domain.Token{Mint: usdc.Mint, Symbol: usdc.Symbol}}
}
