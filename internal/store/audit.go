package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// AuditEntry is one thing that somebody did.
type AuditEntry struct {
	Seq     int64     `json:"seq"` // From 1, without gaps; given by the store.
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`  // Such as safety.set.stop.
	Subject string    `json:"subject"` // A vault, an incident, …; empty for everything.
	Detail  string    `json:"detail"`  // No secrets: the log is shown and backed up.
	Prev    string    `json:"prev"`    // Hash of the entry before; empty for the first.
	Hash    string    `json:"hash"`    // SHA-256 over all the above.
}

// seal computes the entry's hash. JSON keeps the fields apart: no two different entries are written alike.
func (e AuditEntry) seal() (string, error) {
	b, err := json.Marshal([]any{e.Seq, e.At.UTC().Format(timeLayout), e.Actor, e.Action, e.Subject, e.Detail, e.Prev})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

type auditRow struct {
	bun.BaseModel `bun:"table:audit"`

	Seq     int64
	At      moment
	Actor   string
	Action  string
	Subject string
	Detail  string
	Prev    string
	Hash    string
}

func (r auditRow) entry() AuditEntry {
	return AuditEntry{Seq: r.Seq, At: time.Time(r.At), Actor: r.Actor, Action: r.Action, Subject: r.Subject, Detail: r.Detail, Prev: r.Prev, Hash: r.Hash}
}

// Audit appends an entry to the log. Nothing in this package changes or removes one.
func (s *Store) Audit(ctx context.Context, e AuditEntry) error {
	what := "audit " + e.Action
	if e.Actor == "" || e.Action == "" || e.At.IsZero() {
		return fmt.Errorf("store: %s: %w: actor, action and time are needed", what, ErrInvalid)
	}
	return s.write(ctx, what, func(tx bun.Tx) error { return appendAudit(ctx, tx, e) })
}

func appendAudit(ctx context.Context, tx bun.Tx, e AuditEntry) error {
	var last auditRow
	if _, err := one(tx.NewSelect().Model(&last).Order("seq DESC").Limit(1).Scan(ctx)); err != nil {
		return err
	}
	e.Seq, e.Prev = last.Seq+1, last.Hash
	for _, text := range []*string{&e.Actor, &e.Action, &e.Subject, &e.Detail} {
		*text = strings.ToValidUTF8(*text, "\uFFFD") // As it is stored: else the hash would be of another text, and the log look changed.
	}
	hash, err := e.seal()
	if err != nil {
		return err
	}
	row := auditRow{Seq: e.Seq, At: moment(e.At), Actor: e.Actor, Action: e.Action, Subject: e.Subject, Detail: e.Detail, Prev: e.Prev, Hash: hash}
	_, err = tx.NewInsert().Model(&row).Exec(ctx)
	return err
}

// CountAudit counts the entries of one action from a moment on, up to another that is not included.
func (s *Store) CountAudit(ctx context.Context, action string, from, to time.Time) (int, error) {
	var n int64
	err := s.read(ctx, "count audit "+action, func(db bun.IDB) (err error) {
		n, err = db.NewSelect().Model((*auditRow)(nil)).Where("action = ? AND at >= ? AND at < ?", action, moment(from), moment(to)).Count(ctx)
		return err
	})
	return int(n), err
}

// AuditState is the length of the log and its last hash. Kept outside the database, it also proves that the newest
// entries were not cut off, which the chain by itself cannot.
type AuditState struct {
	Entries int64  `json:"entries"`
	Head    string `json:"head"`
}

// Break says why an entry does not follow a state of the log; empty when it does.
func (e AuditEntry) Break(before AuditState) string {
	hash, err := e.seal()
	switch {
	case err != nil:
		return err.Error()
	case e.Seq > before.Entries+1:
		return fmt.Sprintf("entries %d to %d are missing", before.Entries+1, e.Seq-1)
	case e.Seq != before.Entries+1:
		return fmt.Sprintf("its number is %d", e.Seq)
	case e.Hash != hash:
		return "its content is not what was written"
	case e.Prev != before.Head:
		return "it does not follow the entry before it: that one was written anew"
	}
	return ""
}

// VerifyAudit walks the whole chain. ErrAudit names the first entry that does not fit.
func (s *Store) VerifyAudit(ctx context.Context) (AuditState, error) {
	var state AuditState
	for {
		page, err := s.AuditLog(ctx, state.Entries, 500)
		if err != nil || len(page) == 0 {
			return state, err
		}
		for _, e := range page {
			if why := e.Break(state); why != "" {
				return state, fmt.Errorf("store: verify audit: %w at entry %d: %s: keep a copy of the file and compare it with a backup", ErrAudit, state.Entries+1, why)
			}
			state = AuditState{Entries: e.Seq, Head: e.Hash}
		}
	}
}

// AuditOnce appends those of the entries that are not in the log yet, all in one step: a step that is repeated tells
// nothing twice.
func (s *Store) AuditOnce(ctx context.Context, entries []AuditEntry) error {
	return s.write(ctx, fmt.Sprintf("audit %d entries", len(entries)), func(tx bun.Tx) error {
		for _, e := range entries {
			if e.Actor == "" || e.Action == "" || e.At.IsZero() {
				return fmt.Errorf("%w: actor, action and time are needed", ErrInvalid)
			}
			known, err := tx.NewSelect().Model((*auditRow)(nil)).
				Where("at = ? AND actor = ? AND action = ? AND subject = ? AND detail = ?", moment(e.At), e.Actor, e.Action, e.Subject, e.Detail).Exists(ctx)
			if err != nil {
				return err
			}
			if known {
				continue
			}
			if err := appendAudit(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// LastAudit reads the newest entry of an action.
func (s *Store) LastAudit(ctx context.Context, action string) (AuditEntry, bool, error) {
	var row auditRow
	var found bool
	err := s.read(ctx, "last audit entry of "+action, func(db bun.IDB) (err error) {
		found, err = one(db.NewSelect().Model(&row).Where("action = ?", action).Order("seq DESC").Limit(1).Scan(ctx))
		return err
	})
	return row.entry(), found, err
}

// FirstAudit reads the oldest entry of an action about one subject.
func (s *Store) FirstAudit(ctx context.Context, action, subject string) (AuditEntry, bool, error) {
	var row auditRow
	var found bool
	err := s.read(ctx, "first audit entry of "+action, func(db bun.IDB) (err error) {
		found, err = one(db.NewSelect().Model(&row).Where("action = ? AND subject = ?", action, subject).Order("seq").Limit(1).Scan(ctx))
		return err
	})
	return row.entry(), found, err
}

// AuditLog reads up to limit entries after the given one, oldest first; 0 reads from the beginning.
func (s *Store) AuditLog(ctx context.Context, after int64, limit int) ([]AuditEntry, error) {
	var rows []auditRow
	err := s.read(ctx, "audit log", func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("seq > ?", after).Order("seq").Limit(int64(limit)).Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]AuditEntry, len(rows))
	for i, r := range rows {
		out[i] = r.entry()
	}
	return out, nil
}
