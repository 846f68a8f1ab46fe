package incident_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

var usdc = domain.Token{Mint: "mint", Symbol: "USDC", Decimals: 6}

// books know what they were given, and fail where they were told to.
type books struct {
	manifest *domain.Manifest
	pages    []domain.PageResult
	report   *domain.DayReport
	fail     string
}

func (b books) Manifest(context.Context, string, domain.Day) (domain.Manifest, bool, error) {
	if b.fail == "manifest" {
		return domain.Manifest{}, false, errors.New("the disk is gone")
	}
	if b.manifest == nil {
		return domain.Manifest{}, false, nil
	}
	return *b.manifest, true, nil
}

func (b books) Pages(context.Context, string, domain.Day) ([]domain.PageResult, error) {
	if b.fail == "pages" {
		return nil, errors.New("the disk is gone")
	}
	return b.pages, nil
}

func (b books) Report(context.Context, string, domain.Day) (domain.DayReport, bool, error) {
	if b.fail == "report" {
		return domain.DayReport{}, false, errors.New("the disk is gone")
	}
	if b.report == nil {
		return domain.DayReport{}, false, nil
	}
	return *b.report, true, nil
}

func TestMoney_UnknownIsNeverNothing(t *testing.T) {
	planned := &domain.Manifest{Token: usdc, Pool: 70_000_000, Creator: 30_000_000}
	opened := *planned
	opened.Opening = &domain.Opening{Pool: 80_000_000, Creator: 20_000_000}
	overflow := domain.Manifest{Token: usdc, Pool: 1<<64 - 1, Creator: 1}
	tests := []struct {
		name string
		give books
		want string
	}{
		{"no plan", books{}, "not assessed: there is no plan of alpha for 2026-11-25"},
		{"a plan that cannot be read", books{fail: "manifest"}, "not assessed: the plan cannot be read: the disk is gone"},
		{"pages that cannot be read", books{manifest: planned, fail: "pages"}, "not assessed: the pages cannot be read: the disk is gone"},
		{"a report that cannot be read", books{manifest: planned, fail: "report"}, "not assessed: the report cannot be read: the disk is gone"},
		{"a day that is not open", books{manifest: planned}, "100.000000 USDC (forecast; the day is not open)"},
		{"a day half paid", books{manifest: &opened, pages: []domain.PageResult{{Paid: 30_000_000}, {Paid: 10_000_000}}}, "60.000000 USDC of 100.000000 USDC"},
		{"a day paid", books{manifest: &opened, pages: []domain.PageResult{{Paid: 80_000_000, Creator: 20_000_000}}}, "0.000000 USDC of 100.000000 USDC"},
		{"a sum that does not fit", books{manifest: &overflow}, "not assessed: the plan's sum: 18446744073709551615 + 1: amount exceeds 2^64-1 base units"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, incident.ReadMoney(t.Context(), tt.give, "alpha", "2026-11-25").Text())
		})
	}
	require.Contains(t, incident.ReadMoney(t.Context(), books{}, "", "").Text(), "not assessed")
	require.Equal(t, "not assessed", incident.TotalRisk(nil))
	one := incident.Money{Token: usdc, Planned: 5_000_000}
	require.Equal(t, "10.000000 USDC, 1 not assessed", incident.TotalRisk([]incident.Money{one, one, {Unknown: "x"}}))
}

func recordedIncident(t *testing.T) incident.Record {
	t.Helper()
	i := domain.Incident{
		ID: "INC-20261125-001", Cause: "stream", Vault: "alpha", Code: "router/6007", Title: "a stream is not valid in alpha", Severity: domain.SeverityMedium,
		State: domain.IncidentOpen, OpenedAt: night, VaultCount: 1, Vaults: []domain.IncidentVault{{Vault: "alpha", Since: night}}, Runbook: "router-6007", Day: "2026-11-25",
	}
	i.Add(domain.Auto(), night, domain.EntryOpened, "opened as medium")
	require.NoError(t, i.Acknowledge(domain.By{Actor: "ada", Channel: "cli"}, night.Add(90*time.Second)))
	i.Evidence = []domain.Evidence{{Path: "/e/INC.json", SHA256: "abcd", Kind: "bundle", Unknown: []string{"chain"}}}
	cursor := uint32(15)
	return incident.Record{
		Incident:   i,
		Failures:   []domain.Failure{{At: night, Vault: "alpha", Kind: domain.FailureStuck, Code: "router/6007", Cursor: &cursor, RunID: "r1", Message: "stream <b>bad</b> | closed\nsecond line"}},
		Money:      []incident.Money{{Vault: "alpha", Day: "2026-11-25", Token: usdc, Planned: 100, Paid: 40, State: domain.Stuck}, {Vault: "beta", Day: "2026-11-25", Unknown: "there is no plan"}},
		Signatures: []domain.Intent{{Signature: "sig1", Vault: "alpha", Day: "2026-11-25", Key: "page/15", State: domain.IntentSent}},
	}
}

