package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

const (
	// quickCrashes in a row mean that a restart does not help.
	quickCrashes = 10
	// quickCrash is a life too short to have done any work.
	quickCrash = 10 * time.Second
	// exitSettings is the worker's exit code for bad settings: they will not get better by starting again.
	exitSettings = 2
)

// WorkerOptions say how a worker is run.
type WorkerOptions struct {
	Command []string                                         // Binary and arguments.
	Env     []string                                         // nil inherits this process's environment.
	LogFile string                                           // Gets the worker's output, appended.
	Tell    func(line string)                                // Gets starts, ends and restarts, for people.
	Grace   time.Duration                                    // From SIGTERM to SIGKILL; longer than the worker's drain timeout.
	Now     func() time.Time                                 // nil is time.Now.
	Sleep   func(ctx context.Context, d time.Duration) error // Pause before a restart; nil is a real one.
}

// Worker is a supervised worker process: it is started again when it is killed or crashes, until Stop.
type Worker struct {
	o        WorkerOptions
	stop     context.CancelFunc
	finished chan struct{} // Closed when no process runs and none will be started.
	stopErr  error         // Why the process could not be ended; set before finished is closed.

	mu       sync.Mutex
	current  *child
	failure  error
	restarts int
}

// Supervise starts the worker. A command that cannot be started at all is an error here; later crashes are restarts,
// and after ten quick ones in a row Failure says why.
func Supervise(ctx context.Context, o WorkerOptions) (*Worker, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &Worker{o: o, stop: cancel, finished: make(chan struct{})}
	first, err := w.start()
	if err != nil {
		cancel()
		return nil, err
	}
	go w.watch(ctx, first)
	return w, nil
}

// watch is the worker's life: it waits for an end, and starts again unless it was asked for.
func (w *Worker) watch(ctx context.Context, c *child) {
	defer close(w.finished)
	quick := 0
	for {
		began := w.o.Now()
		select {
		case <-ctx.Done():
			w.stopErr = c.stop(context.WithoutCancel(ctx), w.o.Grace)
			return
		case <-c.done:
		}
		if ctx.Err() != nil {
			return // Asked to stop and already gone.
		}
		if w.o.Now().Sub(began) < quickCrash {
			quick++
		} else {
			quick = 0
		}
		if why := hopeless(c, quick); why != "" {
			w.fail(fmt.Errorf("the worker %s: %s", why, logTail(w.o.LogFile)))
			return
		}
		wait := backoff(quick)
		w.o.Tell(fmt.Sprintf("worker %d ended (%s); starting it again in %s", c.pid(), ending(c), wait))
		if w.o.Sleep(ctx, wait) != nil {
			return
		}
		next, err := w.start()
		if err != nil {
			w.fail(err)
			return
		}
		w.mu.Lock()
		w.restarts++
		w.mu.Unlock()
		c = next
	}
}

func hopeless(c *child, quick int) string {
	switch {
	case c.exitCode() == exitSettings:
		return "refused its settings (exit code 2)"
	case quick >= quickCrashes:
		return fmt.Sprintf("ended %d times in a row within %s of its start (%s)", quick, quickCrash, ending(c))
	default:
		return ""
	}
}

// backoff grows from 100 ms to 5 s. A single kill costs next to nothing, a worker that cannot start does not spin.
func backoff(quick int) time.Duration {
	return min(100*time.Millisecond<<min(max(quick-1, 0), 10), 5*time.Second)
}

func ending(c *child) string {
	if c.err == nil {
		return "exit code 0"
	}
	return c.err.Error()
}

func (w *Worker) start() (*child, error) {
	out, err := os.OpenFile(w.o.LogFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the worker's log: %w", err)
	}
	defer func() { _ = out.Close() }() // The child holds a descriptor of its own.
	cmd := exec.Command(w.o.Command[0], w.o.Command[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Env = out, out, w.o.Env
	c, err := startChild(cmd)
	if err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	w.mu.Lock()
	w.current = c
	w.mu.Unlock()
	w.o.Tell(fmt.Sprintf("worker started, process %d", c.pid()))
	return c, nil
}

// PID is the process that runs now; while a restart is due, the one that ended last.
func (w *Worker) PID() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current.pid()
}

// Restarts counts how often the worker was started again.
func (w *Worker) Restarts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.restarts
}

// Kill ends the process with SIGKILL, as a crash would, and lets the supervisor start it again.
func (w *Worker) Kill() error {
	w.mu.Lock()
	c := w.current
	w.mu.Unlock()
	if c.ended() {
		return errors.New("kill the worker: it is not running now")
	}
	if err := killGroup(c.cmd.Process); err != nil {
		return fmt.Errorf("kill the worker, process %d: %w", c.pid(), err)
	}
	<-c.done
	return nil
}

// Done is closed when the worker ended for good: stopped, or given up.
func (w *Worker) Done() <-chan struct{} { return w.finished }

// Failure says why the worker was given up; nil after a clean stop.
func (w *Worker) Failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

func (w *Worker) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failure = err
}

// Stop asks the worker to drain and end, and returns when it is gone; when the context ends it is killed instead.
// Why a worker was given up before is Failure's to say.
func (w *Worker) Stop(ctx context.Context) error {
	w.stop()
	select {
	case <-w.finished:
	case <-ctx.Done():
		w.mu.Lock()
		c := w.current
		w.mu.Unlock()
		if err := killGroup(c.cmd.Process); err != nil && !c.ended() {
			return fmt.Errorf("kill the worker, process %d: %w", c.pid(), err)
		}
		<-w.finished
	}
	return w.stopErr
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
