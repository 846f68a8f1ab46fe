package config

import "time"

// Monitor says how the fleet is watched (M01–M20). The figures are the operations document's.
type Monitor struct {
	Enabled           bool          `json:"enabled" jsonschema_description:"false: this worker does not start the watch when it starts; one that runs goes on."`
	MetricsInterval   time.Duration `json:"metrics_interval" validate:"min=1s,max=1h" jsonschema_description:"Time between two looks at the fleet."`
	RulesInterval     time.Duration `json:"rules_interval" validate:"min=1s,max=1h" jsonschema_description:"Time between two judgements; a fresh look is judged at once."`
	DashboardInterval time.Duration `json:"dashboard_interval" validate:"min=1s,max=24h" jsonschema_description:"Time between two snapshots for the dashboard query."`
	StaleAfter        time.Duration `json:"stale_after" validate:"min=2s,max=24h" jsonschema_description:"Age at which samples say nothing any more; monitor_stale fires."`
	StuckAfter        time.Duration `json:"stuck_after" validate:"min=1m,max=23h" jsonschema_description:"Time without progress of the cursor, by the chain's clock, at which an open day is stuck."`
	OverdueAfter      time.Duration `json:"overdue_after" validate:"min=0s,max=23h" jsonschema_description:"Time after the due second, by the chain's clock, at which a day that is not open is overdue."`
	RepeatAfter       time.Duration `json:"repeat_after" validate:"min=1h,max=24h" jsonschema_description:"Least time between two messages of one episode; reminders slow down from there."`
	MaxMute           time.Duration `json:"max_mute" validate:"min=1m,max=168h" jsonschema_description:"Longest mute or maintenance window."`
	Workers           uint32        `json:"workers" validate:"min=1,max=1000" jsonschema_description:"Workers that should be running; with fewer worker_down fires."`
	Keep              time.Duration `json:"keep" validate:"min=1488h,max=87600h" jsonschema_description:"How long samples, operations and the alerts' record are kept; at least 62 days. Samples are thinned out after two days and after a week."`
	RunbooksURL       string        `json:"runbooks_url,omitempty" validate:"omitempty,http_url" jsonschema_description:"Where docs/runbooks can be read, for links in messages. Empty: messages name the file."`
}
