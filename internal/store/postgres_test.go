//go:build postgres

package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/store/pgtest"
	"github.com/meteora-fee-router/feeops/internal/store/storetest"
)

const (
	waitLong = 20 * time.Second
	waitStep = 20 * time.Millisecond
)

func openPostgres(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestPostgreSQL(t *testing.T) {
	var mu sync.Mutex
	made := map[string]string{}
	storetest.Run(t, func(t *testing.T) *store.Store {
		mu.Lock()
		defer mu.Unlock()
		dsn, ok := made[t.Name()]
		if !ok {
			dsn = pgtest.NewDatabase(t)
			made[t.Name()] = dsn
		}
		return openPostgres(t, dsn)
	})
}

// TestPostgreSQL_ExportAndRestore goes through SQLite on the way: an archive of one database restores into the other.
func TestPostgreSQL_ExportAndRestore(t *testing.T) {
	storetest.Exports(t, func(t *testing.T) string { return pgtest.NewDatabase(t) }, func(t *testing.T) string {
		return "file:" + filepath.Join(t.TempDir(), "feeops.db")
	})
}

// changed is a DSN with another part.
func changed(t *testing.T, dsn string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	change(u)
	return u.String()
}

func parameter(name, value string) func(*url.URL) {
	return func(u *url.URL) {
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
	}
}

// role makes a role that may log in and nothing more, and gives the DSN with it.
func role(t *testing.T, dsn string) string {
	t.Helper()
	name := fmt.Sprintf("role_%d_%s", os.Getpid(), strings.ToLower(strings.NewReplacer("/", "_", " ", "_").Replace(t.Name())))[:40]
	pgtest.Execute(t, dsn, "CREATE ROLE "+name+" LOGIN PASSWORD 'hunter2'")
	t.Cleanup(func() { pgtest.Execute(t, dsn, "DROP OWNED BY "+name, "DROP ROLE "+name) })
	return changed(t, dsn, func(u *url.URL) { u.User = url.UserPassword(name, "hunter2") })
}

func TestPostgreSQL_OpenSaysWhatIsWrong(t *testing.T) {
	dsn := pgtest.NewDatabase(t)
	user := func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "hunter2") }
	newer := pgtest.NewDatabase(t)
	openPostgres(t, newer)
	pgtest.Execute(t, newer, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, TRUE)")
	readOnly := pgtest.NewDatabase(t)
	pgtest.Execute(t, readOnly, "ALTER DATABASE "+strings.TrimPrefix(mustParse(t, readOnly).Path, "/")+" SET default_transaction_read_only = on")
	tests := []struct {
		name string
		dsn  string
		want error
		text string
	}{
		{"wrong password", changed(t, dsn, user), store.ErrLogin, "correct user and password"},
		{"unknown user", changed(t, dsn, func(u *url.URL) { u.User = url.UserPassword("nobody", "hunter2") }), store.ErrLogin, "correct user and password"},
		{"no database", changed(t, dsn, func(u *url.URL) { u.Path = "/nowhere" }), store.ErrNoDatabase, "make it with createdb"},
		{"host down", changed(t, dsn, func(u *url.URL) { user(u); u.Host = closed(t) }), store.ErrUnreachable, "start PostgreSQL"},
		{"unknown host", changed(t, dsn, func(u *url.URL) { user(u); u.Host = "db.invalid:5432" }), store.ErrUnreachable, "correct the host"},
		{"something else listens there", changed(t, dsn, func(u *url.URL) { user(u); u.Host = webServer(t) }), store.ErrUnreachable, "correct host, port"},
		{"no encryption on a server without", changed(t, dsn, parameter("sslmode", "require")), store.ErrUnreachable, "sslmode"},
		{"newer schema", newer, store.ErrNewer, "version 99, this program knows"},
		{"read-only", readOnly, store.ErrReadOnly, "must name the primary"},
		{"may not make tables", role(t, dsn), store.ErrDenied, "feeops setup"},
		{"no such schema", changed(t, dsn, parameter("search_path", "nowhere")), store.ErrNoDatabase, "search_path"},
		{"locked by another start", changed(t, locked(t, "6665656f707302"), parameter("lock_timeout", "50")), store.ErrLocked, "pg_stat_activity"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := store.Open(t.Context(), tt.dsn)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, tt.text)
			require.NotContains(t, err.Error(), "hunter2")
			if password, ok := mustParse(t, tt.dsn).User.Password(); ok {
				require.NotContains(t, err.Error(), password)
			}
		})
	}
}

