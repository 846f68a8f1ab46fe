package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// temporalDouble answers what the watch asks, and keeps what it was asked. What it does not answer panics.
type temporalDouble struct {
	client.Client

	started chan client.StartWorkflowOptions
	fail    error
	queue   string
	runs    map[string][]*workflowpb.WorkflowExecutionInfo // By a part of the query.
	pollers []*taskqueuepb.PollerInfo
	asked   []string
}

type watchRun struct{ client.WorkflowRun }

func (watchRun) GetID() string { return ops.MonitorID }

func (f *temporalDouble) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	f.started <- o
	return watchRun{}, f.fail
}

func (f *temporalDouble) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{ExecutionConfig: &workflowpb.WorkflowExecutionConfig{TaskQueue: &taskqueuepb.TaskQueue{Name: f.queue}}}, nil
}

// ListWorkflow gives one run a page.
func (f *temporalDouble) ListWorkflow(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	f.asked = append(f.asked, r.GetQuery())
	at := len(r.GetNextPageToken())
	for part, runs := range f.runs {
		if strings.Contains(r.GetQuery(), part) {
			out := &workflowservice.ListWorkflowExecutionsResponse{Executions: runs[at : at+1]}
			if at+1 < len(runs) {
				out.NextPageToken = make([]byte, at+1)
			}
			return out, f.fail
		}
	}
	return &workflowservice.ListWorkflowExecutionsResponse{}, f.fail
}

func (f *temporalDouble) DescribeTaskQueue(context.Context, string, enums.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{Pollers: f.pollers}, f.fail
}

func TestStartWatch_FindsTheOneThatRunsAndEndsWithTheWorker(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for name, fail := range map[string]error{"found": nil, "Temporal is down": errors.New("unavailable")} {
		t.Run(name, func(t *testing.T) {
			s := config.Default()
			f := &temporalDouble{started: make(chan client.StartWorkflowOptions, 8), fail: fail, queue: "another"}
			lc := fxtest.NewLifecycle(t)
			startWatch(lc, s, f, slog.New(slog.DiscardHandler))
			lc.RequireStart()
			o := <-f.started
			require.Equal(t, ops.MonitorID, o.ID)
			require.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, o.WorkflowIDConflictPolicy)
			lc.RequireStop()
		})
	}
}

func TestStartWatch_NotWhenTheSettingsSayNo(t *testing.T) {
	s := config.Default()
	s.Monitor.Enabled = false
	lc := fxtest.NewLifecycle(t)
	startWatch(lc, s, &temporalDouble{}, slog.New(slog.DiscardHandler)) // Asked, it would panic.
	lc.RequireStart().RequireStop()
}

func execution(id, run string, closed time.Time, state string) *workflowpb.WorkflowExecutionInfo {
	e := &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: run}}
	if !closed.IsZero() {
		e.CloseTime = timestamppb.New(closed)
	}
	if state != "" {
		payload, err := converter.GetDefaultDataConverter().ToPayload(state)
		if err != nil {
			panic(err)
		}
		e.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{ops.AttrState: payload}}
	}
	return e
}

func TestSources_OneListForTheWholeFleet(t *testing.T) {
	f := &temporalDouble{runs: map[string][]*workflowpb.WorkflowExecutionInfo{
		"'Failed'": {
			execution("distribution/a", "old", noon.Add(-2*time.Hour), ""), execution("distribution/a", "new", noon.Add(-time.Hour), ""), execution("distribution/b", "gone", noon.Add(-time.Hour), ""),
			execution("fleet-distribution/2026-03-02", "x", noon, ""),
		},
		"'Running'": {execution("distribution/b", "now", time.Time{}, "paused"), execution("distribution/c", "young", time.Time{}, "")},
	}}
	s := &sources{settings: config.Default(), client: f, now: func() time.Time { return noon }}
	got, err := s.runs(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]domain.RunView{
		"a": {RunID: "new", Failed: noon.Add(-time.Hour)},
		"b": {RunID: "now", Live: true, State: domain.Paused},
		"c": {RunID: "young", Live: true},
	}, got)
	require.Contains(t, f.asked[0], "CloseTime > '2026-02-28T12:00:00Z'")
	require.Contains(t, f.asked[0], "TaskQueue = 'feeops'")
	f.fail = errors.New("unavailable")
	_, err = s.runs(t.Context())
	require.Error(t, err, "unknown is not nobody")
}

