package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

var (
	attrSeverity = temporal.NewSearchAttributeKeyKeyword(ops.AttrSeverity)
	attrIncident = temporal.NewSearchAttributeKeyKeyword(ops.AttrIncident)
)

// show keeps the search attributes and the details in the Temporal UI true.
func (r *incidentRun) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("**%s · %s** · %s · %d vaults · held by %s\n\n%s",
		r.i.Severity, r.i.State, r.i.Title, r.i.VaultCount, orNobody(r.i.AcknowledgedBy), r.lastLine()))
	now := fmt.Sprint(r.i.Severity, r.i.State, r.i.Vault)
	if r.shown == now {
		return
	}
	r.shown = now
	attrs := []temporal.SearchAttributeUpdate{
		attrIncident.ValueSet(r.id), attrSeverity.ValueSet(string(r.i.Severity)), attrState.ValueSet(string(r.i.State)),
	}
	if r.i.Vault != "" {
		attrs = append(attrs, attrVault.ValueSet(r.i.Vault))
	} else {
		attrs = append(attrs, attrVault.ValueUnset())
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, attrs...); err != nil {
		workflow.GetLogger(ctx).Warn("search attributes were not set", "error", err)
	}
}

func orNobody(s string) string {
	if s == "" {
		return "nobody"
	}
	return s
}

// keep saves changes one after the other. While the store is down it goes on trying, and nothing waits for it.
func (r *incidentRun) keep(ctx workflow.Context) {
	for {
		if workflow.Await(ctx, func() bool { return len(r.pending) > 0 }) != nil {
			return
		}
		batch := r.pending
		_, err := ops.SaveIncident.Do(ctx, ops.SaveIncidentInput{Incident: r.bare(), Entries: batch}, "")
		if err == nil {
			r.pending = r.pending[len(batch):]
			continue
		}
		workflow.GetLogger(ctx).Error("the incident is not stored", "error", err)
		if workflow.Sleep(ctx, saveAgain) != nil {
			return
		}
	}
}

const (
	// saveAgain is the wait after a store that refused, which the activity's retries did not help.
	saveAgain = time.Minute
	// gather lets the lines that belong together be one message in the room.
	gather = 2 * time.Second
	// roomAgain is the wait after a channel that would not take a post.
	roomAgain = 5 * time.Minute
)

// post keeps the war room: opened for what is at least high, with every later line of the timeline in it.
func (r *incidentRun) post(ctx workflow.Context) {
	for {
		if workflow.Await(ctx, func() bool { return len(r.unposted) > 0 && r.i.Severity.Rank() >= domain.SeverityHigh.Rank() }) != nil {
			return
		}
		if r.room != "" && workflow.Sleep(ctx, gather) != nil {
			return
		}
		batch := r.unposted
		r.told++
		res, err := ops.PostRoom.Do(ctx, ops.RoomInput{Incident: r.bare(), Room: r.room, Entries: batch, Seq: r.told}, "war room")
		if err == nil {
			r.room, r.unposted = res.Room, r.unposted[len(batch):]
			continue
		}
		workflow.GetLogger(ctx).Error("the war room has not got it", "error", err)
		if workflow.Sleep(ctx, roomAgain) != nil {
			return
		}
	}
}

// tell tells people and writes down whether it worked.
func (r *incidentRun) tell(ctx workflow.Context, occasion, text string, to, channels []string) error {
	r.told++
	_, err := ops.TellIncident.Do(ctx, ops.TellInput{Incident: r.bare(), Occasion: occasion, Text: text, Seq: r.told, To: to, Channels: channels}, occasion)
	if err != nil {
		r.add(ctx, domain.EntryTold, "telling people (%s) failed: %s", occasion, errText(err))
	}
	return err
}

// announce tells beside the main line: an answer to whoever changed something does not wait for channels. ended says
// whether every channel has it, or has failed for good.
func (r *incidentRun) announce(ctx workflow.Context, occasion, text string) (ended func() bool) {
	done := false
	r.busy++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { r.busy--; done = true }()
		_ = r.tell(ctx, occasion, text, nil, nil) // What failed stands on the timeline.
	})
	return func() bool { return done }
}
