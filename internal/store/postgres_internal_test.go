//go:build postgres

package store

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store/pgtest"
)

func openFresh(t *testing.T) (*Store, string) {
	t.Helper()
	dsn := pgtest.NewDatabase(t)
	s, err := Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, dsn
}

func TestPostgreSQL_ACommitWaitsForTheDiskWhateverTheDatabaseSays(t *testing.T) {
	for given, want := range map[string]string{"off": "on", "remote_apply": "remote_apply"} {
		dsn := pgtest.NewDatabase(t)
		name := dsn[strings.LastIndex(dsn, "/")+1 : strings.Index(dsn, "?")]
		pgtest.Execute(t, dsn, "ALTER DATABASE "+name+" SET synchronous_commit = "+given)
		s, err := Open(t.Context(), dsn)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		var got string
		require.NoError(t, s.w.NewRaw("SHOW synchronous_commit").Scan(t.Context(), &got))
		require.Equal(t, want, got)
	}
}

func TestPostgreSQL_WritesThatWaitShareACommit(t *testing.T) {
	testGroup(t, func(t *testing.T) *Store { s, _ := openFresh(t); return s }, slowPostgres)
}

// slowPostgres writes until its context ends.
const slowPostgres = `INSERT INTO outcomes SELECT 'slow', '2026-03-01', i, i, '', '', '0', '0', '', '', '' FROM generate_series(1, 1000000000) AS i`

func TestPostgreSQL_TheReadingConnectionsCannotWrite(t *testing.T) {
	s, _ := openFresh(t)
	_, err := s.r.NewRaw("DELETE FROM intents").Exec(t.Context())
	require.ErrorIs(t, explainPostgres(err), ErrReadOnly)
}

func TestPostgreSQL_TextIsTakenAsItIs(t *testing.T) {
	s, dsn := openFresh(t)
	name := dsn[strings.LastIndex(dsn, "/")+1 : strings.Index(dsn, "?")]
	pgtest.Execute(t, dsn, "ALTER DATABASE "+name+" SET standard_conforming_strings = off")
	again, err := Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, again.Close()) })
	want := []domain.Outcome{{Note: `a\'); DROP TABLE intents; -- ? $1 ` + "\u00e9\n"}}
	require.NoError(t, again.SaveOutcomes(t.Context(), "alpha", "2026-03-01", want))
	got, err := s.Outcomes(t.Context(), "alpha", "2026-03-01")
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestPostgreSQL_MigrationsGoDownAndUpAgain(t *testing.T) {
	s, dsn := openFresh(t)
	ctx := t.Context()
	require.NoError(t, s.SaveOutcomes(ctx, "alpha", "2026-03-01", []domain.Outcome{{Stream: "s"}}))
	config, err := postgresConfig(dsn)
	require.NoError(t, err)
	db := connectPostgres(config, 2, false)
	provider, err := newProvider(goosePostgres, db)
	require.NoError(t, err)
	_, err = provider.DownTo(ctx, 0)
	require.NoError(t, err)
	require.NoError(t, migratePostgres(ctx, db))
	require.NoError(t, db.Close())
	left, err := s.Outcomes(ctx, "alpha", "2026-03-01")
	require.NoError(t, err)
	require.Empty(t, left)
}