func mustParse(t *testing.T, dsn string) *url.URL {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	return u
}

// closed is an address at which nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// webServer answers everyone as something that is no database.
func webServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) // What the other side makes of it is the test.
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// locked is a database in which somebody else holds the advisory lock with this key, in hexadecimal digits.
func locked(t *testing.T, key string) string {
	t.Helper()
	dsn := pgtest.NewDatabase(t)
	hold(t, dsn, key)
	return dsn
}

// hold takes an advisory lock and keeps it until the connection that it returns ends.
func hold(t *testing.T, dsn, key string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) }) // The test may have ended it.
	_, err = c.Exec(t.Context(), "SELECT pg_advisory_lock(('x' || lpad('"+key+"', 16, '0'))::bit(64)::bigint)")
	require.NoError(t, err)
	return c
}

func TestPostgreSQL_AWriterThatHoldsOnIsNamedAndReadersGoOn(t *testing.T) {
	dsn := pgtest.NewDatabase(t)
	s := openPostgres(t, changed(t, dsn, parameter("lock_timeout", "50")))
	other := hold(t, dsn, "6665656f707301")
	require.ErrorIs(t, s.InsertIntent(t.Context(), storetest.Intent("s1", "page/0", 1)), store.ErrLocked)
	_, err := s.OpenIntents(t.Context(), "alpha")
	require.NoError(t, err, "readers do not wait for a writer")
	require.NoError(t, other.Close(t.Context()))
	require.Eventually(t, func() bool { return s.InsertIntent(t.Context(), storetest.Intent("s1", "page/0", 1)) == nil }, waitLong, waitStep, "the lock ends with its session")
}

func TestPostgreSQL_ManyThatStartTogetherMakeOneSchema(t *testing.T) {
	dsn := pgtest.NewDatabase(t)
	errs := make([]error, 6)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			s, err := store.Open(t.Context(), dsn)
			if err == nil {
				err = errors.Join(s.Ping(t.Context()), s.Close())
			}
			errs[i] = err
		})
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	info, err := store.Inspect(t.Context(), dsn)
	require.NoError(t, err)
	require.Equal(t, info.Known, info.Schema)
}

func TestPostgreSQL_PingSeesThatNothingCanBeWritten(t *testing.T) {
	t.Run("because the database was made read-only", func(t *testing.T) {
		dsn := pgtest.NewDatabase(t)
		openPostgres(t, dsn)
		pgtest.Execute(t, dsn, "ALTER DATABASE "+strings.TrimPrefix(mustParse(t, dsn).Path, "/")+" SET default_transaction_read_only = on")
		s := openPostgres(t, dsn)
		require.ErrorIs(t, s.Ping(t.Context()), store.ErrReadOnly)
		require.ErrorIs(t, s.InsertIntent(t.Context(), storetest.Intent("s1", "page/0", 1)), store.ErrReadOnly)
	})
	t.Run("because the role may only look", func(t *testing.T) {
		dsn := pgtest.NewDatabase(t)
		openPostgres(t, dsn)
		reader := role(t, dsn)
		pgtest.Execute(t, dsn, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+mustParse(t, reader).User.Username())
		s := openPostgres(t, reader)
		require.ErrorIs(t, s.Ping(t.Context()), store.ErrDenied)
		err := s.InsertIntent(t.Context(), storetest.Intent("s1", "page/0", 1))
		require.ErrorIs(t, err, store.ErrDenied)
		require.ErrorContains(t, err, "feeops setup")
	})
	t.Run("a role without the right to make tables is enough once they are there", func(t *testing.T) {
		dsn := pgtest.NewDatabase(t)
		openPostgres(t, dsn)
		worker := role(t, dsn)
		pgtest.Execute(t, dsn, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "+mustParse(t, worker).User.Username())
		s := openPostgres(t, worker)
		require.NoError(t, s.Ping(t.Context()))
		require.NoError(t, s.InsertIntent(t.Context(), storetest.Intent("s1", "page/0", 1)))
	})
}

func TestPostgreSQL_ALostConnectionIsAnErrorAndTheNextOneWorks(t *testing.T) {
	dsn := pgtest.NewDatabase(t)
	s := openPostgres(t, dsn)
	other := hold(t, dsn, "6665656f707301")
	wrote := make(chan error, 1)
	go func() { wrote <- s.InsertIntent(t.Context(), storetest.Intent("s1", "page/0", 1)) }()
	waits := "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	require.Eventually(t, func() bool {
		var n int
		return other.QueryRow(t.Context(), waits).Scan(&n) == nil && n == 1
	}, waitLong, waitStep)
	pgtest.Execute(t, dsn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'feeops'")
	require.ErrorIs(t, <-wrote, store.ErrUnreachable)
	require.NoError(t, other.Close(t.Context()))
	require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, waitLong, waitStep)
	left, err := s.OpenIntents(t.Context(), "alpha")
	require.NoError(t, err)
	require.Empty(t, left, "what was not committed is not there")
	require.NoError(t, s.InsertIntent(t.Context(), storetest.Intent("s1", "page/0", 1)))
}

