package app

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// witness takes evidence of an incident from everything that the worker can reach (S13, S14).
type witness struct {
	settings config.Settings
	store    *store.Store
	pool     *chain.Pool
	service  *distribution.Service
	client   client.Client
	clock    Clock
	began    time.Time
}

func newWitness(s config.Settings, db *store.Store, p *chain.Pool, service *distribution.Service, c client.Client, clock Clock) *witness {
	return &witness{settings: s, store: db, pool: p, service: service, client: c, clock: clock, began: clock()}
}

// Take collects, writes and lists one bundle.
func (w *witness) Take(ctx context.Context, kind string, s incident.Subject) (domain.Evidence, error) {
	sources := w.ofFailure(s.Failure)
	if kind == incident.KindSnapshot {
		sources = w.ofEverything()
	}
	e, err := incident.Write(w.settings.EvidenceDir(), incident.Collect(ctx, sources, kind, s, redactor(w.settings), w.clock))
	if err != nil {
		return e, fmt.Errorf("evidence: %w", err)
	}
	if err := w.store.SaveEvidence(ctx, e); err != nil {
		return e, fmt.Errorf("list evidence %s: %w", e.Path, err)
	}
	return e, nil
}

// ofFailure is everything about the vault, the day and the run of a failure, as far as it names them, and the system
// around it.
func (w *witness) ofFailure(f domain.Failure) []incident.Source {
	out := []incident.Source{
		{Name: "failures", Read: func(ctx context.Context, s incident.Subject) (any, error) {
			return w.store.Failures(ctx, s.Incident.ID, recordedFailures)
		}},
		{Name: "operations", Read: func(ctx context.Context, _ incident.Subject) (any, error) {
			return w.store.Operations(ctx, w.clock().Add(-recordedTime), w.clock())
		}},
	}
	add := func(name string, read func(ctx context.Context) (any, error)) {
		out = append(out, incident.Source{Name: name, Read: func(ctx context.Context, _ incident.Subject) (any, error) { return read(ctx) }})
	}
	if f.Vault != "" {
		add("chain_accounts", func(ctx context.Context) (any, error) { return w.service.RecordAccounts(ctx, f.Vault) })
	}
	if f.Vault != "" && f.Day != "" {
		add("signatures", func(ctx context.Context) (any, error) { return w.service.RecordSignatures(ctx, f.Vault, f.Day) })
		add("plan", func(ctx context.Context) (any, error) { return found(w.store.Manifest(ctx, f.Vault, f.Day)) })
		add("checks", func(ctx context.Context) (any, error) { return w.store.Checks(ctx, f.Vault, f.Day) })
		add("pages", func(ctx context.Context) (any, error) { return w.store.Pages(ctx, f.Vault, f.Day) })
	}
	if f.WorkflowID != "" {
		add("history", func(ctx context.Context) (any, error) { return w.history(ctx, f) })
	}
	return append(out, w.system()...)
}

const (
	recordedFailures = 50
	recordedTime     = 10 * time.Minute
)

// found keeps what is not in the books apart from what is empty.
func found[T any](v T, ok bool, err error) (any, error) {
	if err == nil && !ok {
		err = fmt.Errorf("it is not in the books")
	}
	return v, err
}

// ofEverything is the state of all vaults, for the moment when everything was stopped (S12).
func (w *witness) ofEverything() []incident.Source {
	var out []incident.Source
	for _, v := range w.settings.Vaults {
		if !v.Enabled {
			continue
		}
		out = append(out, incident.Source{Name: "vault/" + v.ID, Read: func(ctx context.Context, _ incident.Subject) (any, error) {
			s := w.service.Standing(ctx, v.ID)
			if s.State == domain.UnknownState {
				return nil, fmt.Errorf("%s", s.Reason)
			}
			open, err := w.store.OpenIntents(ctx, v.ID)
			return map[string]any{"standing": s, "open_signatures": open}, err
		}})
	}
	return append(out, w.system()...)
}

// system is the machine, the workers, the task queue and what rules them (S14).
func (w *witness) system() []incident.Source {
	return []incident.Source{
		{Name: "safety_flags", Read: func(ctx context.Context, _ incident.Subject) (any, error) { return w.store.AllSafety(ctx) }},
		{Name: "settings", Read: func(context.Context, incident.Subject) (any, error) {
			return map[string]any{"hash": w.settings.Hash(), "settings": w.settings.Redacted()}, nil
		}},
		{Name: "audit", Read: func(ctx context.Context, _ incident.Subject) (any, error) { return w.store.VerifyAudit(ctx) }},
		{Name: "endpoints", Read: func(context.Context, incident.Subject) (any, error) { return w.pool.Health(), nil }},
		{Name: "process", Read: func(context.Context, incident.Subject) (any, error) { return w.process(), nil }},
		{Name: "task_queue", Read: func(ctx context.Context, _ incident.Subject) (any, error) { return w.taskQueue(ctx) }},
	}
}

// history names the run that failed, so that its history can be fetched: it is too long for a bundle.
func (w *witness) history(ctx context.Context, f domain.Failure) (any, error) {
	d, err := w.client.DescribeWorkflowExecution(ctx, f.WorkflowID, f.RunID)
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", f.WorkflowID, err)
	}
	info := d.GetWorkflowExecutionInfo()
	return map[string]any{
		"namespace": w.settings.Temporal.Namespace, "workflow_id": f.WorkflowID, "run_id": info.GetExecution().GetRunId(), "status": info.GetStatus().String(),
		"events": info.GetHistoryLength(), "bytes": info.GetHistorySizeBytes(), "started": info.GetStartTime().AsTime(), "pending_activities": len(d.GetPendingActivities()),
		"command": fmt.Sprintf("temporal workflow show --workflow-id %s --run-id %s --output json", f.WorkflowID, info.GetExecution().GetRunId()),
	}, nil
}

func (w *witness) process() any {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	out := map[string]any{
		"pid": os.Getpid(), "uptime_seconds": int64(w.clock().Sub(w.began) / time.Second), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
		"goroutines": runtime.NumGoroutine(), "heap_bytes": m.HeapAlloc, "from_system_bytes": m.Sys, "temporal_sdk": temporal.SDKVersion,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		out["version"] = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.modified" {
				out[s.Key] = s.Value
			}
		}
	}
	return out
}

// taskQueue lists the workers that take tasks.
func (w *witness) taskQueue(ctx context.Context) (any, error) {
	out := map[string]any{"name": w.settings.Temporal.TaskQueue}
	for name, kind := range map[string]enums.TaskQueueType{"workflow": enums.TASK_QUEUE_TYPE_WORKFLOW, "activity": enums.TASK_QUEUE_TYPE_ACTIVITY} {
		got, err := w.client.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: w.settings.Temporal.Namespace, TaskQueue: &taskqueue.TaskQueue{Name: w.settings.Temporal.TaskQueue}, TaskQueueType: kind, ReportStats: true,
		})
		if err != nil {
			return nil, fmt.Errorf("task queue %s: %w", w.settings.Temporal.TaskQueue, err)
		}
		var workers []map[string]any
		for _, p := range got.GetPollers() {
			workers = append(workers, map[string]any{"identity": p.GetIdentity(), "last_seen": p.GetLastAccessTime().AsTime()})
		}
		out[name+"_workers"], out[name+"_backlog"] = workers, got.GetStats().GetApproximateBacklogCount()
	}
	return out, nil
}
