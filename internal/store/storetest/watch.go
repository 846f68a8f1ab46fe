package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func episode(number int, opened time.Time) domain.Episode {
	all := domain.Amount(most)
	return domain.Episode{
		Key: domain.EpisodeKey(vault, "payer_low", number), Alert: "payer_low", Subject: vault, Vault: vault, Number: number, State: domain.EpisodeOpen,
		Severity: domain.SeverityHigh, Opened: opened, Changed: opened, Detail: "it's \"low\"\n", AtRisk: &all, Token: domain.Token{Mint: "m"},
		Seq: 1, Unsent: []domain.Message{{Key: "k", Seq: 1, Kind: domain.MessageTrigger, At: opened, Fields: []domain.MessageField{{Name: "a", Value: "b"}}}},
	}
}

func mute(id string, from time.Time) domain.Mute {
	return domain.Mute{ID: id, Kind: domain.MuteAlerts, Vault: vault, From: from, Until: from.Add(time.Hour), Reason: "r", Actor: "ann"}
}

func watches(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("what the engine remembers comes back", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		got, err := s.Watch(ctx, At(0))
		require.NoError(t, err)
		require.Empty(t, got.Episodes)
		first, second := episode(1, At(1)), episode(2, At(5))
		c := store.WatchChange{
			Episodes: []domain.Episode{first, second}, Newest: []store.EpisodeHead{{Alert: "payer_low", Subject: vault, Number: 2, Mark: "x"}},
			Pending: []store.PendingAlert{{Alert: "clock_skew", Subject: "fleet", Since: At(3)}}, Mutes: []domain.Mute{mute("m1", At(2))},
			Events: []domain.AlertEvent{
				{At: At(5), Episode: second.Key, Kind: domain.EventOpened, Alert: "payer_low", Vault: vault, Severity: domain.SeverityHigh, Detail: "b"},
				{At: At(5), Episode: second.Key, Kind: domain.EventTold, Actor: "ann", Detail: "a"},
			},
		}
		require.NoError(t, s.SaveWatch(ctx, c))
		got, err = open(t).Watch(ctx, At(2))
		require.NoError(t, err)
		require.Equal(t, c.Episodes, got.Episodes)
		require.Equal(t, c.Newest, got.Newest)
		require.Equal(t, c.Pending, got.Pending)
		require.Equal(t, c.Mutes, got.Mutes)
		require.Equal(t, []store.Opening{{Alert: "payer_low", Subject: vault, At: At(5)}}, got.Openings)
		events, err := s.AlertEvents(ctx, At(0), At(10))
		require.NoError(t, err)
		require.Equal(t, c.Events, events)

		// Resolved but not told: it stays until it is.
		second.State, second.Resolved, second.Changed = domain.EpisodeResolved, At(9), At(9)
		first.State, first.Unsent = domain.EpisodeResolved, nil
		over := mute("m1", At(2))
		over.Ended = true
		require.NoError(t, s.SaveWatch(ctx, store.WatchChange{Episodes: []domain.Episode{first, second}, Mutes: []domain.Mute{over}}))
		got, err = s.Watch(ctx, At(0))
		require.NoError(t, err)
		require.Equal(t, []domain.Episode{second}, got.Episodes)
		require.Empty(t, got.Pending, "pending ones are always all of them")
		require.Empty(t, got.Mutes)
		require.Equal(t, c.Newest, got.Newest, "numbers are never given twice")
		all, err := s.Episodes(ctx, At(0))
		require.NoError(t, err)
		require.Equal(t, []domain.Episode{first, second}, all)
		recent, err := s.Episodes(ctx, At(8))
		require.NoError(t, err)
		require.Equal(t, []domain.Episode{second}, recent)
		mutes, err := s.Mutes(ctx, At(0))
		require.NoError(t, err)
		require.Equal(t, []domain.Mute{over}, mutes)
		mutes, err = s.Mutes(ctx, At(3))
		require.NoError(t, err)
		require.Empty(t, mutes)
	})
	t.Run("what people did to alerts is in the audit log, what the watch did is not", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SaveWatch(ctx, store.WatchChange{Events: []domain.AlertEvent{
			{At: At(1), Episode: "alpha/payer_low/1", Kind: domain.EventOpened, Vault: vault},
			{At: At(2), Episode: "alpha/payer_low/1", Kind: domain.EventAcknowledged, Vault: vault, Actor: "ann", Detail: "taken over"},
			{At: At(3), Episode: "m1", Kind: domain.EventMuted, Actor: "bob", Detail: "maintenance"},
			{At: At(4), Episode: "m1", Kind: domain.EventMuteEnded, Actor: "bob"},
			{At: At(5), Episode: "m2", Kind: domain.EventRefused},
		}}))
		log, err := s.AuditLog(ctx, 0, 10)
		require.NoError(t, err)
		require.Len(t, log, 3)
		require.Equal(t, []string{"ann alert.acknowledged alpha", "bob alert.muted m1", "unknown alert.refused m2"}, []string{
			log[0].Actor + " " + log[0].Action + " " + log[0].Subject, log[1].Actor + " " + log[1].Action + " " + log[1].Subject, log[2].Actor + " " + log[2].Action + " " + log[2].Subject,
		})
	})
	t.Run("a message's episodes and an incident's are found", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		alone, over, group := episode(1, At(1)), episode(2, At(1)), episode(3, At(2))
		alone.Incident, over.Incident, over.State = "INC-1", "INC-1", domain.EpisodeResolved
		group.Members = &domain.Group{Joined: 1}
		member := episode(4, At(2))
		member.Group, member.Incident = group.Key, "INC-2"
		gone := episode(5, At(2))
		gone.Group, gone.State = group.Key, domain.EpisodeResolved
		require.NoError(t, s.SaveWatch(ctx, store.WatchChange{Episodes: []domain.Episode{alone, over, group, member, gone}}))
		for key, want := range map[string][]domain.Episode{alone.Key: {alone}, over.Key: {}, group.Key: {member}, "none": {}} {
			got, err := s.ToldBy(ctx, key)
			require.NoError(t, err)
			require.Equal(t, want, got, key)
		}
		got, err := s.IncidentEpisodes(ctx, domain.Incident{ID: "INC-1", OpenedAt: At(1)})
		require.NoError(t, err)
		alone.Unsent, over.Unsent = nil, nil
		require.Equal(t, []domain.Episode{alone, over}, got)
	})
	t.Run("what is over goes with time, what is open stays", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		over, still := episode(1, At(1)), episode(2, At(1))
		over.State, over.Unsent = domain.EpisodeResolved, nil
		require.NoError(t, s.SaveWatch(ctx, store.WatchChange{Episodes: []domain.Episode{over, still}, Events: []domain.AlertEvent{{At: At(1), Episode: over.Key}}}))
		require.NoError(t, s.Prune(ctx, At(1).Add(100*24*time.Hour), store.DefaultRetention()))
		left, err := s.Episodes(ctx, At(0))
		require.NoError(t, err)
		require.Equal(t, []domain.Episode{still}, left)
		events, err := s.AlertEvents(ctx, At(0), At(10))
		require.NoError(t, err)
		require.Empty(t, events)
	})
}

