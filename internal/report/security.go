package report

import (
	"context"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Assessment is one line of a checklist: evidence, or that nobody assessed it (O04). None is ever "compliant".
type Assessment struct {
	Name     string `json:"name"`
	State    string `json:"state"` // ok, warn, fail, not assessed, unknown
	Evidence string `json:"evidence"`
}

// States of an assessment.
const (
	assessedOK   = "ok"
	assessedWarn = "warn"
	assessedFail = "fail"
)

// securityLines are what a month's review asks. A line without an answer is not assessed, with the reason.
var securityLines = []struct{ name, missing string }{
	{"audit log", ""},
	{"program and policy unchanged", ""},
	{"pages of strangers", ""},
	{"fee payer keys", "where no key lies, none can be looked at"},
	{"endpoints encrypted", "the settings were not looked at"},
	{"worker's page private", "the settings were not looked at"},
	{"two people for a resume", "the log was not asked"},
	{"dependencies and vulnerabilities", "nothing scans them from here"},
	{"key and secret rotation", "the log was not asked"},
	{"access logs reviewed", "the log was not asked"},
	{"backup and restore drill", "no drill is recorded"},
}

// SecurityBooks is the evidence that the store has.
type SecurityBooks interface {
	VerifyAudit(ctx context.Context) (store.AuditState, error)
	CheckResults(ctx context.Context, row string, first, last domain.Day) (map[domain.CheckResult]int, error)
	PagesOfStrangers(ctx context.Context, first, last domain.Day) (all, strangers int, err error)
	CountAudit(ctx context.Context, action string, from, to time.Time) (int, error)
	LastBackup(ctx context.Context) (last, good *domain.BackupRecord, err error)
	Drills(ctx context.Context, kind string, limit int) ([]domain.Drill, error)
}

// security answers every line with what is known: from the store, from the window's restore drill, and from others'
// assessments, which come by name.
func security(ctx context.Context, books SecurityBooks, w Window, drill Assessment, others []Assessment) []Assessment {
	first, last := w.Days()
	answers := map[string]Assessment{}
	if books != nil {
		for _, a := range []Assessment{auditLog(ctx, books), programUnchanged(ctx, books, first, last), strangers(ctx, books, first, last), twoPeople(ctx, books, w), backups(ctx, books, drill)} {
			answers[a.Name] = a
		}
	}
	for _, a := range others {
		answers[a.Name] = a
	}
	out := make([]Assessment, 0, len(securityLines))
	for _, line := range securityLines {
		a, ok := answers[line.name]
		if !ok {
			a = Assessment{Name: line.name, State: string(SourceNotAssessed), Evidence: line.missing}
		}
		out = append(out, a)
		delete(answers, line.name)
	}
	for _, a := range others { // Lines that this list does not know.
		if _, left := answers[a.Name]; left {
			out = append(out, a)
		}
	}
	return out
}

func unread(name string, err error) Assessment {
	return Assessment{Name: name, State: string(SourceUnknown), Evidence: err.Error()}
}

func auditLog(ctx context.Context, books SecurityBooks) Assessment {
	a := Assessment{Name: "audit log", State: assessedOK}
	state, err := books.VerifyAudit(ctx)
	switch {
	case err != nil:
		a.State, a.Evidence = assessedFail, err.Error()
	case state.Entries == 0:
		a.State, a.Evidence = string(SourceNotAssessed), "it has no entries yet"
	default:
		a.Evidence = fmt.Sprintf("%d entries, each with the hash of the one before; the last is %.12s…", state.Entries, state.Head)
	}
	return a
}

func programUnchanged(ctx context.Context, books SecurityBooks, first, last domain.Day) Assessment {
	a := Assessment{Name: "program and policy unchanged", State: assessedOK}
	counts, err := books.CheckResults(ctx, "P18", first, last)
	if err != nil {
		return unread(a.Name, err)
	}
	good, bad := counts[domain.CheckOK], counts[domain.CheckFail]+counts[domain.CheckWarn]+counts[domain.CheckUnknown]
	a.Evidence = fmt.Sprintf("check P18 before %s: %d ok, %d not", plural(good+bad, "day"), good, bad)
	switch {
	case good+bad == 0:
		a.State, a.Evidence = string(SourceNotAssessed), "no check P18 is stored for this window"
	case bad > 0:
		a.State = assessedWarn
	}
	return a
}

func strangers(ctx context.Context, books SecurityBooks, first, last domain.Day) Assessment {
	a := Assessment{Name: "pages of strangers", State: assessedOK}
	all, theirs, err := books.PagesOfStrangers(ctx, first, last)
	if err != nil {
		return unread(a.Name, err)
	}
	a.Evidence = fmt.Sprintf("%d of %s", theirs, plural(all, "page"))
	switch {
	case all == 0:
		a.State, a.Evidence = string(SourceNotAssessed), "no page is stored for this window"
	case theirs > 0:
		a.State = assessedWarn
	}
	return a
}
