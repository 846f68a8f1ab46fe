package web

import (
	"fmt"
	"net/http"
	"path"
	"slices"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

const (
	fleetRows   = 100 // Of one page.
	fleetAlerts = 5   // Above the table; the rest is on the page of alerts.
	attention   = "attention"
)

// fleetView is the page of all vaults.
type fleetView struct {
	domain.Dashboard

	Gravest    []domain.Episode // The first of those that are open.
	Choices    []choice
	Search     string
	Chosen     string // The filter's value, so that a search keeps it.
	Rows       []domain.DashboardVault
	Pager      pager
	MoreAlerts int
	Parts      []part
	Unsampled  []Vault // Of the settings, and not in the newest look.
}

func (s *server) fleet(r *http.Request, g glance) (view, error) {
	d := domain.NewDashboard(s.Now().UTC(), g.tick, g.episodes, g.mutes, s.Stale)
	q := r.URL.Query()
	v := fleetView{Dashboard: d, Search: q.Get("q"), Chosen: q.Get("state")}
	v.Choices = choices(r, d, v.Chosen)
	rows := slices.DeleteFunc(slices.Clone(d.Vaults), func(l domain.DashboardVault) bool {
		return !chosen(l, v.Chosen) || !contains(l.Vault, v.Search)
	})
	from, to, p := cut(r.URL, len(rows), fleetRows)
	v.Rows, v.Pager = rows[from:to], p
	v.Gravest = openOnes(g.episodes)
	v.MoreAlerts = max(0, len(v.Gravest)-fleetAlerts)
	v.Gravest = v.Gravest[:min(fleetAlerts, len(v.Gravest))]
	v.Parts = parts(g.tick.Fleet, d.Stale)
	for _, known := range s.Vaults {
		if _, sampled := g.tick.Vault(known.ID); !sampled && contains(known.ID, v.Search) && v.Chosen == "" {
			v.Unsampled = append(v.Unsampled, known)
		}
	}
	return view{name: "fleet", title: "Fleet", nav: "fleet", live: true, body: v}, nil
}

// wanted is true for a vault that needs somebody: by its state, or because an alert of it is open.
func wanted(l domain.DashboardVault) bool {
	t := stateTone(l.State)
	return t == toneBad || t == toneWarn || t == toneUnknown || len(l.Alerts) > 0
}

func chosen(l domain.DashboardVault, state string) bool {
	switch state {
	case "":
		return true
	case attention:
		return wanted(l)
	default:
		return string(l.State) == state
	}
}

// choices are the states that occur, with how many vaults are in each.
func choices(r *http.Request, d domain.Dashboard, now string) []choice {
	needs := 0
	for _, l := range d.Vaults {
		if wanted(l) {
			needs++
		}
	}
	out := []choice{
		{Text: "all", Count: len(d.Vaults), Link: query(r.URL, "state", ""), Current: now == ""},
		{Text: "needs somebody", Count: needs, Link: query(r.URL, "state", attention), Current: now == attention},
	}
	for _, state := range domain.States() {
		if n := d.States[state]; n > 0 || string(state) == now {
			out = append(out, choice{Text: stateWord(state), Count: n, Link: query(r.URL, "state", string(state)), Current: string(state) == now, Tone: stateTone(state)})
		}
	}
	return out
}

// part is something that all vaults share.
type part struct {
	Kind, Name string
	Word       string
	Tone       tone
	Detail     string
}

// parts lists what the newest look says of endpoints, workers, channels, signers, backups and the audit log. With an old
// look all of it is unknown.
func parts(f domain.FleetSample, stale bool) []part {
	if f.At.IsZero() {
		return nil
	}
	var out []part
	add := func(p part) {
		if stale {
			p.Word, p.Tone = "unknown", toneUnknown
		}
		out = append(out, p)
	}
	unknown := func(kind string) {
		add(part{Kind: kind, Word: "unknown", Tone: toneUnknown, Detail: "not read, or nobody reads it"})
	}
	for _, e := range f.Endpoints {
		p := part{Kind: "RPC endpoint", Name: e.Name, Word: "used", Tone: toneGood, Detail: fmt.Sprintf("slot %s, %s behind, %s, %d %% errors", number(e.Slot), number(e.Lag), lasting(e.Latency), e.ErrorPercent)}
		if !e.Usable {
			p.Word, p.Tone, p.Detail = "not used", toneBad, e.Reason
		}
		add(p)
	}
	if f.Endpoints == nil {
		unknown("RPC endpoint")
	}
	for _, w := range f.Workers {
		add(part{Kind: "Worker", Name: w.ID, Word: "asks for work", Tone: toneGood, Detail: "seen " + stamp(w.Seen)})
	}
	if f.Workers == nil {
		unknown("Worker")
	}
	for _, kind := range []struct {
		name string
		all  []domain.Condition
	}{{"Channel", f.Channels}, {"Signer", f.Signers}} {
		for _, c := range kind.all {
			c.Name = path.Base(c.Name) // A key's file is nobody's business who only reads here.
			add(condition(kind.name, c))
		}
		if kind.all == nil {
			unknown(kind.name)
		}
	}
	for _, one := range []struct {
		name string
		c    *domain.Condition
	}{{"Backup", f.Backup}, {"Audit log", f.Audit}} {
		if one.c == nil {
			unknown(one.name)
			continue
		}
		c := *one.c
		c.Name = "" // There is one of it.
		add(condition(one.name, c))
	}
	clock := part{Kind: "Clock", Word: "unknown", Tone: toneUnknown, Detail: "the chain's clock was not read"}
	if f.Skew != nil {
		clock = part{Kind: "Clock", Word: "read", Tone: toneGood, Detail: fmt.Sprintf("this machine's minus the chain's: %d s", *f.Skew)}
	}
	add(clock)
	return out
}

func condition(kind string, c domain.Condition) part {
	p := part{Kind: kind, Name: c.Name, Word: "well", Tone: toneGood, Detail: c.Detail}
	switch {
	case c.Unknown:
		p.Word, p.Tone = "unknown", toneUnknown
	case !c.OK:
		p.Word, p.Tone = "broken", toneBad
	}
	return p
}
