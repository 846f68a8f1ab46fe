package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

func lookAt(show func(c *cli)) string {
	var out bytes.Buffer
	show(&cli{stdout: &out, stderr: &out})
	return out.String()
}

// narrow holds every line against the width of the tables.
func narrow(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		require.LessOrEqual(t, len([]rune(line)), width, line)
	}
}

func TestCatchup_TheTableTellsUnknownFromNothing(t *testing.T) {
	token := domain.Token{Mint: "m", Symbol: "USDC", Decimals: 6}
	nothing, much := domain.Amount(0), domain.Amount(1_234_567_890_123)
	stream := "7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2"
	list := []domain.Arrear{
		{Vault: "usdc-vault", Day: "2026-01-01", Stream: stream, Reason: domain.ReasonQuarantined, Token: token, State: domain.ArrearEligible, RetestedOn: "2026-01-02", Retest: "valid"},
		{Vault: "usdc-vault", Day: "2026-01-01", Stream: stream, Reason: domain.ReasonNotReached, Would: &much, Token: token, State: domain.ArrearOpen},
		{Vault: "usdc-vault", Day: "2026-01-01", Stream: stream, Reason: domain.ReasonNotReached, Would: &nothing, Token: token, State: domain.ArrearSettled, RetestedOn: "2026-01-02", Retest: "not registered any more"},
	}
	totals, err := domain.TotalArrears(list)
	require.NoError(t, err)
	got := lookAt(func(c *cli) { c.printCatchup(list, totals) })
	narrow(t, got)
	require.NotContains(t, got, "≈", "nothing is cut off")
	require.Contains(t, got, "unknown")
	require.Contains(t, got, "1,234,567.890123 USDC")
	require.Contains(t, got, "0.000000 USDC")
	require.Regexp(t, `eligible_again +1 +0\.000000 USDC +1`, got)
	require.Contains(t, lookAt(func(c *cli) { c.printCatchup(nil, nil) }), "Nobody waits")
}

func TestTomorrow_TheTableShowsEveryKindOfChange(t *testing.T) {
	amount := func(a domain.Amount) *domain.Amount { return &a }
	d := distribution.Difference{
		Before: distribution.DayTotals{Day: "2026-01-01", Streams: 4, Claimed: 10}, After: distribution.DayTotals{Day: "2026-01-02", Streams: 4, Claimed: 5},
		New:  []distribution.Change{{Stream: "new", RecipientAfter: "a", After: amount(1), Note: "closed"}},
		Gone: []distribution.Change{{Stream: "gone", RecipientBefore: "b", Before: amount(2)}},
		Moved: []distribution.Change{{
			Stream: "moved", RecipientBefore: strings.Repeat("b", 44), RecipientAfter: strings.Repeat("c", 44), Before: amount(1<<64 - 1), After: amount(1<<64 - 1),
		}},
		Unchanged: 1,
	}
	for i := range shownChanges + 4 {
		d.Changed = append(d.Changed, distribution.Change{Stream: fmt.Sprintf("changed-%d", i), Before: amount(3), After: amount(4)})
	}
	p := planRow{ID: "v", Token: domain.Token{Symbol: "SOL", Decimals: 9}, tomorrowRow: tomorrowRow{
		Tomorrow: true, Assumptions: []string{"claimable is what is claimable now"}, Difference: &d,
	}}
	got := lookAt(func(c *cli) { c.printTomorrow(p) })
	narrow(t, got)
	for _, want := range []string{
		"1 new, 1 gone, 1 moved to another recipient, 19 with another amount, 1 unchanged", "bbbbb…bbbbb → ccccc…ccccc", "—", "4 more", "at least 0.000000005", "claimable now",
	} {
		require.Contains(t, got, want)
	}
	require.Empty(t, lookAt(func(c *cli) { c.printTomorrow(planRow{}) }), "an ordinary plan shows none of it")

	b, err := json.Marshal(planRow{})
	require.NoError(t, err)
	for _, field := range []string{"tomorrow", "difference", "weighed_at", "assumptions"} {
		require.NotContains(t, string(b), field)
	}
	b, err = json.Marshal(p)
	require.NoError(t, err)
	require.Contains(t, string(b), `"difference":{"before":{`)
}
