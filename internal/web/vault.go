package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// vaultView is the page of one vault: where it stands, one of its days, and the days before.
type vaultView struct {
	ID        string
	Known     Vault
	Line      *domain.DashboardVault // Nil: the newest look has nothing of it.
	Facts     []fact
	Alerts    []domain.Episode
	Mutes     []domain.DashboardMute
	Incidents []domain.Incident
	Day       dayView
	History   historyView
	Act       bool
}

// fact is a name with what is known of it.
type fact struct {
	Name, Value string
	Note        string
	Tone        tone
	Link        string
	Full        string // What Value is short for.
	Time        time.Time
	Down        *countdown
}

func (s *server) vault(r *http.Request, g glance) (view, error) {
	id := r.PathValue("id")
	known, ok := s.vaultOf(id)
	sample, sampled := g.tick.Vault(id)
	if !ok && !sampled {
		return view{}, fmt.Errorf("%q: %w", id, errNoVault)
	}
	now := s.Now().UTC()
	d := domain.NewDashboard(now, g.tick, g.episodes, g.mutes, s.Stale)
	v := vaultView{ID: id, Known: known, Act: s.personOf(r) != nil}
	for i := range d.Vaults {
		if d.Vaults[i].Vault == id {
			v.Line = &d.Vaults[i]
		}
	}
	if sampled && v.Line != nil {
		v.Facts = s.standing(*v.Line, sample, now)
	}
	for _, e := range openOnes(g.episodes) {
		if e.Vault == id {
			v.Alerts = append(v.Alerts, e)
		}
	}
	for _, m := range d.Mutes {
		if m.Vault == id || m.Vault == "" {
			v.Mutes = append(v.Mutes, m)
		}
	}
	var err error
	if v.Incidents, err = s.Store.Incidents(r.Context(), store.IncidentFilter{Open: true, Vault: id, Limit: 20}); err != nil {
		return view{}, unreadable("the incidents of "+id, err)
	}
	reports, err := s.Store.Reports(r.Context(), id, historyDays)
	if err != nil {
		return view{}, unreadable("the days of "+id, err)
	}
	if v.Day, err = s.day(r, id, reports); err != nil {
		return view{}, err
	}
	v.History = history(id, v.Day.Day, reports)
	return view{name: "vault", title: "Vault " + id, nav: "fleet", vault: id, live: true, body: v}, nil
}

// standing is where the vault stands by the newest look. A look that is too old says what was, and every figure says so.
func (s *server) standing(l domain.DashboardVault, sample domain.VaultSample, now time.Time) []fact {
	next, end := due(l), left(l)
	out := []fact{{Name: "Next day", Down: &next, Tone: next.Tone}, {Name: "Open day is lost in", Down: &end, Tone: end.Tone}}
	if d := sample.Day; d != nil {
		t := d.Timing()
		if !t.NeverRun() {
			out[0].Note = "due " + stamp(time.Unix(t.Due(), 0)) + " by the chain's clock"
			if d.Open() {
				out[1].Note = "at " + stamp(time.Unix(t.Deadline(), 0)) + " by the chain's clock"
			}
		}
		out = append(out,
			fact{Name: "Treasury", Value: treasury(d.Treasury, l.Token)},
			fact{Name: "Paid of the last opened day", Value: l.Token.Format(d.Distributed)},
		)
	} else {
		out = append(out, fact{Name: "Treasury", Value: "unknown"})
	}
	out = append(out, fact{Name: "To claim", Value: amountText(l.Claimable, l.Token)}, fact{Name: "Still owed", Value: owed(l)})
	if f := sample.Fees; f != nil && f.Base > 0 {
		out = append(out, fact{Name: "Base fees", Value: number(uint64(f.Base)) + " base units", Note: "no day can be opened while there are any", Tone: toneBad})
	}
	if p := sample.Payer; p != nil {
		out = append(out, fact{Name: "Fee payer", Value: sol.Format(domain.Amount(p.Lamports)), Note: short(p.Address), Full: p.Address, Link: s.Links.Address(p.Address)})
	} else {
		out = append(out, fact{Name: "Fee payer", Value: "unknown"})
	}
	if b := sample.Books; b != nil {
		out = append(out, fact{Name: "Signatures that may still land", Value: number(b.Pending)})
		if b.Foreign > 0 {
			out = append(out, fact{Name: "Pages turned by others", Value: number(b.Foreign), Tone: toneWarn})
		}
	}
	run := fact{Name: "Run", Value: "unknown"}
	if r := sample.Run; r != nil {
		run.Value = "none under way"
		if r.Live {
			run.Value = "under way"
		}
		run.Link = s.Links.VaultRun(l.Vault, r.RunID)
	}
	look := fact{Name: "Looked at", Time: sample.At, Value: stamp(sample.At), Note: fmt.Sprintf("%s ago", age(seconds(now.Sub(sample.At))))}
	if sample.Day != nil {
		look.Note += fmt.Sprintf(", slot %s", number(sample.Day.Slot))
		if sample.Day.Endpoint != "" {
			look.Note += " of " + sample.Day.Endpoint
		}
	}
	if l.Stale {
		look.Tone = toneBad
	}
	return append(out, run, look)
}

// sol writes lamports.
var sol = domain.Token{Symbol: "SOL", Decimals: 9}
