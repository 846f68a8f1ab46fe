package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.uber.org/goleak"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/workflows"
)

// ledger is an audit log that breaks, or hangs, on request.
type ledger struct {
	mu      sync.Mutex
	entries []store.AuditEntry
	fail    error
	hold    chan struct{}
}

func (l *ledger) Audit(_ context.Context, e store.AuditEntry) error {
	if l.hold != nil {
		<-l.hold
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	return l.fail
}

func newTestRefusals(l *ledger) *refusals {
	return &refusals{audit: l, log: slog.New(slog.DiscardHandler), now: time.Now, queue: make(chan store.AuditEntry, maxRefusals), end: make(chan struct{})}
}

// switchWith is a safety switch whose updates pass the refusals' interceptor, with a checklist that does not pass.
func switchWith(t *testing.T, r *refusals) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{r}})
	env.RegisterWorkflow(workflows.SafetySwitch)
	env.RegisterActivityWithOptions(func(context.Context, struct{}) (safety.Facts, error) {
		return safety.Facts{Vaults: []string{"alpha"}}, nil
	},
		activity.RegisterOptions{Name: ops.ReadSafety.Name})
	env.RegisterActivityWithOptions(func(context.Context, ops.InspectInput) (ops.InspectResult, error) {
		return ops.InspectResult{
			Facts:  safety.Facts{Flags: []domain.SafetyFlag{{Kind: domain.SafetyStop, Vault: "alpha", Reason: "r", Actor: "a", At: time.Unix(1, 0)}}, AsOf: 1},
			Checks: domain.Checks{{Name: safety.CheckRPC, Result: domain.CheckFail, Observed: "down"}},
		}, nil
	}, activity.RegisterOptions{Name: ops.InspectSafety.Name})
	env.RegisterActivityWithOptions(func(context.Context, ops.StopOrder) (safety.Runs, error) { return safety.Runs{}, nil }, activity.RegisterOptions{Name: ops.StopRuns.Name})
	env.RegisterActivityWithOptions(func(context.Context, ops.StopOrder) (safety.Bundle, error) { return safety.Bundle{}, nil }, activity.RegisterOptions{Name: ops.TakeEvidence.Name})
	env.RegisterActivityWithOptions(func(context.Context, domain.Message) (struct{}, error) { return struct{}{}, nil }, activity.RegisterOptions{Name: ops.TellPeople.Name})
	env.RegisterActivityWithOptions(func(context.Context, struct{}) (safety.Flights, error) { return safety.Flights{}, nil }, activity.RegisterOptions{Name: ops.ListFlights.Name})
	return env
}

func TestRefusals_OfValidatorsAndHandlersAreInTheAuditLog(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := &ledger{}
	r := newTestRefusals(l)
	r.start()
	env := switchWith(t, r)
	send := func(name string, arg any) {
		env.UpdateWorkflow(name, name, &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: func(error) {}, OnComplete: func(any, error) {}}, arg)
	}
	env.RegisterDelayedCallback(func() {
		send(ops.UpdateApproveResume, operator.Approval{Operator: "mallory\nroot", Decision: operator.Resume})
		send(ops.UpdateRequestResume, safety.Ask{Actor: "joe", Reason: "go on"})
		send(ops.UpdateReleaseVault, "not even an object")
	}, time.Second)
	env.RegisterDelayedCallback(func() { env.SetContinueAsNewSuggested(true); env.SignalWorkflow(ops.SignalLook, nil) }, time.Hour)
	env.ExecuteWorkflow(workflows.SafetySwitch, ops.SwitchInput{})
	r.stop()
	require.Len(t, l.entries, 3)
	var lines []string
	for _, e := range l.entries {
		require.Equal(t, "update.refused", e.Action)
		require.NotContains(t, e.Actor+e.Detail, "\n")
		lines = append(lines, e.Actor+" "+e.Detail)
	}
	all := strings.Join(lines, "\n")
	require.Contains(t, all, "somebody as mallory root approve-resume: the approval cannot be read")
	require.Contains(t, all, "nobody that can be read release-vault: the update cannot be read")
	require.Contains(t, all, "somebody as joe request-resume: the checklist does not pass: rpc_healthy is fail", "a handler's refusal too")
}

// A store that hangs must not hold a workflow up, and nothing is forgotten silently.
func TestRefusals_NeverWaitAndCountWhatTheyDrop(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := &ledger{hold: make(chan struct{})}
	r := newTestRefusals(l)
	r.start()
	for range maxRefusals + 100 {
		r.note("safety-switch", &interceptor.UpdateInput{Name: "approve-resume"}, errors.New("no"))
	}
	close(l.hold)
	r.stop()
	require.GreaterOrEqual(t, len(l.entries), maxRefusals)
	counted := 0
	for _, e := range l.entries {
		var more int
		if _, err := fmt.Sscanf(e.Detail, "approve-resume: no (and %d more", &more); err == nil {
			counted += more
		}
	}
	require.Equal(t, maxRefusals+100, len(l.entries)+counted)
}

func TestRefusals_AStoreThatBreaksBreaksNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := &ledger{fail: errors.New("disk full")}
	r := newTestRefusals(l)
	r.start()
	r.note("safety-switch", &interceptor.UpdateInput{Name: "approve-resume"}, errors.New("no"))
	r.stop()
	require.Len(t, l.entries, 1)
}
