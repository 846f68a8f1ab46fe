package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Namespace is the one that a development server always has.
const Namespace = "default"

const (
	temporalGrace = 10 * time.Second // From SIGTERM to SIGKILL.
	temporalStart = 60 * time.Second // A cold disk and two busy cores need a while.
	portTries     = 5
)

// TemporalOptions start a development server.
type TemporalOptions struct {
	Binary string // Path of the Temporal CLI.
	DBFile string // Keeps workflows between starts; "" keeps them in memory.
	Dir    string // Where temporal.log goes.
}

// Temporal is a running development server on loopback ports of its own.
type Temporal struct {
	Address   string // host:port of the gRPC frontend.
	UIAddress string // URL of the Web UI.
	LogFile   string
	child     *child
}

// StartTemporal starts `temporal server start-dev` and returns once it serves its namespace with the search attributes
// of the operations. The server ends with Stop, and with this process.
func StartTemporal(ctx context.Context, o TemporalOptions) (*Temporal, error) {
	var last error
	for range portTries {
		t, err := startTemporalOnce(ctx, o)
		if err == nil {
			return t, nil
		}
		last = err
		// Somebody took one of the ports between choosing and using it: choose others.
		if !errors.Is(err, errPortTaken) {
			break
		}
	}
	return nil, fmt.Errorf("start the Temporal development server (%s): %w", o.Binary, last)
}

var errPortTaken = errors.New("a port was taken by another program meanwhile")

func startTemporalOnce(ctx context.Context, o TemporalOptions) (*Temporal, error) {
	ports, err := freePorts(4)
	if err != nil {
		return nil, err
	}
	logFile := filepath.Join(o.Dir, "temporal.log")
	out, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	defer func() { _ = out.Close() }() // The child holds a descriptor of its own.
	cmd := exec.Command(o.Binary, serverArgs(ports, o.DBFile)...)
	cmd.Stdout, cmd.Stderr = out, out
	c, err := startChild(cmd)
	if err != nil {
		return nil, err
	}
	t := &Temporal{
		Address: loopback(ports[0]), UIAddress: "http://" + loopback(ports[1]), LogFile: logFile, child: c,
	}
	if err := t.awaitReady(ctx); err != nil {
		stopErr := t.Stop(context.WithoutCancel(ctx))
		if taken(logFile) {
			return nil, errPortTaken
		}
		return nil, errors.Join(err, stopErr)
	}
	return t, nil
}

func serverArgs(ports []int, dbFile string) []string {
	args := []string{
		"server", "start-dev", "--ip", "127.0.0.1", "--namespace", Namespace, "--log-level", "error",
		"--port", strconv.Itoa(ports[0]), "--ui-port", strconv.Itoa(ports[1]),
		"--metrics-port", strconv.Itoa(ports[2]), "--http-port", strconv.Itoa(ports[3]),
	}
	if dbFile != "" {
		args = append(args, "--db-filename", dbFile)
	}
	for _, name := range ops.SearchAttributes() {
		args = append(args, "--search-attribute", name+"=Keyword")
	}
	return args
}

// awaitReady asks the server until it answers for its namespace and knows the search attributes.
func (t *Temporal) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, temporalStart)
	defer cancel()
	c, err := t.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	var last error
	for {
		if last = serves(ctx, c); last == nil {
			return nil
		}
		select {
		case <-t.child.done:
			return fmt.Errorf("the server ended at once (%w): %s", t.child.err, logTail(t.LogFile))
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w: %w: %s", ctx.Err(), last, logTail(t.LogFile))
		case <-ticker.C:
		}
	}
}

func serves(ctx context.Context, c client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: Namespace}); err != nil {
		return fmt.Errorf("describe namespace %s: %w", Namespace, err)
	}
	got, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: Namespace})
	if err != nil {
		return fmt.Errorf("list search attributes: %w", err)
	}
	for _, name := range ops.SearchAttributes() {
		if _, ok := got.GetCustomAttributes()[name]; !ok {
			return fmt.Errorf("search attribute %s is not registered yet", name)
		}
	}
	return nil
}

// Dial opens a client that tries to reach the server with its first call. The SDK's own log is silent: what fails is
// returned to the caller.
func (t *Temporal) Dial() (client.Client, error) {
	c, err := client.NewLazyClient(client.Options{
		HostPort: t.Address, Namespace: Namespace,
		Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	if err != nil {
		return nil, fmt.Errorf("temporal client for %s: %w", t.Address, err)
	}
	return c, nil
}

// Done is closed when the server has ended, asked or not.
func (t *Temporal) Done() <-chan struct{} { return t.child.done }

// PID is the server's process id.
func (t *Temporal) PID() int { return t.child.pid() }

// Stop ends the server and returns when it is gone.
func (t *Temporal) Stop(ctx context.Context) error {
	if err := t.child.stop(ctx, temporalGrace); err != nil {
		return fmt.Errorf("stop the Temporal development server: %w", err)
	}
	return nil
}
