package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/monitor"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// gaugesFor is how long one reading of the store serves scrapes.
const gaugesFor = 5 * time.Second

// gauges show the newest look and the episodes at /metrics, read from the store: every worker shows the same, whichever
// of them took the look. A figure that is unknown has no series, because a gauge cannot say null; how old a sample is has
// one of its own. Amounts are base units; Prometheus keeps floats, so the last digits above 2^53 are rounded here, and
// only here.
type gauges struct {
	store monitor.DashboardStore
	stale time.Duration
	now   func() time.Time
	log   *slog.Logger

	mu   sync.Mutex
	read time.Time
	last snapshot // Guarded by mu.
}

type snapshot struct {
	tick      domain.FleetTick
	found     bool
	dashboard domain.Dashboard
}

func newGauges(s config.Settings, db *store.Store, now Clock, log *slog.Logger) *gauges {
	return &gauges{store: db, stale: s.Monitor.StaleAfter, now: now, log: log}
}

func registerGauges(r *prometheus.Registry, g *gauges) error {
	if err := r.Register(g); err != nil {
		return fault(fmt.Errorf("gauges of the watch: %w", err))
	}
	return nil
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("feeops_"+name, help, labels, nil)
}

// The names and labels are an interface: rules and dashboards use them.
var (
	descState     = desc("vault_state", "1 for the state that the vault is in; unknown while its sample is stale.", "vault", "state")
	descAge       = desc("vault_sample_age_seconds", "Age of the vault's newest sample.", "vault")
	descProgress  = desc("vault_progress_ratio", "Investors done of the day that the sample belongs to, 0 to 1.", "vault")
	descCursor    = desc("vault_cursor", "The chain's pagination cursor.", "vault")
	descUntilDue  = desc("vault_until_due_seconds", "Seconds until a new day may be opened, by the chain's clock; negative is overdue.", "vault")
	descDeadline  = desc("vault_deadline_seconds", "Seconds until the open day is lost, by the chain's clock.", "vault")
	descIdle      = desc("vault_idle_seconds", "Seconds since the cursor of the open day moved last, by the chain's clock.", "vault")
	descTreasury  = desc("vault_treasury_base_units", "What the treasury holds.", "vault", "mint")
	descClaimable = desc("vault_claimable_base_units", "Quote fees that an opening would claim.", "vault", "mint")
	descBaseFees  = desc("vault_base_fee_base_units", "Base fees in the position; above 0 no day can be opened.", "vault")
	descOwed      = desc("vault_owed_base_units", "What the open day has still to pay.", "vault", "mint")
	descPending   = desc("vault_pending_signatures", "Signatures that may still land.", "vault")
	descLeftOut   = desc("vault_quarantined_streams", "Registered streams that the newest plan leaves out.", "vault")
	descPayer     = desc("payer_lamports", "Balance of a fee payer.", "payer")
	descEndpoint  = desc("rpc_endpoint_usable", "1 when the endpoint is used.", "endpoint")
	descLag       = desc("rpc_endpoint_lag_slots", "Slots behind the best endpoint.", "endpoint")
	descLatency   = desc("rpc_endpoint_latency_seconds", "Median of the last answers.", "endpoint")
	descSkew      = desc("clock_skew_seconds", "This machine's clock minus the chain's.")
	descWorkers   = desc("workers", "Workers that ask Temporal for work.")
	descLook      = desc("monitor_look_age_seconds", "Age of the newest look at the fleet.")
	descGood      = desc("monitor_whole_look_age_seconds", "Age of the newest look that read every vault.")
	descVaults    = desc("monitor_vaults", "Vaults of the settings.")
	descRead      = desc("monitor_vaults_read", "Vaults that the newest look could read.")
	descTook      = desc("monitor_look_seconds", "Duration of the newest look.")
	descRequests  = desc("monitor_look_requests", "RPC requests of the newest look.")
	descEpisodes  = desc("alert_episodes", "Episodes that are not resolved.", "alert", "severity", "state")
	descMutes     = desc("mutes", "Mutes and maintenance windows in force.")
)

func descs() []*prometheus.Desc {
	return []*prometheus.Desc{
		descState, descAge, descProgress, descCursor, descUntilDue, descDeadline, descIdle, descTreasury, descClaimable, descBaseFees, descOwed, descPending, descLeftOut, descPayer,
		descEndpoint, descLag, descLatency, descSkew, descWorkers, descLook, descGood, descVaults, descRead, descTook, descRequests, descEpisodes, descMutes,
	}
}

// Describe names every gauge.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range descs() {
		ch <- d
	}
}

