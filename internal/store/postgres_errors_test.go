package store

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPostgreSQL_EveryCodeIsExplained(t *testing.T) {
	tests := []struct {
		code string
		want error
		text string
	}{
		{"28P01", ErrLogin, "correct user and password"},
		{"28000", ErrLogin, "pg_hba.conf"},
		{"3D000", ErrNoDatabase, "createdb"},
		{"3F000", ErrNoDatabase, "search_path"},
		{"42501", ErrDenied, "feeops setup"},
		{"25006", ErrReadOnly, "target_session_attrs=read-write"},
		{"53100", ErrFull, "nothing was stored; free some space"},
		{"53300", ErrUnreachable, "max_connections"},
		{"55P03", ErrLocked, "pg_stat_activity"},
		{"57P01", ErrUnreachable, "wait until the server is up again"},
		{"57P03", ErrUnreachable, "wait until the server is up again"},
		{"08006", ErrUnreachable, "wait until the server is up again"},
		{"25P03", ErrUnreachable, "this host's load"},
		{"XX001", ErrCorrupt, "restore a backup"},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			cause := &pgconn.PgError{Severity: "FATAL", Message: "as the server says it", Code: tt.code}
			err := explainPostgres(fmt.Errorf("begin: %w", cause))
			require.ErrorIs(t, err, tt.want)
			require.ErrorIs(t, err, cause)
			require.ErrorContains(t, err, "as the server says it")
			require.ErrorContains(t, err, tt.text)
		})
	}
	require.ErrorIs(t, explainPostgres(context.DeadlineExceeded), ErrUnreachable)
	for _, plain := range []error{context.Canceled, ErrOpenIntent, errors.New("other"), &pgconn.PgError{Code: "23505"}} {
		require.Equal(t, plain, explainPostgres(plain), "what is not known is passed on")
	}
}

// TestPostgreSQL_NoErrorShowsThePassword opens DSNs that are wrong in all ways: whatever is said of them, the password
// is not in it.
func TestPostgreSQL_NoErrorShowsThePassword(t *testing.T) {
	const password = "hunter2"
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // Nobody is asked.
	for _, dsn := range []string{
		"postgres://u:hunter2@host:notaport/db", "postgres://u:hunter2%zz@host/db", "postgres://u:hun/ter2hunter2@host/db", "postgres://u:hunter2@[::1/db",
		"postgres://u:hunter2@h/db?sslmode=maybe", "postgres://u@h/db?password=hunter2&connect_timeout=x", "postgres://h/db?sslpassword=hunter2&sslmode=verify-full&sslrootcert=/nowhere",
		"postgresql://u:hunter2@\x7f/db", "postgres:u:hunter2@h", "postgres:///hunter2?host=\x00",
	} {
		for _, err := range opened(ctx, dsn) {
			require.Error(t, err, dsn)
			require.NotContains(t, err.Error(), password)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringOfN(rapid.RuneFrom([]rune("abz019:/?#[]@!$&'()*+,;=% \\\"\x00\n")), 0, 12, -1)
		dsn := "postgres://u:" + part.Draw(t, "before") + password + part.Draw(t, "after") + "@host:1/db"
		for _, err := range opened(ctx, dsn) {
			require.Error(t, err)
			require.NotContains(t, err.Error(), password, dsn)
		}
	})
}

func opened(ctx context.Context, dsn string) []error {
	s, err := Open(ctx, dsn)
	if err == nil {
		_ = s.Close() // It was only opened to see what is said.
	}
	_, inspected := Inspect(ctx, dsn)
	return []error{err, inspected}
}
