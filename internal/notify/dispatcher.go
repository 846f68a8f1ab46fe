package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Records is the durable memory of what was told to whom.
type Records interface {
	ClaimDelivery(ctx context.Context, c domain.DeliveryClaim) (domain.DeliveryGrant, error)
	SettleDelivery(ctx context.Context, d domain.Delivery) error
	Deliveries(ctx context.Context, key string) ([]domain.Delivery, error)
}

// Params are what a dispatcher is made of.
type Params struct {
	Channels []Channel
	Router   *Router
	Records  Records
	Timeout  time.Duration // Of one attempt in one channel.
	Attempts int           // Of one channel in Dispatch, before a fallback takes its place.
	Patience time.Duration // The longest wait between two of them; a channel that asks for more has failed.
	Now      func() time.Time
	Sleep    func(context.Context, time.Duration) error
	Jitter   func(time.Duration) time.Duration // A random part of the wait, so that channels do not come back all at once.
	Log      *slog.Logger
}

// Dispatcher tells messages. It is safe for concurrent use, and several workers may share the records.
type Dispatcher struct {
	p      Params
	byName map[string]Channel
}

// NewDispatcher makes a dispatcher. Channel names must differ.
func NewDispatcher(p Params) (*Dispatcher, error) {
	d := &Dispatcher{p: p, byName: make(map[string]Channel, len(p.Channels))}
	for _, c := range p.Channels {
		if _, twice := d.byName[c.Name()]; twice {
			return nil, fmt.Errorf("two channels are called %s", c.Name())
		}
		d.byName[c.Name()] = c
	}
	return d, nil
}

// Names lists the channels, in the order in which they were given.
func (d *Dispatcher) Names() []string {
	out := make([]string, len(d.p.Channels))
	for i, c := range d.p.Channels {
		out[i] = c.Name()
	}
	return out
}

// Plan names the channels to tell, side by side: those of the routes, and every channel that was told of the key
// before. Who was woken is also told that it is over, whatever the routes say by then.
func (d *Dispatcher) Plan(ctx context.Context, m Message) []string {
	channels := d.p.Router.Choose(m, d.p.Now()).Channels
	if m.Seq <= 1 {
		return channels
	}
	before, err := d.p.Records.Deliveries(ctx, m.Key)
	if err != nil {
		d.p.Log.Warn("it is not known who was told before; only the routes decide", "key", m.Key, "error", err)
		return channels
	}
	for _, r := range before {
		if _, still := d.byName[r.Channel]; still && (r.State == domain.DeliveryDelivered || r.Uncertain) {
			channels = union(channels, []string{r.Channel})
		}
	}
	return channels
}

// Next names the channel that takes the place of one that failed for good; tried are all that were told or failed
// already. False means that nobody is left.
func (d *Dispatcher) Next(m Message, tried []string) (string, bool) {
	for _, name := range d.p.Router.Choose(m, d.p.Now()).Fallback {
		if !slices.Contains(tried, name) {
			return name, true
		}
	}
	return "", false
}

// Outcome is the end of one attempt, or of several with Dispatch.
type Outcome struct {
	Channel    string               `json:"channel"`
	State      domain.DeliveryState `json:"state"`
	Ref        Ref                  `json:"ref,omitempty"`
	Attempts   int                  `json:"attempts"`
	InPlaceOf  string               `json:"in_place_of,omitempty"` // The channel whose place it took.
	Code       string               `json:"code,omitempty"`
	Error      string               `json:"error,omitempty"`
	Unrecorded string               `json:"unrecorded,omitempty"` // Why the record could not be kept; the message may be told twice.
	Unattached string               `json:"unattached,omitempty"` // Why it was told without its files.
}

// DeliverTo makes one attempt in one channel. Nil means that the channel needs nothing more: it was told now or before,
// or a later message of the key made this one obsolete. Errors carry a fault kind; Retry with After also stands for an
// attempt that somebody else is making.
//
// When the record cannot be kept, the message is told all the same: a watch that falls silent together with its
// database is worth nothing, and a message that comes twice does little harm.
func (d *Dispatcher) DeliverTo(ctx context.Context, channel string, m Message) (Outcome, error) {
	c, known := d.byName[channel]
	if !known {
		return Outcome{Channel: channel, State: domain.DeliveryFailed}, fault.Newf(fault.Human, "notify/unknown-channel", "the channel %q is not set up", channel).
			WithNext("Correct notify.routes, or set the channel up.")
	}
	if err := m.check(); err != nil {
		return Outcome{Channel: channel, State: domain.DeliveryFailed}, err
	}
	return d.attempt(ctx, domain.DeliveryClaim{Channel: channel}, m, func(ctx context.Context, m Message, before Ref) (Ref, error) { return c.Deliver(ctx, m, before) })
}

