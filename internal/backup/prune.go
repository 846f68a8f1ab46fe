package backup

import (
	"context"
	"errors"
	"time"
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
// only when it is old; what cannot be read stays for a person to look at.
func (k Keep) Drop(all []Listed, deployment string, now time.Time) []Listed {
	var out []Listed
	kept := 0
	taken := map[string]bool{}
	dayLimit, monthLimit := now.UTC().AddDate(0, 0, -k.Days), now.UTC().AddDate(0, -k.Months, 0)
	for _, l := range all {
		at := l.MadeAt.UTC()
		age := now.Sub(at)
		switch {
		case l.Deployment != slug(deployment):
			continue
		case l.State == Unfinished || l.State == Missing:
			if age > unfinishedAfter {
				out = append(out, l)
			}
			continue
		case l.State != Whole:
			continue
		}
		day, month := "day "+at.Format(time.DateOnly), "month "+at.Format("2006-01")
		stays := age < k.All || kept < k.Least || at.After(dayLimit) && !taken[day] || at.After(monthLimit) && !taken[month]
		if !stays {
			out = append(out, l)
			continue
		}
		kept++
		taken[day], taken[month] = true, true
	}
	return out
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
