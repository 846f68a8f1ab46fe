package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Daily is what happened in a window, and where every vault stands (E01–E08).
type Daily struct {
	Window    Window               `json:"window"`
	ChainDays []domain.Day         `json:"chain_days"` // Names of the on-chain days that are counted (E05).
	MadeAt    time.Time            `json:"made_at"`
	Verdict   Verdict              `json:"verdict"`
	Total     int                  `json:"vaults_total"`
	States    map[domain.State]int `json:"states"` // They sum to the vaults (E02).
	Vaults    []DailyVault         `json:"vaults"`
	Mints     []MintTotal          `json:"mints"` // Amounts of different mints are never added (E01).
	Runs      []DayLine            `json:"runs"`
	Costs     Costs                `json:"costs"`
	Deposit   Deposit              `json:"deposit_now"`
	Alerts    Notices              `json:"alerts"`
	Incidents Notices              `json:"incidents"`
	Chain     *ChainCheck          `json:"chain,omitempty"` // Only when the chain was read as well.
	Advice    []Advice             `json:"recommendations"`
	Sources   []Source             `json:"sources"`

	booked []domain.BookedDay // All that were read, earlier ones too.
}

// DailyVault is where a vault stands at the end of the window, and who says so.
type DailyVault struct {
	ID      string       `json:"id"`
	Name    string       `json:"name,omitempty"`
	Enabled bool         `json:"enabled"`
	State   domain.State `json:"state"`
	Reason  string       `json:"reason,omitempty"`
	Source  string       `json:"source"` // chain: as it stands now. books: how its last run of the window ended.
	Day     domain.Day   `json:"day,omitempty"`
	Health  *Health      `json:"health,omitempty"`
}

// DayLine is one on-chain day of one vault.
type DayLine struct {
	Vault  string       `json:"vault"`
	Name   string       `json:"name,omitempty"`
	Day    domain.Day   `json:"day"`
	Opened *int64       `json:"opened"` // Chain time; null: the chain did not open it.
	State  domain.State `json:"state"`
	Reason string       `json:"reason,omitempty"`
	Token  domain.Token `json:"token"`
	domain.Figures
	Residual    domain.Amount  `json:"residual"` // What the treasury held after the close.
	Investors   int            `json:"investors"`
	Pages       int            `json:"pages"`
	Quarantined int            `json:"quarantined"`
	Mismatches  int            `json:"mismatches"`
	PaidTwice   int            `json:"paid_twice"`
	Missed      int            `json:"missed"`
	Started     time.Time      `json:"started,omitzero"`
	Ended       time.Time      `json:"ended,omitzero"`
	DurationMS  int64          `json:"duration_ms"` // Of the run, with waiting until due and for finality.
	Slots       uint64         `json:"slots"`       // From the first page to the close.
	Requests    uint64         `json:"rpc_requests"`
	Cost        Costs          `json:"cost"`
	Effort      *domain.Effort `json:"effort"` // Null: the run was not measured.
	WorkflowID  string         `json:"workflow_id,omitempty"`
	RunID       string         `json:"run_id,omitempty"`
	Link        string         `json:"link,omitempty"`
	Held        int64          `json:"held_seconds,omitempty"` // Waited on purpose after it was due: distribution.drift_reset.

	behaviour domain.Behaviour
	late      time.Duration // After its due time; 0 when the opening before is not known.
}

// Notices are alerts or incidents of the window, or that nobody assessed them.
type Notices struct {
	State SourceState `json:"state"`
	Note  string      `json:"note,omitempty"`
	List  []Notice    `json:"list"`
}

// DailyInput says what a daily report is about.
type DailyInput struct {
	Window Window
	Review *Review // Of the same window, when the chain is to be compared with the books; nil leaves that out.
}

// Daily makes the report. Only books that cannot be read make it fail; everything else is said within it.
func (r *Reporter) Daily(ctx context.Context, in DailyInput) (Daily, error) {
	d := Daily{
		Window: in.Window, MadeAt: r.Now().In(r.Zone), Verdict: OK, States: map[domain.State]int{},
		ChainDays: []domain.Day{}, Vaults: []DailyVault{}, Mints: []MintTotal{}, Runs: []DayLine{},
	}
	first, last := in.Window.Days()
	var err error
	if d.booked, err = r.Books.BookedDays(ctx, "", first, last); err != nil {
		return d, fmt.Errorf("daily report for %s: %w", in.Window.Name, err)
	}
	if err := r.lines(ctx, &d); err != nil {
		return d, fmt.Errorf("daily report for %s: %w", in.Window.Name, err)
	}
	if d.Deposit, err = r.deposit(ctx); err != nil {
		return d, fmt.Errorf("daily report for %s: %w", in.Window.Name, err)
	}
	var morning *Morning
	if in.Window.Partial {
		m := r.Morning(ctx, nil)
		morning = &m
	}
	if err := r.stands(ctx, &d, morning); err != nil {
		return d, fmt.Errorf("daily report for %s: %w", in.Window.Name, err)
	}
	if d.Mints, err = mintTotals(d.Runs, d.Vaults); err != nil {
		return d, fmt.Errorf("daily report for %s: %w", in.Window.Name, err)
	}
	d.Alerts = notices(ctx, r.Alerts, in.Window, "no alert feed is connected")
	d.Incidents = notices(ctx, r.Incidents, in.Window, "no incident feed is connected")
	d.Sources = append(d.Sources, Source{Name: "books", State: SourceRead, Note: plural(len(d.Runs), "vault-day")})
	if morning != nil {
		d.Sources = append(d.Sources, morning.Sources...)
	}
	d.compare(in.Review)
	d.Advice = sorted(d.advise(morning))
	d.judge()
	return d, nil
}

