package config

import (
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // Containers often have no zone files, and a roster without its zone pages the wrong person.

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Incidents says how failures become incidents, and what the operations do about them by themselves.
type Incidents struct {
	Respond       bool          `json:"respond" jsonschema_description:"Act by itself: stop everything at critical, isolate and mend a vault at high. false only tells and pages."`
	Window        time.Duration `json:"window" validate:"min=10s,max=24h" jsonschema_description:"Failures of one cause within it are counted together."`
	HighAbove     uint32        `json:"high_above" validate:"min=1,max=1000" jsonschema_description:"More vaults than this with one cause are one incident, at least high."`
	CriticalAbove uint32        `json:"critical_above" validate:"min=1,max=10000" jsonschema_description:"More vaults than this with one cause are critical."`
	EvidenceDir   string        `json:"evidence_dir,omitempty" kind:"path" jsonschema_description:"Directory of evidence bundles. Default: incidents, beside the SQLite file."`
	ReopenWindow  time.Duration `json:"reopen_window" validate:"min=1m,max=2160h" jsonschema_description:"Time that the workflow of a resolved incident stays, so that it can be reopened with the plain temporal CLI."`
	RunbooksURL   string        `json:"runbooks_url,omitempty" validate:"omitempty,http_url" jsonschema_description:"Address before the names of runbooks in messages. Default: docs/runbooks of the repository, by name."`
	AckExpires    AckExpires    `json:"ack_expires" jsonschema_description:"How long an acknowledgement stops paging, by severity; 0 is for ever."`
}

// AckExpires is a time for each severity.
type AckExpires struct {
	Low      time.Duration `json:"low" validate:"min=0s,max=720h" jsonschema_description:"For low."`
	Medium   time.Duration `json:"medium" validate:"min=0s,max=720h" jsonschema_description:"For medium."`
	High     time.Duration `json:"high" validate:"min=0s,max=720h" jsonschema_description:"For high."`
	Critical time.Duration `json:"critical" validate:"min=0s,max=720h" jsonschema_description:"For critical."`
}

// Escalation says who is paged when nobody acknowledges.
type Escalation struct {
	TimeZone     string   `json:"time_zone" validate:"time_zone" jsonschema_description:"Time zone of the business hours."`
	BusinessDays []string `json:"business_days" validate:"min=1,max=7,unique,dive,oneof=mon tue wed thu fri sat sun" jsonschema_description:"Days of the business hours: mon … sun."`
	BusinessFrom string   `json:"business_from" validate:"clock" jsonschema_description:"Their beginning, HH:MM."`
	BusinessTo   string   `json:"business_to" validate:"clock" jsonschema_description:"Their end, HH:MM."`
	Ladders      []Ladder `json:"ladders" validate:"dive" jsonschema_description:"One for each severity, and for teams of their own. A severity that is left out keeps its default."`
}

// Ladder is who is told after how long.
type Ladder struct {
	Severity      domain.Severity `json:"severity" validate:"oneof=low medium high critical" jsonschema_description:"Severity that the ladder is for."`
	Team          string          `json:"team,omitempty" jsonschema_description:"Only for vaults of this team (vaults[].team)."`
	BusinessHours bool            `json:"business_hours,omitempty" jsonschema_description:"Steps outside of the business hours wait for them."`
	Repeat        uint32          `json:"repeat,omitempty" validate:"max=100" jsonschema_description:"How many times the ladder is climbed again."`
	RepeatAfter   time.Duration   `json:"repeat_after,omitempty" validate:"omitempty,min=1m,max=168h" jsonschema_description:"Time from the last step to the first one of the next round."`
	Steps         []LadderStep    `json:"steps" validate:"min=1,max=20,dive" jsonschema_description:"The steps, soonest first."`
}

// LadderStep is one rung.
type LadderStep struct {
	After    time.Duration `json:"after,omitempty" validate:"min=0s,max=168h" jsonschema_description:"Time without an acknowledgement since the ladder began."`
	To       []string      `json:"to,omitempty" validate:"dive,required" jsonschema_description:"Operators by name, or oncall:ROTATION. Left out: everybody whom the channels reach."`
	Channels []string      `json:"channels,omitempty" validate:"dive,required" jsonschema_description:"Channels by name. Left out: those that the routes choose."`
}

// OnCall is who takes pages, in turn.
type OnCall struct {
	Rotations []Rotation       `json:"rotations,omitempty" validate:"dive" jsonschema_description:"Rotations that ladders name as oncall:NAME."`
	Overrides []OnCallOverride `json:"overrides,omitempty" validate:"dive" jsonschema_description:"Other people for a while; of several the last one counts."`
}

// Rotation is a list of people who take shifts in turn.
type Rotation struct {
	Name     string        `json:"name" validate:"required,id" jsonschema_description:"Name of the rotation."`
	TimeZone string        `json:"time_zone" validate:"time_zone" jsonschema_description:"Time zone of start: shifts of whole days change hands at the same time by its clock."`
	Start    string        `json:"start" validate:"datetime=2006-01-02 15:04" jsonschema_description:"Beginning of the first one's first shift, as 2026-01-05 09:00."`
	Shift    time.Duration `json:"shift" validate:"min=1h,max=8760h" jsonschema_description:"Length of a shift, such as 168h."`
	People   []string      `json:"people" validate:"min=1,max=100,dive,required" jsonschema_description:"Operators by name, in their order."`
}

// OnCallOverride puts somebody else on call.
type OnCallOverride struct {
	Rotation string `json:"rotation" validate:"required" jsonschema_description:"Name of the rotation."`
	Person   string `json:"person" validate:"required" jsonschema_description:"Operator by name."`
	From     string `json:"from" validate:"datetime=2006-01-02 15:04" jsonschema_description:"Beginning, in the rotation's time zone."`
	To       string `json:"to" validate:"datetime=2006-01-02 15:04" jsonschema_description:"End."`
}

// LocalTime is how moments stand in the file; the time zone is the section's.
const LocalTime = "2006-01-02 15:04"

func defaultIncidents() Incidents {
	return Incidents{
		Respond: true, Window: 10 * time.Minute, HighAbove: 1, CriticalAbove: 5, ReopenWindow: 7 * 24 * time.Hour,
		AckExpires: AckExpires{Medium: 24 * time.Hour, High: time.Hour, Critical: 30 * time.Minute},
	}
}

func defaultEscalation() Escalation {
	return Escalation{
		TimeZone: "UTC", BusinessDays: []string{"mon", "tue", "wed", "thu", "fri"}, BusinessFrom: "09:00", BusinessTo: "17:00", Ladders: defaultLadders(),
	}
}

// defaultLadders page everybody whom the channels reach, since they know nobody's name.
func defaultLadders() []Ladder {
	return []Ladder{
		{Severity: domain.SeverityCritical, Repeat: 3, RepeatAfter: 15 * time.Minute, Steps: []LadderStep{{}, {After: 5 * time.Minute}, {After: 15 * time.Minute}}},
		{Severity: domain.SeverityHigh, Repeat: 1, RepeatAfter: time.Hour, Steps: []LadderStep{{}, {After: 15 * time.Minute}, {After: 45 * time.Minute}}},
		{Severity: domain.SeverityMedium, BusinessHours: true, Steps: []LadderStep{{}, {After: 4 * time.Hour}}},
		{Severity: domain.SeverityLow, BusinessHours: true, Steps: []LadderStep{{}}},
	}
}

// withDefaults gives every severity a ladder: one that was forgotten would page nobody.
func (e Escalation) withDefaults() Escalation {
	for _, d := range defaultLadders() {
		has := false
		for _, l := range e.Ladders {
			has = has || l.Severity == d.Severity && l.Team == ""
		}
		if !has {
			e.Ladders = append(e.Ladders, d)
		}
	}
	return e
}

// EvidenceDir is where evidence bundles go.
func (s Settings) EvidenceDir() string {
	if s.Incidents.EvidenceDir != "" {
		return s.Incidents.EvidenceDir
	}
	const name = "incidents"
	if file, ok := strings.CutPrefix(s.Store.DSN.Reveal(), "file:"); ok {
		return filepath.Join(filepath.Dir(strings.TrimPrefix(file, "//")), name)
	}
	return name
}
