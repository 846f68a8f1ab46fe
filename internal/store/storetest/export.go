package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// strange are texts that a database, a driver or a format may change on the way.
var strange = []string{"", "'); DROP TABLE intents; --", "a\\b\n\t\"ü\"", "Zebra", "apple", "Äpfel", "18446744073709551615", "{\"a\": [1, null]}"}

// value follows from a row's number alone, so that every reference to another table leads somewhere.
func value(c store.Column, row int) any {
	switch c.Kind {
	case store.ColumnInteger:
		return int64(math.MaxInt32 - row) // INTEGER has four bytes on PostgreSQL.
	case store.ColumnBoolean:
		return row%2 == 0
	default:
		return fmt.Sprintf("%s%03d", strange[row%len(strange)], row)
	}
}

// Fill makes a store of which every table has rows.
func Fill(t testing.TB, dsn string, migrations []int64, rows int) {
	t.Helper()
	require.NoError(t, store.Restore(t.Context(), dsn, migrations, func(f *store.Filling) error {
		for _, shape := range f.Shapes {
			for row := range rows {
				values := make([]any, len(shape.Columns))
				for i, c := range shape.Columns {
					values[i] = value(c, row)
				}
				if err := f.Add(t.Context(), shape, values); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// Rows is everything in a store, table by table.
func Rows(t testing.TB, s *store.Store) map[string][][]any {
	t.Helper()
	out := map[string][][]any{}
	require.NoError(t, s.Export(t.Context(), func(e store.Export) error {
		for _, shape := range e.Shapes {
			out[shape.Table] = [][]any{}
			if err := e.EachRow(t.Context(), shape, func(values []any) error {
				out[shape.Table] = append(out[shape.Table], append([]any{}, values...))
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	return out
}

// Copy puts all that a store holds into the empty database that dsn names.
func Copy(t testing.TB, from *store.Store, dsn string) {
	t.Helper()
	require.NoError(t, from.Export(t.Context(), func(e store.Export) error {
		return store.Restore(t.Context(), dsn, e.Migrations, func(f *store.Filling) error {
			for _, shape := range e.Shapes {
				if err := e.EachRow(t.Context(), shape, func(values []any) error { return f.Add(t.Context(), shape, values) }); err != nil {
					return err
				}
			}
			return nil
		})
	}))
}

func openDSN(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// Exports tests that what one database gives another one takes. fresh names a new database of the kind under test,
// other one of any kind.
func Exports(t *testing.T, fresh, other func(t *testing.T) string) {
	all, err := store.Migrations()
	require.NoError(t, err)
	t.Run("every row of every table comes through, there and back", func(t *testing.T) {
		const rows = 450 // More than one statement takes.
		first, between, last := fresh(t), other(t), fresh(t)
		Fill(t, first, all, rows)
		want := Rows(t, openDSN(t, first))
		require.Greater(t, len(want), 15)
		for table, list := range want {
			require.Len(t, list, rows, table)
		}
		Copy(t, openDSN(t, first), between)
		require.Equal(t, want, Rows(t, openDSN(t, between)), "in the same order, whatever the database sorts by")
		Copy(t, openDSN(t, between), last)
		require.Equal(t, want, Rows(t, openDSN(t, last)))
	})
	t.Run("a day's books, with what is not known", func(t *testing.T) {
		first, second := fresh(t), other(t)
		s, m := openDSN(t, first), Manifest(t, 20, 5)
		_, err := s.SaveManifest(t.Context(), m)
		require.NoError(t, err)
		require.NoError(t, s.InsertIntent(t.Context(), Intent("sig", "page/0", 1)))
		require.NoError(t, s.Audit(t.Context(), store.AuditEntry{At: At(1), Actor: "ann", Action: "note", Detail: "\u2028 <&> \x7f"}))
		Copy(t, s, second)
		other := openDSN(t, second)
		got, found, err := other.Manifest(t.Context(), m.Vault, m.Day)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, m, got)
		open, err := other.OpenIntents(t.Context(), vault)
		require.NoError(t, err)
		require.Equal(t, []domain.Intent{Intent("sig", "page/0", 1)}, open)
		before, err := s.VerifyAudit(t.Context())
		require.NoError(t, err)
		after, err := other.VerifyAudit(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.NoError(t, other.Audit(t.Context(), store.AuditEntry{At: At(2), Actor: "ann", Action: "note"}), "and it goes on")
	})
	t.Run("writers do not change what is being exported, and do not wait for it", func(t *testing.T) {
		s := openDSN(t, fresh(t))
		require.NoError(t, s.Audit(t.Context(), store.AuditEntry{At: At(1), Actor: "ann", Action: "one"}))
		seen := 0
		require.NoError(t, s.Export(t.Context(), func(e store.Export) error {
			require.NoError(t, s.Audit(t.Context(), store.AuditEntry{At: At(2), Actor: "bob", Action: "two"}))
			for _, shape := range e.Shapes {
				if shape.Table == "audit" {
					require.NoError(t, e.EachRow(t.Context(), shape, func([]any) error { seen++; return nil }))
				}
			}
			return nil
		}))
		require.Equal(t, 1, seen)
		state, err := s.VerifyAudit(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 2, state.Entries)
	})
	t.Run("rows are put into an empty store only", func(t *testing.T) {
		dsn := fresh(t)
		s := openDSN(t, dsn) // Tables without rows are empty: setup has made them.
		Fill(t, dsn, all, 1)
		want := Rows(t, s)
		err := store.Restore(t.Context(), dsn, all, func(*store.Filling) error { t.Error("it was filled again"); return nil })
		require.ErrorIs(t, err, store.ErrNotEmpty)
		require.ErrorContains(t, err, "rows in alert_events")
		require.Equal(t, want, Rows(t, s))
	})
	t.Run("what fails halfway leaves nothing", func(t *testing.T) {
		dsn := fresh(t)
		torn := errors.New("the archive is cut short")
		err := store.Restore(t.Context(), dsn, all, func(f *store.Filling) error {
			for row := range 500 {
				values := make([]any, len(f.Shapes[0].Columns))
				for i, c := range f.Shapes[0].Columns {
					values[i] = value(c, row)
				}
				require.NoError(t, f.Add(t.Context(), f.Shapes[0], values))
			}
			return torn
		})
		require.ErrorIs(t, err, torn)
		for table, rows := range Rows(t, openDSN(t, dsn)) {
			require.Empty(t, rows, table)
		}
	})
	t.Run("older tables are filled as they were and brought up to date", func(t *testing.T) {
		for n := range all {
			dsn := fresh(t)
			if n%2 == 1 {
				openDSN(t, dsn) // Made by setup, newer than the export.
			}
			Fill(t, dsn, all[:n+1], 3)
			for table, rows := range Rows(t, openDSN(t, dsn)) {
				if len(rows) > 0 {
					require.Len(t, rows, 3, table)
				}
			}
			require.NoError(t, openDSN(t, dsn).Ping(t.Context()))
		}
	})
	t.Run("tables of a newer program are refused by number", func(t *testing.T) {
		dsn := fresh(t)
		err := store.Restore(t.Context(), dsn, append(append([]int64{}, all...), 99), func(*store.Filling) error { return nil })
		require.ErrorIs(t, err, store.ErrNewer)
		require.ErrorContains(t, err, "migration 99")
	})
}
