package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func safety(t *testing.T, open func(*testing.T) *store.Store) {
	stop := domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "6001", Actor: "ann", At: At(1)}
	isolate := domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: vault, Reason: "bad list", Actor: "bob", At: At(2)}
	t.Run("a vault sees its own flags and those of all", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SetSafety(ctx, isolate))
		require.NoError(t, s.SetSafety(ctx, stop))
		for v, want := range map[string][]domain.SafetyFlag{vault: {stop, isolate}, "beta": {stop}, "": {stop}} {
			got, err := s.Safety(ctx, v)
			require.NoError(t, err)
			require.Equal(t, want, got, v)
		}
		got, err := s.AllSafety(ctx)
		require.NoError(t, err)
		require.Equal(t, []domain.SafetyFlag{stop, isolate}, got)
	})
	t.Run("a second stop keeps the first, and both are in the audit log", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		again := domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "me too", Actor: "bob", At: At(5)}
		require.NoError(t, s.SetSafety(ctx, stop))
		require.NoError(t, s.SetSafety(ctx, again))
		got, err := s.Safety(ctx, vault)
		require.NoError(t, err)
		require.Equal(t, []domain.SafetyFlag{stop}, got)
		log, err := s.AuditLog(ctx, 0, 10)
		require.NoError(t, err)
		require.Len(t, log, 2)
		require.Equal(t, "safety.set.stop", log[1].Action)
		require.Equal(t, "me too", log[1].Detail)
	})
	t.Run("a person's isolation takes the place of an incident's, and not the other way round", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		own := domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: vault, Reason: "INC-1: stuck", Actor: domain.Automation, At: At(1)}
		require.NoError(t, s.SetSafety(ctx, own))
		require.NoError(t, s.SetSafety(ctx, isolate))
		require.NoError(t, s.SetSafety(ctx, own))
		other := isolate
		other.Actor, other.Reason = "cy", "me too"
		require.NoError(t, s.SetSafety(ctx, other))
		got, err := s.AllSafety(ctx)
		require.NoError(t, err)
		require.Equal(t, []domain.SafetyFlag{isolate}, got)
	})
	t.Run("a flag is cleared once and only where it is", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		lift := domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "checked", Actor: "cy", At: At(9)}
		require.NoError(t, s.SetSafety(ctx, stop))
		elsewhere := lift
		elsewhere.Vault = vault
		require.ErrorIs(t, s.ClearSafety(ctx, elsewhere), store.ErrNotFound)
		require.NoError(t, s.ClearSafety(ctx, lift))
		require.ErrorIs(t, s.ClearSafety(ctx, lift), store.ErrNotFound)
		got, err := s.Safety(ctx, vault)
		require.NoError(t, err)
		require.Empty(t, got)
		state, err := s.VerifyAudit(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 2, state.Entries, "what failed is not in the log")
	})
	t.Run("a decision is carried out whole, once, and only as of what was known", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SetSafety(ctx, stop))
		require.NoError(t, s.SetSafety(ctx, isolate))
		_, mark, err := s.SafetyMark(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 2, mark)
		lift := store.Lift{Flags: []domain.SafetyFlag{stop, isolate}, AsOf: mark, Subject: "resume-1/hash", Actor: "ann and bob", Reason: "mended", At: At(9)}
		require.NoError(t, s.SetSafety(ctx, stop)) // It is up already, and still somebody asked for it.
		require.ErrorIs(t, s.LiftSafety(ctx, lift), store.ErrRaised)
		flags, mark, err := s.SafetyMark(ctx)
		require.NoError(t, err)
		require.Len(t, flags, 2, "nothing came down")
		lift.AsOf = mark
		require.NoError(t, s.LiftSafety(ctx, lift))
		require.NoError(t, s.SetSafety(ctx, stop))
		require.NoError(t, s.LiftSafety(ctx, lift), "the same decision again is done already")
		flags, _, err = s.SafetyMark(ctx)
		require.NoError(t, err)
		require.Equal(t, []domain.SafetyFlag{stop}, flags, "and takes nothing down that came after it")
		_, err = s.VerifyAudit(ctx)
		require.NoError(t, err)
		for name, bad := range map[string]store.Lift{"no flags": {Subject: "s", Actor: "a", Reason: "r", At: At(1)}, "no subject": {Flags: lift.Flags, Actor: "a", Reason: "r", At: At(1)}} {
			require.ErrorIs(t, s.LiftSafety(ctx, bad), store.ErrInvalid, name)
		}
	})
	t.Run("a drill's flag leaves the mark where it is", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SetSafety(ctx, stop))
		require.NoError(t, s.SetSafety(ctx, domain.SafetyFlag{Kind: domain.SafetyDrill, Vault: "sample", Reason: "drill", Actor: "drill", At: At(3)}))
		flags, mark, err := s.SafetyMark(ctx)
		require.NoError(t, err)
		require.Len(t, flags, 2)
		require.EqualValues(t, 1, mark)
	})
	t.Run("what may still land is read for all vaults", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for n, i := range []domain.Intent{Intent("s1", "page/0", 1), Intent("s2", "page/15", 2), Intent("s3", "page/30", 3)} {
			i.Vault = []string{"alpha", "beta", "beta"}[n]
			require.NoError(t, s.InsertIntent(ctx, i))
		}
		require.NoError(t, s.SettleIntent(ctx, "s2", store.IntentUpdate{State: domain.IntentConfirmed, At: At(4)}))
		require.NoError(t, s.SettleIntent(ctx, "s3", store.IntentUpdate{State: domain.IntentSent, At: At(4)}))
		got, err := s.Flights(ctx)
		require.NoError(t, err)
		require.Equal(t, []domain.Flight{
			{Signature: "s1", Vault: "alpha", Day: day, Key: "page/0", State: domain.IntentPrepared, LastValid: most},
			{Signature: "s3", Vault: "beta", Day: day, Key: "page/30", State: domain.IntentSent, LastValid: most},
		}, got)
	})
	t.Run("a flag without name or reason is refused", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for name, f := range map[string]domain.SafetyFlag{
			"kind":   {Kind: "other", Reason: "r", Actor: "a", At: At(1)},
			"vault":  {Kind: domain.SafetyPause, Reason: "r", Actor: "a", At: At(1)},
			"reason": {Kind: domain.SafetyStop, Actor: "a", At: At(1)},
			"actor":  {Kind: domain.SafetyStop, Reason: "r", At: At(1)},
			"time":   {Kind: domain.SafetyStop, Reason: "r", Actor: "a"},
		} {
			require.ErrorIs(t, s.SetSafety(ctx, f), store.ErrInvalid, name)
			require.ErrorIs(t, s.ClearSafety(ctx, f), store.ErrInvalid, name)
		}
	})
}