// Collect reads the store, at most once in a few seconds. A store that cannot be read shows nothing, and an alert on the
// missing series notices.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	s, err := g.snapshot()
	if err != nil {
		g.log.Warn("the watch's gauges cannot be read", "error", err)
		return
	}
	c := collector{ch}
	now := g.now()
	counts := map[[3]string]int{}
	for _, a := range s.dashboard.Open {
		counts[[3]string{a.Alert, string(a.Severity), string(a.State)}]++
	}
	for labels, n := range counts {
		c.put(descEpisodes, float64(n), labels[:]...)
	}
	inForce := 0
	for _, m := range s.dashboard.Mutes {
		if !m.From.After(now) {
			inForce++
		}
	}
	c.put(descMutes, float64(inForce))
	if s.found {
		c.fleet(s.tick.Fleet, now)
		c.vaults(s.tick.Vaults, s.dashboard.Vaults)
	}
}

func (g *gauges) snapshot() (snapshot, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if now.Sub(g.read) < gaugesFor {
		return g.last, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var s snapshot
	var err error
	if s.tick, s.found, err = g.store.LatestTick(ctx); err != nil {
		return s, fmt.Errorf("the newest look: %w", err)
	}
	if s.dashboard, err = monitor.ReadDashboard(ctx, g.store, now, g.stale); err != nil {
		return s, err
	}
	g.last, g.read = s, now
	return s, nil
}

// collector puts figures into the scrape.
type collector struct{ ch chan<- prometheus.Metric }

func (c collector) put(d *prometheus.Desc, v float64, labels ...string) {
	c.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (c collector) fleet(f domain.FleetSample, now time.Time) {
	c.put(descLook, now.Sub(f.At).Seconds())
	if !f.Good.IsZero() {
		c.put(descGood, now.Sub(f.Good).Seconds())
	}
	c.put(descVaults, float64(f.Vaults))
	c.put(descRead, float64(f.Read))
	c.put(descTook, f.Took.Seconds())
	c.put(descRequests, float64(f.Requests))
	if f.Skew != nil {
		c.put(descSkew, float64(*f.Skew))
	}
	if f.Workers != nil {
		c.put(descWorkers, float64(len(f.Workers)))
	}
	for _, e := range f.Endpoints {
		c.put(descEndpoint, bit(e.Usable), e.Name)
		c.put(descLag, float64(e.Lag), e.Name)
		c.put(descLatency, e.Latency.Seconds(), e.Name)
	}
}

func (c collector) vaults(samples []domain.VaultSample, lines []domain.DashboardVault) {
	stale := map[string]bool{}
	for _, l := range lines {
		stale[l.Vault] = l.Stale
		c.put(descState, 1, l.Vault, string(l.State))
		c.put(descAge, float64(l.Age), l.Vault)
		if l.Stale {
			continue // What is old must not look fresh.
		}
		if l.Done != nil && l.Of > 0 {
			c.put(descProgress, float64(*l.Done)/float64(l.Of), l.Vault)
		}
		if l.UntilDue != nil && !l.NeverRun {
			c.put(descUntilDue, float64(*l.UntilDue), l.Vault)
		}
		if l.Left != nil {
			c.put(descDeadline, float64(*l.Left), l.Vault)
		}
	}
	payers := map[string]bool{}
	for i := range samples {
		s := &samples[i]
		if stale[s.Vault] {
			continue
		}
		c.day(s)
		if f := s.Fees; f != nil {
			c.put(descClaimable, float64(f.Quote), s.Vault, s.Token.Mint)
			c.put(descBaseFees, float64(f.Base), s.Vault)
		}
		if b := s.Books; b != nil {
			c.put(descPending, float64(b.Pending), s.Vault)
			if b.Quarantined != nil {
				c.put(descLeftOut, float64(*b.Quarantined), s.Vault)
			}
			if b.Owed != nil {
				c.put(descOwed, float64(*b.Owed), s.Vault, s.Token.Mint)
			}
		}
		if p := s.Payer; p != nil && !payers[p.Address] {
			payers[p.Address] = true // Vaults share payers; a series may stand once.
			c.put(descPayer, float64(p.Lamports), p.Address)
		}
	}
}

func (c collector) day(s *domain.VaultSample) {
	c.put(descCursor, float64(s.Day.Cursor), s.Vault)
	if held, known := s.Day.Treasury.Held(); known {
		c.put(descTreasury, float64(held), s.Vault, s.Token.Mint)
	}
	if s.Track != nil && s.Day.Open() {
		c.put(descIdle, float64(s.Day.ChainTime-s.Track.Progress), s.Vault)
	}
}
