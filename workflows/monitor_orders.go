package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// muteMinutes is how long a mute lasts whose order does not say.
const muteMinutes = 60

// listen answers the query and takes orders for the whole run.
func (m *monitor) listen(ctx workflow.Context) error {
	err := workflow.SetQueryHandlerWithOptions(ctx, ops.QueryDashboard, func() (domain.Dashboard, error) { return m.in.Dashboard, nil },
		workflow.QueryHandlerOptions{Description: "The fleet at the last dashboard interval; feeops dashboard has all of it"})
	if err != nil {
		return fmt.Errorf("register query: %w", err)
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		for ctx.Err() == nil {
			s := workflow.NewSelector(ctx).AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
			for _, name := range []string{ops.SignalMute, ops.SignalUnmute, ops.SignalAcknowledge, ops.SignalTick} {
				s.AddReceive(workflow.GetSignalChannel(ctx, name), func(workflow.ReceiveChannel, bool) { m.take(ctx, name) })
			}
			s.Select(ctx)
		}
	})
	return nil
}

// drain takes every order that has arrived: what is left in a channel when a run ends is lost.
func (m *monitor) drain(ctx workflow.Context) {
	for _, name := range []string{ops.SignalMute, ops.SignalUnmute, ops.SignalAcknowledge, ops.SignalTick} {
		for m.take(ctx, name) {
		}
	}
}

// take takes one order of a kind; false when none waits. An order that cannot be read is passed over: whoever sent it sees
// it in the history.
func (m *monitor) take(ctx workflow.Context, name string) bool {
	channel, now := workflow.GetSignalChannel(ctx, name), workflow.Now(ctx)
	switch name {
	case ops.SignalMute:
		var o ops.MuteOrder
		if !channel.ReceiveAsync(&o) {
			return false
		}
		m.in.Mutes++
		mute := muteOf(o, now, m.in.Mutes)
		m.in.Orders = append(m.in.Orders, domain.AlertOrder{Mute: &mute, Actor: o.Actor, At: now})
	case ops.SignalUnmute:
		var o ops.UnmuteOrder
		if !channel.ReceiveAsync(&o) {
			return false
		}
		m.in.Orders = append(m.in.Orders, domain.AlertOrder{Unmute: o.ID, Actor: o.Actor, At: now})
	case ops.SignalAcknowledge:
		var o ops.AcknowledgeOrder
		if !channel.ReceiveAsync(&o) {
			return false
		}
		m.in.Orders = append(m.in.Orders, domain.AlertOrder{Acknowledge: o.Episode, Actor: o.Actor, At: now})
	default:
		if !channel.ReceiveAsync(nil) {
			return false
		}
		m.forced = true
	}
	return true
}

// muteOf fills in what the order leaves open.
func muteOf(o ops.MuteOrder, now time.Time, number int) domain.Mute {
	mute := domain.Mute{ID: o.ID, Kind: domain.MuteAlerts, Vault: o.Vault, Alert: o.Alert, Critical: o.Critical, From: now, Reason: o.Reason, Actor: o.Actor}
	if mute.ID == "" {
		mute.ID = fmt.Sprintf("mute/%s-%d", now.UTC().Format("20060102"), number)
	}
	if o.Maintenance {
		mute.Kind = domain.MuteMaintenance
	}
	if o.Starts.After(now) {
		mute.From = o.Starts
	}
	minutes := o.Minutes
	if minutes <= 0 {
		minutes = muteMinutes
	}
	mute.Until = mute.From.Add(time.Duration(minutes) * time.Minute)
	return mute
}
