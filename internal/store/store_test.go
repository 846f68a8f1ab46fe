package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/store/storetest"
)

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestSQLite(t *testing.T) {
	root := t.TempDir()
	storetest.Run(t, func(t *testing.T) *store.Store {
		return open(t, filepath.Join(root, strings.ReplaceAll(t.Name(), "/", "_"), "feeops.db"))
	})
}

func TestSQLite_ExportAndRestore(t *testing.T) {
	fresh := func(t *testing.T) string { return "file:" + filepath.Join(t.TempDir(), "feeops.db") }
	storetest.Exports(t, fresh, fresh)
}

func TestRestore_AFileThatItMadeGoesWithItsFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "feeops.db")
	all, err := store.Migrations()
	require.NoError(t, err)
	require.ErrorIs(t, store.Restore(t.Context(), "file:"+path, all, func(*store.Filling) error { return os.ErrClosed }), os.ErrClosed)
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Empty(t, left)
	for name, dsn := range map[string]string{"directory": "file:" + filepath.Dir(path), "scheme": "mysql://u:hunter2@db", "text": "file:" + textFile(t)} {
		err := store.Restore(t.Context(), dsn, all, func(*store.Filling) error { return nil })
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// textFile is a file that is no database.
func textFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text.db")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("this is not a database\n", 50)), 0o600))
	return path
}

func TestOpen_MakesAPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a dir", "50%?#", "feeops.db")
	s := open(t, path)
	require.NoError(t, s.Ping(t.Context()))
	for name, mode := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
	open(t, path) // The schema is there already.
}

func TestOpen_SaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("this is not a database\n", 50)), 0o600))
	newer := filepath.Join(dir, "newer.db")
	open(t, newer)
	execute(t, newer, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
	tests := []struct {
		name string
		dsn  string
		want error
		text string
	}{
		{"no database", "file:" + text, store.ErrNotADatabase, "correct store.dsn"},
		{"newer schema", "file:" + newer, store.ErrNewer, "version 99, this program knows 16: install the newer program"},
		{"a directory", "file:" + dir, store.ErrReadOnly, "check the path"},
		{"a file as directory", "file:" + filepath.Join(text, "x.db"), store.ErrReadOnly, "check the path"},
		{"another database", "mysql://u:hunter2@db", store.ErrDSN, `"mysql"`},
		{"a DSN that cannot be read", "postgres://u:hunter2@db:port/x", store.ErrDSN, "in a password write @"},
		{"a password that is cut in two", "postgres://u:1/hunter2@db/x", store.ErrDSN, "in a password write @"},
		{"no path", "file:", store.ErrDSN, "use file:PATH"},
		{"nothing", "", store.ErrDSN, "use file:PATH"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := store.Open(t.Context(), tt.dsn)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, tt.text)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	left, err := os.ReadFile(text)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(left), "this is not"), "a file that is something else stays as it is")
}

// execute changes the file behind the store's back.
func execute(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func TestAudit_AnyChangeBreaksTheChain(t *testing.T) {
	for _, change := range []string{
		"UPDATE audit SET detail = 'nothing happened' WHERE seq = 2",
		"UPDATE audit SET actor = 'bob' WHERE seq = 2",
		"UPDATE audit SET at = '2026-03-01T12:00:00.000000000Z' WHERE seq = 2",
		"DELETE FROM audit WHERE seq = 2",
		"UPDATE audit SET seq = 9 WHERE seq = 2",
		"UPDATE audit SET prev = '' WHERE seq = 2",
	} {
		t.Run(change, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "feeops.db")
			s := open(t, path)
			for i := range 4 {
				require.NoError(t, s.Audit(t.Context(), store.AuditEntry{At: storetest.At(i), Actor: "ann", Action: "note", Detail: fmt.Sprint(i)}))
			}
			execute(t, path, change)
			state, err := s.VerifyAudit(t.Context())
			require.ErrorIs(t, err, store.ErrAudit)
			require.ErrorContains(t, err, "at entry 2")
			require.EqualValues(t, 1, state.Entries)
		})
	}
}

func TestManifest_APlanChangedInTheFileIsNotPaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "feeops.db")
	s, m := open(t, path), storetest.Manifest(t, 3, 5)
	_, err := s.SaveManifest(t.Context(), m)
	require.NoError(t, err)
	execute(t, path, "UPDATE manifests SET document = replace(document, 'recipient-', 'thiefthief')")
	_, found, err := s.Manifest(t.Context(), m.Vault, m.Day)
	require.ErrorIs(t, err, store.ErrCorrupt)
	require.False(t, found)
}

func TestRead_AFailureIsNeverNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "feeops.db")
	s := open(t, path)
	execute(t, path, "DROP TABLE safety")
	_, err := s.Safety(t.Context(), "alpha")
	require.Error(t, err, "a flag that cannot be read must stop the sending")
	require.NoError(t, s.Close())
	_, _, err = s.Manifest(t.Context(), "alpha", "2026-03-01")
	require.Error(t, err)
	require.Error(t, s.Ping(t.Context()))
}

// TestInsertIntent_SurvivesAKilledProcess runs itself as a second process, which stores an intent and dies at once.
func TestInsertIntent_SurvivesAKilledProcess(t *testing.T) {
	const variable = "FEEOPS_TEST_STORE"
	if path := os.Getenv(variable); path != "" {
		s, err := store.Open(t.Context(), "file:"+path)
		require.NoError(t, err)
		require.NoError(t, s.InsertIntent(t.Context(), storetest.Intent("before-the-crash", "page/0", 1)))
		self, err := os.FindProcess(os.Getpid())
		require.NoError(t, err)
		require.NoError(t, self.Kill()) // No Close, no deferred call, no flush.
		select {}
	}
	path := filepath.Join(t.TempDir(), "feeops.db")
	child := exec.Command(os.Args[0], "-test.run=^TestInsertIntent_SurvivesAKilledProcess$")
	child.Env = append(os.Environ(), variable+"="+path)
	output, err := child.CombinedOutput()
	require.ErrorContains(t, err, "killed", string(output))
	left, err := open(t, path).OpenIntents(t.Context(), "alpha")
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, storetest.Intent("before-the-crash", "page/0", 1), left[0])
}

func BenchmarkInsertIntent(b *testing.B) {
	s, i := open(b, filepath.Join(b.TempDir(), "feeops.db")), 0
	for b.Loop() {
		i++
		require.NoError(b, s.InsertIntent(b.Context(), storetest.Intent(fmt.Sprint("s", i), fmt.Sprint("page/", i), i%60)))
	}
}

func BenchmarkSaveManifest1000(b *testing.B) {
	s, m, i := open(b, filepath.Join(b.TempDir(), "feeops.db")), storetest.Manifest(b, 1_000, 5), 0
	for b.Loop() {
		i++
		m.Vault = fmt.Sprint("v", i)
		sealed, err := m.Seal()
		require.NoError(b, err)
		_, err = s.SaveManifest(b.Context(), sealed)
		require.NoError(b, err)
	}
}
