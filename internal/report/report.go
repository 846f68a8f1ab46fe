package report

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// Fleet tells where vaults stand, in the order asked.
type Fleet interface {
	Standings(ctx context.Context, ids []string) []distribution.Standing
}

// Books is what the reports need of the store.
type Books interface {
	BookedDays(ctx context.Context, vault string, first, last domain.Day) ([]domain.BookedDay, error)
	NewestPlans(ctx context.Context) (map[string]domain.BookedDay, error)
	IntentCosts(ctx context.Context, first, last domain.Day) ([]domain.IntentCost, error)
	LandedIntents(ctx context.Context, kind domain.IntentKind, first, last domain.Day) ([]domain.Intent, error)
	AllTables(ctx context.Context) ([]domain.Table, error)
	Efforts(ctx context.Context, runs []string) (map[string]domain.Effort, error)
	EachOperation(ctx context.Context, from, to time.Time, visit func(domain.Operation) error) error
	Load(ctx context.Context, from, to time.Time) ([]domain.HourLoad, error)
	Volume(ctx context.Context) (domain.Volume, error)
	Statement(ctx context.Context, address string, first, last domain.Day) ([]domain.StatementLine, error)
}

// Vault is one vault of the settings as a report names it.
type Vault struct {
	ID   string
	Name string // For people; may be empty, and may hold anything.
}

// Run is a run that is under way.
type Run struct {
	State domain.State // By its own word.
	Since time.Time
}

// Notice is an alert or an incident of a window.
type Notice struct {
	ID       string          `json:"id"`
	Severity domain.Severity `json:"severity"`
	Vault    string          `json:"vault,omitempty"`
	Title    string          `json:"title"`
	State    string          `json:"state"`
	Open     bool            `json:"open"` // Still, when the report is made.
	At       time.Time       `json:"at"`
	Acked    time.Time       `json:"acknowledged_at,omitzero"`
	Link     string          `json:"link,omitempty"`
}

// Feed gives the notices of a window, and in note how well it was looked at. A nil feed means that nobody assesses them,
// which is not "none".
type Feed func(ctx context.Context, w Window) (list []Notice, note string, err error)

// Params are a reporter's parts.
type Params struct {
	Vaults    []Vault // Enabled, in the order of the settings.
	Fleet     Fleet   // Nil: the chain cannot be read; FleetErr says why.
	FleetErr  error
	Books     Books
	Runs      func(ctx context.Context) (map[string]Run, error) // By vault; nil: not asked.
	Alerts    Feed
	Incidents Feed
	Zone      *time.Location
	Now       func() time.Time
	UI        string // Base of links into the Temporal UI; empty: no links.
	Namespace string
}

// Reporter makes reports.
type Reporter struct{ Params }

// New makes a reporter.
func New(p Params) *Reporter { return &Reporter{Params: p} }

// runLink leads to a run in the Temporal UI. Ids hold slashes, which must stay one part of the path.
func (p Params) runLink(workflowID, runID string) string {
	if p.UI == "" || workflowID == "" {
		return ""
	}
	base, err := url.Parse(p.UI)
	if err != nil {
		return ""
	}
	parts := []string{"namespaces", url.PathEscape(p.Namespace), "workflows", url.PathEscape(workflowID)}
	if runID != "" {
		parts = append(parts, url.PathEscape(runID), "history")
	}
	return base.JoinPath(parts...).String()
}

func (p Params) name(id string) string {
	i := slices.IndexFunc(p.Vaults, func(v Vault) bool { return v.ID == id })
	if i < 0 {
		return ""
	}
	return p.Vaults[i].Name
}

func (p Params) enabled(id string) bool {
	return slices.ContainsFunc(p.Vaults, func(v Vault) bool { return v.ID == id })
}

// label names a vault for people.
func label(id, name string) string {
	if name == "" || name == id {
		return id
	}
	return name + " (" + id + ")"
}

// Verdict is a report's overall word (D04).
type Verdict string

// Verdicts, from best to worst.
const (
	OK   Verdict = "ok"
	Warn Verdict = "warn"
	Fail Verdict = "fail"
)

func (v Verdict) worse(than Verdict) bool {
	order := []Verdict{OK, Warn, Fail}
	return slices.Index(order, v) > slices.Index(order, than)
}

func (v Verdict) cell() sheet.Cell {
	switch v {
	case OK:
		return sheet.Toned("ok", sheet.Good)
	case Warn:
		return sheet.Toned("warn: something wants attention", sheet.Warn)
	default:
		return sheet.Toned("fail: something failed or is not known", sheet.Bad)
	}
}

// SourceState says how far a source of a report could be read.
type SourceState string

// States of a source.
const (
	SourceRead        SourceState = "read"
	SourcePart        SourceState = "part" // The rest is listed as unknown.
	SourceUnknown     SourceState = "unknown"
	SourceNotAssessed SourceState = "not assessed"
)

// Source is where figures come from and how far they reach.
type Source struct {
	Name  string      `json:"name"`
	State SourceState `json:"state"`
	Note  string      `json:"note,omitempty"`
}

func sourceFacts(list []Source) []sheet.Fact {
	var out []sheet.Fact
	for _, s := range list {
		value := string(s.State)
		if s.Note != "" {
			value += ", " + s.Note
		}
		out = append(out, sheet.Fact{Name: s.Name, Value: value})
	}
	return out
}

// toneOf colours a state.
func toneOf(s domain.State) sheet.Tone {
	switch verdictOf(s) {
	case Fail:
		return sheet.Bad
	case Warn:
		return sheet.Warn
	}
	if s == domain.Complete {
		return sheet.Good
	}
	return sheet.Plain
}

// verdictOf judges a state. What is not known is never ok (D11).
func verdictOf(s domain.State) Verdict {
	switch s {
	case domain.UnknownState, domain.Failed, domain.CompleteUnreconciled:
		return Fail
	case domain.Overdue, domain.Stuck, domain.NoFees, domain.Paused, domain.Stopped, domain.Isolated, domain.WaitingApproval, domain.Capped:
		return Warn
	default:
		return OK
	}
}
