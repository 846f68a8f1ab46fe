package report

import (
	"cmp"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

func TestInvestor_EveryDayHasAnAmountASignatureAndAReason(t *testing.T) {
	r, s := twoMints(t)
	ctx := t.Context()
	would := domain.Amount(40)
	require.NoError(t, s.SaveOutcomes(ctx, "a", "2026-11-22", []domain.Outcome{
		{Index: 0, Stream: "s1", Recipient: "ann", Planned: 30, Paid: 30, Signature: "sig1", Reason: domain.ReasonPaid},
		{Index: 1, Stream: "s2", Recipient: "bob", Planned: 5, Paid: 5, Signature: "sig1", Reason: domain.ReasonPaid},
	}))
	require.NoError(t, s.SaveOutcomes(ctx, "a", "2026-11-23", []domain.Outcome{{Index: -1, Stream: "s1", Recipient: "ann", Reason: domain.ReasonQuarantined, Note: "closed"}}))
	require.NoError(t, s.SaveArrears(ctx, "a", "2026-11-23", []domain.Arrear{{Vault: "a", Day: "2026-11-23", Stream: "s1", Recipient: "ann", Reason: domain.ReasonQuarantined, Would: &would, Token: usdc, State: domain.ArrearOpen}}))
	require.NoError(t, s.SaveOutcomes(ctx, "c", "2026-11-23", []domain.Outcome{{Index: 0, Stream: "s9", Recipient: "ann", Planned: 3, Paid: 3, Signature: "sig9", Reason: domain.ReasonPaid}}))
	lost := paidDay("a", "2026-11-21", usdc, domain.Figures{})
	lost.State, lost.Reason = domain.Failed, "the chain's 24 hours are over"
	keep(t, s, lost, morningOf(t, "2026-11-21"), spent{})

	got, known, err := r.Investor(ctx, "ann", "", "")
	require.NoError(t, err)
	require.True(t, known)
	type line struct {
		vault  string
		day    domain.Day
		paid   string
		reason domain.Reason
		sig    string
	}
	var lines []line
	for _, l := range got.Lines {
		paid := unknown
		if l.Paid != nil {
			paid = l.Paid.String()
		}
		lines = append(lines, line{l.Vault, l.Day, paid, l.Reason, l.Signature})
	}
	require.Equal(t, []line{
		{"a", "2026-11-21", unknown, ReasonNoBooks, ""},
		{"a", "2026-11-22", "30", domain.ReasonPaid, "sig1"},
		{"a", "2026-11-23", "0", domain.ReasonQuarantined, ""},
		{"c", "2026-11-22", unknown, ReasonNoBooks, ""},
		{"c", "2026-11-23", "3", domain.ReasonPaid, "sig9"},
	}, slices.SortedFunc(slices.Values(lines), func(a, b line) int { return cmp.Or(cmp.Compare(a.vault, b.vault), cmp.Compare(a.day, b.day)) }))
	require.Equal(t, []InvestorTotal{{Token: usdc, Days: 1, Paid: 30, Unknown: 1}, {Token: wsol, Days: 1, Paid: 3, Unknown: 1}}, got.Totals, "mints are never added, unknown is counted")

	bounded, known, err := r.Investor(ctx, "s1", "2026-11-23", "2026-11-23")
	require.NoError(t, err)
	require.True(t, known)
	require.Len(t, bounded.Lines, 1)
	text := string(bounded.Sheet().Markdown())
	require.Contains(t, text, "quarantined: closed (catch-up list: open, would have got 0.000040 USDC)")

	body, err := sheet.Render(got, "csv")
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 6)
	require.Equal(t, "paid_base_units", rows[0][4])
	require.Empty(t, rows[1][4], "unknown is not 0")

	_, known, err = r.Investor(ctx, "nobody", "", "")
	require.NoError(t, err)
	require.False(t, known)
}

func TestInvestor_ItSaysItsBoundsAndItsZone(t *testing.T) {
	i := Investor{Address: "ann", From: "2026-11-01", To: "2026-11-30", Zone: "UTC", MadeAt: chainNow, loc: time.UTC}
	text := string(i.Sheet().Markdown())
	require.Contains(t, text, "2026-11-01 to 2026-11-30")
	require.Contains(t, text, "(UTC)")
	require.Contains(t, text, "No data")
}
