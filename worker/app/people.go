package app

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/heartbeat"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// people are told through the channels.
type people struct {
	channels *notify.Dispatcher
	teams    map[string]string // By vault: routes know teams, the rules do not.
	reports  string            // The directory of saved reports.
	log      *slog.Logger
}

func newPeople(s config.Settings, d *notify.Dispatcher, log *slog.Logger) people {
	teams := make(map[string]string, len(s.Vaults))
	for _, v := range s.Vaults {
		teams[v.ID] = v.Team
	}
	return people{d, teams, s.Reports.Dir, log}
}

// Tell returns when every channel has ended. One that took the message is enough for it to count as told; the others are
// what channel_down is about. The log always has a line.
func (p people) Tell(ctx context.Context, m domain.Message) error {
	if m.Team == "" {
		m.Team = p.teams[m.Vault]
	}
	m = p.attach(m)
	report := p.channels.Dispatch(ctx, notify.Message(m))
	var took, failed []string
	for _, o := range report.Outcomes {
		if o.Unattached != "" {
			failed = append(failed, o.Channel+" took it without its files: "+o.Unattached)
		}
		if o.Error == "" {
			took = append(took, o.Channel)
		} else {
			failed = append(failed, o.Channel+": "+o.Error)
		}
	}
	level := slog.LevelWarn
	switch m.Kind {
	case domain.MessageInfo, domain.MessageChange, domain.MessageResolve, domain.MessageAcknowledge:
		level = slog.LevelInfo
	case domain.MessageTrigger, domain.MessageUpdate:
	}
	p.log.Log(ctx, level, "message: "+m.Title, "kind", m.Kind, "severity", m.Severity, "key", m.Key, "seq", m.Seq, "text", m.Text, "told", took, "failed", failed)
	if !report.Told {
		return feefault.Newf(feefault.Retry, "notify/nobody", "no channel took %q: %s", m.Title, strings.Join(failed, "; ")).
			WithNext("'feeops notify test' shows each channel's answer.")
	}
	return nil
}

const (
	// channelNews is how far back a worker that starts looks for the newest message of each channel.
	channelNews = 7 * 24 * time.Hour
	// channelOverlap is read again each time: several workers write these records, each by its own clock.
	channelOverlap = 10 * time.Minute
)

// channelStates says of each channel of the settings how its newest message ended. One through which nothing was told
// is unknown.
type channelStates struct {
	names   []string
	store   *store.Store
	buttons *buttons // Nil for none.
	now     func() time.Time

	mu    sync.Mutex
	since time.Time                   // Guarded by mu, as is ends.
	ends  map[string]domain.Condition // By channel.
}

func (c *channelStates) read(ctx context.Context) ([]domain.Condition, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now().UTC()
	if c.ends == nil {
		c.since, c.ends = now.Add(-channelNews), map[string]domain.Condition{}
	}
	records, err := c.store.DeliveriesSince(ctx, c.since)
	if err != nil {
		return nil, err
	}
	c.since = now.Add(-channelOverlap)
	for _, r := range records {
		// One that waits is still tried, and one that was overtaken was never given to the channel.
		if r.State != domain.DeliveryDelivered && r.State != domain.DeliveryFailed || r.UpdatedAt.Before(c.ends[r.Channel].At) {
			continue
		}
		end := domain.Condition{Name: r.Channel, OK: r.State == domain.DeliveryDelivered, Detail: "took " + r.Key, At: r.UpdatedAt}
		if !end.OK {
			end.Detail = "did not take " + r.Key + ": " + r.Error
		}
		c.ends[r.Channel] = end
	}
	out := make([]domain.Condition, len(c.names))
	for i, name := range c.names {
		end, known := c.ends[name]
		if !known {
			end = domain.Condition{Name: name, Unknown: true, Detail: "nothing was told through it yet", At: now}
		}
		out[i] = end
	}
	if c.buttons != nil {
		out = append(out, c.buttons.conditions()...)
	}
	return out, nil
}

// beating tells a dead man's switch of each look that came to its end.
type beating struct {
	activities.Looker

	heart *heartbeat.Heartbeat
	log   *slog.Logger
}

// beatTimeout bounds what a switch that hangs may take of a look's time.
const beatTimeout = 5 * time.Second

// Look looks and beats. A look at which no vault could be read is none.
func (b *beating) Look(ctx context.Context) (domain.FleetTick, error) {
	tick, err := b.Looker.Look(ctx)
	if err != nil || tick.Fleet.Read == 0 && tick.Fleet.Vaults > 0 {
		return tick, err //nolint:wrapcheck // Another's error, passed on.
	}
	within, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	if _, err := b.heart.Beat(within); err != nil {
		b.log.Warn("the dead man's switch was not reached: it will raise an alarm if that goes on", "error", err)
	}
	return tick, nil
}
