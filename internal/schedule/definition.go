// Package schedule makes the schedules of a Temporal server those of the settings: it shows the difference, changes only
// what bears its own mark, and notices a run that was missed.
package schedule

import (
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Definition is one schedule as the settings want it.
type Definition struct {
	ID       string
	About    string // For people, in the Temporal UI.
	Workflow string // Type.
	RunID    string // What the ids of the runs begin with; Temporal adds the time.
	Input    any
	Calendar domain.Calendar // When it starts, unless Every is set.
	Every    time.Duration   // Starts so often, counted from the beginning of Unix time.
	Jitter   time.Duration
	CatchUp  time.Duration // A run that could not be started for longer is left out.
	Beside   bool          // A run is started although the one before has not ended; else it is left out.
	AtOnce   bool          // A first run is started when the schedule is made.
	Kept     bool          // A worker makes it when it is absent. It moves no money and shows nobody's figures, so nobody is asked.
}

// When is its time for people.
func (d Definition) When() string {
	if d.Every > 0 {
		return "every " + d.Every.String()
	}
	return d.Calendar.String()
}

// last is the newest time at or before a moment for which a run is scheduled.
func (d Definition) last(until time.Time) time.Time {
	if d.Every > 0 {
		return until.UTC().Add(-time.Duration(until.UnixNano() % int64(d.Every)))
	}
	return d.Calendar.Last(until)
}

// markKey is the memo field by which a schedule is known as ours; its value is the task queue, which is the deployment.
const markKey = "feeops"

func (d Definition) spec() client.ScheduleSpec {
	if d.Every > 0 {
		return client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: d.Every}}, Jitter: d.Jitter}
	}
	c := d.Calendar
	one := client.ScheduleCalendarSpec{
		Second: []client.ScheduleRange{{}}, Minute: []client.ScheduleRange{{Start: c.Minute}}, Hour: []client.ScheduleRange{{Start: c.Hour}},
		DayOfMonth: []client.ScheduleRange{{Start: 1, End: 31}}, Month: []client.ScheduleRange{{Start: 1, End: 12}}, DayOfWeek: []client.ScheduleRange{{Start: 0, End: 6}},
	}
	if n, only := c.DayOfWeek(); only {
		one.DayOfWeek = []client.ScheduleRange{{Start: n}}
	}
	if c.DayOfMonth > 0 {
		one.DayOfMonth = []client.ScheduleRange{{Start: c.DayOfMonth}}
	}
	return client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{one}, Jitter: d.Jitter, TimeZoneName: c.Zone.String()}
}

func (d Definition) action(queue string) *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{ID: d.RunID, Workflow: d.Workflow, Args: []any{d.Input}, TaskQueue: queue, StaticSummary: d.About}
}

func (d Definition) overlap() enums.ScheduleOverlapPolicy {
	if d.Beside {
		return enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL
	}
	return enums.SCHEDULE_OVERLAP_POLICY_SKIP
}

// options create the schedule.
func (d Definition) options(queue string) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID: d.ID, Spec: d.spec(), Action: d.action(queue), Overlap: d.overlap(), CatchupWindow: d.CatchUp, Memo: map[string]any{markKey: queue},
		TriggerImmediately: d.AtOnce,
	}
}

// facets are what is compared, by the names that people are shown.
func (d Definition) facets(queue string) []facet {
	input, err := json.Marshal(d.Input)
	if err != nil {
		input = []byte(err.Error()) // Inputs are plain structs; then it differs, and creating it fails with the reason.
	}
	return facetsOf(d.spec(), d.action(queue), string(input), &client.SchedulePolicies{Overlap: d.overlap(), CatchupWindow: d.CatchUp})
}

type facet struct{ name, value string }

func facetsOf(spec client.ScheduleSpec, a *client.ScheduleWorkflowAction, input string, p *client.SchedulePolicies) []facet {
	return []facet{
		{"time", specText(spec)},
		{"time zone", spec.TimeZoneName},
		{"jitter", spec.Jitter.String()},
		{"workflow", fmt.Sprint(a.Workflow)},
		{"input", input},
		{"run id", a.ID},
		{"task queue", a.TaskQueue},
		{"catch-up window", p.CatchupWindow.String()},
		{"overlap", p.Overlap.String()},
		{"bounds", boundsText(spec)},
	}
}
