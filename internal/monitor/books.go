package monitor

import (
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// plan is what is kept of a vault's newest manifest: it is read when it is new and when its day is opened, not once a
// minute. The lists are let go: those of a thousand vaults would stay in memory for good.
type plan struct {
	head    store.ManifestHead
	outline domain.Outline
	would   *domain.Amount    // What the streams in quarantine would have got; nil when unknown.
	report  *domain.DayReport // Of the day that the chain opened last; renewed at every look.
}

// books joins what the store knows. A store that fails leaves every vault's books unknown.
func (m *Monitor) books(ctx context.Context, t *domain.FleetTick) {
	if err := m.readBooks(ctx, t); err != nil {
		m.Log.Warn("the watch does not know the books", "error", err)
		for i := range t.Vaults {
			t.Vaults[i].Books = nil
		}
	}
}

func (m *Monitor) readBooks(ctx context.Context, t *domain.FleetTick) error {
	pending, err := m.Store.PendingSignatures(ctx)
	if err != nil {
		return fmt.Errorf("pending signatures: %w", err)
	}
	heads, err := m.Store.ManifestHeads(ctx)
	if err != nil {
		return fmt.Errorf("newest plans: %w", err)
	}
	reports, err := m.Store.LatestReports(ctx)
	if err != nil {
		return fmt.Errorf("newest reports: %w", err)
	}
	foreign, err := m.Store.ForeignPages(ctx)
	if err != nil {
		return fmt.Errorf("foreign pages: %w", err)
	}
	flags, err := m.Store.AllSafety(ctx)
	if err != nil {
		return fmt.Errorf("safety flags: %w", err)
	}
	if m.Stopped != nil && m.Stopped() {
		flags = append(flags, domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "EMERGENCY_STOP is set in the environment or the settings", Actor: "settings", At: t.Fleet.At})
	}
	for i := range t.Vaults {
		s := &t.Vaults[i]
		b := domain.Books{Pending: pending[s.Vault], Flags: flagsOf(flags, s.Vault)}
		if r, ok := reports[s.Vault]; ok {
			b.Last = lastRun(r)
		}
		if head, ok := heads[s.Vault]; ok {
			b.Foreign = foreign[store.DayRef{Vault: head.Vault, Day: head.Day}]
			if err := m.planned(ctx, s, &b, head, reports); err != nil {
				return err
			}
		} else {
			delete(m.plans, s.Vault)
		}
		s.Books = &b
	}
	return nil
}

// planned fills in the figures of the newest plan.
func (m *Monitor) planned(ctx context.Context, s *domain.VaultSample, b *domain.Books, head store.ManifestHead, reports map[string]domain.DayReport) error {
	p, known := m.plans[s.Vault]
	if !known || p.head != head {
		manifest, ok, err := m.Store.Manifest(ctx, head.Vault, head.Day)
		if err != nil {
			return fmt.Errorf("plan of %s for %s: %w", head.Vault, head.Day, err)
		}
		if !ok {
			return nil // It was replaced in this moment; the next look finds the new one.
		}
		p = plan{head: head, outline: manifest.Outline(), would: would(manifest.Quarantined)}
	}
	p.report = nil
	investors, left := p.outline.Investors, p.outline.Quarantined
	b.Investors, b.Quarantined, b.QuarantinedWould = &investors, &left, p.would
	if s.Day != nil && p.outline.Opens(s.Day.LastTS) {
		if s.Day.Open() {
			if owed, err := p.outline.Owed(s.Day.Cursor); err == nil {
				b.Owed = &owed
			}
		}
		r, ok := reports[s.Vault]
		if !ok || r.Day != head.Day {
			// Planned by us, and no run has come to its end.
			r = domain.DayReport{Vault: s.Vault, Day: head.Day, State: domain.Failed}
		}
		p.report = &r
	}
	m.plans[s.Vault] = p
	return nil
}

// would sums what the streams in quarantine would have got; nil when that is not known of any of them.
func would(all []domain.Quarantined) *domain.Amount {
	var sum domain.Amount
	known := false
	for _, q := range all {
		if q.Would == nil {
			continue
		}
		next, err := sum.Add(*q.Would)
		if err != nil {
			return nil
		}
		sum, known = next, true
	}
	if !known {
		return nil
	}
	return &sum
}

func flagsOf(all []domain.SafetyFlag, vault string) []domain.SafetyFlag {
	var out []domain.SafetyFlag
	for _, f := range all {
		if f.Vault == "" || f.Vault == vault {
			out = append(out, f)
		}
	}
	return out
}

func lastRun(r domain.DayReport) *domain.LastRun {
	return &domain.LastRun{
		RunID: r.RunID, Day: r.Day, State: r.State, Reason: r.Reason, Ended: r.EndedAt,
		Mismatches: r.Result.Mismatches, PaidTwice: r.Result.PaidTwice, Missed: r.Result.Missed,
	}
}
