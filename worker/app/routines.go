package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/gagliardetto/solana-go/rpc"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var routineModule = fx.Module("routines", fx.Provide(newRoutines), fx.Invoke(keepSchedules))

type routineParams struct {
	fx.In

	Settings config.Settings
	Pool     *chain.Pool
	Service  *distribution.Service
	Store    *store.Store
	Client   client.Client
	Clock    Clock
	Log      *slog.Logger
}

// routines make reports and do maintenance for the worker.
type routines struct {
	routineParams

	zone    *time.Location
	sources *sources
}

func newRoutines(p routineParams) (*activities.Routines, error) {
	zone, err := time.LoadLocation(p.Settings.Reports.TimeZone)
	if err != nil {
		return nil, fault(fmt.Errorf("reports.time_zone: %w", err))
	}
	r := &routines{p, zone, &sources{settings: p.Settings, client: p.Client, pool: p.Pool, store: p.Store, now: p.Clock}}
	return activities.NewRoutines(map[string]activities.RoutineStep{
		ops.ReportMorning.Name: r.morning, ops.ReportEvents.Name: r.events, ops.ReportDaily.Name: r.daily, ops.ReportWeekly.Name: r.weekly, ops.ReportMonthly.Name: r.monthly,
		ops.InspectHost.Name: r.host, ops.EnsureBackup.Name: r.backup, ops.CleanUp.Name: r.cleanUp, ops.RankEndpoints.Name: r.rank, ops.AdvisePageSize.Name: r.pageSizes,
		ops.ReportModules.Name: r.modules, ops.InspectSchedules.Name: r.schedules,
	}, r.maintenance), nil
}

// now is the chain's time, or the machine's when the chain cannot be asked.
func (r *routines) now(ctx context.Context) time.Time {
	if clock, err := r.Pool.Clock(ctx, rpc.CommitmentConfirmed); err == nil {
		return time.Unix(clock.UnixTime, 0)
	}
	return r.Clock()
}

func (r *routines) reporter() *report.Reporter {
	s := r.Settings
	p := report.Params{
		Books: r.Store, Fleet: distribution.NewFleet(r.Service, r.Store), Runs: r.runs, Alerts: report.AlertFeed(r.Store), Incidents: report.IncidentFeed(r.Store),
		Zone: r.zone, Now: r.Clock, UI: s.Temporal.UIURL, Namespace: s.Temporal.Namespace,
	}
	for _, v := range s.Vaults {
		if v.Enabled {
			p.Vaults = append(p.Vaults, report.Vault{ID: v.ID, Name: v.Name})
		}
	}
	return report.New(p)
}

// runs lists the runs that are under way, all with one question.
func (r *routines) runs(ctx context.Context) (map[string]report.Run, error) {
	out := map[string]report.Run{}
	query := fmt.Sprintf("WorkflowType = '%s' AND TaskQueue = '%s' AND ExecutionStatus = 'Running'", ops.DailyDistribution, r.Settings.Temporal.TaskQueue)
	err := r.sources.list(ctx, query, func(vault string, e *workflowpb.WorkflowExecutionInfo) {
		out[vault] = report.Run{State: cmp.Or(stateOf(e), domain.Running), Since: e.GetStartTime().AsTime()}
	})
	return out, err
}

func (r *routines) review(ctx context.Context, w report.Window) report.Review {
	var list []distribution.Vault
	for _, v := range r.Settings.Vaults {
		if one, enabled := r.Service.Vaults[v.ID]; enabled {
			list = append(list, one)
		}
	}
	name := func(id string) string { v, _ := r.Settings.Vault(id); return v.Name }
	return (&report.Reviewer{Chain: r.Pool, Books: r.Store}).Review(ctx, list, name, report.Span{Window: w})
}

// save writes a report in every format, and gives the step that tells of it.
func (r *routines) save(page sheet.Paged, name string, verdict report.Verdict, seen string, advice []report.Advice) (ops.RoutineStep, error) {
	files, err := sheet.RenderAll(page, sheet.Formats())
	if err != nil {
		return ops.RoutineStep{}, err
	}
	paths, err := sheet.Save(r.Settings.Reports.Dir, name, files)
	step := ops.RoutineStep{Name: name, Verdict: string(verdict), Seen: seen, Files: paths}
	if len(advice) > 0 {
		first := advice[0]
		step.Seen += fmt.Sprintf("; %d recommendations, first: %s", len(advice), strings.TrimPrefix(first.Vault+": ", ": ")+first.Text)
		step.Next = first.Next
	}
	return step, err
}

