package alert

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

const (
	// groupFrom is how many subjects with one cause are told in one message. Fewer have one each, with its buttons.
	groupFrom = 4
	// growthPause and growthFactor say when a group that grows is told again before its reminder: never more than ten
	// messages for a thousand vaults, however slowly they come.
	growthPause  = 10 * time.Minute
	growthFactor = 2
)

// bundle is what episodes of one message share.
type bundle struct{ alert, cause string }

func bundleOf(ep domain.Episode) bundle { return bundle{ep.Alert, ep.Cause} }

func (b bundle) subject() string {
	if b.cause == "" {
		return "group"
	}
	sum := sha256.Sum256([]byte(b.cause)) // A cause may be a sentence, and keys are ids in other systems.
	return "group-" + hex.EncodeToString(sum[:4])
}

// gathered is the groups that are open, and what may join them.
type gathered struct {
	open    map[bundle]string           // Key of the open group.
	members map[string][]domain.Episode // Active members by the group's key.
	fresh   map[bundle][]domain.Episode // Not told yet.
}

func (t *turn) groups() gathered {
	g := gathered{map[bundle]string{}, map[string][]domain.Episode{}, map[bundle][]domain.Episode{}}
	for key, ep := range t.s.Episodes {
		switch {
		case !ep.Active():
		case ep.IsGroup():
			g.open[bundleOf(ep)] = key
			g.members[key] = append(g.members[key], []domain.Episode{}...)
		case ep.Group != "":
			g.members[ep.Group] = append(g.members[ep.Group], ep)
		}
	}
	return g
}

// bundles and keys give a fixed order, so that the same samples give the same numbers.
func (g gathered) bundles() []bundle {
	return slices.SortedFunc(maps.Keys(g.fresh), func(a, b bundle) int {
		return cmp.Or(cmp.Compare(a.alert, b.alert), cmp.Compare(a.cause, b.cause))
	})
}

func (g gathered) keys() []string { return slices.Sorted(maps.Keys(g.members)) }

// tellFresh tells few one by one, and many in a group.
func (t *turn) tellFresh(g gathered, b bundle) {
	fresh := g.fresh[b]
	key, open := g.open[b]
	if !open && len(fresh) < groupFrom {
		for _, ep := range fresh {
			t.edit(ep.Key, func(ep *domain.Episode) { t.say(ep, domain.MessageTrigger) })
		}
		return
	}
	if !open {
		key = t.openGroup(b, fresh[0])
	}
	for _, ep := range fresh {
		ep = t.edit(ep.Key, func(ep *domain.Episode) { ep.Group = key })
		g.members[key] = append(g.members[key], ep)
		t.event(ep, domain.EventJoined, "", key)
	}
	t.edit(key, func(group *domain.Episode) {
		group.Members = &domain.Group{Joined: group.Members.Joined + len(fresh), Told: group.Members.Told}
	})
}

func (t *turn) openGroup(b bundle, first domain.Episode) string {
	ref := Ref{b.alert, b.subject()}
	newest := t.s.Newest[ref]
	newest.Number++
	t.s.Newest[ref] = newest
	group := domain.Episode{
		Key: domain.EpisodeKey(ref.Subject, ref.Alert, newest.Number), Alert: b.alert, Subject: ref.Subject, Cause: b.cause, Number: newest.Number,
		State: domain.EpisodeOpen, Severity: first.Severity, Opened: t.in.Now, Changed: t.in.Now, Runbook: first.Runbook,
		Next: "feeops alerts list", Members: &domain.Group{},
	}
	t.s.Episodes[group.Key] = group
	t.edited[group.Key] = true
	t.event(group, domain.EventOpened, "", "")
	return group.Key
}

// tellGroup tells what became of a group: that it is there, that it is graver, that it has grown, that it still is, that
// it is over.
func (t *turn) tellGroup(key string, members []domain.Episode) {
	ep := t.s.Episodes[key]
	if len(members) == 0 {
		t.edit(key, func(ep *domain.Episode) { ep.Detail = fmt.Sprintf("All %d are over.", ep.Members.Joined) })
		t.resolve(key, fmt.Sprintf("all %d are over", ep.Members.Joined))
		return
	}
	sortEpisodes(members)
	if members[0].Severity.Rank() > ep.Severity.Rank() {
		ep = t.edit(key, func(ep *domain.Episode) {
			ep.Severity, ep.State, ep.Changed = members[0].Severity, domain.EpisodeOpen, t.in.Now
		})
		t.event(ep, domain.EventRaised, "", "")
	}
	kind := t.need(ep)
	if kind == "" && t.grown(ep) {
		kind = domain.MessageUpdate
	}
	if kind == "" || t.silence(ep) {
		return
	}
	t.edit(key, func(ep *domain.Episode) {
		summarize(ep, members)
		ep.Members = &domain.Group{Joined: ep.Members.Joined, Told: ep.Members.Joined}
		t.append(ep, kind, t.groupMessage(*ep, kind, members))
	})
}

func (t *turn) grown(ep domain.Episode) bool {
	if len(ep.Unsent) > 0 || ep.Told.IsZero() || ep.Members.Joined == ep.Members.Told {
		return false
	}
	if ep.Incident != "" {
		return true // Nobody is told: the incident takes them in.
	}
	since := t.in.Now.Sub(ep.Told)
	return since >= t.limits.Repeat || since >= growthPause && ep.Members.Joined >= growthFactor*ep.Members.Told
}

// summarize writes down the members as they are now. Money of different tokens is not added up.
func summarize(ep *domain.Episode, members []domain.Episode) {
	ep.Detail = fmt.Sprintf("%d of %d are still so.", len(members), ep.Members.Joined)
	ep.AtRisk, ep.Token = nil, domain.Token{}
	if totals := atRisk(members); len(totals) == 1 && totals[0].unknown == 0 {
		ep.AtRisk, ep.Token = &totals[0].amount, totals[0].token
	}
}

type riskTotal struct {
	token   domain.Token
	amount  domain.Amount
	unknown int
}

// atRisk sums the members' money by mint. A sum that leaves the range of u64 counts as unknown.
func atRisk(members []domain.Episode) []riskTotal {
	var out []riskTotal
	for _, ep := range members {
		if ep.Token.Mint == "" && ep.AtRisk == nil {
			continue
		}
		i := slices.IndexFunc(out, func(r riskTotal) bool { return r.token.Mint == ep.Token.Mint })
		if i < 0 {
			i = len(out)
			out = append(out, riskTotal{token: ep.Token})
		}
		if ep.AtRisk == nil {
			out[i].unknown++
			continue
		}
		sum, err := out[i].amount.Add(*ep.AtRisk)
		if err != nil {
			out[i].unknown++
			continue
		}
		out[i].amount = sum
	}
	return out
}

// everything sums what all vaults have at risk by their newest samples. Stale ones count too: an outage that blinds the
// watch is when people have to know what is at stake.
func (t *turn) everything() []riskTotal {
	var all []domain.Episode
	for i := range t.in.Vaults {
		v := &t.in.Vaults[i]
		if !t.known[v.Vault] {
			continue
		}
		one := domain.Episode{Token: v.Token}
		if v.Day != nil {
			c := Case{Vault: v, phase: v.Day.Timing().Phase()}
			one.AtRisk = money(&c)
		}
		all = append(all, one)
	}
	return atRisk(all)
}
