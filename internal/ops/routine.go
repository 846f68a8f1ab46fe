package ops

import (
	"path"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Workflow types of the operator's day, week and month.
const (
	MorningCheck      = "MorningCheck"
	EveningReport     = "EveningReport"
	WeeklyMaintenance = "WeeklyMaintenance"
	MonthlyReview     = "MonthlyReview"
)

// Schedules of the settings. The names are also what the runs' ids begin with.
const (
	ScheduleDaily   = "daily-distribution"
	ScheduleMorning = "morning-check"
	ScheduleEvening = "evening-report"
	ScheduleWeekly  = "weekly-maintenance"
	ScheduleMonthly = "monthly-review"
)

// ScheduleID is the id of a deployment's schedule; see SwitchID.
func ScheduleID(name, queue string) string { return idOf(name, queue) }

// RoutineInput starts MorningCheck, EveningReport, WeeklyMaintenance and MonthlyReview. The zero value is what a schedule
// gives: the run is then about the time for which it was scheduled, also when it is a backfill.
type RoutineInput struct {
	At    time.Time `json:"at,omitzero"` // As if it were this moment.
	Actor string    `json:"actor,omitempty"`
}

// RoutineResult says what a routine did.
type RoutineResult struct {
	At      time.Time     `json:"at"`
	Verdict string        `json:"verdict"` // The worst of the steps: ok, warn or fail.
	Steps   []RoutineStep `json:"steps"`
}

// RoutineStep is one step. A step that failed is a row and keeps no other from being done.
type RoutineStep struct {
	Name    string   `json:"name"`
	Verdict string   `json:"verdict"`
	Seen    string   `json:"seen"`
	Next    string   `json:"next,omitempty"`
	Files   []string `json:"files,omitempty"` // Saved reports, on the machine of the worker that made them.
}

// StepInput asks for one step of a routine.
type StepInput struct {
	At time.Time `json:"at"`
}

// MaintenanceInput is what the weekly maintenance found, to be saved as one report.
type MaintenanceInput struct {
	At    time.Time     `json:"at"`
	Steps []RoutineStep `json:"steps"`
}

// The activities of the routines.
var (
	ReportMorning     = Activity[StepInput, RoutineStep]{"ReportMorning", Routine}
	ReportEvents      = Activity[StepInput, RoutineStep]{"ReportEvents", Routine}
	ReportDaily       = Activity[StepInput, RoutineStep]{"ReportDaily", Routine}
	ReportWeekly      = Activity[StepInput, RoutineStep]{"ReportWeekly", Routine}
	ReportMonthly     = Activity[StepInput, RoutineStep]{"ReportMonthly", Routine}
	InspectHost       = Activity[StepInput, RoutineStep]{"InspectHost", Routine}
	EnsureBackup      = Activity[StepInput, RoutineStep]{"EnsureBackup", Keep}
	CleanUp           = Activity[StepInput, RoutineStep]{"CleanUp", Routine}
	RankEndpoints     = Activity[StepInput, RoutineStep]{"RankEndpoints", Routine}
	AdvisePageSize    = Activity[StepInput, RoutineStep]{"AdvisePageSize", Routine}
	ReportModules     = Activity[StepInput, RoutineStep]{"ReportModules", Routine}
	InspectSchedules  = Activity[StepInput, RoutineStep]{"InspectSchedules", Routine}
	ReportMaintenance = Activity[MaintenanceInput, RoutineStep]{"ReportMaintenance", Routine}
)

// RoutineMessage tells people how a routine ended.
func RoutineMessage(name, runID string, r RoutineResult, now time.Time) domain.Message {
	m := domain.Message{Key: "routine/" + name + "/" + runID, Seq: 1, Kind: domain.MessageInfo, Severity: domain.SeverityLow, At: now}
	switch r.Verdict {
	case VerdictWarn:
		m.Severity = domain.SeverityMedium
	case VerdictFail:
		m.Severity = domain.SeverityHigh
	}
	m.Title = name + " of " + r.At.Format("2006-01-02 15:04 MST") + ": " + r.Verdict
	for _, s := range r.Steps {
		m.Text += s.Name + " " + s.Verdict + ": " + s.Seen + "\n"
		if s.Next != "" {
			m.Text += "  next: " + s.Next + "\n"
		}
		for _, f := range s.Files {
			m.Text += "  " + f + "\n"
			if readable(f) && len(m.Attach) < mostAttached {
				m.Attach = append(m.Attach, path.Base(f))
			}
		}
	}
	return m
}

// readable is true for the formats that people read where they are told: one shows in a chat, the other has the charts.
// The rest is for programs, and stays where it is saved.
func readable(file string) bool { return path.Ext(file) == ".md" || path.Ext(file) == ".html" }

// mostAttached bounds the files of one message, as channels do: Discord takes ten.
const mostAttached = 10

// Verdicts of routines, which are those of the reports.
const (
	VerdictOK   = "ok"
	VerdictWarn = "warn"
	VerdictFail = "fail"
)
