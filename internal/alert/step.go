package alert

import (
	"cmp"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Engine turns samples into episodes and messages. It holds no state.
type Engine struct {
	rules  []Rule
	limits Limits
	links  func(domain.Episode) []domain.MessageLink
}

// New makes an engine. links may be nil; it gives an episode's messages their links to runs and explorers.
func New(rules []Rule, limits Limits, links func(domain.Episode) []domain.MessageLink) *Engine {
	if links == nil {
		links = func(domain.Episode) []domain.MessageLink { return nil }
	}
	return &Engine{rules: rules, limits: limits, links: links}
}

// turn is one step at work on a copy of the state.
type turn struct {
	*Engine
	in     Input
	s      State
	out    Output
	open   map[Ref]string  // The active episode of a Ref, groups left out.
	holds  map[string]int  // Active and pending ones by alert: most conditions are clear, and then nothing need be looked up.
	edited map[string]bool // Keys of episodes that changed.
	muted  map[string]bool // Ids of mutes that changed.
	known  map[string]bool // The vaults of the settings.
}

// Step looks at the samples once. Deliveries and orders are taken first, so that what they changed shows at once.
func (e *Engine) Step(s State, in Input) Output {
	t := &turn{Engine: e, in: in, s: s.clone(), open: map[Ref]string{}, holds: map[string]int{}, edited: map[string]bool{}, muted: map[string]bool{}, known: map[string]bool{}}
	for _, id := range in.Known {
		t.known[id] = true
	}
	for key, ep := range t.s.Episodes {
		if ep.Active() && !ep.IsGroup() {
			t.open[Ref{ep.Alert, ep.Subject}] = key
			t.holds[ep.Alert]++
		}
	}
	for ref := range t.s.Pending {
		t.holds[ref.Alert]++
	}
	for _, d := range in.Told {
		t.delivered(d)
	}
	for _, o := range in.Orders {
		t.order(o)
	}
	t.announce()
	t.retire()
	t.judge()
	t.tell()
	return t.finish()
}

// judge asks every condition of every subject.
func (t *turn) judge() {
	c := &Case{Now: t.in.Now, Since: t.in.Since, Limits: t.limits, Fleet: t.in.Fleet}
	for i := range t.rules {
		if r := &t.rules[i]; r.fleet != nil {
			t.judgeFleet(r, c)
		}
	}
	for i := range t.in.Vaults {
		v := &t.in.Vaults[i]
		if !t.known[v.Vault] {
			continue
		}
		stale := v.Stale(t.in.Now, t.limits.Stale)
		if !stale {
			c.at(v)
		}
		for k := range t.rules {
			r := &t.rules[k]
			if r.vault == nil {
				continue
			}
			verdict := Unknown
			if !stale {
				verdict = r.vault(c)
			}
			if verdict == Firing || t.holds[r.ID] > 0 {
				t.observe(r, c, Ref{r.ID, v.Vault}, verdict, v.At)
			}
		}
	}
}

// judgeFleet looks at a rule's subjects. One that is no longer among them, such as a channel that left the settings,
// has nothing left that could be wrong.
func (t *turn) judgeFleet(r *Rule, c *Case) {
	seen := r.fleet(c)
	for _, s := range seen {
		at := t.in.Now
		if t.in.Fleet != nil && r.ID != "monitor_stale" { // Staleness is time that passes without a sample.
			at = t.in.Fleet.At
		}
		t.sighted(r, s, at)
	}
	if len(seen) == 0 || t.holds[r.ID] == 0 {
		return
	}
	for ref, key := range t.open {
		if ref.Alert == r.ID && !slices.ContainsFunc(seen, func(s Sighting) bool { return s.Subject == ref.Subject }) {
			t.resolve(key, "it is no longer in the settings")
		}
	}
}

func (t *turn) sighted(r *Rule, s Sighting, at time.Time) {
	one := *r
	one.detail = func(*Case) string { return s.Detail }
	t.observe(&one, &Case{}, Ref{r.ID, s.Subject}, s.Verdict, at)
}

// observe moves the episode of a subject by one verdict, seen at a time. Times are those of the samples, so that looking
// twice at one sample changes nothing (M02).
func (t *turn) observe(r *Rule, c *Case, ref Ref, v Verdict, at time.Time) {
	key, active := t.open[ref]
	if v != Firing {
		if _, pending := t.s.Pending[ref]; pending {
			delete(t.s.Pending, ref) // It must hold without a break; not knowing is a break.
			t.holds[ref.Alert]--
		}
		if active {
			t.recede(r, c, key, v, at)
		}
		return
	}
	if active {
		t.persist(r, c, key)
		return
	}
	if r.mark != nil && t.s.Newest[ref].Mark == r.mark(c) {
		return // This event had its episode.
	}
	since, pending := t.s.Pending[ref]
	if !pending {
		since = at
	}
	if at.Sub(since) < r.Hold {
		if !pending {
			t.s.Pending[ref] = since
			t.holds[ref.Alert]++
		}
		return
	}
	if pending {
		delete(t.s.Pending, ref)
		t.holds[ref.Alert]--
	}
	t.begin(r, c, ref)
}

// finish collects what is to be delivered and what is to be stored.
func (t *turn) finish() Output {
	out := t.out
	for key := range t.edited {
		out.Episodes = append(out.Episodes, t.s.Episodes[key])
	}
	sortEpisodes(out.Episodes)
	for id := range t.muted {
		out.Mutes = append(out.Mutes, t.s.Mutes[id])
	}
	slices.SortFunc(out.Mutes, func(a, b domain.Mute) int { return cmp.Compare(a.ID, b.ID) })
	for key, ep := range t.s.Episodes {
		switch {
		case len(ep.Unsent) > 0:
			out.Messages = append(out.Messages, ep.Unsent[0])
		case !ep.Active():
			delete(t.s.Episodes, key)
		}
	}
	for id, m := range t.s.Mutes {
		switch {
		case len(m.Unsent) > 0:
			out.Messages = append(out.Messages, m.Unsent[0])
		case m.Ended:
			delete(t.s.Mutes, id)
		}
	}
	slices.SortFunc(out.Messages, func(a, b domain.Message) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), a.At.Compare(b.At), cmp.Compare(a.Key, b.Key))
	})
	out.State = t.s
	return out
}

// edit changes an episode and remembers that it did.
func (t *turn) edit(key string, change func(*domain.Episode)) domain.Episode {
	ep := t.s.Episodes[key]
	ep.Unsent = slices.Clone(ep.Unsent) // The state that was given keeps its own.
	change(&ep)
	t.s.Episodes[key] = ep
	t.edited[key] = true
	return ep
}

func (t *turn) event(ep domain.Episode, kind domain.EventKind, actor, detail string) {
	t.out.Events = append(t.out.Events, domain.AlertEvent{
		At: t.in.Now, Episode: ep.Key, Kind: kind, Alert: ep.Alert, Vault: ep.Vault, Severity: ep.Severity, Actor: actor, Detail: detail,
	})
}

// sortEpisodes puts the gravest first, then the oldest.
func sortEpisodes(all []domain.Episode) {
	slices.SortFunc(all, func(a, b domain.Episode) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), a.Opened.Compare(b.Opened), cmp.Compare(a.Key, b.Key))
	})
}
