package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// payoutRows are those of one page of the list.
const payoutRows = 100

// dayView is one day of a vault, from the books.
type dayView struct {
	Day         domain.Day // Empty: there is none yet.
	Token       domain.Token
	Report      *domain.DayReport // Nil while the day is not over.
	Facts       []fact
	Notes       []string
	Checks      domain.Checks
	Payouts     []payout
	Pager       pager
	Reasons     []choice
	Investor    string // What the list is searched for.
	Chosen      string
	Planned     bool // The list is the plan: nothing is reconciled yet.
	Quarantined []domain.Quarantined
	Pages       []domain.PageResult
	Plan        int // Pages of the plan; 0 when there is none.
}

// payout is one investor stream of the day.
type payout struct {
	Index             int
	Recipient, Stream string
	Planned           domain.Amount
	Unplanned         bool           // What was planned is not known: the books were lost.
	Paid              *domain.Amount // Nil: not reconciled yet.
	Reason            string
	Note              string
	Signature         string
	Tone              tone
}

// day reads the asked day, or the newest one.
func (s *server) day(r *http.Request, vault string, reports []domain.DayReport) (dayView, error) {
	ctx := r.Context()
	plan, planned, err := s.planOf(r, vault, reports)
	if err != nil {
		return dayView{}, err
	}
	day := domain.Day(r.URL.Query().Get("day"))
	if _, err := domain.ParseDay(string(day)); err != nil {
		day = newest(plan, planned, reports)
	}
	v := dayView{Day: day, Token: plan.Token, Investor: strings.TrimSpace(r.URL.Query().Get("investor")), Chosen: r.URL.Query().Get("reason")}
	if day == "" {
		return v, nil
	}
	report, found, err := s.Store.Report(ctx, vault, day)
	if err != nil {
		return v, unreadable("the report of "+string(day), err)
	}
	if found {
		v.Report, v.Token, v.Notes = &report, report.Token, report.Result.Notes
	}
	if v.Checks, err = s.Store.Checks(ctx, vault, day); err != nil {
		return v, unreadable("the checks of "+string(day), err)
	}
	if v.Pages, err = s.Store.Pages(ctx, vault, day); err != nil {
		return v, unreadable("the pages of "+string(day), err)
	}
	outcomes, err := s.Store.Outcomes(ctx, vault, day)
	if err != nil {
		return v, unreadable("the payouts of "+string(day), err)
	}
	if !planned || plan.Day != day {
		plan = domain.Manifest{}
	}
	v.Quarantined, v.Plan, v.Facts = plan.Quarantined, len(plan.Pages), s.dayFacts(v, plan)
	all := settled(outcomes)
	if len(outcomes) == 0 {
		all, v.Planned = waiting(plan, v.Pages), true
	}
	v.list(r.URL, all)
	return v, nil
}

// planOf reads the plan of the asked day, or the newest one.
func (s *server) planOf(r *http.Request, vault string, reports []domain.DayReport) (domain.Manifest, bool, error) {
	day, err := domain.ParseDay(r.URL.Query().Get("day"))
	if err != nil {
		m, found, err := s.Store.LatestManifest(r.Context(), vault)
		if err != nil {
			return m, false, unreadable("the newest plan of "+vault, err)
		}
		if !found || len(reports) == 0 || reports[0].Day <= m.Day {
			return m, found, nil
		}
		day = reports[0].Day // It has a report and no plan of its own: another day's plan says nothing of it.
	}
	m, found, err := s.Store.Manifest(r.Context(), vault, day)
	if err != nil {
		return m, false, unreadable("the plan of "+string(day), err)
	}
	return m, found, nil
}

func newest(plan domain.Manifest, planned bool, reports []domain.DayReport) domain.Day {
	var day domain.Day
	if len(reports) > 0 {
		day = reports[0].Day
	}
	if planned && plan.Day > day {
		day = plan.Day
	}
	return day
}

// dayFacts are the day's figures: from the report when it is over, from the plan before that, and then they are a forecast
// until the first page has opened the day.
func (s *server) dayFacts(v dayView, plan domain.Manifest) []fact {
	if v.Report == nil {
		return s.planFacts(plan)
	}
	r := *v.Report
	count := func(name string, n int) fact {
		f := fact{Name: name, Value: number(n), Tone: toneGood}
		if n > 0 {
			f.Tone = toneBad
		}
		return f
	}
	t := r.Token
	out := []fact{
		{Name: "State", Value: stateWord(r.State), Tone: stateTone(r.State), Note: r.Reason},
		{Name: "Claimed", Value: t.Format(r.Result.Claimed)},
		{Name: "To investors", Value: t.Format(r.Result.Paid)},
		{Name: "To the creator", Value: t.Format(r.Result.Creator)},
		{Name: "Dust brought in", Value: t.Format(r.Result.DustIn)},
		{Name: "Dust carried on", Value: t.Format(r.Result.DustOut)},
		{Name: "Treasury after the close", Value: t.Format(r.Result.Residual)},
		{Name: "Investors", Value: number(r.Investors), Note: plural(r.Pages, "page", "pages")},
	}
	if r.State == domain.Complete || r.State == domain.CompleteUnreconciled {
		out = append(out, count("Mismatches", r.Result.Mismatches), count("Paid twice", r.Result.PaidTwice), count("Missed", r.Result.Missed))
	} else {
		out = append(out, fact{Name: "Reconciliation", Value: "not assessed", Note: "the day is not complete", Tone: toneUnknown})
	}
	quarantined := fact{Name: "Quarantined", Value: number(r.Result.Quarantined)}
	if r.Result.Quarantined > 0 {
		quarantined.Tone = toneWarn
	}
	return append(out, quarantined,
		fact{Name: "Network fees", Value: sol.Format(domain.Amount(r.FeeLamports)), Note: plural(len(r.Signatures), "transaction", "transactions")},
		fact{Name: "Took", Value: lasting(r.EndedAt.Sub(r.StartedAt)), Note: took(r)},
		fact{Name: "Began", Value: stamp(r.StartedAt), Time: r.StartedAt},
		fact{Name: "Ended", Value: stamp(r.EndedAt), Time: r.EndedAt},
		fact{Name: "Run", Value: "in the Temporal UI", Link: s.Links.VaultRun(r.Vault, r.RunID), Note: short(r.RunID), Full: r.RunID},
		fact{Name: "Plan", Value: short(r.Manifest), Full: r.Manifest, Note: "SHA-256"},
	)
}

