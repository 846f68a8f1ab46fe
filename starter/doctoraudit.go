package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"

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
	dsn := s.Store.DSN.Reveal()
	if path, isFile := sqlitePath(dsn); isFile {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return ok("audit log", "begins with the store")
		}
	}
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return finding{Check: "audit log", Result: domain.CheckUnknown, Seen: "the store cannot be opened"}
	}
	report, err := audit.Verify(ctx, db, nil)
	err = cmp.Or(err, db.Close())
	switch {
	case err != nil:
		return finding{Check: "audit log", Result: domain.CheckUnknown, Seen: err.Error()}
	case report.Broken != nil:
		return fail("audit log", "Keep a copy of the database as it is, and compare it with a backup (docs/security.md).", "broken at entry %d: %s", report.Broken.Entry, report.Broken.Why)
	}
	return ok("audit log", "%d entries follow each other", report.Entries)
}
