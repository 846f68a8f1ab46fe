package app

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// reports keeps days by vault, newest first, as the store gives them.
type reports struct {
	fees  map[string][]uint64
	err   error
	reads int
}

func (r *reports) Reports(_ context.Context, vault string, limit int) ([]domain.DayReport, error) {
	r.reads++
	var out []domain.DayReport
	for i, fee := range r.fees[vault] {
		day := domain.Day(time.Date(2026, 3, 20-i, 0, 0, 0, 0, time.UTC).Format("2006-01-02"))
		out = append(out, domain.DayReport{Vault: vault, Day: day, FeeLamports: fee})
	}
	return out[:min(limit, len(out))], r.err
}

var payer, stranger = solana.PublicKey{1}, solana.PublicKey{2}

func funded(r *reports, warnDays uint64, now *time.Time) *distribution.Funded {
	s := distribution.New(distribution.Params{
		Vaults: map[string]distribution.Vault{"a": {ID: "a", Payer: payer}, "b": {ID: "b", Payer: payer}, "c": {ID: "c", Payer: stranger}},
		Now:    func() time.Time { return *now },
	})
	return distribution.NewFunded(s, r, warnDays)
}

func p14(t *testing.T, f *distribution.Funded, lamports uint64) domain.Check {
	for _, c := range f.Evaluate(t.Context(), distribution.Evidence{
		Vault: distribution.Vault{ID: "a", Payer: payer}, Rules: distribution.Rules{PayerReserve: 10_000},
		View: distribution.View{PayerLamports: lamports}, Manifest: domain.Manifest{Pages: make([]domain.PagePlan, 2)},
	}) {
		if c.Row == "P14" {
			return c
		}
	}
	require.FailNow(t, "no fee-payer check")
	return domain.Check{}
}

func TestP14_Runway(t *testing.T) {
	tests := []struct {
		name     string
		fees     map[string][]uint64
		err      error
		lamports uint64
		warn     uint64
		want     domain.CheckResult
		observed string
	}{
		{"all vaults of the payer count", map[string][]uint64{"a": {5_000, 5_000}, "b": {15_000, 15_000}, "c": {1 << 40}}, nil, 200_000, 7, domain.CheckOK, "lasts 10 days at 20000 lamports a day (average of 2 reported days, 2 vaults of this payer)"},
		{"too short", map[string][]uint64{"a": {20_000}}, nil, 139_999, 7, domain.CheckWarn, "lasts 6 days"},
		{"just long enough", map[string][]uint64{"a": {20_000}}, nil, 140_000, 7, domain.CheckOK, "lasts 7 days"},
		{"the newest seven days", map[string][]uint64{"a": {7, 7, 7, 7, 7, 7, 7, 9_000_000, 9_000_000}}, nil, 70_000, 7, domain.CheckOK, "lasts 10000 days at 7 lamports a day (average of 7"},
		{"a day without a known fee is no free day", map[string][]uint64{"a": {0, 0, 0, 20_000}}, nil, 100_000, 7, domain.CheckWarn, "lasts 5 days at 20000 lamports a day (average of 1"},
		{"no data", nil, nil, 100_000, 7, domain.CheckOK, "runway: no data"},
		{"only days without a fee", map[string][]uint64{"a": {0, 0}}, nil, 100_000, 7, domain.CheckOK, "runway: no data"},
		{"unreadable keeps nobody from being paid", nil, errors.New("disk"), 100_000, 7, domain.CheckOK, "runway not assessed: reports of"},
		{"this day cannot be paid", map[string][]uint64{"a": {1}}, nil, 19_999, 7, domain.CheckFail, "lasts 19999 days"},
		{"never warns at 0", map[string][]uint64{"a": {200_000}}, nil, 100_000, 0, domain.CheckOK, "lasts 0 days"},
		{"more than a number holds", map[string][]uint64{"a": {1, 1}}, nil, ^uint64(0), 7, domain.CheckOK, fmt.Sprintf("lasts %d days", ^uint64(0))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Unix(1_772_000_000, 0)
			c := p14(t, funded(&reports{fees: tt.fees, err: tt.err}, tt.warn, &now), tt.lamports)
			require.Equal(t, tt.want, c.Result, c.Observed)
			require.Contains(t, c.Observed, tt.observed)
			if tt.want != domain.CheckOK {
				require.Contains(t, c.Next, "Send SOL")
			}
		})
	}
}

func TestP14_AFleetReadsItsReportsOnce(t *testing.T) {
	now, r := time.Unix(1_772_000_000, 0), &reports{fees: map[string][]uint64{"a": {20_000}}}
	f := funded(r, 7, &now)
	for range 200 {
		p14(t, f, 1_000_000)
	}
	require.Equal(t, 2, r.reads, "one of each vault of the payer")
	now = now.Add(time.Hour)
	require.Contains(t, p14(t, f, 1_000_000).Observed, "lasts 50 days")
	require.Equal(t, 4, r.reads)
}
