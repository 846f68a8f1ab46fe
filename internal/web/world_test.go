package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func ref[T any](v T) *T { return &v }

// look is a vault as the watch saw it at the time given.
func look(vault string, at time.Time, state domain.State, change func(*domain.VaultSample)) domain.VaultSample {
	s := domain.VaultSample{
		Vault: vault, At: at, State: state, Streams: 40, Token: usdc,
		Day: &domain.DayFigures{
			Slot: 1_234_567, Endpoint: "first", ChainTime: at.Unix(), LastTS: at.Add(-time.Hour).Unix(), Cursor: 10, Distributed: 44_999_981,
			Treasury: domain.Balance{State: domain.BalanceValue, Amount: 68_750_019},
		},
		Fees:  &domain.FeeFigures{At: at, Quote: 1_500_000},
		Payer: &domain.PayerFigure{At: at, Address: "Payer11111111111111111111111111111111111111", Lamports: 2_000_000_000},
		Books: &domain.Books{Investors: ref(40), Owed: ref(domain.Amount(5_000_000))},
		Run:   &domain.RunView{RunID: "run-1", Live: true},
	}
	if change != nil {
		change(&s)
	}
	return s
}

// plantFleet stores a look at four vaults: one under way, one paid, one hostile, and one that could not be read.
func (b *bench) plantFleet() {
	b.t.Helper()
	at := b.now().Add(-20 * time.Second)
	tick := domain.FleetTick{
		Fleet: domain.FleetSample{
			At: at, Vaults: 4, Read: 3, ChainTime: ref(at.Unix()), Skew: ref(int64(1)),
			Endpoints: []domain.EndpointSample{{Name: "first", Usable: true, Slot: 1_234_567, Latency: 30 * time.Millisecond}, {Name: "second", Reason: "behind by 200 slots"}},
			Workers:   []domain.WorkerBeat{{ID: "worker-1", Seen: at}},
			Channels:  []domain.Condition{{Name: "slack", OK: true, At: at}, {Name: "email", Detail: "refused", At: at}, {Name: "discord", Unknown: true, At: at}},
			Signers:   []domain.Condition{{Name: "/secret/place/payer.json", OK: true, At: at}},
			Audit:     &domain.Condition{Name: "audit", OK: true, Detail: "12 entries", At: at},
		},
		Vaults: []domain.VaultSample{
			look("alpha", at, domain.Running, nil),
			look("beta", at, domain.Complete, func(s *domain.VaultSample) {
				s.Day.Complete, s.Day.Treasury = true, domain.Balance{State: domain.BalanceAbsent}
			}),
			look(hostile, at, domain.Stuck, func(s *domain.VaultSample) { s.Reason = hostile }),
			look("lost", at, domain.UnknownState, func(s *domain.VaultSample) {
				s.Day, s.Fees, s.Payer, s.Books, s.Run, s.Error = nil, nil, nil, nil, nil, "no endpoint answers"
			}),
		},
	}
	require.NoError(b.t, b.store.SaveTick(b.t.Context(), tick))
}

func alert(vault, id string, severity domain.Severity, opened time.Time) domain.Episode {
	subject := vault
	if subject == "" {
		subject = "fleet"
	}
	return domain.Episode{
		Key: domain.EpisodeKey(subject, id, 1), Alert: id, Subject: subject, Vault: vault, Number: 1, State: domain.EpisodeOpen, Severity: severity,
		Opened: opened, Changed: opened, Detail: "seen by a test", AtRisk: ref(domain.Amount(12_345_678)), Token: usdc, Next: "feeops status " + vault, Runbook: id,
	}
}

// plantAlerts stores two open alerts, one that is over, and a mute.
func (b *bench) plantAlerts() {
	b.t.Helper()
	over := alert("beta", "payer_low", domain.SeverityMedium, b.now().Add(-5*time.Hour))
	over.State, over.Resolved, over.Changed, over.Resolution = domain.EpisodeResolved, b.now().Add(-4*time.Hour), b.now().Add(-4*time.Hour), "the payer was filled up"
	evil := alert(hostile, "payer_low", domain.SeverityHigh, b.now().Add(-10*time.Minute))
	evil.Detail = hostile
	require.NoError(b.t, b.store.SaveWatch(b.t.Context(), store.WatchChange{
		Episodes: []domain.Episode{alert("alpha", "deadline_2h", domain.SeverityCritical, b.now().Add(-30*time.Minute)), evil, over},
		Mutes:    []domain.Mute{{ID: "m-1", Kind: domain.MuteAlerts, Vault: "beta", From: b.now().Add(-time.Minute), Until: b.now().Add(time.Hour), Reason: hostile, Actor: "bob"}},
		Events: []domain.AlertEvent{
			{At: b.now().Add(-30 * time.Minute), Episode: "alpha/deadline_2h/1", Kind: domain.EventOpened, Alert: "deadline_2h", Vault: "alpha", Severity: domain.SeverityCritical, Detail: "it opened"},
		},
	}))
}

