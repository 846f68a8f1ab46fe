package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func TestE06_AlertsAreThoseThatHeldInTheWindowAndNoLookIsNotNone(t *testing.T) {
	ctx, s, w := t.Context(), newStore(t), today(t)
	r := reporter(seen{"a": standing("a", domain.Complete, time.Hour, true)}, "a")
	r.Books, r.Alerts, r.Incidents = s, AlertFeed(s), IncidentFeed(s)
	d, err := r.Daily(ctx, DailyInput{Window: w})
	require.NoError(t, err)
	require.Equal(t, Notices{State: SourceNotAssessed, Note: "the watch looked at nothing in this window", List: []Notice{}}, d.Alerts)
	require.Equal(t, Notices{State: SourceRead, List: []Notice{}}, d.Incidents, "the record of incidents was read: there are none")
	require.Equal(t, OK, d.Verdict)

	episode := func(number int, opened, resolved time.Time) domain.Episode {
		e := domain.Episode{
			Key: domain.EpisodeKey("a", "overdue", number), Alert: "overdue", Subject: "a", Vault: "a", Number: number, State: domain.EpisodeOpen,
			Severity: domain.SeverityHigh, Opened: opened, Changed: opened, Detail: "overdue 2 h",
		}
		if !resolved.IsZero() {
			e.State, e.Resolved, e.Changed = domain.EpisodeResolved, resolved, resolved
		}
		return e
	}
	group := episode(9, w.From, time.Time{})
	group.Members = &domain.Group{Joined: 2}
	require.NoError(t, s.SaveWatch(ctx, store.WatchChange{Episodes: []domain.Episode{
		episode(1, w.From.Add(-2*time.Hour), w.From.Add(-time.Hour)), episode(2, w.From.Add(-2*time.Hour), w.From.Add(time.Hour)), episode(3, w.From.Add(time.Hour), time.Time{}),
		episode(4, w.To, time.Time{}), group,
	}}))
	_, err = s.RecordFailure(ctx, domain.Failure{Key: "k", Vault: "a", Kind: domain.FailureStuck, Code: "router/6005", At: w.From, Cause: "x"}, time.Minute, func(domain.Known) domain.Decision {
		i := &domain.Incident{Cause: "x", Vault: "a", Title: "stuck", Severity: domain.SeverityCritical, State: domain.IncidentOpen, OpenedAt: w.From, LadderAt: w.From}
		i.Add(domain.Auto(), w.From, domain.EntryOpened, "opened")
		return domain.Decision{Correlation: domain.CorrelateOpen, Severity: i.Severity, Open: i}
	})
	require.NoError(t, err)
	d, err = r.Daily(ctx, DailyInput{Window: w})
	require.NoError(t, err)
	require.Equal(t, SourceRead, d.Alerts.State)
	require.Len(t, d.Alerts.List, 2, "%+v", d.Alerts.List)
	require.Equal(t, []bool{false, true}, []bool{d.Alerts.List[0].Open, d.Alerts.List[1].Open})
	require.Equal(t, Notice{ID: "a/overdue/3", Severity: domain.SeverityHigh, Vault: "a", Title: "overdue: overdue 2 h", State: "open", Open: true, At: w.From.Add(time.Hour)}, d.Alerts.List[1])
	require.Equal(t, "No look of this window is kept; these are known from their own record.", d.Alerts.Note)
	require.Len(t, d.Incidents.List, 1)
	require.Equal(t, Warn, d.Verdict)

	for _, minutes := range []time.Duration{-1, 0, 5} {
		require.NoError(t, s.SaveTick(ctx, domain.FleetTick{Fleet: domain.FleetSample{At: w.From.Add(minutes * time.Minute)}}))
	}
	d, err = r.Daily(ctx, DailyInput{Window: w})
	require.NoError(t, err)
	require.Contains(t, d.Alerts.Note, "in 2 looks that are kept")
	require.Contains(t, string(d.Sheet().Markdown()), d.Alerts.Note)

	require.NoError(t, s.Close())
	w.Name = "gone"
	require.Equal(t, SourceUnknown, notices(ctx, r.Alerts, w, "").State)
	require.Equal(t, SourceUnknown, notices(ctx, r.Incidents, w, "").State)
}