func audits(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("entries form one chain", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		state, err := s.VerifyAudit(ctx)
		require.NoError(t, err)
		require.Equal(t, store.AuditState{}, state)
		for i := range 3 {
			require.NoError(t, s.Audit(ctx, store.AuditEntry{At: At(i), Actor: "ann", Action: "day.start", Subject: vault, Detail: "d"}))
		}
		log, err := s.AuditLog(ctx, 1, 10)
		require.NoError(t, err)
		require.Len(t, log, 2)
		require.EqualValues(t, 2, log[0].Seq)
		require.Equal(t, log[0].Hash, log[1].Prev)
		state, err = s.VerifyAudit(ctx)
		require.NoError(t, err)
		require.Equal(t, store.AuditState{Entries: 3, Head: log[1].Hash}, state)
		require.ErrorIs(t, s.Audit(ctx, store.AuditEntry{Action: "x", At: At(1)}), store.ErrInvalid)
	})
	t.Run("what is told again is kept once", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		start, stop := store.AuditEntry{At: At(1), Actor: "ann", Action: "day.start", Subject: vault, Detail: "run r"}, store.AuditEntry{At: At(2), Actor: "bob", Action: "day.stop", Subject: vault}
		require.NoError(t, s.AuditOnce(ctx, []store.AuditEntry{start}))
		require.NoError(t, s.AuditOnce(ctx, []store.AuditEntry{start, stop}))
		again := start
		again.At = At(3)
		require.NoError(t, s.AuditOnce(ctx, []store.AuditEntry{again}))
		log, err := s.AuditLog(ctx, 0, 10)
		require.NoError(t, err)
		require.Len(t, log, 3)
		last, found, err := s.LastAudit(ctx, "day.start")
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, log[2], last)
		first, found, err := s.FirstAudit(ctx, "day.start", vault)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, log[0], first)
		_, found, err = s.FirstAudit(ctx, "day.start", "another")
		require.NoError(t, err)
		require.False(t, found)
		_, found, err = s.LastAudit(ctx, "other")
		require.NoError(t, err)
		require.False(t, found)
		require.ErrorIs(t, s.AuditOnce(ctx, []store.AuditEntry{start, {Actor: "x"}}), store.ErrInvalid)
		_, err = s.VerifyAudit(ctx)
		require.NoError(t, err)
	})
}