// check refuses what could never be found again in the records.
func (m Message) check() error {
	switch {
	case m.Key == "", m.Seq < 1, m.Title == "" && m.Text == "":
		return fault.Newf(fault.Human, "notify/invalid", "message %q, %d: key, sequence and title are needed", m.Key, m.Seq)
	case !slices.Contains([]Kind{Trigger, Update, Acknowledge, Resolve, Info, Change}, m.Kind):
		return fault.Newf(fault.Human, "notify/invalid", "message %q, %d: kind %q is unknown", m.Key, m.Seq, m.Kind)
	}
	return nil
}

// attempt claims, delivers and settles.
func (d *Dispatcher) attempt(ctx context.Context, claim domain.DeliveryClaim, m Message, deliver func(context.Context, Message, Ref) (Ref, error)) (Outcome, error) {
	record, timeout := claim.Channel, d.p.Timeout+m.uploadTime()
	out := Outcome{Channel: record}
	claim.Key, claim.Seq, claim.Now, claim.Lease = m.Key, m.Seq, d.p.Now(), timeout+leaseMargin
	grant, err := d.p.Records.ClaimDelivery(ctx, claim)
	switch {
	case err != nil:
		out.Unrecorded = err.Error()
		grant = domain.DeliveryGrant{Granted: true, Repeat: true, Delivery: domain.Delivery{Key: m.Key, Seq: m.Seq, Channel: record, Attempts: 1, BeganAt: d.p.Now()}}
		d.p.Log.Warn("the delivery cannot be recorded and goes out all the same", "channel", record, "key", m.Key, "seq", m.Seq, "error", err)
	case !grant.Granted && !grant.BusyUntil.IsZero():
		out.State, out.Attempts = domain.DeliverySending, grant.Delivery.Attempts
		busy := fault.Newf(fault.Retry, "notify/busy", "another attempt to tell %s of %s is under way", record, m.Key)
		busy.After = max(time.Second, grant.BusyUntil.Sub(d.p.Now()))
		return out, busy
	case !grant.Granted:
		out.State, out.Ref, out.Attempts = grant.Delivery.State, Ref(grant.Delivery.Ref), grant.Delivery.Attempts
		return out, nil
	}
	m.Repeat = grant.Repeat
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ref, failed := deliver(within, m, Ref(grant.Before))
	end := settled(grant, ref, failed, d.p.Now())
	if out.Unattached, failed = withoutFiles(m, &end, failed, grant.Delivery.Attempts < d.p.Attempts && out.Unrecorded == ""); out.Unattached != "" {
		d.p.Log.Warn("a message was told without its files", "channel", record, "key", m.Key, "seq", m.Seq, "code", end.Code, "error", end.Error)
	}
	out.State, out.Ref, out.Attempts = end.State, Ref(end.Ref), end.Attempts
	if failed != nil {
		out.Code, out.Error = end.Code, end.Error
	}
	// The record is kept even when the caller is gone by now: without it the next attempt could not know of this one.
	keep, done := context.WithTimeout(context.WithoutCancel(ctx), leaseMargin)
	defer done()
	if err := d.p.Records.SettleDelivery(keep, end); err != nil {
		out.Unrecorded = err.Error()
		d.p.Log.Warn("the end of a delivery cannot be recorded", "channel", record, "key", m.Key, "seq", m.Seq, "state", end.State, "error", err)
	}
	return out, failed
}

// leaseMargin is what an attempt needs besides the channel's own time.
const leaseMargin = 2 * time.Second

// settled is the record after an attempt. Doubt ends with a delivery only: a later attempt at which surely nothing
// happened does not tell what an earlier one did.
func settled(g domain.DeliveryGrant, ref Ref, failed error, now time.Time) domain.Delivery {
	end := g.Delivery
	end.UpdatedAt, end.Ref, end.Code, end.Error, end.Uncertain = now, string(ref), "", "", false
	if failed == nil {
		end.State = domain.DeliveryDelivered
		return end
	}
	end.Code, end.Error = fault.CodeOf(failed), Cut(Line(failed.Error()), maxRecorded)
	kind := fault.KindOf(failed)
	end.Uncertain = g.Repeat || kind == fault.Unknown
	end.State = domain.DeliveryWaiting
	if kind == fault.Human {
		end.State = domain.DeliveryFailed
	}
	return end
}

const maxRecorded = 500

// GiveUp records that a channel is not tried any more, and why. Another takes its place.
func (d *Dispatcher) GiveUp(ctx context.Context, channel string, m Message, why error) error {
	records, err := d.p.Records.Deliveries(ctx, m.Key)
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.Channel != channel || r.Seq != m.Seq || r.State == domain.DeliveryDelivered {
			continue
		}
		r.State, r.UpdatedAt = domain.DeliveryFailed, d.p.Now()
		if why != nil {
			r.Code, r.Error = fault.CodeOf(why), Cut(Line(why.Error()), maxRecorded)
		}
		return d.p.Records.SettleDelivery(ctx, r)
	}
	return errors.New("notify: no attempt of " + m.Key + " in " + channel + " is recorded")
}
