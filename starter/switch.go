package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// withSwitch loads the settings and dials Temporal for one exchange.
func (c *cli) withSwitch(do func(config.Settings, client.Client) error) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	tc, err := dialTemporal(s)
	if err != nil {
		return err
	}
	defer tc.Close()
	return do(s, tc)
}

func queryState(ctx context.Context, tc client.Client, s config.Settings) (safety.State, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var state safety.State
	id := ops.SwitchID(s.Temporal.TaskQueue)
	value, err := tc.QueryWorkflow(ctx, id, "", ops.QueryState)
	if err != nil {
		return state, fmt.Errorf("ask the safety switch %s at %s: %w. Is a worker running? It answers for the switch", id, s.Temporal.Address, err)
	}
	if err := value.Get(&state); err != nil {
		return state, fmt.Errorf("ask the safety switch %s: %w", id, err)
	}
	return state, nil
}

// update sends an update and waits for its end. What a safety rule refuses is exit code 4.
func update(ctx context.Context, tc client.Client, s config.Settings, name string, arg, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	id := ops.SwitchID(s.Temporal.TaskQueue)
	handle, err := tc.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: id, UpdateName: name, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageCompleted})
	if err == nil {
		err = handle.Get(ctx, answer)
	}
	if err == nil {
		return nil
	}
	var app *temporal.ApplicationError
	if code := fault.CodeOf(err); strings.HasPrefix(code, "refused/") && errors.As(err, &app) {
		return refusedHere(code, "%s", app.Message())
	}
	return fmt.Errorf("%s of %s at %s: %w%s", name, id, s.Temporal.Address, err, unansweredNext(err))
}

// refusedHere is exit code 4 with a code for --json.
func refusedHere(code, format string, args ...any) error {
	return &exitError{code: exitRefused, err: fault.Newf(fault.Human, code, format, args...)}
}

func quietLog() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
