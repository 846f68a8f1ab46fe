package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

const (
	alertHours  = 24
	mostHours   = 24 * 31
	alertEvents = 300 // Of the record; the store has all.
	alertRows   = 100
)

// alertsView is the page of alerts.
type alertsView struct {
	Open   []domain.Episode // Gravest first.
	Pager  pager
	Mutes  []domain.DashboardMute
	Over   []domain.Episode // Resolved in the time shown, newest first.
	Events []domain.AlertEvent
	More   int // Events that are not shown.
	Hours  int
	Spans  []choice
	Act    bool
}

func (s *server) alerts(r *http.Request, g glance) (view, error) {
	now := s.Now().UTC()
	hours, err := strconv.Atoi(r.URL.Query().Get("hours"))
	if err != nil || hours < 1 {
		hours = alertHours
	}
	v := alertsView{Hours: min(hours, mostHours), Act: s.personOf(r) != nil}
	since := now.Add(-time.Duration(v.Hours) * time.Hour)
	episodes, err := s.Store.Episodes(r.Context(), since)
	if err != nil {
		return view{}, unreadable("the alerts", err)
	}
	for _, e := range episodes {
		switch {
		case e.IsGroup():
		case e.Active():
			v.Open = append(v.Open, e)
		case !e.Resolved.Before(since):
			v.Over = append(v.Over, e)
		}
	}
	gravestFirst(v.Open)
	slices.SortStableFunc(v.Over, func(a, b domain.Episode) int {
		return cmp.Or(b.Resolved.Compare(a.Resolved), cmp.Compare(a.Key, b.Key))
	})
	v.Over = v.Over[:min(alertRows, len(v.Over))]
	from, to, p := cut(r.URL, len(v.Open), alertRows)
	v.Open, v.Pager = v.Open[from:to], p
	v.Mutes = domain.NewDashboard(now, domain.FleetTick{}, nil, g.mutes, s.Stale).Mutes
	if v.Events, err = s.Store.AlertEvents(r.Context(), since, now.Add(time.Minute)); err != nil {
		return view{}, unreadable("the record of the alerts", err)
	}
	slices.Reverse(v.Events)
	v.More = max(0, len(v.Events)-alertEvents)
	v.Events = v.Events[:min(alertEvents, len(v.Events))]
	for _, span := range []int{1, 24, 24 * 7, mostHours} {
		v.Spans = append(v.Spans, choice{Text: spanText(span), Link: query(r.URL, "hours", strconv.Itoa(span)), Current: span == v.Hours})
	}
	return view{name: "alerts", title: "Alerts", nav: "alerts", live: true, body: v}, nil
}

func gravestFirst(episodes []domain.Episode) {
	slices.SortStableFunc(episodes, func(a, b domain.Episode) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), a.Opened.Compare(b.Opened), cmp.Compare(a.Key, b.Key))
	})
}

// openOnes are the episodes that are open and stand for themselves, gravest first.
func openOnes(episodes []domain.Episode) []domain.Episode {
	out := slices.DeleteFunc(slices.Clone(episodes), func(e domain.Episode) bool { return !e.Active() || e.IsGroup() })
	gravestFirst(out)
	return out
}

func spanText(hours int) string {
	if hours < 48 {
		return plural(hours, "hour", "hours")
	}
	return plural(hours/24, "day", "days")
}
