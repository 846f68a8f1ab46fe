package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/ops"
)

const (
	configName  = "feeops.yaml"
	vaultsName  = "vaults.json"
	auditName   = "audit.key"
	workerLog   = "worker.log"
	workerStart = time.Minute
	// workerDrain is short: a person waits after Ctrl-C, and the chain that a run would be continued on ends too.
	workerDrain = 3 * time.Second
	// workerGrace is longer than the drain timeout and the worker's own margin, so that a clean end is never cut short.
	workerGrace = workerDrain + 10*time.Second
)

// Chain is the local chain as the stack needs it.
type Chain struct {
	RPC, WS  string // Addresses.
	Genesis  string // Genesis hash.
	VaultIDs []string
	SlotTime time.Duration // 0: the settings' default.
	Stop     func(ctx context.Context) error
}

// Options start a stack.
type Options struct {
	StateDir string
	Worker   []string          // Command that starts a worker; --config and the file are added.
	Env      []string          // The user's environment; see Environment.
	Tell     func(line string) // Gets what is started and restarted, for people.
	// StartChain starts the local chain and writes its vaults to the file, with the fee payers' keys beside it.
	StartChain func(ctx context.Context, vaultsFile string) (Chain, error)
}

// Stack is a local chain, a Temporal development server and a supervised worker that belong together.
type Stack struct {
	Running
	Chain     Chain
	Client    client.Client
	Worker    *Worker
	WorkerLog string
	WebToken  string // File with the token for the buttons of the worker's page.
	CLI       string // The Temporal CLI that runs the server, for people who want to use it.

	run      *Run
	temporal *Temporal
	parts    parts
}

// Start starts everything and returns when the worker takes tasks. If any step fails, what was started is ended again;
// the run's directory stays then, because it has the logs.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	run, err := NewRun(o.StateDir, time.Now())
	if err != nil {
		return nil, err
	}
	s := &Stack{run: run, WorkerLog: run.Path(workerLog)}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w (logs: %s)", errors.Join(err, s.Stop(context.WithoutCancel(ctx), true)), run.Dir)
		}
	}()
	for _, step := range []struct {
		name string
		do   func(context.Context, Options) error
	}{
		{"the local chain", s.startChain},
		{"Temporal", s.startTemporal},
		{"the settings", s.writeSettings},
		{"the worker", s.startWorker},
		{"the pointer for other commands", s.publish},
	} {
		if err := step.do(ctx, o); err != nil {
			return nil, fmt.Errorf("start %s: %w", step.name, err)
		}
	}
	return s, nil
}

func (s *Stack) startChain(ctx context.Context, o Options) error {
	s.Vaults = s.run.Path(vaultsName)
	chain, err := o.StartChain(ctx, s.Vaults)
	if err != nil {
		return err
	}
	s.Chain = chain
	s.parts.add("the local chain", chain.Stop)
	o.Tell("local chain at " + chain.RPC + " (for development only, no real money)")
	return nil
}

func (s *Stack) startTemporal(ctx context.Context, o Options) error {
	binary, err := TemporalBinary(ctx, o.Tell)
	if err != nil {
		return err
	}
	s.CLI = binary
	s.temporal, err = StartTemporal(ctx, TemporalOptions{Binary: binary, DBFile: s.run.Path("temporal.db"), Dir: s.run.Dir})
	if err != nil {
		return err
	}
	s.parts.add("Temporal", s.temporal.Stop)
	if s.Client, err = s.temporal.Dial(); err != nil {
		return err
	}
	s.parts.add("the Temporal client", func(context.Context) error { s.Client.Close(); return nil })
	o.Tell("Temporal at " + s.temporal.Address + ", Web UI " + s.temporal.UIAddress)
	return nil
}

func (s *Stack) startWorker(ctx context.Context, o Options) error {
	var err error
	s.Worker, err = Supervise(ctx, WorkerOptions{
		Command: append(append([]string{}, o.Worker...), "--config", s.Config), Env: Environment(o.Env),
		LogFile: s.WorkerLog, Tell: o.Tell, Grace: workerGrace,
	})
	if err != nil {
		return err
	}
	s.parts.add("the worker", s.Worker.Stop)
	return s.awaitWorker(ctx)
}

// awaitWorker waits until Temporal has seen the worker ask for tasks.
func (s *Stack) awaitWorker(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, workerStart)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		got, err := s.Client.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: Namespace, TaskQueue: &taskqueue.TaskQueue{Name: ops.TaskQueue}, TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
		})
		if err == nil && len(got.GetPollers()) > 0 {
			return nil
		}
		select {
		case <-s.Worker.Done():
			return s.Worker.Failure()
		case <-ctx.Done():
			return fmt.Errorf("the worker takes no tasks: %w: %s", ctx.Err(), logTail(s.WorkerLog))
		case <-ticker.C:
		}
	}
}

func (s *Stack) publish(context.Context, Options) error {
	s.Running = Running{
		PID: os.Getpid(), Started: time.Now(), Dir: s.run.Dir, Config: s.Config, Vaults: s.Vaults,
		Temporal: s.temporal.Address, UI: s.temporal.UIAddress, RPC: s.Chain.RPC, Page: s.Page,
	}
	return s.run.Publish(s.Running)
}

// Watch gives a context that ends, with the reason as its cause, when a part ends that should run.
func (s *Stack) Watch(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-ctx.Done():
		case <-s.Worker.Done():
			cancel(fmt.Errorf("the worker is gone: %w", s.Worker.Failure()))
		case <-s.temporal.Done():
			cancel(fmt.Errorf("the Temporal server ended: %s", logTail(s.temporal.LogFile)))
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Stop ends everything that Start started, in reverse order, and nothing else. With keep the run's directory with its
// logs and reports stays. It may be called again.
func (s *Stack) Stop(ctx context.Context, keep bool) error {
	err := s.parts.stop(ctx)
	if s.run == nil {
		return err
	}
	run := s.run
	s.run = nil
	return errors.Join(err, run.Close(!keep))
}
