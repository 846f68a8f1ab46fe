package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// story is what happened in a run, as the system told it.
type story struct {
	reports  []domain.DayReport // One a day: the last.
	restarts int
	resumes  int
	troubles []string
}

// days pays all days of the plan.
func (r *Run) days(ctx context.Context) (s story, err error) {
	if err := r.startWorkers(ctx); err != nil {
		return s, err
	}
	if r.plan.unstartable {
		return s, r.unstartable(ctx)
	}
	ctx, cancel := r.alive(ctx)
	defer cancel()
	for n := range r.plan.Days {
		if n > 0 {
			if err := r.nextDay(ctx); err != nil {
				return s, fmt.Errorf("move the chain to day %d: %w", n+1, err)
			}
		}
		var report domain.DayReport
		if n == 0 {
			report, err = r.firstDay(ctx, &s)
		} else {
			report, err = r.payDay(ctx, &s, []domain.State{domain.Complete})
		}
		if err != nil {
			return s, err
		}
		s.reports = append(s.reports, report)
	}
	return s, nil
}

// unstartable wants the worker to refuse its settings.
func (r *Run) unstartable(ctx context.Context) error {
	select {
	case <-r.workers[0].Done():
		return nil
	case <-ctx.Done():
		return errors.New("the worker took settings that it should have refused")
	}
}

// alive ends with the first worker that is given up.
func (r *Run) alive(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-r.workers[0].Done():
			cancel(r.workers[0].Failure())
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// firstDay pays the day in which things go wrong.
func (r *Run) firstDay(ctx context.Context, s *story) (domain.DayReport, error) {
	during, end := context.WithCancel(ctx)
	defer end()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, step := range r.plan.during {
		wg.Go(func() {
			if err := step.do(during, r); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, context.Canceled) {
					s.troubles = append(s.troubles, "never came to it: "+step.name)
				} else {
					s.troubles = append(s.troubles, step.name+": "+err.Error())
				}
			}
		})
	}
	ends := r.plan.Ends
	if len(ends) == 0 {
		ends = []domain.State{domain.Complete}
	}
	report, err := r.payDay(ctx, s, ends)
	end()
	wg.Wait()
	if err != nil {
		return report, err
	}
	for _, f := range r.plan.after {
		if err := f(ctx, r); err != nil {
			return report, err
		}
	}
	return report, nil
}

// payDay starts the vault's run and waits for an end that the plan accepts. When the run is gone, or failed though the
// plan wants the day paid, somebody starts it again, as often as the plan allows.
func (r *Run) payDay(ctx context.Context, s *story, ends []domain.State) (domain.DayReport, error) {
	for tries := 0; ; tries++ {
		run, err := r.start(ctx)
		if err != nil {
			return domain.DayReport{}, err
		}
		report, err := r.await(ctx, run, s)
		switch {
		case ctx.Err() != nil:
			return report, fmt.Errorf("the day did not end: %w; it stands at %s", context.Cause(ctx), r.standing(run))
		case err == nil && slices.Contains(ends, report.State):
			return report, nil
		case tries >= r.plan.Restarts:
			if err != nil {
				return report, err
			}
			return report, nil // The verdict says what is wrong with it.
		}
		s.restarts++
		r.tell("started again after: %s %s %v", report.State, report.Reason, err)
		if err := pause(ctx, time.Second); err != nil {
			return report, err
		}
	}
}

