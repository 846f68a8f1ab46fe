package store

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

const nextDenied = "let the owner of the database grant it, or run feeops setup with the owner's role in store.dsn once (docs/production.md)"

// explainPostgres says in words what the server's code means, and what to do. Codes are those of PostgreSQL's appendix A.
func explainPostgres(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return explainState(server.Code, err)
	}
	var connect *pgconn.ConnectError
	var dial *net.OpError
	var name *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &name):
		return fmt.Errorf("%w (%w): correct the host in store.dsn", ErrUnreachable, err)
	case errors.As(err, &connect), errors.As(err, &dial):
		return fmt.Errorf("%w (%w): start PostgreSQL, or correct host, port and sslmode in store.dsn", ErrUnreachable, err)
	case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err), errors.Is(err, pgconn.ErrConnClosed):
		return fmt.Errorf("%w (%w): look at the server's load and at the network", ErrUnreachable, err)
	}
	return err
}

func explainState(code string, err error) error {
	switch code {
	case "28P01", "28000":
		return fmt.Errorf("%w (%w): correct user and password (store.dsn, store.password), or the server's pg_hba.conf", ErrLogin, err)
	case "3D000":
		return fmt.Errorf("%w (%w): make it with createdb, or correct the name in store.dsn", ErrNoDatabase, err)
	case "3F000":
		return fmt.Errorf("%w (%w): make the schema that search_path of store.dsn names", ErrNoDatabase, err)
	case "42501":
		return fmt.Errorf("%w (%w): %s", ErrDenied, err, nextDenied)
	case "25006":
		return fmt.Errorf("%w (%w): store.dsn must name the primary; with several hosts add target_session_attrs=read-write", ErrReadOnly, err)
	case "53100":
		return fmt.Errorf("%w (%w): nothing was stored; free some space on the database's host and try again", ErrFull, err)
	case "55P03":
		return fmt.Errorf("%w for more than %s (%w): look for it in pg_stat_activity", ErrLocked, busyTimeout, err)
	case "XX001", "XX002":
		return fmt.Errorf("%w (%w): stop all distributions and restore a backup", ErrCorrupt, err)
	case "53300":
		return fmt.Errorf("%w (%w): it has no connection left; a worker needs %d: raise max_connections or stop what holds them", ErrUnreachable, err, writers+readers)
	}
	switch code[:2] {
	case "08", "57": // Connection failures, and a server that starts, stops or ends a session.
		return fmt.Errorf("%w (%w): wait until the server is up again", ErrUnreachable, err)
	case "25": // Such as 25P03: the server ended a transaction that stood still.
		return fmt.Errorf("%w (%w): look at this host's load and at the network", ErrUnreachable, err)
	}
	return err
}
