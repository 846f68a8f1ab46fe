package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Backup makes one backup and then removes what is too old. A backup that cannot be made ends the run as failed: every
// attempt is in the store, where the watch finds it. What is too old and cannot be removed fails nothing.
func Backup(ctx workflow.Context, in ops.BackupInput) (ops.BackupResult, error) {
	if in.Actor == "" {
		in.Actor = "schedule"
	}
	var res ops.BackupResult
	if err := workflow.SetQueryHandler(ctx, ops.QueryResult, func() (ops.BackupResult, error) { return res, nil }); err != nil {
		return res, err
	}
	made, err := ops.MakeBackup.Do(ctx, in, "encrypt the store, evidence and reports")
	if err != nil {
		return res, err
	}
	res = made
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("%s in %s: %d bytes", res.Archive, res.Place, res.Bytes))
	if in.KeepAll {
		res.Kept = "asked to keep all"
		return res, nil
	}
	pruned, err := ops.PruneBackups.Do(ctx, ops.PruneInput{Actor: in.Actor}, "remove what is too old")
	if err != nil {
		workflow.GetLogger(ctx).Warn("old backups were not removed", "error", err)
		res.Kept = err.Error()
		return res, nil
	}
	res.Removed = pruned.Removed
	return res, nil
}

// RestoreDrill restores the newest backup into an empty place, judges it and removes it again. A step that failed is in
// the result; the run fails only when the drill could not be done. People are told of every drill: a backup that would
// not have saved everything is an alarm, because nobody looks at it before it is needed.
func RestoreDrill(ctx workflow.Context, in ops.RestoreDrillInput) (ops.RestoreDrillResult, error) {
	var res ops.RestoreDrillResult
	if err := workflow.SetQueryHandler(ctx, ops.QueryResult, func() (ops.RestoreDrillResult, error) { return res, nil }); err != nil {
		return res, err
	}
	told := newDrillTold(ctx, "backup/drill")
	d, err := ops.RehearseRestore.Do(ctx, in, "restore the newest backup beside the store")
	if err != nil {
		return res, undoneRestore(ctx, told, err)
	}
	res.Drill = d
	text := drillDetails(d)
	workflow.SetCurrentDetails(ctx, text)
	if d.OK() {
		told.well(ctx, "The restore drill went well", text)
	} else if tellsDrills(ctx) {
		told.badly(ctx, gravity(d), "The restore drill did not go well", text, "drill-restore", "feeops drill restore")
	}
	res.Alarm = told.alarm
	return res, nil
}

// undoneRestore tells people of a drill that could not be done, and makes the workflow's error.
func undoneRestore(ctx workflow.Context, told *drillTold, err error) error {
	if ctx.Err() != nil || !tellsDrills(ctx) {
		return err
	}
	told.badly(ctx, domain.SeverityHigh, "The restore drill could not be done", reason(err), "drill-restore", "feeops drill restore")
	code := fault.CodeOf(err) // It keeps the code that the activity gave.
	return told.failure(fault.Newf(fault.Human, code, "%s", reason(err)))
}

// gravity is high when something failed. What could only not be assessed, such as without the key, is for office hours.
func gravity(d domain.Drill) domain.Severity {
	for _, s := range d.Steps {
		if s.Result == domain.DrillFailed {
			return domain.SeverityHigh
		}
	}
	return domain.SeverityMedium
}

// drillDetails is the drill in the Temporal UI.
func drillDetails(d domain.Drill) string {
	text := fmt.Sprintf("score %d of 100", d.Score)
	if d.RPO != nil {
		text += fmt.Sprintf(", RPO %s", time.Duration(*d.RPO)*time.Second)
	}
	if d.RTO != nil {
		text += fmt.Sprintf(", RTO %s", time.Duration(*d.RTO)*time.Millisecond)
	}
	for _, s := range d.Steps {
		text += fmt.Sprintf("\n- %s: %s (%s)", s.Name, s.Result, s.Detail)
	}
	return text
}
