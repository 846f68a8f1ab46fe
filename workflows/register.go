package workflows

import "go.temporal.io/sdk/worker"

// Register names the workflows of the main queue. The worker and the replay tests call the same function.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflow(DailyDistribution)
	r.RegisterWorkflow(FleetDistribution)
	r.RegisterWorkflow(FleetMonitor)
	r.RegisterWorkflow(Incident)
	r.RegisterWorkflow(MorningCheck)
	r.RegisterWorkflow(EveningReport)
	r.RegisterWorkflow(WeeklyMaintenance)
	r.RegisterWorkflow(MonthlyReview)
	r.RegisterWorkflow(Backup)
	r.RegisterWorkflow(RestoreDrill)
	r.RegisterWorkflow(StopDrill)
}

// RegisterSafety names the workflow of the safety queue, which has pollers of its own.
func RegisterSafety(r worker.WorkflowRegistry) {
	r.RegisterWorkflow(SafetySwitch)
}
