package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// States of an objective.
const (
	objectiveMet    = "met"
	objectiveMissed = "missed"
)

// Objective is one line of the SLO table.
type Objective struct {
	Name   string `json:"name"`
	Target string `json:"target"`
	Good   int    `json:"good"`
	Of     int    `json:"of"`
	Share  string `json:"share"` // Per cent, or "no data".
	State  string `json:"state"` // met, missed, no data, not assessed
	Rule   string `json:"rule"`
}

// Targets in hundredths of a per cent, and the limits that they are about.
const (
	targetClosed = 9_950
	targetExact  = 10_000
	targetOpened = 9_500
	targetAcked  = 9_500
	ackWithin    = 15 * time.Minute
)

func objective(name string, target uint64, good, of int, rule string) Objective {
	o := Objective{Name: name, Target: fmt.Sprintf("%d.%02d %%", target/100, target%100), Good: good, Of: of, Share: shareText(uint64(good), uint64(of)), State: noData, Rule: rule}
	switch {
	case of == 0:
	case uint64(good)*10_000 >= target*uint64(of):
		o.State = objectiveMet
	default:
		o.State = objectiveMissed
	}
	return o
}

// attendance counts the days that a window should have had: each is due 86,400 s after the opening before (C04).
type attendance struct {
	opened int // Of them closed and exact counted below.
	missed int // Due, and not opened before the next one was due.
	closed int
	exact  int
	inTime int // Opened within an hour of their due time.
	timed  int // Whose due time is known.
}

func (a attendance) expected() int { return a.opened + a.missed }

// attend counts over the days of the books, which must reach from before the window to after it: what is missed shows only
// by the openings around it. A vault that left the settings misses nothing after its last day.
func attend(w Window, booked []domain.BookedDay, enabled func(vault string) bool) attendance {
	var out attendance
	openings := map[string][]int64{}
	for _, b := range booked {
		if b.Opened == nil {
			continue
		}
		openings[b.Vault] = append(openings[b.Vault], *b.Opened)
		if !w.HoldsTime(*b.Opened) {
			continue
		}
		out.opened++
		if b.Closed() {
			out.closed++
			if b.Report.State == domain.Complete && b.Report.Result.Clean() {
				out.exact++
			}
		}
	}
	for _, vault := range slices.Sorted(maps.Keys(openings)) {
		list := openings[vault]
		slices.SortFunc(list, cmp.Compare[int64])
		for i, at := range list {
			next := w.Seen.Add(-lateOpening).Unix() // The last one: due times until then had no opening.
			if i+1 < len(list) {
				next = list[i+1] - domain.DaySeconds // The next opening serves its own due time.
				if w.HoldsTime(list[i+1]) {
					out.timed++
					if lateness([]int64{at}, &list[i+1]) <= lateOpening {
						out.inTime++
					}
				}
			} else if !enabled(vault) {
				continue
			}
			for due := at + domain.DaySeconds; due <= next; due += domain.DaySeconds {
				if w.HoldsTime(due) {
					out.missed++
				}
			}
		}
	}
	return out
}

// objectives are the SLO table (O01). A service level that nobody measures is not assessed.
func objectives(w Window, a attendance, alerts Notices) []Objective {
	out := []Objective{
		objective("days closed in time", targetClosed, a.closed, a.expected(), "closed on chain within their 24 hours, of all that were due: opened ones and due times without an opening"),
		objective("days paid exactly", targetExact, a.exact, a.closed, "no mismatch, nobody paid twice, nobody missed, of the closed days"),
		objective("days opened in time", targetOpened, a.inTime, a.timed, "within an hour of their due time, of those whose opening before is known"),
	}
	acked, of := 0, 0
	for _, n := range alerts.List {
		if n.Severity.Rank() < domain.SeverityHigh.Rank() || n.At.Before(w.From) {
			continue
		}
		of++
		if !n.Acked.IsZero() && n.Acked.Sub(n.At) <= ackWithin {
			acked++
		}
	}
	last := objective("alerts acknowledged in time", targetAcked, acked, of, fmt.Sprintf("high and critical ones within %s", duration(ackWithin)))
	if alerts.State != SourceRead {
		last.State, last.Share, last.Rule = string(alerts.State), noData, alerts.Note
	}
	return append(out, last)
}
