package schedule

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Health says how a schedule stands.
type Health string

// Healths of a schedule, from best to worst.
const (
	Good    Health = "ok"
	Paused  Health = "paused"
	Differs Health = "differs" // From the settings.
	Alien   Health = "foreign"
	Missed  Health = "missed" // Its last run was not started.
	Absent  Health = "absent"
)

// Row is one schedule of the settings as the server has it. A zero time is none, or not known.
type Row struct {
	ID       string    `json:"id"`
	Workflow string    `json:"workflow"`
	Calendar string    `json:"calendar"`
	Health   Health    `json:"health"`
	Seen     string    `json:"seen"`
	Paused   bool      `json:"paused"`
	Note     string    `json:"note,omitempty"`
	Next     time.Time `json:"next,omitzero"`
	Last     time.Time `json:"last,omitzero"`     // For which the newest run was scheduled.
	Expected time.Time `json:"expected,omitzero"` // The newest time that has passed by the settings.
	Late     int       `json:"missed_catch_up"`   // Runs left out because nothing could start them in time, since it was made.
	Skipped  int       `json:"skipped_overlap"`   // Runs left out because the one before had not ended.
	Running  int       `json:"running"`
	RunID    string    `json:"last_run,omitempty"` // Workflow id of the newest run.
}

// patience is how long after its time a run may still be on its way.
const patience = 2 * time.Minute

// Look reads every schedule of the settings.
func (b Book) Look(ctx context.Context, now time.Time) ([]Row, error) {
	var out []Row
	for _, d := range b.Defs {
		is, found, err := b.describe(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		row := Row{ID: d.ID, Workflow: d.Workflow, Calendar: d.When(), Health: Absent, Seen: ErrNone.Error()}
		if found {
			row = rowOf(d, b.Queue, is, now)
		}
		out = append(out, row)
	}
	return out, nil
}

// rowOf judges one schedule. A foreign one is not read further: its runs are not ours.
func rowOf(d Definition, queue string, is *client.ScheduleDescription, now time.Time) Row {
	r := Row{ID: d.ID, Workflow: d.Workflow, Calendar: d.When(), Health: Good, Seen: "as in the settings"}
	if owner := d.ownerOf(is, queue); owner != queue {
		r.Health, r.Seen = Alien, "made by "+ownerText(owner)
		return r
	}
	i := is.Info
	if s := is.Schedule.State; s != nil {
		r.Paused, r.Note = s.Paused, s.Note
	}
	r.Late, r.Skipped, r.Running = i.NumActionsMissedCatchupWindow, i.NumActionsSkippedOverlap, len(i.RunningWorkflows)
	if len(i.NextActionTimes) > 0 && !r.Paused {
		r.Next = i.NextActionTimes[0]
	}
	for _, a := range i.RecentActions {
		if a.ScheduleTime.After(r.Last) {
			r.Last = a.ScheduleTime
			if a.StartWorkflowResult != nil {
				r.RunID = a.StartWorkflowResult.WorkflowID
			}
		}
	}
	r.Expected = d.last(now.Add(-patience - d.Jitter))
	have := describedFacets(is)
	for n, f := range d.facets(queue) {
		if have[n].value != f.value {
			r.Health, r.Seen = Differs, fmt.Sprintf("%s is %s, the settings say %s", f.name, have[n].value, f.value)
		}
	}
	since := i.CreatedAt
	if i.LastUpdateAt.After(since) {
		since = i.LastUpdateAt // A pause, a resume or another time of day: what was due before is not asked for.
	}
	switch {
	case r.Paused:
		r.Health, r.Seen = Paused, "nothing is started until feeops schedule resume "+d.ID
	case r.Health == Differs:
	case !r.Expected.IsZero() && r.Expected.After(since) && !ran(i.RecentActions, r.Expected, d.Jitter):
		r.Health, r.Seen = Missed, "no run was started for "+r.Expected.Format("2006-01-02 15:04 MST")
	}
	return r
}

// ran says whether a run was started for a time; with jitter it is given one a little later.
func ran(list []client.ScheduleActionResult, at time.Time, jitter time.Duration) bool {
	for _, a := range list {
		if !a.ScheduleTime.Before(at.Add(-time.Second)) && !a.ScheduleTime.After(at.Add(jitter+time.Second)) {
			return true
		}
	}
	return false
}

// Check is a row as the checks say it.
func (r Row) Check() (domain.CheckResult, string) {
	next := ""
	switch r.Health {
	case Absent, Differs:
		next = "feeops schedule apply"
	case Missed:
		next = "feeops schedule trigger " + r.ID
	case Paused:
		next = "feeops schedule resume " + r.ID
	case Alien:
		next = "Delete or rename the other schedule, or use a namespace of your own."
	case Good:
		return domain.CheckOK, ""
	}
	return domain.CheckWarn, next
}
