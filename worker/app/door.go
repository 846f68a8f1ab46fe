package app

import (
	"context"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Door reaches incidents' workflows. One that does not run, after the loss of Temporal for instance, is started again
// from the store.
type Door struct {
	Client client.Client
	Queue  string
}

// Options start an incident's workflow, or use the one that runs.
func (d Door) Options(id string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: ops.IncidentID(d.Queue, id), TaskQueue: d.Queue, StaticSummary: "Incident " + id,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}
}

// Open starts the workflow of a new incident. It may be repeated.
func (d Door) Open(ctx context.Context, start ops.IncidentStart) error {
	id := start.Incident.ID
	if _, err := d.Client.ExecuteWorkflow(ctx, d.Options(id), ops.Incident, ops.IncidentInput{ID: id, Start: &start}); err != nil {
		return fmt.Errorf("start %s: %w", ops.IncidentID(d.Queue, id), err)
	}
	return nil
}

// Update asks an incident's workflow for a change and waits for what came of it.
func (d Door) Update(ctx context.Context, id, update string, deed ops.Deed) (ops.IncidentAnswer, error) {
	start := d.Client.NewWithStartWorkflowOperation(d.Options(id), ops.Incident, ops.IncidentInput{ID: id})
	handle, err := d.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions:          client.UpdateWorkflowOptions{WorkflowID: ops.IncidentID(d.Queue, id), UpdateName: update, Args: []any{deed}, WaitForStage: client.WorkflowUpdateStageCompleted},
	})
	var answer ops.IncidentAnswer
	if err == nil {
		err = handle.Get(ctx, &answer)
	}
	return answer, err //nolint:wrapcheck // The caller judges it by its code, and says what was asked.
}

// Failure tells an incident of another failure.
func (d Door) Failure(ctx context.Context, id string, s ops.FailureSignal) error {
	return d.Signal(ctx, id, ops.SignalFailure, s)
}

// Recovered tells an incident that the day of a vault went on.
func (d Door) Recovered(ctx context.Context, id string, s ops.RecoveredSignal) error {
	return d.Signal(ctx, id, ops.SignalRecovered, s)
}

// Alert tells an incident what becomes of an alert that belongs to it.
func (d Door) Alert(ctx context.Context, id string, s ops.AlertSignal) error {
	return d.Signal(ctx, id, ops.SignalAlert, s)
}

// Signal signals an incident's workflow.
func (d Door) Signal(ctx context.Context, id, name string, payload any) error {
	if _, err := d.Client.SignalWithStartWorkflow(ctx, ops.IncidentID(d.Queue, id), name, payload, d.Options(id), ops.Incident, ops.IncidentInput{ID: id}); err != nil {
		return fmt.Errorf("signal %s to %s: %w", name, ops.IncidentID(d.Queue, id), err)
	}
	return nil
}
