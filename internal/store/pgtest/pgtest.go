//go:build postgres

// Package pgtest gives tests databases of their own on a real PostgreSQL server.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// ServerVariable holds the address of a PostgreSQL server for tests, of a role that may make databases and roles.
// .ci/postgres starts one and sets it.
const ServerVariable = "FEEOPS_TEST_POSTGRES"

var databases atomic.Uint64

// Server is the address of the tests' PostgreSQL server. Without one the test fails: whoever gave the build tag wanted
// these tests to run.
func Server(t testing.TB) *url.URL {
	t.Helper()
	address := os.Getenv(ServerVariable)
	require.NotEmpty(t, address, "%s is not set. Run .ci/postgres go test -tags postgres …", ServerVariable)
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}

// NewDatabase makes an empty database for one test and gives its DSN. It sorts text as people do and not by bytes, so
// that code which relies on the order of bytes is found here.
func NewDatabase(t testing.TB) string {
	t.Helper()
	u := Server(t)
	server := u.String()
	name := fmt.Sprintf("feeops_%d_%d", os.Getpid(), databases.Add(1))
	Execute(t, server, "CREATE DATABASE "+name+" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
	t.Cleanup(func() { Execute(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}

// Execute runs statements behind the store's back.
func Execute(t testing.TB, dsn string, statements ...string) {
	t.Helper()
	ctx := context.Background() // Also from a cleanup, when the test's own has ended.
	c, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(ctx)) }()
	_, err = c.Exec(ctx, strings.Join(statements, ";\n"), pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
}
