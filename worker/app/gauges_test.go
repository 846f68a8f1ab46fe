package app

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// shelf holds what the gauges read.
type shelf struct {
	tick     domain.FleetTick
	episodes []domain.Episode
	mutes    []domain.Mute
	fail     error
	reads    int
}

func (s *shelf) LatestTick(context.Context) (domain.FleetTick, bool, error) {
	s.reads++
	return s.tick, !s.tick.Fleet.At.IsZero(), s.fail
}

func (s *shelf) Episodes(context.Context, time.Time) ([]domain.Episode, error) {
	return s.episodes, nil
}

func (s *shelf) Mutes(context.Context, time.Time) ([]domain.Mute, error) { return s.mutes, nil }

// full is a look in which every figure is known.
func full() *shelf {
	amount, skew, left := domain.Amount(7), int64(-3), 2
	v := domain.VaultSample{
		Vault: "alpha", At: noon, State: domain.Running, Token: domain.Token{Mint: "mint"}, Streams: 40,
		Day:  &domain.DayFigures{ChainTime: noon.Unix(), LastTS: noon.Unix() - 3_600, Cursor: 10, Treasury: domain.Balance{State: domain.BalanceValue, Amount: 9}},
		Fees: &domain.FeeFigures{Quote: 5}, Payer: &domain.PayerFigure{Address: "payer", Lamports: 11},
		Books: &domain.Books{Owed: &amount, Quarantined: &left}, Track: &domain.Track{Progress: noon.Unix() - 60},
	}
	twin := v
	twin.Vault = "beta"
	return &shelf{
		tick: domain.FleetTick{
			Fleet: domain.FleetSample{
				At: noon, Good: noon, Vaults: 2, Read: 2, Skew: &skew, Took: time.Second, Requests: 3, Workers: []domain.WorkerBeat{{ID: "w"}},
				Endpoints: []domain.EndpointSample{{Name: "a", Usable: true, Lag: 1, Latency: time.Millisecond}, {Name: "b"}},
			},
			Vaults: []domain.VaultSample{v, twin},
		},
		episodes: []domain.Episode{
			{Key: "1", Alert: "payer_low", Severity: domain.SeverityHigh, State: domain.EpisodeOpen, Opened: noon},
			{Key: "2", Alert: "payer_low", Severity: domain.SeverityHigh, State: domain.EpisodeOpen, Opened: noon},
		},
		mutes: []domain.Mute{{ID: "m", From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}, {ID: "later", From: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)}},
	}
}

// gathered scrapes a registry with everything that a worker shows of its own.
func gathered(t *testing.T, s *shelf, now time.Time) map[string]map[string]float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	rec := newRecorder(nil, r, time.Now, slog.New(slog.DiscardHandler))
	rec.seconds.WithLabelValues("TakeLook", "ok").Observe(1)
	rec.requests.WithLabelValues("TakeLook").Add(1)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	require.NoError(t, registerGauges(r, &gauges{store: s, stale: 3 * time.Minute, now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler)}))
	families, err := r.Gather()
	require.NoError(t, err)
	out := map[string]map[string]float64{}
	for _, f := range families {
		out[f.GetName()] = map[string]float64{}
		for _, m := range f.GetMetric() {
			labels := ""
			for _, l := range m.GetLabel() {
				labels += l.GetName() + "=" + l.GetValue() + ";"
			}
			out[f.GetName()][labels] = m.GetGauge().GetValue()
		}
	}
	return out
}

func TestGauges_ShowTheNewestLook(t *testing.T) {
	got := gathered(t, full(), noon.Add(30*time.Second))
	for series, want := range map[[2]string]float64{
		{"feeops_vault_state", "state=running;vault=alpha;"}:                   1,
		{"feeops_vault_progress_ratio", "vault=beta;"}:                         0.25,
		{"feeops_vault_deadline_seconds", "vault=alpha;"}:                      82_770,
		{"feeops_vault_idle_seconds", "vault=alpha;"}:                          60,
		{"feeops_vault_treasury_base_units", "mint=mint;vault=alpha;"}:         9,
		{"feeops_vault_owed_base_units", "mint=mint;vault=alpha;"}:             7,
		{"feeops_payer_lamports", "payer=payer;"}:                              11,
		{"feeops_rpc_endpoint_usable", "endpoint=b;"}:                          0,
		{"feeops_clock_skew_seconds", ""}:                                      -3,
		{"feeops_monitor_look_age_seconds", ""}:                                30,
		{"feeops_alert_episodes", "alert=payer_low;severity=high;state=open;"}: 2,
		{"feeops_mutes", ""}:                                                   1,
	} {
		value, ok := got[series[0]][series[1]]
		require.True(t, ok, series)
		require.InDelta(t, want, value, 1e-9, series)
	}
}

func TestGauges_StaleAndUnknownHaveNoFigure(t *testing.T) {
	old := gathered(t, full(), noon.Add(10*time.Minute))
	require.Contains(t, old["feeops_vault_state"], "state=unknown;vault=alpha;")
	require.InDelta(t, 600, old["feeops_vault_sample_age_seconds"]["vault=alpha;"], 0)
	require.Empty(t, old["feeops_vault_treasury_base_units"])
	require.Empty(t, old["feeops_vault_deadline_seconds"])

	s := full()
	s.tick.Vaults = s.tick.Vaults[:1]
	v := &s.tick.Vaults[0]
	v.Fees, v.Books, v.Payer, v.Day.Treasury = nil, nil, nil, domain.Balance{State: domain.BalanceUnknown}
	s.tick.Fleet.Skew, s.tick.Fleet.Workers = nil, nil
	unknown := gathered(t, s, noon)
	for _, name := range []string{"feeops_vault_treasury_base_units", "feeops_vault_claimable_base_units", "feeops_vault_owed_base_units", "feeops_payer_lamports", "feeops_clock_skew_seconds", "feeops_workers"} {
		require.Empty(t, unknown[name], "%s is unknown, not 0", name)
	}
	require.Empty(t, gathered(t, &shelf{}, noon)["feeops_monitor_look_age_seconds"])
}

func TestGauges_AStoreThatCannotBeReadShowsNothingAndIsNotHammered(t *testing.T) {
	s := full()
	s.fail = errors.New("locked")
	require.Empty(t, gathered(t, s, noon)["feeops_vault_state"])
	s.fail, s.reads = nil, 0
	now := noon
	g := &gauges{store: s, stale: time.Minute, now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler)}
	for range 10 {
		_, err := g.snapshot()
		require.NoError(t, err)
	}
	require.Equal(t, 2, s.reads, "one reading, of look and dashboard")
	now = now.Add(gaugesFor)
	_, err := g.snapshot()
	require.NoError(t, err)
	require.Equal(t, 4, s.reads)
}
