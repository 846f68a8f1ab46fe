package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// checkStore looks at the database and changes nothing. One that is not there yet, or is older than this program, is
// made by setup or by the worker, not by a check.
func checkStore(ctx context.Context, s config.Settings) []finding {
	const next = "Correct store.dsn, or what the message names."
	dsn := s.Store.DSN.Reveal()
	info, err := store.Inspect(ctx, dsn)
	switch {
	case err != nil:
		return []finding{fail("store", next, "%v", err)}
	case info.Server == "":
		return []finding{ok("store", "%s: %s is made when the worker starts", info.Kind, info.Place)}
	case info.Schema > info.Known:
		return []finding{fail("store", "Install the newer feeops.", "%s at %s was made by a newer feeops: schema %d, this program knows %d", info.Server, info.Place, info.Schema, info.Known)}
	case info.Schema < info.Known:
		return append([]finding{warn("store", "Run feeops setup, or start the worker: either brings it up to date.", "%s at %s: schema %d, this program wants %d", info.Server, info.Place, info.Schema, info.Known)}, doubts(info)...)
	}
	db, err := store.Open(ctx, dsn) // The schema is as it should be, so this changes nothing.
	if err == nil {
		err = errors.Join(db.Ping(ctx), db.Close())
	}
	if err != nil {
		return append([]finding{fail("store", next, "%v", err)}, doubts(info)...)
	}
	return append([]finding{ok("store", "%s at %s, schema %d, opens and can be written", info.Server, info.Place, info.Schema)}, doubts(info)...)
}

func doubts(info store.Info) []finding {
	var out []finding
	for _, d := range info.Doubts {
		out = append(out, warn("store", d.Next, "%s", d.Seen))
	}
	return out
}

// oneStore finds workers of several hosts that cannot share their store: each would keep its own signatures, and the rule
// that a page is never signed twice would hold on neither.
func oneStore(s config.Settings, identities []string) []finding {
	path, isFile := sqlitePath(s.Store.DSN.Reveal())
	if !isFile {
		return nil
	}
	hosts := map[string]bool{}
	for _, identity := range identities { // Made by the SDK as PROCESS@HOST@…
		if _, rest, ok := strings.Cut(identity, "@"); ok {
			host, _, _ := strings.Cut(rest, "@")
			hosts[host] = true
		}
	}
	if len(hosts) < 2 {
		return nil
	}
	return []finding{{
		Check: "store", Result: domain.CheckWarn, Seen: fmt.Sprintf("workers of %d hosts take tasks, and the store is a file: %s", len(hosts), path),
		Next: "Unless they are containers of one machine that share this file, stop all but one, and move to PostgreSQL (docs/production.md).",
	}}
}