func TestSources_WorkersAreCountedOnce(t *testing.T) {
	f := &temporalDouble{pollers: []*taskqueuepb.PollerInfo{
		{Identity: "w1", LastAccessTime: timestamppb.New(noon.Add(-time.Minute))}, {Identity: "w1", LastAccessTime: timestamppb.New(noon)}, {Identity: "w2", LastAccessTime: timestamppb.New(noon)},
	}}
	s := &sources{settings: config.Default(), client: f}
	got, err := s.workers(t.Context())
	require.NoError(t, err)
	require.Equal(t, []domain.WorkerBeat{{ID: "w1", Seen: noon}, {ID: "w2", Seen: noon}}, got)
	f.pollers = nil
	got, err = s.workers(t.Context())
	require.NoError(t, err)
	require.NotNil(t, got, "nobody is an answer")
}

func TestSources_AKeyFileThatIsGoneIsSeenBeforeARestartNeedsIt(t *testing.T) {
	s := &sources{settings: config.Default(), now: func() time.Time { return noon }}
	path := filepath.Join(t.TempDir(), "gone.json")
	s.settings.Vaults = []config.Vault{{ID: "a", Enabled: true, KeypairPath: path}, {ID: "b", Enabled: true, KeypairPath: path}, {ID: "c", KeypairPath: "/disabled"}}
	got, err := s.signers(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.False(t, got[0].OK)
	require.NoError(t, os.WriteFile(path, []byte("[1]"), 0o600))
	got, err = s.signers(t.Context())
	require.NoError(t, err)
	require.False(t, got[0].OK, "a file that is no key is of no use either")
}

func TestSources_TheAuditLogIsWalkedNowAndThen(t *testing.T) {
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	now := noon
	s := &sources{store: db, now: func() time.Time { return now }}
	entry := store.AuditEntry{At: noon, Actor: "ann", Action: "test"}
	require.NoError(t, db.Audit(t.Context(), entry))
	first, err := s.audit(t.Context())
	require.NoError(t, err)
	require.True(t, first.OK)
	require.NoError(t, db.Audit(t.Context(), entry))
	again, err := s.audit(t.Context())
	require.NoError(t, err)
	require.Equal(t, "1 entries", again.Detail)
	now = now.Add(auditAgain)
	again, err = s.audit(t.Context())
	require.NoError(t, err)
	require.Equal(t, "2 entries", again.Detail)
	require.NoError(t, db.Close())
	now = now.Add(auditAgain)
	_, err = s.audit(t.Context())
	require.Error(t, err, "a store that cannot be read is not a broken log")
}

func TestLinks_LeadToRunbookRunAndExplorer(t *testing.T) {
	s := config.Default()
	s.Vaults = []config.Vault{{ID: "alpha", Vault: "8qbH"}}
	e := domain.Episode{Alert: "payer_low", Vault: "alpha"}
	require.Empty(t, linksOf(s)(e), "nothing is linked that is not set")
	s.Monitor.RunbooksURL, s.Temporal.UIURL, s.Network = "https://wiki.example/runbooks/", "http://127.0.0.1:8233", "devnet"
	require.Equal(t, []domain.MessageLink{
		{Text: "Runbook", URL: "https://wiki.example/runbooks/payer_low.md"},
		{Text: "Run", URL: "http://127.0.0.1:8233/namespaces/default/workflows/distribution%2Falpha"},
		{Text: "Vault", URL: "https://explorer.solana.com/address/8qbH?cluster=devnet"},
	}, linksOf(s)(e))
	fleet := linksOf(s)(domain.Episode{Alert: "rpc_all_down", Subject: "fleet"})
	require.Len(t, fleet, 2)
	require.Contains(t, fleet[1].URL, ops.MonitorID)
}

func TestSources_BackupIsJudgedByTheAttemptsInTheStore(t *testing.T) {
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	s := config.Default()
	look := func() *domain.Condition {
		c, err := (&sources{settings: s, store: db, now: func() time.Time { return now }}).backup(t.Context())
		require.NoError(t, err)
		return c
	}
	require.Nil(t, look(), "without a place nothing is known, and nothing fires")
	s.Backup.Place = config.NewURL("file:backups")
	require.False(t, look().OK, "none was ever made")
	require.NoError(t, db.SaveBackup(t.Context(), domain.BackupRecord{At: now, Archive: "main-1", Place: "file:backups", OK: true}))
	require.True(t, look().OK)
	now = now.Add(s.Backup.MaxAge + time.Second)
	require.False(t, look().OK, "it is too old")
	require.NoError(t, db.SaveBackup(t.Context(), domain.BackupRecord{At: now, Place: "file:backups", Code: "backup/denied", Error: "the place denies access"}))
	require.Contains(t, look().Detail, "denies access")
}
