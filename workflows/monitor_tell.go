package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// judge judges the newest look and begins to tell what came of it. Stamps and orders go with it, so that nobody else
// changes what the rules remember.
func (m *monitor) judge(ctx workflow.Context) {
	m.judged, m.fresh = workflow.Now(ctx), false
	in := ops.JudgeInput{Since: m.in.Since, Told: m.in.Told, Orders: m.in.Orders}
	m.in.Told, m.in.Orders = nil, nil
	res, err := ops.JudgeFleet.Do(ctx, in, fmt.Sprintf("%d of %d vaults, %d delivered, %d orders", m.last.Read, m.last.Vaults, len(in.Told), len(in.Orders)))
	if err != nil {
		m.in.Told, m.in.Orders = append(in.Told, m.in.Told...), append(in.Orders, m.in.Orders...)
		m.blind(ctx, err)
		return
	}
	m.see(ctx)
	for _, message := range res.Messages {
		m.tell(ctx, message)
	}
}

// tell delivers a message beside the main line, since a channel may be slow or down. One that is being delivered is not
// begun again; one that could not be is given again by the next judgement.
func (m *monitor) tell(ctx workflow.Context, message domain.Message) {
	id := fmt.Sprintf("%s#%d", message.Key, message.Seq)
	if m.telling[id] || m.stamped(message) {
		return
	}
	m.telling[id] = true
	workflow.Go(ctx, func(ctx workflow.Context) {
		answer, err := ops.TellPeople.Do(ctx, message, message.Title)
		delete(m.telling, id)
		if err != nil {
			workflow.GetLogger(ctx).Warn("a message was not delivered", "key", message.Key, "error", err)
			return
		}
		m.in.Told = append(m.in.Told, domain.Delivered{Key: message.Key, Seq: message.Seq, At: workflow.Now(ctx), Incident: answer.Incident, Apart: answer.Apart})
	})
}

// stamped is true for a message whose delivery the rules are yet to hear of.
func (m *monitor) stamped(message domain.Message) bool {
	for _, d := range m.in.Told {
		if d.Key == message.Key && d.Seq == message.Seq {
			return true
		}
	}
	return false
}

const (
	// blindAfter is how many judgements in a row may fail before people are told without them, and blindAgain how often.
	blindAfter = 3
	blindAgain = time.Hour
)

// blind tells people that nothing is judged. The rules themselves cannot, and what they would record this with is what
// fails.
func (m *monitor) blind(ctx workflow.Context, why error) {
	b := &m.in.Blind
	b.Failures++
	workflow.GetLogger(ctx).Error("the rules could not be evaluated", "failures", b.Failures, "error", why)
	now := workflow.Now(ctx)
	if b.Failures < blindAfter || b.Open && now.Sub(b.Told) < blindAgain {
		return
	}
	kind := domain.MessageUpdate
	if !b.Open {
		kind = domain.MessageTrigger
		b.Open, b.Seq = true, 0
		b.Number++
	}
	b.Told = now
	m.say(ctx, kind, fmt.Sprintf("The rules could not be evaluated %d times in a row, so no other alert can fire or resolve: %s", b.Failures, reason(why)))
}

// see ends what blind began.
func (m *monitor) see(ctx workflow.Context) {
	b := &m.in.Blind
	b.Failures = 0
	if b.Open {
		b.Open = false
		m.say(ctx, domain.MessageResolve, "The rules are evaluated again.")
	}
}

func (m *monitor) say(ctx workflow.Context, kind domain.MessageKind, text string) {
	m.in.Blind.Seq++
	m.tell(ctx, domain.Message{
		Key: fmt.Sprintf("fleet/monitor_stale/rules-%d", m.in.Blind.Number), Seq: m.in.Blind.Seq, Kind: kind, Severity: domain.SeverityHigh,
		Title: "fleet: The watch is blind", Text: text, Alert: "monitor_stale", At: workflow.Now(ctx),
		Fields: []domain.MessageField{{Name: "Next", Value: "feeops doctor"}, {Name: "Runbook", Value: "docs/runbooks/monitor_stale.md"}},
	})
}
