package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/chaos/audit"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Result is what came of one run.
type Result struct {
	Run          int           `json:"run"`
	Seed         uint64        `json:"seed"`
	Scenario     string        `json:"scenario"`
	OK           bool          `json:"ok"`
	PaidTwice    int           `json:"paid_twice"`
	Missed       int           `json:"missed"`
	Wrong        int           `json:"wrong_amount"`
	Conservation int           `json:"conservation_failures"`
	Lost         int           `json:"lost"` // Investors of pages that a lost day never came to: a stated rule.
	Broken       []string      `json:"broken_rules,omitempty"`
	Disagree     []string      `json:"disagreements,omitempty"` // Between the system's report and the chain.
	Problems     []string      `json:"problems,omitempty"`      // Everything else that is not as it should be.
	Notes        []string      `json:"parameters,omitempty"`
	Days         int           `json:"days"`
	Pages        int           `json:"pages"`
	Restarts     int           `json:"restarts"`
	Resumes      int           `json:"resumes"`
	Duration     time.Duration `json:"duration_ns"`
	Dir          string        `json:"dir,omitempty"` // Logs and store of a failed run.
}

// Repeat is the command that does the same again.
func (r Result) Repeat() string {
	return fmt.Sprintf("feeops chaos --seed %d --runs 1 --scenario %s", r.Seed, r.Scenario)
}

// judge holds the auditor's verdict against what the plan allows and what the system said.
func (r *Result) judge(p *Plan, v audit.Verdict, s story) {
	r.PaidTwice, r.Missed, r.Wrong, r.Conservation = v.PaidTwice, v.Missed, v.Wrong, v.Conservation
	r.Restarts, r.Resumes, r.Days = s.restarts, s.resumes, len(v.Days)
	if !v.Clean() {
		r.Problems = append(r.Problems, v.Notes...)
	}
	for _, trouble := range s.troubles {
		if !p.mixed || !strings.HasPrefix(trouble, "never came to it") {
			r.Problems = append(r.Problems, trouble)
		}
	}
	if p.Refused {
		if len(v.Days) > 0 {
			r.Problems = append(r.Problems, "a day was opened that should have been refused")
		}
		return
	}
	complete := 0
	for i, day := range v.Days {
		r.Pages += day.Pages
		switch {
		case day.Complete:
			complete++
		case p.Lost && i < len(v.Days)-1:
			r.Lost += day.Unreached
		default:
			r.Missed += day.Unreached
			r.Problems = append(r.Problems, fmt.Sprintf("day %d of the chain is not complete: %d investors of pages that were never turned", i+1, day.Unreached))
		}
	}
	wanted := p.Days
	if p.Lost {
		wanted--
	}
	if complete < wanted {
		r.Missed += (wanted - complete) * max(1, p.listed()-p.Spec.BelowMinimum)
		r.Problems = append(r.Problems, fmt.Sprintf("%d days are complete on the chain, want %d", complete, wanted))
	}
	r.compare(p, v, s)
}

// compare holds the reports against the chain, day by day.
func (r *Result) compare(p *Plan, v audit.Verdict, s story) {
	say := func(format string, args ...any) { r.Disagree = append(r.Disagree, fmt.Sprintf(format, args...)) }
	if len(v.Days) != len(s.reports) {
		if len(s.reports) > 0 {
			say("the chain shows %d days, %d were reported", len(v.Days), len(s.reports))
		}
		return
	}
	for i, day := range v.Days {
		report := s.reports[i]
		if !slices.Contains([]domain.State{domain.Complete, domain.CompleteUnreconciled}, report.State) {
			if day.Complete {
				say("day %d is complete on the chain; the report says %s: %s", i+1, report.State, report.Reason)
			} else if !p.Lost {
				say("day %d ended as %s: %s", i+1, report.State, report.Reason)
			}
			continue
		}
		want := domain.Figures{
			Claimed: domain.Amount(day.Claimed), Paid: domain.Amount(day.Paid), Creator: domain.Amount(day.Creator),
			DustIn: domain.Amount(day.DustIn), DustOut: domain.Amount(day.DustOut),
		}
		if !day.Complete {
			say("day %d is reported as %s and is not complete on the chain", i+1, report.State)
		}
		if report.Result.Figures != want {
			say("day %d is reported as %+v, the chain shows %+v", i+1, report.Result.Figures, want)
		}
		if !report.Result.Clean() && !p.Drift {
			say("day %d is reported with %d mismatches, %d paid twice, %d missed: %v", i+1, report.Result.Mismatches, report.Result.PaidTwice, report.Result.Missed, report.Result.Notes)
		}
		if n := foreignNotes(report); n != day.Foreign && !p.Forgetful {
			say("day %d is reported with %d pages of somebody else, the chain shows %d", i+1, n, day.Foreign)
		}
	}
}

// close decides.
func (r *Result) close() {
	r.OK = r.PaidTwice == 0 && r.Missed == 0 && r.Wrong == 0 && r.Conservation == 0 &&
		len(r.Broken) == 0 && len(r.Disagree) == 0 && len(r.Problems) == 0
}
