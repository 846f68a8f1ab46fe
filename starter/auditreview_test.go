package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// TestAuditEvidence_IsWhatTheLogTells follows a key and a log over a year: doctor and the monthly checklist say the same.
func TestAuditEvidence_IsWhatTheLogTells(t *testing.T) {
	ctx, day := t.Context(), 24*time.Hour
	db, err := store.Open(ctx, "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	s := config.Default()
	s.Signer.Source, s.Signer.PublicKey, s.Signer.Vault.Key = config.SourceVault, "8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh", "payer"
	s.Vaults = []config.Vault{{ID: "alpha", Enabled: true}}
	key := audit.Key{Name: "fee payer " + s.Signer.PublicKey, Use: "pays for alpha"}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	states := func(now time.Time) [4]string {
		t.Helper()
		lines := auditEvidence(ctx, db, s, now)
		require.Equal(t, []string{lineRotation, lineReview}, []string{lines[0].Name, lines[1].Name})
		found, err := judgeAuditLog(ctx, db, s, now)
		require.NoError(t, err)
		require.Len(t, found, 3)
		require.Equal(t, []string{"audit log", "audit review", "key age"}, []string{found[0].Check, found[1].Check, found[2].Check})
		return [4]string{lines[0].State, lines[1].State, string(found[2].Result), string(found[1].Result)}
	}
	require.Equal(t, [4]string{"unknown", "not assessed", "unknown", "ok"}, states(at), "nobody has worked yet")
	require.NoError(t, audit.NoteKeys(ctx, db, []audit.Key{key}, "worker", at))
	require.Equal(t, [4]string{"ok", "not assessed", "ok", "ok"}, states(at.Add(day)))
	require.Equal(t, [4]string{"ok", "warn", "ok", "warn"}, states(at.Add(40*day)), "the entry has waited too long")
	require.NoError(t, audit.SignOff(ctx, db, "bob", 1, "our own key", at.Add(41*day)))
	require.Equal(t, [4]string{"ok", "ok", "ok", "ok"}, states(at.Add(42*day)))
	require.Equal(t, [4]string{"warn", "ok", "warn", "ok"}, states(at.Add(366*day)))
}