func figures(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("the fleet's figures are those of each vault", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.InsertIntent(ctx, Intent("s1", "page/0", 1)))
		require.NoError(t, s.InsertIntent(ctx, Intent("s2", "page/15", 1)))
		require.NoError(t, s.SettleIntent(ctx, "s2", store.IntentUpdate{State: domain.IntentFinalized, Slot: 1}))
		pending, err := s.PendingSignatures(ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]int{vault: 1}, pending)

		m := Manifest(t, 3, 9)
		_, err = s.SaveManifest(ctx, m)
		require.NoError(t, err)
		older := m
		older.Day = "2026-02-28"
		older, err = older.Seal()
		require.NoError(t, err)
		_, err = s.SaveManifest(ctx, older)
		require.NoError(t, err)
		heads, err := s.ManifestHeads(ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]store.ManifestHead{vault: {Vault: vault, Day: day, Hash: m.Hash}}, heads)
		require.NoError(t, s.SetOpening(ctx, vault, day, domain.Opening{TS: 1, Locked: make([]domain.Amount, 3), Expected: make([]domain.Amount, 3)}))
		heads, err = s.ManifestHeads(ctx)
		require.NoError(t, err)
		require.True(t, heads[vault].Opened)

		for _, d := range []domain.Day{"2026-03-02", "2026-03-01"} {
			require.NoError(t, s.SaveReport(ctx, domain.DayReport{Vault: vault, Day: d, State: domain.Failed, Reason: string(d)}))
		}
		reports, err := s.LatestReports(ctx)
		require.NoError(t, err)
		require.Len(t, reports, 1)
		require.Equal(t, "2026-03-02", reports[vault].Reason)

		ours, theirs := page(0, "a"), page(15, "b")
		theirs.Ours = false
		require.NoError(t, s.SavePage(ctx, ours))
		require.NoError(t, s.SavePage(ctx, theirs))
		foreign, err := s.ForeignPages(ctx)
		require.NoError(t, err)
		require.Equal(t, map[store.DayRef]int{{Vault: vault, Day: day}: 1}, foreign)
	})
}
