package drill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// switched waits until the safety switch knows vaults and operators: until then a worker is still starting.
func (l *lab) switched(ctx context.Context) error {
	return until(ctx, "the safety switch answers", func(ctx context.Context) (bool, error) {
		for _, w := range l.workers {
			select {
			case <-w.Done():
				return false, w.Failure()
			default:
			}
		}
		s, err := l.state(ctx)
		return err == nil && len(s.Vaults) == len(l.vaults) && len(s.Roster) == len(l.keys), nil
	})
}

func (l *lab) state(ctx context.Context) (safety.State, error) {
	var s safety.State
	value, err := l.client.QueryWorkflow(ctx, ops.SwitchID(l.queue), "", ops.QueryState)
	if err != nil {
		return s, err
	}
	return s, value.Get(&s)
}

// pay starts every vault's day and waits until each has sent pages, so that all of them would go on sending.
func (l *lab) pay(ctx context.Context) (running int, err error) {
	for _, v := range l.vaults {
		_, err := l.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: ops.DailyID(v), TaskQueue: l.queue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, ops.DailyDistribution, ops.DailyInput{Vault: v, Actor: "drill"})
		if err != nil {
			return 0, fmt.Errorf("start the day of %s: %w", v, err)
		}
	}
	err = until(ctx, "all days send pages", func(ctx context.Context) (bool, error) {
		running, err = l.running(ctx)
		return running == len(l.vaults), err
	})
	return running, err
}

// running counts the days that are turning pages. One that has ended, or failed, ends the drill: it measures a full house.
func (l *lab) running(ctx context.Context) (int, error) {
	var n atomic.Int64
	var mu sync.Mutex
	var failed error
	l.each(func(v string) {
		value, err := l.client.QueryWorkflow(ctx, ops.DailyID(v), "", ops.QueryStatus)
		var s ops.DailyStatus
		if err != nil || value.Get(&s) != nil {
			return // Its worker is busy; it is asked again.
		}
		switch {
		case s.State == domain.Running && !s.PagesAt.IsZero():
			n.Add(1)
		case s.Step == "end":
			mu.Lock()
			defer mu.Unlock()
			failed = fmt.Errorf("the day of %s is %s: %s", v, s.State, s.Reason)
		}
	})
	return int(n.Load()), failed
}

// each does something for every vault, a few at a time.
func (l *lab) each(do func(vault string)) {
	var wg sync.WaitGroup
	side := make(chan struct{}, 8)
	for _, v := range l.vaults {
		wg.Go(func() {
			side <- struct{}{}
			defer func() { <-side }()
			do(v)
		})
	}
	wg.Wait()
}

// resume waits until everything has ended and settled, asks for a resume and approves it as two people.
func (l *lab) resume(ctx context.Context) error {
	err := until(ctx, "all runs have ended", func(ctx context.Context) (bool, error) {
		var n atomic.Int64
		l.each(func(v string) {
			e, err := l.client.DescribeWorkflowExecution(ctx, ops.DailyID(v), "")
			if err == nil && e.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
				n.Add(1)
			}
		})
		return int(n.Load()) == len(l.vaults), nil
	})
	if err != nil {
		return err
	}
	var answer ops.ResumeAnswer
	var last error
	err = until(ctx, "the checklist passes", func(ctx context.Context) (bool, error) {
		last = l.update(ctx, ops.UpdateRequestResume, safety.Ask{Reason: "the drill goes on", Actor: "drill"}, &answer)
		return last == nil, nil
	})
	if err != nil {
		return errors.Join(err, last)
	}
	for _, name := range []string{"first", "second"} {
		a, err := operator.Sign(l.keys[name], operator.Approval{
			Decision: operator.Resume, Request: answer.Request.ID, State: answer.Request.Hash, Operator: name,
			Expires: time.Now().Add(operator.Lifetime).Truncate(time.Second),
		})
		if err != nil {
			return err
		}
		var approved ops.ResumeAnswer
		if err := l.update(ctx, ops.UpdateApproveResume, a, &approved); err != nil {
			return fmt.Errorf("approve as %s: %w", name, err)
		}
	}
	return nil
}

func (l *lab) update(ctx context.Context, name string, arg, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	handle, err := l.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: ops.SwitchID(l.queue), UpdateName: name, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return fmt.Errorf("update %s: %w", name, err)
	}
	return handle.Get(ctx, answer)
}

// until asks again and again, within the patience.
func until(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("%s: not within %s", what, patience))
	defer cancel()
	for {
		ok, err := done(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ok {
			return nil
		}
		if err := pause(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
}
