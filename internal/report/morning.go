package report

import (
	"context"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Balance has three answers: a value, no account, unknown (D08).
type Balance struct {
	State  string         `json:"state"` // value, absent, unknown
	Amount *domain.Amount `json:"amount"`
}

func value(a domain.Amount) Balance { return Balance{State: "value", Amount: &a} }

// Health is where one vault stands (D06–D12). Times are unix seconds of the chain's clock.
type Health struct {
	ID        string         `json:"id"`
	Name      string         `json:"name,omitempty"`
	State     domain.State   `json:"state"`
	Reason    string         `json:"reason,omitempty"`
	Live      bool           `json:"live"` // A run is under way.
	Day       domain.Day     `json:"day,omitempty"`
	Due       int64          `json:"due"`               // 0: never run, or unknown.
	UntilDue  *int64         `json:"until_due_seconds"` // Signed: negative is overdue; null is unknown (D06).
	Deadline  int64          `json:"deadline,omitempty"`
	Cursor    uint32         `json:"cursor"`
	Investors int            `json:"investors"`
	Percent   int            `json:"percent"` // Of the day named, 0 to 100 (D07).
	Treasury  Balance        `json:"treasury"`
	Payer     Balance        `json:"payer"` // Lamports.
	Claimable *domain.Amount `json:"claimable"`
	Token     domain.Token   `json:"token"`
	ChainTime int64          `json:"chain_time,omitempty"`
	Slot      uint64         `json:"slot"`

	timing domain.Timing
}

// Morning is the health of the fleet at one moment.
type Morning struct {
	At        time.Time            `json:"at"`
	ChainTime time.Time            `json:"chain_time,omitzero"` // The newest that was read; zero: the chain could not be read.
	Zone      string               `json:"time_zone"`
	Verdict   Verdict              `json:"verdict"`
	Total     int                  `json:"vaults_total"`
	States    map[domain.State]int `json:"states"` // They sum to the vaults (E02).
	Vaults    []Health             `json:"vaults"`
	Advice    []Advice             `json:"attention"`
	Sources   []Source             `json:"sources"`

	loc *time.Location
}

// Morning looks at the named vaults, or at all enabled ones. It never fails: what cannot be read is unknown, counted and
// listed (D11).
func (r *Reporter) Morning(ctx context.Context, ids []string) Morning {
	if len(ids) == 0 {
		for _, v := range r.Vaults {
			ids = append(ids, v.ID)
		}
	}
	m := Morning{At: r.Now().In(r.Zone), Zone: r.Zone.String(), Verdict: OK, Total: len(ids), States: map[domain.State]int{}, Vaults: []Health{}, loc: r.Zone}
	runs, runsNote := r.runs(ctx)
	unread := 0
	for _, s := range r.standings(ctx, ids) {
		if s.Slot == 0 {
			unread++
		}
		if run, ok := runs[s.Vault]; ok {
			s = s.Join(run.State, fmt.Sprintf("a run is under way since %s", moment(run.Since, r.Zone)))
		}
		h := healthOf(s, r.name(s.Vault))
		m.add(h)
	}
	m.Advice = sorted(m.Advice)
	m.Sources = []Source{chainSource(unread, len(ids), m.Vaults), runsNote}
	if runsNote.State == SourceUnknown && m.Verdict == OK {
		m.Verdict = Warn
	}
	return m
}

func (r *Reporter) standings(ctx context.Context, ids []string) []distribution.Standing {
	if r.Fleet != nil {
		return r.Fleet.Standings(ctx, ids)
	}
	out := make([]distribution.Standing, len(ids))
	for i, id := range ids {
		out[i] = distribution.Standing{Vault: id, State: domain.UnknownState, Reason: "the chain cannot be read"}
		if r.FleetErr != nil {
			out[i].Reason = r.FleetErr.Error()
		}
	}
	return out
}

func (r *Reporter) runs(ctx context.Context) (map[string]Run, Source) {
	note := Source{Name: "Temporal", State: SourceNotAssessed, Note: "runs under way are not shown"}
	if r.Runs == nil {
		return nil, note
	}
	runs, err := r.Runs(ctx)
	if err != nil {
		note.State, note.Note = SourceUnknown, err.Error()
		return nil, note
	}
	note.State, note.Note = SourceRead, fmt.Sprintf("%s under way", plural(len(runs), "run"))
	return runs, note
}

func chainSource(unread, total int, list []Health) Source {
	s := Source{Name: "chain", State: SourceRead, Note: fmt.Sprintf("%d of %s read", total-unread, plural(total, "vault"))}
	var slot uint64
	for _, h := range list {
		slot = max(slot, h.Slot)
	}
	switch {
	case total > 0 && unread == total:
		s.State = SourceUnknown
	case unread > 0:
		s.State = SourcePart
	}
	if slot > 0 {
		s.Note += fmt.Sprintf(", slot %d, commitment confirmed", slot)
	}
	return s
}

func healthOf(s distribution.Standing, name string) Health {
	h := Health{
		ID: s.Vault, Name: name, State: s.State, Reason: s.Reason, Live: s.Live, Investors: s.Entries, Token: s.Token,
		Treasury: Balance{State: unknown}, Payer: Balance{State: unknown},
	}
	if s.Slot == 0 {
		return h // Nothing of it was read.
	}
	left := int64(s.Timing.UntilDue() / time.Second)
	h.timing, h.Day, h.Due, h.UntilDue, h.Deadline = s.Timing, s.Day, s.Timing.Due(), &left, s.Timing.Deadline()
	h.Cursor, h.Percent, h.Claimable, h.ChainTime, h.Slot = s.Cursor, s.Percent, &s.Claimable, s.Timing.ChainNow, s.Slot
	switch {
	case !s.Treasury.Exists:
		h.Treasury.State = "absent"
	case s.Treasury.Valid: // Else it is something, and not an account of the quote mint.
		h.Treasury = value(domain.Amount(s.Treasury.Amount))
	}
	switch {
	case !s.PayerKnown:
	case s.Payer == 0:
		h.Payer.State = "absent" // An account without lamports does not exist.
	default:
		h.Payer = value(domain.Amount(s.Payer))
	}
	return h
}

func (m *Morning) add(h Health) {
	m.States[h.State]++
	m.Vaults = append(m.Vaults, h)
	m.Advice = append(m.Advice, adviceOn(h)...)
	if h.ChainTime > 0 {
		if at := time.Unix(h.ChainTime, 0).In(m.loc); at.After(m.ChainTime) {
			m.ChainTime = at
		}
	}
	worst := verdictOf(h.State)
	if h.Slot > 0 {
		switch h.Treasury.State {
		case "absent":
			worst = m.warn(h, worst, Warn, domain.SeverityHigh, "treasury/absent", "its treasury has no token account, so that no day can be opened", "no account at the treasury's address")
		case unknown:
			worst = m.warn(h, worst, Fail, domain.SeverityHigh, "treasury/unknown", "what stands at its treasury's address is no token account of the quote mint", "the account cannot be read as one")
		}
		if h.Payer.State == "absent" {
			worst = m.warn(h, worst, Warn, domain.SeverityHigh, "payer/absent", "its fee payer has no SOL and can send nothing", "the account does not exist")
		}
	}
	if worst.worse(m.Verdict) {
		m.Verdict = worst
	}
}

// warn adds a recommendation beside the state's own and gives the worse verdict.
func (m *Morning) warn(h Health, have, v Verdict, severity domain.Severity, rule, text, evidence string) Verdict {
	m.Advice = append(m.Advice, Advice{Rule: rule, Severity: severity, Vault: h.ID, Text: text, Evidence: evidence, Next: "feeops checks " + h.ID})
	if v.worse(have) {
		return v
	}
	return have
}
