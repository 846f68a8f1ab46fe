package backup

import (
	"context"
	"errors"
	"time"

	"github.com/meteora-fee-router/feeops/internal/seal"
)

// Keep says which archives stay. Old ones are kept on purpose: what somebody changed weeks ago is in every newer one.
type Keep struct {
	All    time.Duration // Everything younger stays.
	Days   int           // Of so many days the newest of each.
	Months int           // Of so many months the newest of each.
	Least  int           // So many of the newest stay whatever their age.
}

// unfinishedAfter is when an archive without a label is not being made any more.
const unfinishedAfter = 24 * time.Hour

// Drop names what goes: of one deployment's archives, newest first. What is not whole never counts as kept, and goes
// only when it is old; what cannot be read stays for a person to look at. Archives that a known key signed and others are
// thinned out apart from each other: whoever may write to the place could else push the good ones out with false ones.
func (k Keep) Drop(all []Listed, deployment string, signers []seal.Public, now time.Time) []Listed {
	var out []Listed
	ours, others := thinning{Keep: k, taken: map[string]bool{}}, thinning{Keep: k, taken: map[string]bool{}}
	for _, l := range all {
		kept := &others
		if l.SignedBy(signers) {
			kept = &ours
		}
		switch {
		case l.Deployment != slug(deployment):
		case l.State == Unfinished || l.State == Missing:
			if now.Sub(l.MadeAt) > unfinishedAfter {
				out = append(out, l)
			}
		case l.State == Whole && !kept.stays(l.MadeAt.UTC(), now.UTC()):
			out = append(out, l)
		}
	}
	return out
}

// thinning goes from the newest archive to the oldest and remembers what stayed.
type thinning struct {
	Keep

	kept  int
	taken map[string]bool // Days and months of which one stays.
}

func (t *thinning) stays(at, now time.Time) bool {
	day, month := "day "+at.Format(time.DateOnly), "month "+at.Format("2006-01")
	ofDay, ofMonth := at.After(now.AddDate(0, 0, -t.Days)) && !t.taken[day], at.After(now.AddDate(0, -t.Months, 0)) && !t.taken[month]
	if now.Sub(at) >= t.All && t.kept >= t.Least && !ofDay && !ofMonth {
		return false
	}
	t.kept++
	t.taken[day], t.taken[month] = true, true
	return true
}

// Prune removes archives, each one's label first: what is left of an interrupted removal is never taken for whole.
func (p *Place) Prune(ctx context.Context, drop []Listed) ([]string, error) {
	var gone []string
	for _, l := range drop {
		for _, key := range []string{labelKey(l.ID), archiveKey(l.ID)} {
			if err := fromPlace(p.bucket.Delete(ctx, key)); err != nil && !errors.Is(err, ErrMissing) {
				return gone, refuse("remove backup %s from %s: %w", l.ID, p, err)
			}
		}
		gone = append(gone, l.ID)
	}
	return gone, nil
}