// lines takes the days of the window out of the books, with what they cost.
func (r *Reporter) lines(ctx context.Context, d *Daily) error {
	openings := map[string][]int64{}
	for _, b := range d.booked {
		if b.Opened != nil {
			openings[b.Vault] = append(openings[b.Vault], *b.Opened)
		}
	}
	for _, b := range d.booked {
		if !d.Window.Holds(b) || b.Report == nil && b.Opened == nil {
			continue // A plan that was never used is no day.
		}
		line := r.line(b)
		line.late = lateness(openings[b.Vault], b.Opened)
		d.Runs = append(d.Runs, line)
		if !slices.Contains(d.ChainDays, b.Day) {
			d.ChainDays = append(d.ChainDays, b.Day)
		}
	}
	slices.Sort(d.ChainDays)
	if err := r.addCosts(ctx, d.Runs); err != nil {
		return err
	}
	for i := range d.Runs {
		d.Costs.add(d.Runs[i].Cost)
	}
	return r.addEfforts(ctx, d.Runs)
}

// line is a day as its report tells it. A day that the chain opened and no run has ended is not known.
func (r *Reporter) line(b domain.BookedDay) DayLine {
	line := DayLine{Vault: b.Vault, Name: r.name(b.Vault), Day: b.Day, Opened: b.Opened, State: domain.UnknownState, Reason: "opened, and no run has come to its end"}
	if b.Report == nil {
		return line
	}
	p := *b.Report
	line.State, line.Reason, line.Token, line.Figures, line.Residual = p.State, p.Reason, p.Token, p.Result.Figures, p.Result.Residual
	line.Investors, line.Pages, line.Quarantined = p.Investors, p.Pages, p.Result.Quarantined
	line.Mismatches, line.PaidTwice, line.Missed = p.Result.Mismatches, p.Result.PaidTwice, p.Result.Missed
	line.Started, line.Ended, line.Requests, line.Held = p.StartedAt, p.EndedAt, p.Requests, p.Held
	if p.EndedAt.After(p.StartedAt) && !p.StartedAt.IsZero() {
		line.DurationMS = p.EndedAt.Sub(p.StartedAt).Milliseconds()
	}
	if p.FirstSlot > 0 && p.CloseSlot > p.FirstSlot {
		line.Slots = p.CloseSlot - p.FirstSlot
	}
	line.behaviour, line.WorkflowID, line.RunID, line.Link = p.Behaviour, p.WorkflowID, p.RunID, r.runLink(p.WorkflowID, p.RunID)
	return line
}

// lateness is how long after its due time a day was opened, by the vault's opening before.
func lateness(openings []int64, opened *int64) time.Duration {
	if opened == nil {
		return 0
	}
	before := int64(0)
	for _, ts := range openings {
		if ts < *opened && ts > before {
			before = ts
		}
	}
	if before == 0 {
		return 0
	}
	return max(0, time.Duration(*opened-before-domain.DaySeconds)*time.Second)
}

// notices asks a feed, if there is one.
func notices(ctx context.Context, feed Feed, w Window, missing string) Notices {
	if feed == nil {
		return Notices{State: SourceNotAssessed, Note: missing, List: []Notice{}}
	}
	list, note, err := feed(ctx, w)
	switch {
	case errors.Is(err, ErrNotAssessed):
		return Notices{State: SourceNotAssessed, Note: strings.TrimPrefix(err.Error(), ErrNotAssessed.Error()+": "), List: []Notice{}}
	case err != nil:
		return Notices{State: SourceUnknown, Note: err.Error(), List: []Notice{}}
	}
	return Notices{State: SourceRead, Note: note, List: append([]Notice{}, list...)}
}

// judge gives the report's word.
func (d *Daily) judge() {
	for _, v := range d.Vaults {
		if one := verdictOf(v.State); one.worse(d.Verdict) {
			d.Verdict = one
		}
	}
	for _, n := range slices.Concat(d.Alerts.List, d.Incidents.List) {
		if n.Open && n.Severity.Rank() >= domain.SeverityMedium.Rank() && Warn.worse(d.Verdict) {
			d.Verdict = Warn
		}
	}
	for _, a := range d.Advice {
		one := OK
		switch a.Severity {
		case domain.SeverityCritical:
			one = Fail
		case domain.SeverityHigh, domain.SeverityMedium:
			one = Warn
		}
		if one.worse(d.Verdict) {
			d.Verdict = one
		}
	}
}