// start begins the vault's run, or finds the one that runs. Temporal itself may be down just now.
func (r *Run) start(ctx context.Context) (client.WorkflowRun, error) {
	for {
		once, cancel := context.WithTimeout(ctx, 10*time.Second)
		run, err := r.client.ExecuteWorkflow(once, client.StartWorkflowOptions{
			ID: ops.DailyID(r.id), TaskQueue: r.id, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, ops.DailyDistribution, ops.DailyInput{Vault: r.id, Actor: "chaos"})
		cancel()
		if err == nil {
			return run, nil
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return nil, fmt.Errorf("start the day: %w", err)
		}
	}
}

// await waits for a run's report, also of a failed one, and resumes a stuck run when the plan has somebody for it.
func (r *Run) await(ctx context.Context, run client.WorkflowRun, s *story) (domain.DayReport, error) {
	watch, end := context.WithCancel(ctx)
	defer end()
	var wg sync.WaitGroup
	if r.plan.Operator {
		wg.Go(func() { r.operate(watch, run, s) })
	}
	defer wg.Wait()
	defer end()
	for {
		var report domain.DayReport
		err := run.Get(ctx, &report)
		var failed *temporal.ApplicationError
		var ended *temporal.WorkflowExecutionError
		switch {
		case err == nil:
			return report, nil
		case errors.As(err, &failed) && failed.HasDetails() && failed.Details(&report) == nil && report.State != "":
			return report, nil
		case errors.As(err, &ended), ctx.Err() != nil:
			return report, fmt.Errorf("the run ended without a report: %w", err)
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil { // Temporal is down just now.
			return report, err
		}
	}
}

// operate looks at the day every second and resumes it when it is stuck and the cause is gone.
func (r *Run) operate(ctx context.Context, run client.WorkflowRun, s *story) {
	for pause(ctx, time.Second) == nil {
		select {
		case <-r.calm:
		default:
			continue
		}
		if status, err := r.status(ctx, run.GetID()); err == nil && (status.State == domain.Stuck || status.State == domain.Stopped) {
			if r.signal(ctx, ops.SignalResume, "the cause is gone") == nil {
				s.resumes++
			}
		}
	}
}

func (r *Run) status(ctx context.Context, id string) (s ops.DailyStatus, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	value, err := r.client.QueryWorkflow(ctx, id, "", ops.QueryStatus)
	if err != nil {
		return s, fmt.Errorf("query %s: %w", ops.QueryStatus, err)
	}
	return s, value.Get(&s)
}

func (r *Run) standing(run client.WorkflowRun) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	status, err := r.status(ctx, run.GetID())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s, step %s, cursor %d: %s", status.State, status.Step, status.Cursor, status.Reason)
}

func (r *Run) signal(ctx context.Context, name, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return r.client.SignalWorkflow(ctx, ops.DailyID(r.id), "", name, ops.Order{Reason: reason, Actor: "chaos"})
}

// nextDay moves the chain's clock past the next due time, with the fees of the day, and waits until clients see it.
func (r *Run) nextDay(ctx context.Context) error {
	progress, err := r.vault.Progress(r.bank(), bank.Processed)
	if err != nil {
		return err
	}
	now := r.bank().UnixTime(bank.Processed)
	if jump := progress.LastDistributionTS + domain.DaySeconds + 60 - now; jump > 0 {
		return r.advance(ctx, time.Duration(jump)*time.Second)
	}
	return nil
}

// advance moves the chain's clock, back with a negative duration, and waits until clients see it.
func (r *Run) advance(ctx context.Context, d time.Duration) error {
	target := r.bank().UnixTime(bank.Processed) + int64(d/time.Second)
	r.node.AdvanceClock(d)
	return r.until(ctx, "the clock", func() bool {
		now := r.bank().UnixTime(bank.Confirmed)
		return d > 0 && now >= target || d < 0 && now <= target+30
	})
}

// cursor waits until the chain's cursor has reached a value, or the day is complete.
func (r *Run) cursor(ctx context.Context, at uint32) error {
	return r.until(ctx, fmt.Sprintf("cursor %d", at), func() bool {
		p, err := r.vault.Progress(r.bank(), bank.Processed)
		return err == nil && (p.PaginationCursor >= at && p.LastDistributionTS > r.plan.Spec.LastDistribution)
	})
}

// foreignNotes counts the pages that a report calls somebody else's.
func foreignNotes(r domain.DayReport) int {
	n := 0
	for _, note := range r.Result.Notes {
		if strings.Contains(note, "foreign crank") {
			n++
		}
	}
	return n
}
