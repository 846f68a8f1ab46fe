package report

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// Maintenance is what the weekly maintenance found, step by step (W08, W15).
type Maintenance struct {
	At      time.Time         `json:"at"`
	Zone    string            `json:"time_zone"`
	Verdict Verdict           `json:"verdict"`
	Steps   []MaintenanceStep `json:"steps"`
}

// MaintenanceStep is one of its steps.
type MaintenanceStep struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Seen    string  `json:"seen"`
	Next    string  `json:"next,omitempty"`
}

// NewMaintenance joins the steps; the worst of them is the whole's word. Without a step nothing was done, which is a failure.
func NewMaintenance(at time.Time, zone *time.Location, steps []MaintenanceStep) Maintenance {
	m := Maintenance{At: at.In(zone), Zone: zone.String(), Verdict: OK, Steps: steps}
	if len(steps) == 0 {
		m.Verdict = Fail
	}
	for _, s := range steps {
		if s.Verdict.worse(m.Verdict) {
			m.Verdict = s.Verdict
		}
	}
	return m
}

// Sheet shows it.
func (m Maintenance) Sheet() sheet.Sheet {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Step"), sheet.Left("Result"), sheet.Left("Seen"), sheet.Left("Next")}, Empty: "Nothing was done."}
	for _, s := range m.Steps {
		t.Rows = append(t.Rows, []sheet.Cell{sheet.T(s.Name), s.Verdict.cell(), sheet.T(s.Seen), sheet.T(s.Next)})
	}
	return sheet.Sheet{
		Title: "Weekly maintenance, " + m.At.Format(time.DateOnly), Verdict: m.Verdict.cell(), Data: t,
		Facts:    []sheet.Fact{{Name: "made", Value: moment(m.At, m.At.Location())}},
		Sections: []sheet.Section{{Title: "Steps", Tables: []sheet.Table{t}}},
	}
}
