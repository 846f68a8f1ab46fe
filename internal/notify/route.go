package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Names of channels. Webhooks are called webhook/NAME.
const (
	ChannelSlack     = "slack"
	ChannelPagerDuty = "pagerduty"
	ChannelDiscord   = "discord"
	ChannelEmail     = "email"
	ChannelWebhook   = "webhook/"
	ChannelConsole   = "console"
)

// Route says who is told of which messages (N09). What a rule leaves empty, it does not ask.
type Route struct {
	Name     string
	AtLeast  domain.Severity
	Vaults   []string
	Teams    []string
	Kinds    []Kind
	Hours    *Hours
	Channels []string // All are told, side by side.
	Fallback []string // One after the other takes the place of a channel that fails for good (N08).
	Continue bool     // Later routes are looked at too.
}

func (r Route) matches(m Message, now time.Time) bool {
	return m.weight() >= r.AtLeast.Rank() &&
		(len(r.Vaults) == 0 || slices.Contains(r.Vaults, m.Vault)) &&
		(len(r.Teams) == 0 || slices.Contains(r.Teams, m.Team)) &&
		(len(r.Kinds) == 0 || slices.Contains(r.Kinds, m.Kind)) &&
		(r.Hours == nil || r.Hours.Contain(now))
}

// weight is the severity's rank. One that is unknown counts as the highest, except for what is only information.
func (m Message) weight() int {
	if rank := m.Severity.Rank(); rank > 0 || m.wakesNobody() {
		return rank
	}
	return domain.SeverityCritical.Rank()
}

// Quiet are hours in which some channels are not told of what can wait.
type Quiet struct {
	Hours   Hours
	Below   domain.Severity // Only messages below it are kept away; high by default.
	Silence []string        // Channels that wake people.
}

// Router chooses channels. It knows nothing of what was told before.
type Router struct {
	routes []Route
	last   []Route
	quiet  *Quiet
}

// NewRouter checks that the routes name known channels only. A message that no route matches goes where DefaultRoutes
// send it, so that no message is lost by a gap in the rules.
func NewRouter(routes []Route, quiet *Quiet, channels []string) (*Router, error) {
	for _, r := range routes {
		if len(r.Channels) == 0 {
			return nil, fmt.Errorf("route %q tells nobody: name at least one of %s", r.Name, strings.Join(channels, ", "))
		}
		for _, c := range slices.Concat(r.Channels, r.Fallback) {
			if !slices.Contains(channels, c) {
				return nil, fmt.Errorf("route %q names the channel %q, which is not set up; known are %s", r.Name, c, strings.Join(channels, ", "))
			}
		}
	}
	return &Router{routes: routes, last: DefaultRoutes(channels), quiet: quiet}, nil
}

// Choice is where a message goes.
type Choice struct {
	Channels []string
	Fallback []string
}

// Choose applies the rules in their order: the first that matches, and those after it while each says to continue.
func (r *Router) Choose(m Message, now time.Time) Choice {
	var c Choice
	for _, rules := range [][]Route{r.routes, r.last} {
		for _, rule := range rules {
			if !rule.matches(m, now) {
				continue
			}
			c.add(rule)
			if !rule.Continue {
				return r.hush(c, m, now)
			}
		}
		if len(c.Channels) > 0 {
			break
		}
	}
	return r.hush(c, m, now)
}

func (c *Choice) add(r Route) {
	c.Channels, c.Fallback = union(c.Channels, r.Channels), union(c.Fallback, r.Fallback)
}

// hush takes the channels out that wake people, in quiet hours. When no other channel is left it takes nothing out:
// a message that nobody sees is worse than one at night.
func (r *Router) hush(c Choice, m Message, now time.Time) Choice {
	q := r.quiet
	if q == nil || m.weight() >= q.Below.Rank() || !q.Hours.Contain(now) {
		return c
	}
	loud := func(name string) bool {
		return slices.Contains(q.Silence, name) && (m.Kind != Change || name != ChannelPagerDuty) // There it is a line beside the alerts, at any hour.
	}
	channels, fallback := without(c.Channels, loud), without(c.Fallback, loud)
	switch {
	case len(channels) > 0:
		return Choice{channels, fallback}
	case len(fallback) > 0:
		return Choice{fallback[:1], fallback[1:]}
	default:
		return c
	}
}

// DefaultRoutes are the rules when nobody wrote any: what is high goes to chat and pager with e-mail as a fallback, the
// rest to chat. A change goes to PagerDuty too, where it stands beside the alerts and wakes nobody. With few channels set up, each of them takes the place of a missing kind, so that one is enough.
func DefaultRoutes(channels []string) []Route {
	route := func(atLeast domain.Severity, kinds []Kind, wanted ...func(string) bool) Route {
		r := Route{Name: "default", AtLeast: atLeast, Kinds: kinds}
		for _, want := range wanted {
			if r.Channels = without(channels, func(c string) bool { return !want(c) }); len(r.Channels) > 0 {
				break
			}
		}
		if len(r.Channels) == 0 {
			r.Channels = channels
		}
		r.Fallback = without(channels, func(c string) bool { return slices.Contains(r.Channels, c) })
		return r
	}
	chat := func(c string) bool { return c == ChannelSlack || c == ChannelDiscord }
	page := func(c string) bool { return c == ChannelPagerDuty || strings.HasPrefix(c, ChannelWebhook) }
	mail := func(c string) bool { return c == ChannelEmail }
	both := func(c string) bool { return chat(c) || page(c) }
	beside := func(c string) bool { return chat(c) || c == ChannelPagerDuty }
	return []Route{
		route("", []Kind{Change}, beside, mail),
		route("", []Kind{Info}, chat, mail),
		route(domain.SeverityHigh, nil, both, mail),
		route("", nil, chat, mail),
	}
}

// Pagers are the channels that wake people, among the given ones.
func Pagers(channels []string) []string {
	return without(channels, func(c string) bool { return c != ChannelPagerDuty && !strings.HasPrefix(c, ChannelWebhook) })
}

func without(list []string, drop func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(list), drop)
}

func union(a, b []string) []string {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}
