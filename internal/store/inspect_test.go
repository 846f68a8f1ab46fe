package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/store"
)

func TestInspect_LooksAtAFileAndChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "feeops.db")
	info, err := store.Inspect(t.Context(), "file:"+path)
	require.NoError(t, err, "a file that is not there yet is no error")
	require.Equal(t, store.KindSQLite, info.Kind)
	require.Equal(t, path, info.Place)
	require.Zero(t, info.Schema)
	require.Empty(t, info.Server)
	require.NoFileExists(t, path)

	open(t, path)
	info, err = store.Inspect(t.Context(), "file:"+path)
	require.NoError(t, err)
	require.Positive(t, info.Schema)
	require.Equal(t, info.Known, info.Schema)
	require.Contains(t, info.Server, "SQLite 3")
	require.Empty(t, info.Doubts)

	execute(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
	info, err = store.Inspect(t.Context(), "file:"+path)
	require.NoError(t, err)
	require.EqualValues(t, 99, info.Schema)
	require.Less(t, info.Known, info.Schema)
}

func TestInspect_AForeignDatabaseStaysAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	execute(t, path, "CREATE TABLE other (x TEXT)")
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	info, err := store.Inspect(t.Context(), "file:"+path)
	require.NoError(t, err)
	require.Zero(t, info.Schema)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.NoFileExists(t, path+"-wal")

	require.NoError(t, os.WriteFile(path, []byte("this is not a database, and much longer than a header of one would be, so that it is looked at and refused"), 0o600))
	_, err = store.Inspect(t.Context(), "file:"+path)
	require.ErrorIs(t, err, store.ErrNotADatabase)
}

func TestInspect_FilesThatOthersMayOpenAreADoubt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	path := filepath.Join(dir, "feeops.db")
	open(t, path)
	tests := []struct {
		name string
		file string
		mode os.FileMode
		want string
	}{
		{"the database", path, 0o644, "chmod 600 " + path},
		{"its journal", path + "-wal", 0o640, "chmod 600 " + path + "-wal"},
		{"its directory", dir, 0o777, "chmod 700 " + dir},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			was, err := os.Stat(tt.file)
			require.NoError(t, err)
			require.NoError(t, os.Chmod(tt.file, tt.mode))
			defer func() { require.NoError(t, os.Chmod(tt.file, was.Mode().Perm())) }()
			info, err := store.Inspect(t.Context(), "file:"+path)
			require.NoError(t, err)
			require.Len(t, info.Doubts, 1)
			require.Equal(t, tt.want, info.Doubts[0].Next)
		})
	}
}

func TestInspect_AnotherProductIsNotUnderstood(t *testing.T) {
	_, err := store.Inspect(t.Context(), "mysql://u:hunter2@db")
	require.ErrorIs(t, err, store.ErrDSN)
	require.NotContains(t, err.Error(), "hunter2")
}
