package report_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func op(name string, minute, ms int, code string) domain.Operation {
	return domain.Operation{Name: name, Vault: "v", Started: noon.Add(time.Duration(minute) * time.Minute), Duration: time.Duration(ms) * time.Millisecond, OK: code == "", Code: code}
}

func TestPerformance_CountsSuccessPercentilesAndErrorsByCode(t *testing.T) {
	var all []domain.Operation
	for i := range 96 {
		all = append(all, op("SendPage", i, i+1, ""))
	}
	all = append(all, op("SendPage", 96, 5_000, "rpc/429"), op("SendPage", 97, 97, "rpc/all_down"), op("SendPage", 98, 98, "rpc/429"), op("SendPage", 99, 99, "router/6007"), op("PlanDay", 1, 7, ""))
	p := report.NewPerformance(noon, noon.Add(24*time.Hour), all)
	require.Len(t, p.Operations, 2)
	require.Equal(t, "PlanDay", p.Operations[0].Name)
	s := p.Operations[1]
	require.Equal(t, 100, s.Count)
	require.Equal(t, "96.00", *s.Success)
	require.Equal(t, 50*time.Millisecond, *s.P50)
	require.Equal(t, 95*time.Millisecond, *s.P95)
	require.Equal(t, 5*time.Second, *s.Max)
	require.Equal(t, []report.CodeCount{{Code: "rpc/429", Count: 2}, {Code: "router/6007", Count: 1}, {Code: "rpc/all_down", Count: 1}}, s.Errors)
	require.Equal(t, []string{"router/6007", "rpc/429", "rpc/all_down"}, []string{s.Last[0].Code, s.Last[1].Code, s.Last[2].Code}, "the newest three")
	require.Equal(t, 101, p.Total.Count)
	require.Equal(t, "96.03", *p.Total.Success)
}

func TestF03_NoAttemptIsNoDataAndNoFailureIsNotHidden(t *testing.T) {
	p := report.NewPerformance(noon, noon, nil)
	require.Zero(t, p.Total.Count)
	require.Nil(t, p.Total.Success)
	require.Nil(t, p.Total.P50)
	require.NotNil(t, p.Operations)
	none := report.NewPerformance(noon, noon, []domain.Operation{op("a", 0, 1, "x")})
	require.Equal(t, "0.00", *none.Total.Success, "all failed is a figure")
}

func TestPerformance_AlmostAllIsNotAll(t *testing.T) {
	all := make([]domain.Operation, 30_000)
	for i := range all {
		all[i] = op("a", 0, 1, "")
	}
	all[7] = op("a", 0, 1, "x")
	require.Equal(t, "99.99", *report.NewPerformance(noon, noon, all).Total.Success)
}

func TestPerformance_PercentilesAreMeasuredTimesInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.IntRange(0, 1_000), 1, 200).Draw(t, "ms")
		var all []domain.Operation
		seen := map[time.Duration]bool{}
		for _, ms := range times {
			all = append(all, op("a", 0, ms, ""))
			seen[time.Duration(ms)*time.Millisecond] = true
		}
		s := report.NewPerformance(noon, noon, all).Total
		if !seen[*s.P50] || !seen[*s.P95] || *s.P50 > *s.P95 || *s.P95 > *s.Max {
			t.Fatal(fmt.Sprint(*s.P50, *s.P95, *s.Max))
		}
		within := 0
		for _, o := range all {
			if o.Duration <= *s.P95 {
				within++
			}
		}
		if within*100 < 95*len(all) {
			t.Fatalf("%d of %d are within the 95th percentile", within, len(all))
		}
	})
}
