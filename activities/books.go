package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Reports keeps the ends of runs and knows what their activities cost.
type Reports interface {
	SaveReport(ctx context.Context, r domain.DayReport) error
	Requests(ctx context.Context, runID string) (uint64, error)
}

// Books holds the activities around the runs: their reports and the list of vaults.
type Books struct {
	reports Reports
	vaults  []string
}

// NewBooks makes them; vaults are the enabled ones in the order of the settings.
func NewBooks(r Reports, vaults []string) *Books { return &Books{reports: r, vaults: vaults} }

// SaveReport stores the end of a run, with the requests that all its activities made.
func (b *Books) SaveReport(ctx context.Context, in ops.ReportInput) (ops.SaveResult, error) {
	r := in.Report
	var err error
	if r.Requests, err = b.reports.Requests(ctx, r.RunID); err != nil {
		return ops.SaveResult{}, fault.Seal(fmt.Errorf("requests of run %s: %w", r.RunID, err))
	}
	if r.Day == "" {
		return ops.SaveResult{Requests: r.Requests}, nil // It ended before it knew its day; the workflow's result says so.
	}
	if err := b.reports.SaveReport(ctx, r); err != nil {
		return ops.SaveResult{}, fault.Seal(fmt.Errorf("save report of %s for %s: %w", r.Vault, r.Day, err))
	}
	return ops.SaveResult{Requests: r.Requests}, nil
}

// ListVaults gives the enabled vaults, or the named ones of them in the order given.
func (b *Books) ListVaults(_ context.Context, in ops.ListInput) (ops.ListResult, error) {
	if len(in.Vaults) == 0 {
		return ops.ListResult{Vaults: b.vaults}, nil
	}
	for _, v := range in.Vaults {
		if !slices.Contains(b.vaults, v) {
			return ops.ListResult{}, fault.Seal(fault.Newf(fault.Human, "vault/unknown", "vault %q is not in the settings, or not enabled", v).
				WithNext("Look at the ids with feeops status"))
		}
	}
	return ops.ListResult(in), nil
}

// Names are the functions by the names that internal/ops gives them.
func (b *Books) Names() map[string]any {
	return map[string]any{ops.SaveReport.Name: b.SaveReport, ops.ListVaults.Name: b.ListVaults}
}
