package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Incident runs one incident from its opening until nobody can want to reopen it any more: it responds by itself, tells
// and pages people, takes their updates, and keeps every change in the store and in the war room.
//
// It holds no settings: whom to page and when is asked for at every step, so that a roster that is corrected during an
// incident counts at once.
func Incident(ctx workflow.Context, in ops.IncidentInput) (domain.Incident, error) {
	r := &incidentRun{id: in.ID, warned: map[string]int{}}
	if err := r.listen(ctx); err != nil { // Questions and updates are taken before anything is known.
		return r.i, err
	}
	if err := r.load(ctx, in); err != nil {
		return r.i, err
	}
	for _, work := range []func(workflow.Context){r.hear, r.keep, r.post, r.climb, r.settle} {
		workflow.Go(ctx, work)
	}
	if r.stopping {
		workflow.Go(ctx, r.stopAll)
	}
	r.respond(ctx)
	for {
		if err := workflow.Await(ctx, func() bool { return r.i.Over() || r.full(ctx) }); err != nil {
			return r.i, err
		}
		if r.i.Over() {
			again := func() bool { return !r.i.Over() || r.full(ctx) }
			left := r.i.ResolvedAt.Add(r.start.ReopenWindow).Sub(workflow.Now(ctx))
			reopened, err := workflow.AwaitWithTimeout(ctx, max(left, time.Second), again)
			if err != nil {
				return r.i, err
			}
			if !reopened {
				return r.i, r.rest(ctx)
			}
		}
		if r.full(ctx) {
			return r.i, r.again(ctx, in)
		}
	}
}

// incidentRun is one run of an incident's workflow.
type incidentRun struct {
	id     string
	loaded bool
	start  ops.IncidentStart // As it was opened; the incident itself is i.
	i      domain.Incident

	told     int // Messages of this incident, for their order.
	room     string
	begun    []domain.Response // Responses that were begun at the present severity or a lower one.
	isolated []string
	healing  []string       // Vaults that are being mended now.
	stopping bool           // The stop was ordered and has not worked yet.
	relapses int            // How often a mitigation was taken back.
	warned   map[string]int // By the key of an alert: the newest of its messages that was heard.
	well     bool           // The day of every affected vault goes on.
	busy     int            // Responses and messages under way.

	queued   int                    // Seq of the newest entry in the queues below.
	pending  []domain.TimelineEntry // For the store.
	unposted []domain.TimelineEntry // For the room.
	rung     int                    // Counts what makes the ladder look again.

	shown string // What the search attributes say.
}

// load takes the incident from the input or from the store: a workflow that is started again by its id alone, after the
// loss of Temporal, goes on where the store says it stands.
func (r *incidentRun) load(ctx workflow.Context, in ops.IncidentInput) error {
	switch {
	case in.Carried != nil:
		c := *in.Carried
		r.start, r.told, r.room, r.begun, r.isolated, r.stopping = c.IncidentStart, c.Told, c.Room, c.Begun, c.Isolated, c.Stopping
		r.pending, r.unposted, r.relapses, r.well = c.Pending, c.Unposted, c.Relapses, c.Well
		if c.Warned != nil {
			r.warned = c.Warned
		}
	case in.Start != nil:
		r.start = *in.Start
	default:
		start, err := ops.LoadIncident.Do(ctx, in.ID, "the incident as the store knows it")
		if err != nil {
			return err
		}
		r.start = start
		if start.Incident.Seq > 1 { // It was responded to before.
			r.begun = []domain.Response{domain.ResponseStandard, start.Incident.Response()}
			r.told = 2 * start.Incident.Seq // More than were ever sent: a number that was used is not delivered again.
		}
	}
	r.i = r.start.Incident
	if r.i.ID != in.ID {
		return fault.Seal(fault.Newf(fault.Human, codeRefused, "the input is of incident %q, the workflow of %q", r.i.ID, in.ID))
	}
	if in.Start != nil {
		r.unposted = slices.Clone(r.i.Timeline)
	}
	r.queued = r.i.Seq
	r.loaded = true
	r.show(ctx)
	return nil
}

// full is true when the history has grown so long that a new run should begin, and nothing is under way.
func (r *incidentRun) full(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return (info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() > maxIncidentEvents) && r.busy == 0 && workflow.AllHandlersFinished(ctx)
}

// maxIncidentEvents bounds a run's history: the ladder and the notes of a long incident go on in the next one.
const maxIncidentEvents = 4_000

// again goes on in a new run. Signals that came and were not looked at are taken first, because they would be lost.
func (r *incidentRun) again(ctx workflow.Context, in ops.IncidentInput) error {
	r.drain(ctx)
	r.start.Incident = r.i
	return workflow.NewContinueAsNewError(ctx, Incident, ops.IncidentInput{ID: in.ID, Carried: &ops.IncidentCarried{
		IncidentStart: r.start, Told: r.told, Room: r.room, Begun: r.begun, Isolated: r.isolated, Stopping: r.stopping,
		Pending: r.pending, Unposted: r.unposted, Relapses: r.relapses, Well: r.well, Warned: r.warned,
	}})
}

// rest waits, before the end, until the store has everything and every update is answered.
func (r *incidentRun) rest(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return len(r.pending) == 0 && r.busy == 0 && workflow.AllHandlersFinished(ctx) })
}

// changed queues the new lines of the timeline for the store and the room, and shows where the incident stands.
func (r *incidentRun) changed(ctx workflow.Context) {
	for _, e := range r.i.Timeline {
		if e.Seq > r.queued {
			r.pending, r.unposted = append(r.pending, e), append(r.unposted, e)
		}
	}
	r.queued = r.i.Seq
	r.show(ctx)
}

// add puts a line of the operations' own on the timeline.
func (r *incidentRun) add(ctx workflow.Context, kind domain.EntryKind, format string, args ...any) {
	r.i.Add(domain.Auto(), workflow.Now(ctx), kind, format, args...)
	r.changed(ctx)
}

// bare is the incident without its timeline, which the store has line by line.
func (r *incidentRun) bare() domain.Incident {
	i := r.i
	i.Timeline = nil
	i.Vaults, i.Runs, i.Links, i.Evidence = slices.Clone(i.Vaults), slices.Clone(i.Runs), slices.Clone(i.Links), slices.Clone(i.Evidence)
	return i
}

// errText is what of a failed step goes on the timeline.
func errText(err error) string {
	if temporal.IsCanceledError(err) {
		return "the run was cancelled"
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	return err.Error()
}
