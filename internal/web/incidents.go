package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// incidentRows is how many incidents are listed.
const incidentRows = 100

// incidentsView is the list of incidents.
type incidentsView struct {
	Rows    []domain.Incident
	All     bool // Those that are over, too.
	Choices []choice
	Full    bool // There may be more than are listed.
}

func (s *server) incidents(r *http.Request, _ glance) (view, error) {
	v := incidentsView{All: r.URL.Query().Get("all") != ""}
	var err error
	if v.Rows, err = s.Store.Incidents(r.Context(), store.IncidentFilter{Open: !v.All, Limit: incidentRows}); err != nil {
		return view{}, unreadable("the incidents", err)
	}
	v.Full = len(v.Rows) == incidentRows
	v.Choices = []choice{{Text: "open", Link: query(r.URL, "all", ""), Current: !v.All}, {Text: "all", Link: query(r.URL, "all", "1"), Current: v.All}}
	return view{name: "incidents", title: "Incidents", nav: "incidents", live: true, body: v}, nil
}

// incidentView is one incident with its timeline and evidence.
type incidentView struct {
	domain.Incident

	Episodes []domain.Episode // That opened it or belong to it.
	More     int              // Of them, not shown.
	Lasted   time.Duration
	Next     string
	Links    []domain.IncidentLink // Those that lead somewhere.
	Evidence []evidence
	Act      bool
}

// evidence is a bundle with whether it still is what was written, when that was asked for.
type evidence struct {
	domain.Evidence

	Checked bool
	Problem string
}

func (s *server) incident(r *http.Request, _ glance) (view, error) {
	id := strings.ToUpper(r.PathValue("id"))
	i, found, err := s.Store.Incident(r.Context(), id)
	switch {
	case err != nil:
		return view{}, unreadable("incident "+id, err)
	case !found:
		return view{}, fmt.Errorf("%q: %w", id, errNoIncident)
	}
	v := incidentView{Incident: i, Lasted: i.Duration(s.Now().UTC()), Next: incident.NextStep(i), Act: s.personOf(r) != nil}
	for _, l := range i.Links {
		if webLink(l.URL) {
			v.Links = append(v.Links, l)
		}
	}
	if v.Episodes, err = s.Store.IncidentEpisodes(r.Context(), i); err != nil {
		return view{}, unreadable("the alerts of "+id, err)
	}
	v.More = max(0, len(v.Episodes)-alertRows)
	v.Episodes = v.Episodes[:len(v.Episodes)-v.More]
	check := r.URL.Query().Get("check") != ""
	for _, e := range i.Evidence {
		one := evidence{Evidence: e, Checked: check}
		if check {
			if err := incident.Verify(e); err != nil {
				one.Problem = err.Error()
			}
		}
		v.Evidence = append(v.Evidence, one)
	}
	return view{name: "incident", title: i.ID, nav: "incidents", live: !check, body: v}, nil
}