func TestI09_TheDraftSaysWhatIsRecordedAndAsksTheRest(t *testing.T) {
	r := recordedIncident(t)
	got := incident.Draft(r, night.Add(time.Hour))
	for _, want := range []string{
		"# Post-mortem of INC-20261125-001", "| First acknowledged | 2026-11-25 03:13:30 by ada, after 1m30s |", "| Resolved | not yet |", "Not resolved.",
		"| alpha | 2026-11-25 | stuck | 0.000100 USDC | 0.000040 USDC | 0.000060 USDC | not assessed |", "| beta | 2026-11-25 | not assessed: there is no plan |",
		"cursor 15", "`sig1`", "`abcd`", "unknown: chain",
		"- It is not resolved", "- Signature sig1 is sent: did it land?", "- The evidence /e/INC.json lacks chain.", "- 0.000060 USDC of alpha on 2026-11-25 was not paid.",
	} {
		require.Contains(t, got, want)
	}
	require.NotContains(t, got, "<b>", "text from outside stays text")
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "|") {
			require.True(t, strings.HasSuffix(line, "|\n"), line)
		}
	}
}

func TestI09_ADraftOfNothingIsHonest(t *testing.T) {
	got := incident.Draft(incident.Record{Incident: domain.Incident{ID: "INC-1", OpenedAt: night}}, night)
	require.Contains(t, got, "not assessed")
	require.Contains(t, got, "Nobody acknowledged it")
	require.Contains(t, got, "No evidence was taken")
	require.NotContains(t, got, "| 0 |")
}

func TestS15_TheMessageSaysWhatWhoHowMuchAndWhatNow(t *testing.T) {
	i := recordedIncident(t).Incident
	i.Runs = []domain.IncidentRun{{Vault: "alpha", WorkflowID: "distribution/alpha", RunID: "r1"}}
	i.AcknowledgedAt, i.AcknowledgedBy, i.State, i.Severity = time.Time{}, "", domain.IncidentOpen, domain.SeverityCritical
	s := incident.Surroundings{Money: "60.000000 USDC", TemporalUI: "http://127.0.0.1:8233/", Namespace: "default", Runbooks: "https://example.org/runbooks"}
	m := incident.Message(i, incident.Opened, "base fees were seen", 1, night, s)
	require.Equal(t, "incident/INC-20261125-001", m.Key)
	require.Equal(t, notify.Trigger, m.Kind)
	require.Equal(t, "[CRITICAL] INC-20261125-001: a stream is not valid in alpha", m.Title)
	require.Contains(t, m.Text, "Next: take it with feeops incident ack INC-20261125-001")
	require.Contains(t, m.Fields, notify.Field{Name: "Money at risk", Value: "60.000000 USDC"})
	require.Contains(t, m.Fields, notify.Field{Name: "Owner", Value: "nobody"})
	require.Contains(t, m.Links, notify.Link{Text: "Runbook", URL: "https://example.org/runbooks/router-6007.md"})
	require.Contains(t, m.Links, notify.Link{Text: "Run of alpha", URL: "http://127.0.0.1:8233/namespaces/default/workflows/distribution%2Falpha"})
	require.Len(t, m.Actions, 4, "take over, pause, stop, explain")

	for occasion, kind := range map[incident.Occasion]notify.Kind{
		incident.Acknowledged: notify.Acknowledge, incident.Resolved: notify.Resolve, incident.Changed: notify.Update, incident.Mitigated: notify.Update,
		incident.Raised: notify.Trigger, incident.Paged: notify.Trigger, incident.Reopened: notify.Trigger, incident.Manual: notify.Trigger,
	} {
		require.Equal(t, kind, incident.Message(i, occasion, "x", 2, night, s).Kind, occasion)
	}
	i.VaultCount = 1000
	require.Contains(t, incident.Message(i, incident.Raised, "x", 2, night, s).Fields, notify.Field{Name: "Vaults", Value: "alpha, and 999 more"})
	room := incident.Room(i, []string{"ada"}, s)
	require.Equal(t, "inc-20261125-001-alpha", room.Name)
	require.Contains(t, room.Topic, "critical · open")
}
