package workflows

import "go.temporal.io/sdk/workflow"

// Changes of workflow code that runs of an earlier version do not know. Each stands beside a recorded history from before
// it in testdata/histories, because the test environment only walks the newest branch.
const (
	changeTidyTables     = "tidy-tables"     // Tables that no page needs are closed after the reconciliation.
	changeReportFailures = "report-failures" // A day reports its failures, and that it went on, to the incidents.
	changeWeeklyBackup   = "weekly-backup"   // The weekly maintenance sees to a backup before it cleans up.
	changeTellDrills     = "tell-drills"     // People are told of drills that went well too, and of restores that did not.
	changeApprovePlan    = "approve-plan"    // A plan outside the vault's usual figures waits for a person.
	changeFleetWindow    = "fleet-window"    // A fleet opens so many days at the same time, and a large one has parts.
)

func tellsDrills(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, changeTellDrills, workflow.DefaultVersion, 1) != workflow.DefaultVersion
}

func reportsFailures(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, changeReportFailures, workflow.DefaultVersion, 1) != workflow.DefaultVersion
}