func (r *routines) morning(ctx context.Context, at time.Time) (ops.RoutineStep, error) {
	m := r.reporter().Morning(ctx, nil)
	return r.save(m, "morning-"+at.In(r.zone).Format(time.DateOnly), m.Verdict, statesText(m.States, m.Total, "vaults"), m.Advice)
}

// statesText counts states in their usual order.
func statesText(states map[domain.State]int, total int, of string) string {
	var out []string
	for _, s := range domain.States() {
		if states[s] > 0 {
			out = append(out, fmt.Sprintf("%d %s", states[s], s))
		}
	}
	if len(out) == 0 {
		return fmt.Sprintf("%d %s: no data", total, of)
	}
	return fmt.Sprintf("%d %s: %s", total, of, strings.Join(out, ", "))
}

func (r *routines) events(ctx context.Context, at time.Time) (ops.RoutineStep, error) {
	now := r.now(ctx)
	end := at
	if end.After(now) {
		end = now
	}
	v := r.review(ctx, report.NewWindow("24 h to "+end.In(r.zone).Format("2006-01-02 15:04"), end.Add(-24*time.Hour), end.Add(time.Second), now, r.zone))
	seen := fmt.Sprintf("%d vaults, complete %t", len(v.Vaults), v.Complete)
	return r.save(v, "events-"+at.In(r.zone).Format(time.DateOnly), v.Verdict, seen, v.Advice)
}

func (r *routines) daily(ctx context.Context, at time.Time) (ops.RoutineStep, error) {
	date := domain.Day(at.In(r.zone).Format(time.DateOnly))
	w, err := report.DayWindow(date, r.now(ctx), r.zone)
	if err != nil {
		return ops.RoutineStep{}, err
	}
	v := r.review(ctx, w)
	d, err := r.reporter().Daily(ctx, report.DailyInput{Window: w, Review: &v})
	if err != nil {
		return ops.RoutineStep{}, err
	}
	seen := statesText(d.States, d.Total, "vaults")
	for _, m := range d.Mints {
		seen += fmt.Sprintf("; claimed %s, paid %s", m.Token.Format(m.Claimed), m.Token.Format(m.Paid))
	}
	return r.save(d, "daily-report-"+string(date), d.Verdict, seen, d.Advice)
}

func (r *routines) weekly(ctx context.Context, at time.Time) (ops.RoutineStep, error) {
	w, err := r.reporter().Weekly(ctx, report.WeekWindow(at, r.now(ctx), r.zone))
	if err != nil {
		return ops.RoutineStep{}, err
	}
	return r.save(w, "weekly-report-"+at.Add(-1).In(r.zone).Format(time.DateOnly), w.Verdict, statesText(w.States, w.VaultDays, "vault-days"), w.Advice)
}

func (r *routines) monthly(ctx context.Context, at time.Time) (ops.RoutineStep, error) {
	w := report.PreviousMonth(at, r.zone)
	m, err := r.reporter().Monthly(ctx, report.MonthlyParams{Window: w, Bounds: Bounds(r.Settings), Security: r.Store, Others: SettingsEvidence(r.Settings)})
	if err != nil {
		return ops.RoutineStep{}, err
	}
	return r.save(m, "monthly-review-"+w.Name, m.Verdict, statesText(m.Metrics.States, m.Metrics.VaultDays, "vault-days"), m.Advice)
}

func (r *routines) maintenance(_ context.Context, in ops.MaintenanceInput) (ops.RoutineStep, error) {
	var steps []report.MaintenanceStep
	for _, s := range in.Steps {
		steps = append(steps, report.MaintenanceStep{Name: s.Name, Verdict: report.Verdict(s.Verdict), Seen: s.Seen, Next: s.Next})
	}
	m := report.NewMaintenance(in.At, r.zone, steps)
	bad := slices.DeleteFunc(slices.Clone(steps), func(s report.MaintenanceStep) bool { return s.Verdict == report.OK })
	return r.save(m, "maintenance-"+in.At.In(r.zone).Format(time.DateOnly), m.Verdict, fmt.Sprintf("%d steps, %d of them not ok", len(steps), len(bad)), nil)
}
