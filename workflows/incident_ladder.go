package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// ladderBlind is how often everybody is paged while the settings' ladder cannot be read.
const ladderBlind = 5 * time.Minute

// climb runs the escalation ladder (I09): it asks what comes next, sleeps until then, asks again, because an
// acknowledgement or another roster may have come meanwhile, and does it.
func (r *incidentRun) climb(ctx workflow.Context) {
	for {
		rung := r.rung
		moved := func() bool { return r.rung != rung }
		next, err := ops.NextEscalation.Do(ctx, ops.EscalationQuery{Incident: r.bare(), Now: workflow.Now(ctx)}, "")
		if ctx.Err() != nil {
			return
		}
		if moved() {
			continue
		}
		if err != nil { // Nobody knows whom to page, so everybody is paged.
			r.page(ctx, ops.EscalationAnswer{Text: "everybody, because the ladder cannot be read: " + errText(err)})
			if _, err := workflow.AwaitWithTimeout(ctx, ladderBlind, moved); err != nil {
				return
			}
			continue
		}
		if next.Kind == nothing {
			if r.i.Steps > 0 && !r.i.Acknowledged() && r.i.State == domain.IncidentOpen {
				r.add(ctx, domain.EntryPaged, "%s", next.Text)
			}
			if workflow.Await(ctx, moved) != nil {
				return
			}
			continue
		}
		if wait := next.At.Sub(workflow.Now(ctx)); wait > 0 {
			if _, err := workflow.AwaitWithTimeout(ctx, wait, moved); err != nil {
				return
			}
			continue
		}
		switch next.Kind {
		case expire:
			if err := r.i.Expire(workflow.Now(ctx)); err == nil {
				r.changed(ctx)
			}
		default:
			r.page(ctx, next)
		}
	}
}

// The kinds of next steps, as the activity names them.
const (
	nothing = "nothing"
	expire  = "expire"
)

// page takes one step. It counts as taken even when no channel took it: the next one is another chance, and the same
// one for ever is none.
func (r *incidentRun) page(ctx workflow.Context, step ops.EscalationAnswer) {
	rung := r.rung
	ended, failed := false, false
	r.busy++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { r.busy-- }()
		failed = r.tell(ctx, "paged", "Paging "+step.Text, step.To, step.Channels) != nil
		ended = true
	})
	if _, err := workflow.AwaitWithTimeout(ctx, pagePatience, func() bool { return ended }); err != nil {
		return
	}
	if r.rung != rung && (r.i.Acknowledged() || r.i.Over()) {
		return // Somebody took it while the page was on its way.
	}
	text := "paged " + step.Text
	switch {
	case failed:
		text = "could not page " + step.Text
	case !ended:
		text = "paging is under way: " + step.Text
	}
	r.i.Paged(workflow.Now(ctx), text)
	r.changed(ctx)
}

// pagePatience is how long the ladder waits for channels before it goes on: one that is down must not hold up the next
// person's page.
const pagePatience = time.Minute
