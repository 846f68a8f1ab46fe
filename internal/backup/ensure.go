package backup

import (
	"context"
	"errors"
	"fmt"
)

// Ensured is a backup that is young enough.
type Ensured struct {
	Label

	Made     bool   // Now, because there was none.
	Verified bool   // It was opened and read to its last byte; without a key its label is believed.
	Doubt    string // What is wrong with the newest one, so that another was made.
}

// Ensure looks for a whole backup that is younger than the settings' greatest age, and makes one when there is none. Where
// the settings name a key, the one that is found is read to its end first: one that cannot be opened is no backup.
func (k *Keeper) Ensure(ctx context.Context) (Ensured, error) {
	found, err := k.recent(ctx)
	if errors.Is(err, ErrNoPlace) || ctx.Err() != nil {
		return Ensured{}, err
	}
	if err == nil && found.ID != "" {
		return found, nil
	}
	e := Ensured{Made: true}
	if err != nil {
		e.Doubt = err.Error()
	}
	made, err := k.Make(ctx, nil) // Remembered also when it fails, so that the watch knows.
	e.Label = made.Label
	return e, err
}

// recent finds the newest whole one of this deployment; the zero value when it is too old or there is none.
func (k *Keeper) recent(ctx context.Context) (e Ensured, err error) {
	place, err := k.Open(ctx)
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	all, err := place.List(ctx)
	if err != nil {
		return e, err
	}
	for _, l := range all {
		if l.State != Whole || l.Deployment != k.p.Deployment {
			continue
		}
		if k.p.Now().Sub(l.MadeAt) > k.p.MaxAge {
			return e, nil
		}
		e.Label = l.Label
		if k.p.IdentityFile == "" {
			return e, nil
		}
		keys, err := LoadIdentities(k.p.IdentityFile)
		if err != nil {
			return Ensured{}, err
		}
		if _, err := place.Verify(ctx, l.Label, keys); err != nil {
			return Ensured{}, fmt.Errorf("the newest backup %s: %w", l.ID, err)
		}
		e.Verified = true
		return e, nil
	}
	return e, nil
}
