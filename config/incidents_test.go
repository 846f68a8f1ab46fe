package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

const roster = `
incidents:
  window: 5m
  ack_expires:
    critical: 15m
escalation:
  time_zone: Europe/Berlin
  business_days: [mon, tue]
  ladders:
    - severity: critical
      repeat: 2
      repeat_after: 10m
      steps:
        - to: [oncall:primary]
          channels: [console]
        - after: 5m
          to: [oncall:primary, carol]
    - severity: high
      team: treasury
      steps:
        - to: [tess]
oncall:
  rotations:
    - name: primary
      time_zone: Europe/Berlin
      start: 2026-01-05 09:00
      shift: 168h
      people: [ada, bob]
  overrides:
    - rotation: primary
      person: dan
      from: 2026-02-01 09:00
      to: 2026-02-02 09:00
`

func TestLoad_RosterAndLadders(t *testing.T) {
	s, err := load(t, roster)
	require.NoError(t, err)
	require.Equal(t, 5*time.Minute, s.Incidents.Window)
	require.Equal(t, 15*time.Minute, s.Incidents.AckExpires.Critical)
	require.Equal(t, time.Hour, s.Incidents.AckExpires.High, "what is left out keeps its default")
	require.Equal(t, []string{"mon", "tue"}, s.Escalation.BusinessDays, "a list replaces the default")
	severities := map[domain.Severity]int{}
	for _, l := range s.Escalation.Ladders {
		severities[l.Severity]++
	}
	require.Equal(t, map[domain.Severity]int{"critical": 1, "high": 2, "medium": 1, "low": 1}, severities, "a severity that is left out keeps its ladder")
	require.Equal(t, []string{"oncall:primary", "carol"}, s.Escalation.Ladders[0].Steps[1].To)
	require.Equal(t, []string{"ada", "bob"}, s.OnCall.Rotations[0].People)
}

func TestLoad_AMistakeInTheRosterIsNamed(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"rotation that is not there", "escalation:\n  ladders:\n    - severity: high\n      steps:\n        - to: [oncall:primary]\n", "escalation.ladders[0].steps[0].to[0]: got \"oncall:primary\", want the name of a rotation after oncall:. There are no rotations"},
		{"steps out of order", "escalation:\n  ladders:\n    - severity: high\n      steps:\n        - after: 5m\n        - after: 1m\n", "steps[1].after: got 1m0s, want no less than the step before it: 5m0s"},
		{"no steps", "escalation:\n  ladders:\n    - severity: high\n", "escalation.ladders[0].steps"},
		{"two ladders of one severity", "escalation:\n  ladders:\n    - severity: high\n      steps: [{after: 0s}]\n    - severity: high\n      steps: [{after: 0s}]\n", "one ladder for each severity and team"},
		{"unknown severity", "escalation:\n  ladders:\n    - severity: urgent\n      steps: [{after: 0s}]\n", "one of low, medium, high, critical"},
		{"repeat without a pause", "escalation:\n  ladders:\n    - severity: high\n      repeat: 1\n      steps: [{after: 0s}]\n", "because the ladder repeats"},
		{"channel that is not set up", "escalation:\n  ladders:\n    - severity: high\n      steps: [{channels: [pagerduty]}]\n", "channels[0]: got \"pagerduty\", want a channel that is set up: console"},
		{"unknown time zone", "escalation:\n  time_zone: Mars/Olympus\n", "want a time zone such as UTC"},
		{"hours backwards", "escalation:\n  business_from: \"17:00\"\n  business_to: \"09:00\"\n", "escalation.business_to: got \"09:00\", want a time after 17:00"},
		{"a day that is none", "escalation:\n  business_days: [monday]\n", "one of mon, tue"},
		{"a start that is none", "oncall:\n  rotations:\n    - name: primary\n      time_zone: UTC\n      start: tomorrow\n      shift: 24h\n      people: [ada]\n", "want a time such as 2006-01-02 15:04"},
		{"nobody in a rotation", "oncall:\n  rotations:\n    - name: primary\n      time_zone: UTC\n      start: 2026-01-05 09:00\n      shift: 24h\n", "oncall.rotations[0].people"},
		{"override of nothing", "oncall:\n  overrides:\n    - rotation: primary\n      person: ada\n      from: 2026-01-05 09:00\n      to: 2026-01-06 09:00\n", "oncall.overrides[0].rotation"},
		{"critical before high", "incidents:\n  high_above: 6\n", "incidents.critical_above: got 5, want at least incidents.high_above (6)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.yaml)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestEvidenceDir_LiesBesideTheStore(t *testing.T) {
	s := config.Default()
	s.Store.DSN = config.NewURL("file:/var/lib/feeops/feeops.db")
	require.Equal(t, "/var/lib/feeops/incidents", s.EvidenceDir())
	s.Incidents.EvidenceDir = "/mnt/evidence"
	require.Equal(t, "/mnt/evidence", s.EvidenceDir())
}
