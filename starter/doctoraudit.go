package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// checkAudit looks at the audit key and walks the log.
func checkAudit(ctx context.Context, s config.Settings) []finding {
	return []finding{checkAuditKey(s), checkAuditLog(ctx, s)}
}

func checkAuditKey(s config.Settings) finding {
	if s.Audit.KeyPath == "" {
		return warn("audit key", "Make one with feeops audit keygen and set audit.key_path.", "none is set: heads of the audit log and receipts are not made")
	}
	key, err := seal.Open(s.Audit.KeyPath)
	if err != nil {
		return fail("audit key", "", "%v", err)
	}
	return ok("audit key", "%s, public key %s", s.Audit.KeyPath, key.Public())
}

func checkAuditLog(ctx context.Context, s config.Settings) finding {
	unknown := func(err error) finding {
		return finding{Check: "audit log", Result: domain.CheckUnknown, Seen: err.Error()}
	}
	dsn := s.Store.DSN.Reveal()
	info, err := store.Inspect(ctx, dsn)
	switch {
	case err != nil:
		return unknown(err)
	case info.Server == "":
		return ok("audit log", "begins with the store")
	case info.Schema != info.Known:
		return unknown(fmt.Errorf("not looked at: the store has schema %d, this program %d", info.Schema, info.Known))
	}
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return unknown(err)
	}
	report, err := audit.Verify(ctx, db, nil)
	if err := cmp.Or(err, db.Close()); err != nil {
		return unknown(err)
	}
	if report.Broken != nil {
		return fail("audit log", "Keep a copy of the database as it is: docs/runbooks/audit_broken.md", "broken at entry %d: %s", report.Broken.Entry, report.Broken.Why)
	}
	return ok("audit log", "%d entries follow each other", report.Entries)
}
