package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func backups(t *testing.T, open func(t *testing.T) *store.Store) {
	s := open(t)
	last, good, err := s.LastBackup(t.Context())
	require.NoError(t, err)
	require.Nil(t, last, "none is nothing, and no zero")
	require.Nil(t, good)

	first := domain.BackupRecord{At: At(1), Archive: "main-1", Place: "s3://b", OK: true, Bytes: 1 << 40, Rows: 7, Files: 2, SHA256: "ab", TookMS: 12}
	failed := domain.BackupRecord{At: At(2), Place: "s3://b", TookMS: 3, Code: "backup/denied", Error: "the place denies access"}
	require.NoError(t, s.SaveBackup(t.Context(), first))
	require.NoError(t, s.SaveBackup(t.Context(), first), "told twice")
	require.NoError(t, s.SaveBackup(t.Context(), failed))
	last, good, err = open(t).LastBackup(t.Context())
	require.NoError(t, err)
	require.Equal(t, &failed, last)
	require.Equal(t, &first, good)
	all, err := s.Backups(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []domain.BackupRecord{failed, first}, all)
	for _, bad := range []domain.BackupRecord{{}, {At: At(1), Place: "x", OK: true}, {At: At(1), Place: "x", Archive: "a"}} {
		require.ErrorIs(t, s.SaveBackup(t.Context(), bad), store.ErrInvalid)
	}

	rpo := int64(5)
	for n, score := range []int{100, 50} {
		d := domain.Drill{At: At(n), Kind: "restore", Score: score, RPO: &rpo, Steps: []domain.DrillStep{{Name: "one", Result: domain.DrillOK}}}
		require.NoError(t, s.SaveDrill(t.Context(), d))
	}
	drills, err := s.Drills(t.Context(), "restore", 1)
	require.NoError(t, err)
	require.Len(t, drills, 1)
	require.Equal(t, 50, drills[0].Score)
	require.Nil(t, drills[0].RTO, "what was not measured is not zero")
}
