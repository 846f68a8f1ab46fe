package schedule

import "go.temporal.io/sdk/client"

// Spec is what the server is given for a definition.
func Spec(d Definition) client.ScheduleSpec { return d.spec() }
