package workflows

import "go.temporal.io/sdk/worker"

// Register names every workflow. The worker and the replay tests call the same function.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflow(DailyDistribution)
	r.RegisterWorkflow(FleetDistribution)
	r.RegisterWorkflow(FleetMonitor)
	r.RegisterWorkflow(Incident)
	r.RegisterWorkflow(Backup)
	r.RegisterWorkflow(RestoreDrill)
}