func took(r domain.DayReport) string {
	out := number(r.Requests) + " RPC requests"
	if r.CloseSlot > r.FirstSlot && r.FirstSlot > 0 {
		out = plural(int(r.CloseSlot-r.FirstSlot), "slot", "slots") + ", " + out
	}
	return out
}

func (s *server) planFacts(m domain.Manifest) []fact {
	if m.Day == "" {
		return nil
	}
	note, claimed, pool, creator := "forecast: the day is not opened", m.Claimable, m.Pool, m.Creator
	if o := m.Opening; o != nil {
		note, claimed, pool, creator = "fixed by the opening", o.Claimed, o.Pool, o.Creator
	}
	return []fact{
		{Name: "State", Value: "not reported yet", Tone: toneGo},
		{Name: "To claim", Value: m.Token.Format(claimed), Note: note},
		{Name: "For investors", Value: m.Token.Format(pool), Note: note},
		{Name: "For the creator", Value: m.Token.Format(creator), Note: note},
		{Name: "Investors", Value: number(len(m.Entries)), Note: plural(len(m.Pages), "page", "pages")},
		{Name: "Quarantined", Value: number(len(m.Quarantined))},
		{Name: "Plan", Value: short(m.Hash), Full: m.Hash, Note: "SHA-256"},
	}
}

// settled are the outcomes of a day whose books were made.
func settled(outcomes []domain.Outcome) []payout {
	out := make([]payout, len(outcomes))
	for i, o := range outcomes {
		p := payout{Index: o.Index, Recipient: o.Recipient, Stream: o.Stream, Planned: o.Planned, Paid: &outcomes[i].Paid, Reason: reasonWord(o.Reason), Note: o.Note, Signature: o.Signature}
		switch o.Reason {
		case domain.ReasonPaid, domain.ReasonShared:
			p.Tone = toneGood
		case domain.ReasonMismatch, domain.ReasonNoTransfer, domain.ReasonNotReached:
			p.Tone = toneBad
		case domain.ReasonQuarantined:
			p.Tone = toneWarn
		case domain.ReasonRebuilt:
			p.Tone, p.Unplanned = toneCalm, true
		default:
			p.Tone = toneCalm
		}
		out[i] = p
	}
	return out
}

func reasonWord(r domain.Reason) string { return strings.ReplaceAll(string(r), "_", " ") }

// waiting are the entries of a plan whose day is under way: which pages are turned is known, what they moved is not
// reconciled yet.
func waiting(m domain.Manifest, pages []domain.PageResult) []payout {
	signatures := map[uint32]string{}
	for _, p := range pages {
		signatures[p.Cursor] = p.Signature
	}
	out := make([]payout, len(m.Entries))
	for i, e := range m.Entries {
		p := payout{Index: e.Index, Recipient: e.Recipient, Stream: e.Stream, Planned: m.Planned(i), Reason: "waits", Tone: toneCalm}
		if m.PageSize > 0 {
			if signature, turned := signatures[uint32(i)/m.PageSize*m.PageSize]; turned {
				p.Reason, p.Signature, p.Tone = "page is turned", signature, toneGo
			}
		}
		out[i] = p
	}
	return out
}

// list counts the reasons, filters and cuts.
func (v *dayView) list(u *url.URL, all []payout) {
	counts := map[string]int{}
	var order []string
	for _, p := range all {
		if counts[p.Reason] == 0 {
			order = append(order, p.Reason)
		}
		counts[p.Reason]++
	}
	slices.Sort(order)
	v.Reasons = []choice{{Text: "all", Count: len(all), Link: query(u, "reason", "") + "#payouts", Current: v.Chosen == ""}}
	for _, reason := range order {
		v.Reasons = append(v.Reasons, choice{Text: reason, Count: counts[reason], Link: query(u, "reason", reason) + "#payouts", Current: v.Chosen == reason})
	}
	found := slices.DeleteFunc(slices.Clone(all), func(p payout) bool {
		return v.Chosen != "" && p.Reason != v.Chosen || !contains(p.Recipient, v.Investor) && !contains(p.Stream, v.Investor)
	})
	from, to, p := cut(u, len(found), payoutRows)
	v.Payouts, v.Pager = found[from:to], p
	for _, link := range []*string{&v.Pager.Prev, &v.Pager.Next} {
		if *link != "" {
			*link += "#payouts"
		}
	}
}

// Turned is how many pages of the plan the chain has turned. The books know it before the watch looks again.
func (v dayView) Turned() int { return min(len(v.Pages), v.Plan) }

// ChecksText sums the checks up.
func (v dayView) ChecksText() string {
	if len(v.Checks) == 0 {
		return "not evaluated"
	}
	return fmt.Sprintf("%s; worst: %s", plural(len(v.Checks), "check", "checks"), v.Checks.Worst())
}

// ChecksTone is that of the worst one.
func (v dayView) ChecksTone() tone { return checkTone(v.Checks.Worst()) }
