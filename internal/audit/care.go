package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Actions of the entries that care for the log and the keys (U-S12).
const (
	ActionReview = "audit.review" // Subject: the last entry that was read.
	ActionKeyUse = "key.use"      // Subject: the key's name. The first one says since when it is in use.
)

// ErrReview means that a review cannot be written down.
var ErrReview = errors.New("audit review")

// Book is a log that can also be asked for single entries and written to.
type Book interface {
	Log
	LastAudit(ctx context.Context, action string) (store.AuditEntry, bool, error)
	FirstAudit(ctx context.Context, action, subject string) (store.AuditEntry, bool, error)
	Audit(ctx context.Context, e store.AuditEntry) error
}

// Key is a key in use, by a name that is no secret, such as "fee payer 8opH…".
type Key struct {
	Name    string
	Use     string // What it is for, as a person reads it.
	Problem string // Why its name is not known from here; empty when it is.
}

// NoteKeys writes down the keys that the log does not know yet.
func NoteKeys(ctx context.Context, b Book, keys []Key, actor string, now time.Time) error {
	for _, k := range keys {
		if k.Problem != "" {
			continue
		}
		_, found, err := b.FirstAudit(ctx, ActionKeyUse, k.Name)
		if err != nil || found {
			if err != nil {
				return fmt.Errorf("audit the keys: %w", err)
			}
			continue
		}
		if err := b.Audit(ctx, store.AuditEntry{At: now, Actor: actor, Action: ActionKeyUse, Subject: k.Name, Detail: k.Use}); err != nil {
			return fmt.Errorf("audit the keys: %w", err)
		}
	}
	return nil
}

// Aged is a key and since when it is in use.
type Aged struct {
	Key    Key
	Since  time.Time // Zero: not known.
	Result domain.CheckResult
	Seen   string
}

// Ages says of each key whether it should be rotated: one in use for longer than after is a warning. What the log does
// not tell is unknown, never young.
func Ages(ctx context.Context, b Book, keys []Key, after time.Duration, now time.Time) ([]Aged, error) {
	var out []Aged
	for _, k := range keys {
		a := Aged{Key: k, Result: domain.CheckUnknown, Seen: k.Problem}
		if k.Problem == "" {
			first, found, err := b.FirstAudit(ctx, ActionKeyUse, k.Name)
			switch {
			case err != nil:
				return nil, fmt.Errorf("age of %s: %w", k.Name, err)
			case !found:
				a.Seen = k.Name + ": no worker has used it yet"
			default:
				a.Since, a.Result = first.At, domain.CheckOK
				a.Seen = fmt.Sprintf("%s: in use since %s", k.Name, first.At.UTC().Format(time.DateOnly))
				if now.Sub(first.At) > after {
					a.Result = domain.CheckWarn
					a.Seen += fmt.Sprintf(", longer than %d days", after/(24*time.Hour))
				}
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// Review says when somebody last read the log, and what has come since.
type Review struct {
	By      string    `json:"by,omitempty"` // Empty: nobody ever.
	At      time.Time `json:"at,omitzero"`
	Through int64     `json:"through"`         // The last entry that was read.
	New     int64     `json:"new"`             // Entries after it, the review's own left out.
	Oldest  time.Time `json:"oldest,omitzero"` // Of those.
	Groups  []Group   `json:"groups"`
}

// Group is what one actor did of one kind.
type Group struct {
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
	Entries int64     `json:"entries"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// Result warns when the oldest entry that nobody has read is older than every.
func (r Review) Result(every time.Duration, now time.Time) domain.CheckResult {
	if r.New > 0 && now.Sub(r.Oldest) > every {
		return domain.CheckWarn
	}
	return domain.CheckOK
}

// LastReview reads the last review and groups what came after it, by who did what.
func LastReview(ctx context.Context, b Book) (Review, error) {
	r := Review{Groups: []Group{}}
	last, found, err := b.LastAudit(ctx, ActionReview)
	if err != nil {
		return r, fmt.Errorf("last review: %w", err)
	}
	if found {
		if r.Through, err = strconv.ParseInt(last.Subject, 10, 64); err != nil || r.Through < 0 || r.Through >= last.Seq {
			return r, fmt.Errorf("%w: entry %d names no entry that was read: %q", ErrReview, last.Seq, last.Subject)
		}
		r.By, r.At = last.Actor, last.At
	}
	groups := map[[2]string]*Group{}
	for after := r.Through; ; {
		page, err := b.AuditLog(ctx, after, pageSize)
		if err != nil {
			return r, fmt.Errorf("audit log after entry %d: %w", after, err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			after = e.Seq
			if e.Action == ActionReview {
				continue
			}
			r.New++
			if r.Oldest.IsZero() || e.At.Before(r.Oldest) {
				r.Oldest = e.At
			}
			add(groups, e)
		}
	}
	for _, g := range groups {
		r.Groups = append(r.Groups, *g)
	}
	slices.SortFunc(r.Groups, func(a, b Group) int {
		return strings.Compare(a.Actor+"\x00"+a.Action, b.Actor+"\x00"+b.Action)
	})
	return r, nil
}

func add(groups map[[2]string]*Group, e store.AuditEntry) {
	g := groups[[2]string{e.Actor, e.Action}]
	if g == nil {
		g = &Group{Actor: e.Actor, Action: e.Action, First: e.At, Last: e.At}
		groups[[2]string{e.Actor, e.Action}] = g
	}
	g.Entries++
	if e.At.Before(g.First) {
		g.First = e.At
	}
	if e.At.After(g.Last) {
		g.Last = e.At
	}
}

// SignOff writes down that somebody has read the log up to an entry. A log that is broken is not signed off, nor is what
// does not stand in it or was read before.
func SignOff(ctx context.Context, b Book, actor string, through int64, note string, now time.Time) error {
	if strings.TrimSpace(note) == "" {
		return fmt.Errorf("%w: say in the note what was found", ErrReview)
	}
	report, err := Verify(ctx, b, nil)
	switch {
	case err != nil:
		return err
	case report.Broken != nil:
		return fmt.Errorf("%w: the log is broken at entry %d (%s): follow docs/runbooks/audit_broken.md", ErrReview, report.Broken.Entry, report.Broken.Why)
	case through < 1 || through > report.Entries:
		return fmt.Errorf("%w: got entry %d, want one of 1 to %d", ErrReview, through, report.Entries)
	}
	last, err := LastReview(ctx, b)
	if err != nil {
		return err
	}
	if through <= last.Through {
		return fmt.Errorf("%w: %s has read up to entry %d before: name a later one", ErrReview, last.By, last.Through)
	}
	return b.Audit(ctx, store.AuditEntry{At: now, Actor: actor, Action: ActionReview, Subject: strconv.FormatInt(through, 10), Detail: note})
}
