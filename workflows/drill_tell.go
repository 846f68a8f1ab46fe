package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// drillTold is how people are told of drills. One that went well is a change, which wakes nobody; one that did not is an
// alarm, and the next run of the schedule that goes well ends it. What is open travels from run to run in their results
// and failures, so that nothing else has to remember it.
type drillTold struct {
	key   string // Such as safety/drill.
	alarm *ops.DrillAlarm
}

// newDrillTold looks at how the schedule's last run ended. A run that somebody started by hand has none: its alarm is
// its own, and whoever started it is looking at it.
func newDrillTold(ctx workflow.Context, key string) *drillTold {
	t := &drillTold{key: key}
	var failed *temporal.ApplicationError
	if errors.As(workflow.GetLastError(ctx), &failed) {
		var first fault.Detail
		if failed.Details(&first, &t.alarm) != nil {
			t.alarm = nil // A failure of another kind, such as a run that timed out.
		}
		return t
	}
	var last struct {
		Alarm *ops.DrillAlarm `json:"alarm"`
	}
	if workflow.HasLastCompletionResult(ctx) && workflow.GetLastCompletionResult(ctx, &last) == nil {
		t.alarm = last.Alarm
	}
	return t
}

// well tells of a drill that went well. When nobody took the message that an alarm is over, the alarm stays open, so
// that the next run tries again.
func (t *drillTold) well(ctx workflow.Context, title, text string) {
	if !tellsDrills(ctx) {
		return
	}
	m := domain.Message{Kind: domain.MessageChange, Severity: domain.SeverityLow, Title: title, Text: text}
	if t.alarm == nil {
		m.Key, m.Seq = t.key+"/"+workflow.GetInfo(ctx).WorkflowExecution.RunID, 1
		t.say(ctx, m)
		return
	}
	m.Kind, m.Severity, m.Key, m.Seq = domain.MessageResolve, t.alarm.Severity, t.alarm.Key, t.alarm.Seq+1
	if t.say(ctx, m) {
		t.alarm = nil
	}
}

// badly tells of one that did not. A second in a row is told again under the same key: it is still wrong.
func (t *drillTold) badly(ctx workflow.Context, s domain.Severity, title, text, runbook, next string) {
	m := domain.Message{
		Kind: domain.MessageTrigger, Severity: s, Title: title, Text: text, Key: t.key + "/" + workflow.GetInfo(ctx).WorkflowExecution.RunID, Seq: 1,
		Fields: []domain.MessageField{{Name: "Next", Value: next}, {Name: "Runbook", Value: "docs/runbooks/" + runbook + ".md"}},
	}
	if t.alarm != nil {
		m.Key, m.Seq = t.alarm.Key, t.alarm.Seq+1
	}
	if t.say(ctx, m) {
		t.alarm = &ops.DrillAlarm{Key: m.Key, Seq: m.Seq, Severity: s}
	}
}

func (t *drillTold) say(ctx workflow.Context, m domain.Message) bool {
	m.At = workflow.Now(ctx).UTC()
	if _, err := ops.TellPeople.Do(ctx, m, m.Title); err != nil {
		workflow.GetLogger(ctx).Warn("people were not told of the drill", "error", err)
		return false
	}
	return true
}

// failure is the drill's error with what is open, for the next run.
func (t *drillTold) failure(err *fault.Error) error {
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(err.Kind), temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{fault.Detail{Code: err.Code, Next: err.Next}, t.alarm},
	})
}
