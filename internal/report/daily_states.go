package report

import (
	"context"
	"slices"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// stands says where every vault stands: now, by the chain, while the window is not over; else by how its last run within
// the window ended. The vaults are the enabled ones and those that the books know of the window.
func (r *Reporter) stands(ctx context.Context, d *Daily, now *Morning) error {
	ids := make([]string, 0, len(r.Vaults))
	for _, v := range r.Vaults {
		ids = append(ids, v.ID)
	}
	newest := map[string]DayLine{}
	for _, line := range d.Runs {
		if have, ok := newest[line.Vault]; !ok || line.Day > have.Day {
			newest[line.Vault] = line
		}
		if !slices.Contains(ids, line.Vault) {
			ids = append(ids, line.Vault)
		}
	}
	plans, err := r.plans(ctx, len(ids) > len(newest))
	if err != nil {
		return err
	}
	for i, id := range ids {
		v := DailyVault{ID: id, Name: r.name(id), Enabled: i < len(r.Vaults), Source: "books"}
		line, ran := newest[id]
		_, known := plans[id]
		switch {
		case now != nil && v.Enabled:
			h := now.Vaults[i]
			v.Source, v.State, v.Reason, v.Day, v.Health = "chain", h.State, h.Reason, h.Day, &h
		case ran:
			v.State, v.Reason, v.Day = line.State, line.Reason, line.Day
		case !known:
			v.State, v.Reason = domain.NeverRun, "the books know no day of it"
		default:
			v.State, v.Reason = domain.UnknownState, "the books know no day of it in this window: it was missed, or its run left no report"
		}
		d.States[v.State]++
		d.Vaults = append(d.Vaults, v)
	}
	d.Total = len(ids)
	return nil
}

// plans are the newest plans, when somebody must be told from who never ran.
func (r *Reporter) plans(ctx context.Context, needed bool) (map[string]domain.BookedDay, error) {
	if !needed {
		return nil, nil
	}
	return r.Books.NewestPlans(ctx)
}
