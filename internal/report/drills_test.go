package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// assessed finds a line by name.
func assessed(t *testing.T, list []Assessment, name string) Assessment {
	t.Helper()
	for _, a := range list {
		if a.Name == name {
			return a
		}
	}
	require.FailNow(t, "no such line", name)
	return Assessment{}
}

func TestO05_DrillsAndBackupsAreWhatTheRecordsSay(t *testing.T) {
	r, s := twoMonths(t)
	books := func(p *MonthlyParams) { p.Security = s }
	m := october(t, r, books)
	for _, name := range []string{"restore drill", "stop drill"} {
		require.Equal(t, "not assessed", assessed(t, m.Drills, name).State, name)
	}
	require.Equal(t, Assessment{"backup and restore drill", "not assessed", "no backup is recorded; no drill is recorded in this window"}, assessed(t, m.Security, "backup and restore drill"))
	require.Equal(t, Assessment{"two people for a resume", "ok", "0 stops lifted, 0 approvals"}, assessed(t, m.Security, "two people for a resume"))

	at := func(day int) time.Time { return time.Date(2026, 10, day, 3, 0, 0, 0, time.UTC) }
	rpo, rto := int64(3600), int64(49)
	require.NoError(t, s.SaveBackup(t.Context(), domain.BackupRecord{At: at(2), Archive: "a1", Place: "file:/b", OK: true}))
	require.NoError(t, s.SaveDrill(t.Context(), domain.Drill{At: at(3).AddDate(0, -1, 0), Kind: "restore", Score: 10}))
	require.NoError(t, s.SaveDrill(t.Context(), domain.Drill{At: at(3), Kind: "restore", Score: 80, RPO: &rpo}))
	require.NoError(t, s.SaveDrill(t.Context(), domain.Drill{At: at(10), Kind: "restore", Score: 100, RPO: &rpo, RTO: &rto}))
	for i, action := range []string{"safety.set.drill", "safety.set.drill", "safety.clear.stop", "safety.resume.approved"} {
		require.NoError(t, s.Audit(t.Context(), store.AuditEntry{At: at(11 + i), Actor: "ada", Action: action}))
	}
	m = october(t, r, books)
	require.Equal(t, Assessment{"restore drill", "ok", "1 of 2 drills whole; the newest at 2026-10-10T03:00:00Z scored 100 of 100, data loss 3600 s, back after 49 ms"}, assessed(t, m.Drills, "restore drill"))
	require.Equal(t, Assessment{"stop drill", "ok", "2 samples of the gate; the figures are in the runs of StopDrill"}, assessed(t, m.Drills, "stop drill"))
	require.Equal(t, "ok", assessed(t, m.Security, "backup and restore drill").State)
	require.Equal(t, Assessment{"two people for a resume", "warn", "1 stop lifted, 1 approval"}, assessed(t, m.Security, "two people for a resume"))

	require.NoError(t, s.SaveBackup(t.Context(), domain.BackupRecord{At: at(20), Place: "file:/b", Error: "the disk is full"}))
	a := assessed(t, october(t, r, books).Security, "backup and restore drill")
	require.Equal(t, "fail", a.State)
	require.Contains(t, a.Evidence, "the newest failed at 2026-10-20T03:00:00Z (the disk is full); newest good backup of 2026-10-02T03:00:00Z")
}
