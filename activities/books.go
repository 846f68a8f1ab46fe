package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Reports keeps the ends of runs and knows what their activities cost.
type Reports interface {
	SaveReport(ctx context.Context, r domain.DayReport) error
	Requests(ctx context.Context, runID string) (uint64, error)
	// AuditOnce keeps each deed once, however often it is told.
	AuditOnce(ctx context.Context, deeds []store.AuditEntry) error
}

// Receipts makes what investors verify by themselves.
type Receipts interface {
	Make(ctx context.Context, r domain.DayReport) error
}

// Urgency puts vaults into the order in which their days must begin.
type Urgency interface {
	ByDue(ctx context.Context, vaults []string) []string
}

// Books holds the activities around the runs: their reports and the list of vaults.
type Books struct {
	reports  Reports
	receipts Receipts
	urgency  Urgency
	vaults   []string
}

// NewBooks makes them; vaults are the enabled ones in the order of the settings. Without receipts none are made; without
// urgency the vaults stay in their order.
func NewBooks(r Reports, receipts Receipts, urgency Urgency, vaults []string) *Books {
	return &Books{reports: r, receipts: receipts, urgency: urgency, vaults: vaults}
}

// SaveReport stores the end of a run, with the requests that all its activities made, what people did to the run in the
// audit log, and the receipt of a complete day.
func (b *Books) SaveReport(ctx context.Context, in ops.ReportInput) (ops.SaveResult, error) {
	r := in.Report
	var err error
	if r.Requests, err = b.reports.Requests(ctx, r.RunID); err != nil {
		return ops.SaveResult{}, fault.Seal(fmt.Errorf("requests of run %s: %w", r.RunID, err))
	}
	if err := b.reports.AuditOnce(ctx, deeds(in)); err != nil {
		return ops.SaveResult{}, fault.Seal(fmt.Errorf("audit run %s of %s: %w", r.RunID, r.Vault, err))
	}
	if r.Day == "" {
		return ops.SaveResult{Requests: r.Requests}, nil // It ended before it knew its day; the workflow's result says so.
	}
	if err := b.reports.SaveReport(ctx, r); err != nil {
		return ops.SaveResult{}, fault.Seal(fmt.Errorf("save report of %s for %s: %w", r.Vault, r.Day, err))
	}
	return ops.SaveResult{Requests: r.Requests, NoReceipt: b.receipt(ctx, r)}, nil
}

// receipt says why a complete day has none. A day that is paid does not fail for want of one: it can be made later.
func (b *Books) receipt(ctx context.Context, r domain.DayReport) string {
	if b.receipts == nil || r.State != domain.Complete {
		return ""
	}
	if err := b.receipts.Make(ctx, r); err != nil {
		activity.GetLogger(ctx).Error("a complete day has no receipt; make it with feeops receipt make", "vault", r.Vault, "day", r.Day, "error", err)
		return err.Error()
	}
	return ""
}

// deeds are what people did to a run, and how it ended, as the audit log keeps them.
func deeds(in ops.ReportInput) []store.AuditEntry {
	r := in.Report
	run := fmt.Sprintf("run %s", r.RunID)
	out := []store.AuditEntry{{At: r.StartedAt, Actor: cmp.Or(in.Actor, unknownActor), Action: "day.start", Subject: r.Vault, Detail: run}}
	for _, o := range in.Orders {
		out = append(out, store.AuditEntry{At: o.At, Actor: cmp.Or(o.Actor, unknownActor), Action: "day." + o.Name, Subject: r.Vault, Detail: fmt.Sprintf("%s: %s", run, o.Reason)})
	}
	end := fmt.Sprintf("%s: %s", run, r.State)
	if r.Day != "" {
		f := r.Result.Figures
		end = fmt.Sprintf("%s, day %s, plan %.12s, %d transactions, claimed %s, paid %s, creator %s base units", end, r.Day, r.Manifest, len(r.Signatures), f.Claimed, f.Paid, f.Creator)
	}
	return append(out, store.AuditEntry{At: r.EndedAt, Actor: "feeops", Action: "day.end", Subject: r.Vault, Detail: end})
}

// unknownActor stands for somebody who gave no name, such as a user of the temporal CLI.
const unknownActor = "unknown"

// ListVaults gives the enabled vaults, or the named ones of them, the most urgent first.
func (b *Books) ListVaults(ctx context.Context, in ops.ListInput) (ops.ListResult, error) {
	if len(in.Vaults) == 0 {
		return ops.ListResult{Vaults: b.byDue(ctx, b.vaults)}, nil
	}
	for _, v := range in.Vaults {
		if !slices.Contains(b.vaults, v) {
			return ops.ListResult{}, fault.Seal(fault.Newf(fault.Human, "vault/unknown", "vault %q is not in the settings, or not enabled", v).
				WithNext("Look at the ids with feeops status"))
		}
	}
	return ops.ListResult{Vaults: b.byDue(ctx, in.Vaults)}, nil
}

// orderWithin bounds what the order may cost: a chain that does not answer must not keep the days from being started.
const orderWithin = 5 * time.Second

func (b *Books) byDue(ctx context.Context, vaults []string) []string {
	if b.urgency == nil || len(vaults) < 2 {
		return vaults
	}
	ctx, cancel := context.WithTimeout(ctx, orderWithin)
	defer cancel()
	return b.urgency.ByDue(ctx, vaults)
}

// Names are the functions by the names that internal/ops gives them.
func (b *Books) Names() map[string]any {
	return map[string]any{ops.SaveReport.Name: b.SaveReport, ops.ListVaults.Name: b.ListVaults}
}
