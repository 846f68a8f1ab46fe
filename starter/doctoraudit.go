package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// checkAudit looks at the audit key and walks the log.
func checkAudit(ctx context.Context, s config.Settings) []finding {
	return append([]finding{checkAuditKey(s)}, checkAuditLog(ctx, s)...)
}

func checkAuditKey(s config.Settings) finding {
	if s.Audit.KeyPath == "" {
		return warn("audit key", "Make one with feeops audit keygen and set audit.key_path.", "none is set: heads of the audit log and receipts are not made, and backups are not signed")
	}
	key, err := seal.Open(s.Audit.KeyPath)
	if err != nil {
		return fail("audit key", "", "%v", err)
	}
	return ok("audit key", "%s, public key %s", s.Audit.KeyPath, key.Public())
}

func checkAuditLog(ctx context.Context, s config.Settings) []finding {
	unknown := func(err error) []finding {
		return []finding{{Check: "audit log", Result: domain.CheckUnknown, Seen: err.Error()}}
	}
	dsn := s.Store.DSN.Reveal()
	info, err := store.Inspect(ctx, dsn)
	switch {
	case err != nil:
		return unknown(err)
	case info.Server == "":
		return []finding{ok("audit log", "begins with the store")}
	case info.Schema != info.Known:
		return unknown(fmt.Errorf("not looked at: the store has schema %d, this program %d", info.Schema, info.Known))
	}
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return unknown(err)
	}
	out, err := judgeAuditLog(ctx, db, s, time.Now())
	if err := cmp.Or(err, db.Close()); err != nil {
		return unknown(err)
	}
	return out
}

// judgeAuditLog walks the log and says what it tells of reviews and keys.
func judgeAuditLog(ctx context.Context, db audit.Book, s config.Settings, now time.Time) ([]finding, error) {
	report, err := audit.Verify(ctx, db, nil)
	if err != nil {
		return nil, err
	}
	if report.Broken != nil {
		return []finding{fail("audit log", "Keep a copy of the database as it is: docs/runbooks/audit_broken.md", "broken at entry %d: %s", report.Broken.Entry, report.Broken.Why)}, nil
	}
	review, err := audit.LastReview(ctx, db)
	if err != nil {
		return nil, err
	}
	ages, err := audit.Ages(ctx, db, app.KeysInUse(s), s.Audit.RotateAfter, now)
	if err != nil {
		return nil, err
	}
	out := []finding{ok("audit log", "%d entries follow each other", report.Entries), reviewFinding(review, s.Audit.ReviewEvery, now)}
	for _, a := range ages {
		f := finding{Check: "key age", Result: a.Result, Seen: a.Seen}
		if a.Result == domain.CheckWarn {
			f.Next = "Rotate it: docs/security.md, Rotation."
		}
		out = append(out, f)
	}
	return out, nil
}

func reviewFinding(r audit.Review, every time.Duration, now time.Time) finding {
	f := finding{Check: "audit review", Result: r.Result(every, now), Seen: reviewSeen(r)}
	if f.Result == domain.CheckWarn {
		f.Next = "Read what was done, and sign it off: feeops audit review"
	}
	return f
}

// reviewSeen says who read the log last, and what nobody has read.
func reviewSeen(r audit.Review) string {
	seen := "nobody has reviewed the log yet"
	if r.By != "" {
		seen = fmt.Sprintf("%s read up to entry %d on %s", r.By, r.Through, r.At.UTC().Format(time.DateOnly))
	}
	if r.New > 0 {
		seen += fmt.Sprintf("; %d entries since %s are not reviewed", r.New, r.Oldest.UTC().Format(time.DateOnly))
	}
	return seen
}
