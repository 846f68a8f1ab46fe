package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const (
	// failedWithin is how far back failed runs are looked for.
	failedWithin = 48 * time.Hour
	// listPage is how many runs Temporal gives at once.
	listPage = 1_000
	// auditAgain is how often the audit log is walked from its beginning.
	auditAgain = 15 * time.Minute
)

// sources tell the watch what neither chain nor store knows.
type sources struct {
	settings config.Settings
	client   client.Client
	pool     *chain.Pool
	store    *store.Store
	keys     *senders
	now      func() time.Time

	mu      sync.Mutex
	audited *domain.Condition // Guarded by mu, as is walked.
	walked  store.AuditState  // What this worker found when it walked the audit log last.
}

// runs asks Temporal for the runs under way and for those that failed, each with one list for the whole fleet.
func (s *sources) runs(ctx context.Context) (map[string]domain.RunView, error) {
	out := map[string]domain.RunView{}
	ours := fmt.Sprintf("WorkflowType = '%s' AND TaskQueue = '%s'", ops.DailyDistribution, s.settings.Temporal.TaskQueue)
	since := s.now().Add(-failedWithin).UTC().Format(time.RFC3339)
	err := s.list(ctx, ours+" AND ExecutionStatus IN ('Failed', 'TimedOut') AND CloseTime > '"+since+"'", func(vault string, e *workflowpb.WorkflowExecutionInfo) {
		closed := e.GetCloseTime().AsTime()
		if closed.After(out[vault].Failed) {
			out[vault] = domain.RunView{RunID: e.GetExecution().GetRunId(), Failed: closed}
		}
	})
	if err != nil {
		return nil, err
	}
	err = s.list(ctx, ours+" AND ExecutionStatus = 'Running'", func(vault string, e *workflowpb.WorkflowExecutionInfo) {
		out[vault] = domain.RunView{RunID: e.GetExecution().GetRunId(), Live: true, State: stateOf(e)}
	})
	return out, err
}

func (s *sources) list(ctx context.Context, query string, each func(vault string, e *workflowpb.WorkflowExecutionInfo)) error {
	var token []byte
	for {
		page, err := s.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: s.settings.Temporal.Namespace, PageSize: listPage, Query: query, NextPageToken: token,
		})
		if err != nil {
			return fmt.Errorf("list runs: %w", err)
		}
		for _, e := range page.GetExecutions() {
			if vault, ok := strings.CutPrefix(e.GetExecution().GetWorkflowId(), ops.DailyID("")); ok {
				each(vault, e)
			}
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			return nil
		}
	}
}

// stateOf reads what a run says of itself; empty when it has not said anything yet.
func stateOf(e *workflowpb.WorkflowExecutionInfo) domain.State {
	payload, ok := e.GetSearchAttributes().GetIndexedFields()[ops.AttrState]
	if !ok {
		return ""
	}
	var text string
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &text); err != nil {
		return "" // An attribute of another type says nothing.
	}
	return domain.State(text)
}

// endpoints are the pool's, as it judges them.
func (s *sources) endpoints() []domain.EndpointSample {
	var out []domain.EndpointSample
	for _, h := range s.pool.Health() {
		out = append(out, domain.EndpointSample{Name: h.Name, Usable: h.Usable, Reason: h.Reason, Slot: h.Slot, Lag: h.Lag, Latency: h.Latency, ErrorPercent: h.ErrorPercent})
	}
	return out
}

// workers are those that ask Temporal for workflow tasks.
func (s *sources) workers(ctx context.Context) ([]domain.WorkerBeat, error) {
	got, err := s.client.DescribeTaskQueue(ctx, s.settings.Temporal.TaskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return nil, fmt.Errorf("describe the task queue: %w", err)
	}
	out := []domain.WorkerBeat{}
	at := map[string]int{}
	for _, p := range got.GetPollers() {
		seen := p.GetLastAccessTime().AsTime()
		i, known := at[p.GetIdentity()]
		if !known {
			at[p.GetIdentity()] = len(out)
			out = append(out, domain.WorkerBeat{ID: p.GetIdentity(), Seen: seen})
		} else if seen.After(out[i].Seen) {
			out[i].Seen = seen
		}
	}
	return out, nil
}

// signers says whether each fee payer's key file could be opened again: a worker that starts anew would have to. A key
// service is asked now and then, before a page needs it.
func (s *sources) signers(ctx context.Context) ([]domain.Condition, error) {
	if s.settings.Signer.Source != config.SourceFile {
		return s.keys.conditions(ctx, s.now().UTC()), nil
	}
	out := []domain.Condition{}
	for _, path := range signerPaths(s.settings) {
		c := domain.Condition{Name: path, OK: true, Detail: "the key file can be read", At: s.now().UTC()}
		if _, err := signer.OpenKeyFile(path); err != nil {
			c.OK, c.Detail = false, err.Error()
		}
		out = append(out, c)
	}
	return out, nil
}

// audit walks the audit log now and then. A log that cannot be read is unknown, one that does not fit is broken, and so
// is one that no longer holds what this worker saw in it: a log that was cut off or written anew fits in itself.
func (s *sources) audit(ctx context.Context) (*domain.Condition, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UTC()
	if s.audited != nil && now.Sub(s.audited.At) < auditAgain {
		return s.audited, nil
	}
	state, err := s.store.VerifyAudit(ctx)
	if err == nil {
		err = s.follows(ctx, state)
	}
	switch {
	case errors.Is(err, store.ErrAudit):
		s.audited = &domain.Condition{Name: "audit", Detail: err.Error(), At: now}
	case err != nil:
		return nil, fmt.Errorf("walk the audit log: %w", err)
	default:
		s.walked = state
		s.audited = &domain.Condition{Name: "audit", OK: true, Detail: fmt.Sprintf("%d entries", state.Entries), At: now}
	}
	return s.audited, nil
}

// follows holds the log against what this worker saw last. store.ErrAudit: it is another log.
func (s *sources) follows(ctx context.Context, now store.AuditState) error {
	if s.walked.Entries == 0 {
		return nil
	}
	if now.Entries < s.walked.Entries {
		return fmt.Errorf("%w: it ends at entry %d, and this worker has seen %d: entries were cut off", store.ErrAudit, now.Entries, s.walked.Entries)
	}
	at, err := s.store.AuditLog(ctx, s.walked.Entries-1, 1)
	if err != nil {
		return err
	}
	if len(at) != 1 || at[0].Hash != s.walked.Head {
		return fmt.Errorf("%w: entry %d is another one than this worker has seen: the log was written anew", store.ErrAudit, s.walked.Entries)
	}
	return nil
}

// backup judges what the store remembers of backups. Where no place is set there is nothing to judge.
func (s *sources) backup(ctx context.Context) (*domain.Condition, error) {
	if s.settings.Backup.Place.Reveal() == "" {
		return nil, nil //nolint:nilnil // Unknown is an answer.
	}
	last, good, err := s.store.LastBackup(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the backups: %w", err)
	}
	c := domain.BackupCondition(last, good, s.settings.Backup.MaxAge, s.now())
	return &c, nil
}

// joinURL adds escaped parts to an address; the slash of a workflow id is a part's own.
func joinURL(base string, parts ...string) string {
	out := strings.TrimSuffix(base, "/")
	for _, p := range parts {
		out += "/" + url.PathEscape(p)
	}
	return out
}
