package devstack

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// child is a process that this one started. It has a process group of its own: a Ctrl-C at the terminal reaches only
// the parent, which ends its children in order, and a kill reaches what the child started as well.
type child struct {
	cmd  *exec.Cmd
	done chan struct{} // Closed when the process has ended; then err is its result.
	err  error
}

// startChild starts the command. The goroutine that starts it keeps its thread until the child ends, because on Linux
// the child is told to die with the thread that started it.
func startChild(cmd *exec.Cmd) (*child, error) {
	ownGroup(cmd)
	if cmd.Cancel != nil {
		// A cancelled context ends the whole group; the default would leave what the child itself started.
		cmd.Cancel = func() error { return killGroup(cmd.Process) }
	}
	// Without a limit, Wait would hang on a grandchild that keeps the output open.
	cmd.WaitDelay = 2 * time.Second
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		c.err = cmd.Wait()
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// stop asks the process to end and kills its group after the grace. A process that has ended is no error, however it
// ended: the caller wanted it gone.
func (c *child) stop(ctx context.Context, grace time.Duration) error {
	select {
	case <-c.done:
		return nil
	default:
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	if err := terminateGroup(c.cmd.Process); err != nil && !c.ended() {
		return fmt.Errorf("ask process %d (%s) to end: %w", c.pid(), c.cmd.Path, err)
	}
	select {
	case <-c.done:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	if err := killGroup(c.cmd.Process); err != nil && !c.ended() {
		return fmt.Errorf("kill process %d (%s): %w", c.pid(), c.cmd.Path, err)
	}
	<-c.done
	return nil
}

func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// exitCode is the process's exit code, or -1 when a signal ended it. Only valid once done is closed.
func (c *child) exitCode() int {
	if c.err == nil {
		return 0
	}
	var exit *exec.ExitError
	if errors.As(c.err, &exit) {
		return exit.ExitCode()
	}
	return -1
}