// plantDays stores n finished days of alpha, the newest with its whole books.
func (b *bench) plantDays(n int) {
	b.t.Helper()
	ctx := b.t.Context()
	for i := range n {
		at := noon.AddDate(0, 0, -i)
		r := domain.DayReport{
			Vault: "alpha", Day: domain.Day(at.Format(time.DateOnly)), State: domain.Complete, Investors: 3, Pages: 2, Token: usdc, Signatures: []string{"sig-0", "sig-2"},
			FirstSlot: 100, CloseSlot: 140, Requests: 77, FeeLamports: 15_000, WorkflowID: "distribution/alpha", RunID: "run-of-" + at.Format(time.DateOnly),
			StartedAt: at.Add(-time.Minute), EndedAt: at, Manifest: fmt.Sprintf("%064d", i),
		}
		r.Result.Figures = domain.Figures{Claimed: domain.Amount(1_000_000 * (i + 1)), Paid: domain.Amount(700_000 * (i + 1)), Creator: domain.Amount(300_000 * (i + 1))}
		require.NoError(b.t, b.store.SaveReport(ctx, r))
	}
	m := domain.Manifest{
		Vault: "alpha", Day: day, Token: usdc, PageSize: 2, Pages: []domain.PagePlan{{Cursor: 0, Count: 2}, {Cursor: 2, Count: 1}}, Claimable: 1_000_000, Pool: 700_000, Creator: 300_000,
		Entries: []domain.Entry{
			{Index: 0, Stream: "Stream1111111111111111111111111111111111111", Recipient: "Recipient111111111111111111111111111111111", Expected: 400_000},
			{Index: 1, Stream: "Stream2222222222222222222222222222222222222", Recipient: "Recipient222222222222222222222222222222222", Expected: 300_000},
			{Index: 2, Stream: "Stream3333333333333333333333333333333333333", Recipient: "Recipient333333333333333333333333333333333"},
		},
		Quarantined: []domain.Quarantined{{Index: 3, Stream: "Stream4444444444444444444444444444444444444", Reason: "stream_closed"}},
	}
	m, err := m.Seal()
	require.NoError(b.t, err)
	_, err = b.store.SaveManifest(ctx, m)
	require.NoError(b.t, err)
	require.NoError(b.t, b.store.SaveChecks(ctx, "alpha", day, domain.Checks{
		{Row: "P08", Name: "streams", Result: domain.CheckWarn, Observed: "1 of 4 quarantined", Threshold: "at most 5 %"}, {Row: "P06", Name: "fees", Result: domain.CheckOK, Observed: "1.0", Threshold: "more than 0"},
	}))
	for _, p := range []domain.PageResult{
		{Vault: "alpha", Day: day, Cursor: 0, Signature: "sig-0", Ours: true, Slot: 101, Paid: 400_000, Finalized: true},
		{Vault: "alpha", Day: day, Cursor: 2, Signature: "sig-2", Slot: 140, Paid: 300_000, Closed: true},
	} {
		require.NoError(b.t, b.store.SavePage(ctx, p))
	}
	require.NoError(b.t, b.store.SaveOutcomes(ctx, "alpha", day, []domain.Outcome{
		{Index: 0, Stream: m.Entries[0].Stream, Recipient: m.Entries[0].Recipient, Planned: 400_000, Paid: 400_000, Signature: "sig-0", Reason: domain.ReasonPaid},
		{Index: 1, Stream: m.Entries[1].Stream, Recipient: m.Entries[1].Recipient, Planned: 300_000, Paid: 299_999, Signature: "sig-0", Reason: domain.ReasonMismatch, Note: hostile},
		{Index: 2, Stream: m.Entries[2].Stream, Recipient: m.Entries[2].Recipient, Reason: domain.ReasonBelowMinimum},
	}))
}

// plantIncident stores an open incident of a vault and gives its id.
func (b *bench) plantIncident(vault, title string) string {
	b.t.Helper()
	f := domain.Failure{Key: "k-" + vault, Vault: vault, Day: day, Kind: domain.FailureStuck, Code: "router/6005", Message: title, WorkflowID: "distribution/alpha", RunID: "run-1", At: b.now().Add(-time.Hour), Cause: "stuck"}
	got, err := b.store.RecordFailure(b.t.Context(), f, time.Minute, func(domain.Known) domain.Decision {
		i := &domain.Incident{
			Cause: f.Cause, Vault: vault, Code: f.Code, Severity: domain.SeverityHigh, State: domain.IncidentOpen, OpenedAt: f.At, LadderAt: f.At, Title: title, Description: title, Runbook: "stuck",
			Runs:  []domain.IncidentRun{{Vault: vault, WorkflowID: "distribution/alpha", RunID: "run-1"}},
			Links: []domain.IncidentLink{{Text: "a script", URL: "javascript:alert(3)"}, {Text: "room", URL: "https://chat.test/room"}},
		}
		i.Add(domain.Auto(), f.At, domain.EntryOpened, "%s", title)
		return domain.Decision{Correlation: domain.CorrelateOpen, Severity: domain.SeverityHigh, Vaults: 1, Tell: true, Open: i}
	})
	require.NoError(b.t, err)
	return got.Incident.ID
}

// plantAll stores something for every page, and gives the incident's id.
func (b *bench) plantAll() string {
	b.t.Helper()
	b.plantFleet()
	b.plantAlerts()
	b.plantDays(3)
	require.NoError(b.t, b.store.SetSafety(b.t.Context(), domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: "beta", Reason: hostile, Actor: hostile, At: b.now()}))
	b.plantIncident(hostile, hostile)
	return b.plantIncident("alpha", "The day of alpha stands still")
}

// newPlanted is a bench whose store has something for every page.
func newPlanted(t *testing.T) (b *bench, incident string) {
	t.Helper()
	b = newBench(t, nil)
	return b, b.plantAll()
}