func TestInspect_SaysWhatAPostgreSQLDatabaseIs(t *testing.T) {
	dsn := pgtest.NewDatabase(t)
	info, err := store.Inspect(t.Context(), dsn)
	require.NoError(t, err)
	require.Equal(t, store.KindPostgres, info.Kind)
	require.Contains(t, info.Server, "PostgreSQL ")
	require.Zero(t, info.Schema, "looking makes no tables")
	password, _ := mustParse(t, dsn).User.Password()
	require.NotContains(t, info.Place, password)
	require.Len(t, info.Doubts, 1, "%v", info.Doubts)
	require.Contains(t, info.Doubts[0].Seen, "superuser")
	openPostgres(t, dsn)
	worker := role(t, dsn)
	pgtest.Execute(t, dsn, "GRANT SELECT ON goose_db_version TO "+mustParse(t, worker).User.Username())
	info, err = store.Inspect(t.Context(), worker)
	require.NoError(t, err)
	require.Positive(t, info.Schema)
	require.Equal(t, info.Known, info.Schema)
	require.Empty(t, info.Doubts)
}

// TestPostgreSQL_ProcessesCannotSignAPageTwice runs itself as several processes, which race for the same pages.
func TestPostgreSQL_ProcessesCannotSignAPageTwice(t *testing.T) {
	const (
		variable  = "FEEOPS_TEST_RIVAL"
		processes = 3
		pages     = 60
	)
	if given := os.Getenv(variable); given != "" {
		var n int
		var dsn string
		_, err := fmt.Sscan(given, &n, &dsn)
		require.NoError(t, err)
		s := openPostgres(t, dsn)
		fmt.Println("ready")
		_, err = bufio.NewReader(os.Stdin).ReadString('\n') // All begin at once, each at another page.
		require.NoError(t, err)
		for i := range pages {
			page := (i + n*pages/processes) % pages
			err := s.InsertIntent(t.Context(), storetest.Intent(fmt.Sprintf("p%d-%d", n, page), fmt.Sprint("page/", page), page))
			if err != nil {
				require.ErrorIs(t, err, store.ErrOpenIntent)
			}
		}
		return
	}
	dsn := pgtest.NewDatabase(t)
	s := openPostgres(t, dsn)
	var children []*exec.Cmd
	var gates []interface{ Write([]byte) (int, error) }
	for n := range processes {
		child := exec.Command(os.Args[0], "-test.run=^TestPostgreSQL_ProcessesCannotSignAPageTwice$")
		child.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", variable, n, dsn))
		child.Stderr = os.Stderr
		in, err := child.StdinPipe()
		require.NoError(t, err)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewReader(out)
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "ready\n", line)
		children, gates = append(children, child), append(gates, in)
	}
	for _, gate := range gates {
		_, err := gate.Write([]byte("\n"))
		require.NoError(t, err)
	}
	for _, child := range children {
		require.NoError(t, child.Wait())
	}
	open, err := s.OpenIntents(t.Context(), "alpha")
	require.NoError(t, err)
	keys, winners := map[string]string{}, map[string]int{}
	for _, i := range open {
		require.Empty(t, keys[i.Key], "%s was signed twice", i.Key)
		keys[i.Key] = i.Signature
		winner, _, _ := strings.Cut(i.Signature, "-")
		winners[winner]++
	}
	require.Len(t, keys, pages)
	t.Log("pages by process:", winners)
}
