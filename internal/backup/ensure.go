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

// Ensure looks for a whole backup that is younger than the settings' greatest age, and makes one when there is none. One
// that no known key signed does not count; where the settings name a key that opens it, it is read to its end first.
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
		// Where no signer is known, none can be asked for.
		keys := Keys{Signers: k.p.Signers, Unsigned: len(k.p.Signers) == 0}
		if err := keys.believe(l.Label); err != nil {
			return Ensured{}, fmt.Errorf("the newest backup %s: %w", l.ID, err)
		}
		e.Label = l.Label
		if k.p.IdentityFile == "" {
			return e, nil
		}
		if keys.Identities, err = LoadIdentities(k.p.IdentityFile); err != nil {
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
