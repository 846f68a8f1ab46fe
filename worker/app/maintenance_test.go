package app

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

func TestW07_TheWeekSeesToABackupAndNeverFailsOverOne(t *testing.T) {
	db, now := openStore(t), noon
	s := config.Default()
	r := &routines{routineParams: routineParams{Settings: s, Store: db, Clock: func() time.Time { return now }}, zone: time.UTC}
	step := func() ops.RoutineStep {
		t.Helper()
		out, err := r.backup(t.Context(), noon)
		require.NoError(t, err)
		require.Equal(t, "backup", out.Name)
		return out
	}
	require.Equal(t, ops.RoutineStep{Name: "backup", Verdict: ops.VerdictOK, Seen: "not assessed: backup.place names no place"}, step())

	dir := t.TempDir()
	recipient, err := backup.GenerateKey(filepath.Join(dir, "key"), noon)
	require.NoError(t, err)
	place := config.NewURL("file:" + filepath.Join(dir, "place"))
	r.Settings.Backup.Place = place
	bad := step()
	require.Equal(t, ops.VerdictWarn, bad.Verdict, "it fails nothing")
	require.Contains(t, bad.Seen, "no backup could be made: ")
	require.Contains(t, bad.Next, "feeops backup create")
	last, _, err := db.LastBackup(t.Context())
	require.NoError(t, err)
	require.False(t, last.OK, "and the watch knows of it")

	r.Settings.Backup.Recipients = []string{recipient}
	made := step()
	require.Equal(t, ops.VerdictOK, made.Verdict, made.Seen)
	require.Contains(t, made.Seen, " was made: ")
	now = noon.Add(time.Hour)
	require.Contains(t, step().Seen, "is whole, by its label")
	r.Settings.Backup.IdentityFile = filepath.Join(dir, "key")
	require.Contains(t, step().Seen, "of 2026-03-02 12:00 UTC is whole, read to its last byte")
	now = noon.Add(s.Backup.MaxAge + time.Hour)
	require.Contains(t, step().Seen, " was made: ")
}
