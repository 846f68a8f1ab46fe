package alert_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

func TestReplay_AGapIsTheWatchBeingBlind(t *testing.T) {
	r := bench()
	play(r, quietScene(), 0, 5*time.Minute)
	play(r, quietScene(), 30*time.Minute, 40*time.Minute)
	all := r.Fired()
	require.Len(t, all, 1)
	require.Equal(t, "monitor_stale", all[0].Alert)
	require.False(t, all[0].Active())
	require.Len(t, r.Messages, 2)
}

func TestReplay_SamplesOfVaultsAloneAreJudged(t *testing.T) {
	r := bench()
	for m := range 10 {
		now := broken().after(time.Duration(m) * time.Minute)
		r.Add(now.v.At, nil, []domain.VaultSample{now.v})
	}
	require.Len(t, r.Fired(), 1)
}

func TestReplay_TheSameSamplesGiveTheSameMessages(t *testing.T) {
	run := func() *alert.Replay {
		r := bench()
		for m := range 240 {
			now := quietScene().after(time.Duration(m) * time.Minute)
			vaults, _ := herd(now, 40, func(i int) bool { return (i*7+m/3)%11 < m/40 }, withBaseFees)
			now.f.Endpoints[1].Usable = m/20%2 == 0
			r.Add(now.v.At, &now.f, vaults)
		}
		return r
	}
	first := run()
	require.NotEmpty(t, first.Messages)
	for range 3 {
		again := run()
		require.Equal(t, first.Messages, again.Messages)
		require.Equal(t, first.Events, again.Events)
	}
}

// BenchmarkReplay1000x24h judges a day of samples of a thousand vaults, one a minute: each is paid once, and one in fifty
// meets with something.
func BenchmarkReplay1000x24h(b *testing.B) {
	for b.Loop() {
		r := bench()
		vaults := make([]domain.VaultSample, 1_000)
		for i := range vaults {
			s := quietScene()
			s.v.Vault = fmt.Sprintf("v%04d", i)
			vaults[i] = s.v
		}
		for m := range 24 * 60 {
			now := quietScene().after(time.Duration(m) * time.Minute)
			for i := range vaults {
				v := &vaults[i]
				v.At, v.Day.ChainTime, v.Day.Slot = now.v.At, now.v.Day.ChainTime, v.Day.Slot+150
				v.Fees.Quote++
				if i%50 == 0 && m == i {
					v.Fees.Base = 1
				}
			}
			r.Add(now.v.At, &now.f, vaults)
		}
		b.ReportMetric(float64(r.Samples), "samples")
		b.ReportMetric(float64(len(r.Fired())), "episodes")
		b.ReportMetric(float64(len(r.Messages)), "messages")
	}
}
