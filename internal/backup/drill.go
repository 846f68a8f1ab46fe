package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// DrillRestore is the kind of drill that restores a backup into an empty place.
const DrillRestore = "restore"

// restoreDrill restores one archive beside the live store and looks at what comes out.
type restoreDrill struct {
	k      *Keeper
	before time.Time
	dir    string
	place  *Place
	keys   Keys
	label  Label
	store  *store.Store
	folder string // Of restored evidence.
	out    domain.Drill
}

// errNotAssessed ends a step that cannot be judged here.
var errNotAssessed = errors.New("not assessed")

// Drill restores the newest backup that was made before a time into an empty directory of this machine, judges what
// comes out, and removes it again. The score, and how long it took, are remembered in the store. A step that fails is a
// result and no error; err means that the drill itself could not be done or remembered.
func (k *Keeper) Drill(ctx context.Context, before time.Time) (_ domain.Drill, err error) {
	began := k.p.Now()
	dir, err := os.MkdirTemp("", "feeops-drill-*") // Mode 0700.
	if err != nil {
		return domain.Drill{}, fmt.Errorf("make a directory for the drill: %w", err)
	}
	d := &restoreDrill{k: k, before: before, dir: dir, out: domain.Drill{At: began.UTC(), Kind: DrillRestore, Steps: []domain.DrillStep{}}}
	defer func() { err = errors.Join(err, d.close()) }()
	steps := []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"a backup is there", d.choose},
		{"it is young enough", d.age},
		{"a known key signed it", d.signed},
		{"a key opens it", d.key},
		{"it restores into an empty place, and opens", d.restore},
		{"its audit log is unbroken", d.audit},
		{"its plans are those that were frozen", d.plans},
		{"its evidence is as it was written", d.evidence},
		{"the live audit log goes on from it", d.live},
	}
	for i, step := range steps {
		start := k.p.Now()
		detail, err := step.do(ctx)
		s := domain.DrillStep{Name: step.name, Result: domain.DrillOK, Detail: detail, TookMS: k.p.Now().Sub(start).Milliseconds()}
		switch {
		case errors.Is(err, errNotAssessed):
			s.Result, s.Detail = domain.DrillNotAssessed, err.Error()
		case err != nil:
			s.Result, s.Detail = domain.DrillFailed, err.Error()
		}
		d.out.Steps = append(d.out.Steps, s)
		if s.Result != domain.DrillOK && (i == 0 || i == 3 || i == 4) { // The others need it.
			for _, rest := range steps[i+1:] {
				d.out.Steps = append(d.out.Steps, domain.DrillStep{Name: rest.name, Result: domain.DrillNotAssessed, Detail: "the drill did not come so far"})
			}
			break
		}
		if i == 4 {
			rto := k.p.Now().Sub(began).Milliseconds()
			d.out.RTO = &rto
		}
	}
	d.out.Score = d.out.Grade()
	if k.p.Books != nil {
		if err := k.p.Books.SaveDrill(context.WithoutCancel(ctx), d.out); err != nil {
			return d.out, fmt.Errorf("remember the drill: %w", err)
		}
	}
	return d.out, ctx.Err()
}

func (d *restoreDrill) close() error {
	var err error
	if d.store != nil {
		err = d.store.Close()
	}
	if d.place != nil {
		err = errors.Join(err, d.place.Close())
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

func (d *restoreDrill) choose(ctx context.Context) (string, error) {
	place, err := d.k.Open(ctx)
	if err != nil {
		return "", err
	}
	d.place = place
	if d.label, err = place.Choose(ctx, "", d.k.p.Deployment, d.before); err != nil {
		return "", err
	}
	rpo := int64(d.k.p.Now().Sub(d.label.MadeAt) / time.Second)
	d.out.Archive, d.out.RPO = d.label.ID, &rpo
	return fmt.Sprintf("%s in %s, %d bytes", d.label.ID, place, d.label.Bytes), nil
}

func (d *restoreDrill) age(context.Context) (string, error) {
	old := d.k.p.Now().Sub(d.label.MadeAt).Round(time.Second)
	if old > d.k.p.MaxAge {
		return "", fmt.Errorf("it is %s old, and may be %s old", old, d.k.p.MaxAge)
	}
	return fmt.Sprintf("%s old: so much would be lost", old), nil
}

// signed judges who made the archive. The drill goes on in any case: what comes out lies in a directory of its own.
func (d *restoreDrill) signed(context.Context) (string, error) {
	d.keys = Keys{Signers: d.k.p.Signers}
	err := d.keys.believe(d.label)
	d.keys.Unsigned = true
	if len(d.k.p.Signers) == 0 {
		return "", fmt.Errorf("%w: no key is known here: set audit.key_path or backup.signers", errNotAssessed)
	}
	if err != nil {
		return "", err
	}
	return "key " + d.label.Signer, nil
}

func (d *restoreDrill) key(context.Context) (string, error) {
	if d.k.p.IdentityFile == "" {
		return "", fmt.Errorf("%w: backup.identity_file is not set here", errNotAssessed)
	}
	keys, err := LoadIdentities(d.k.p.IdentityFile)
	if err != nil {
		return "", err
	}
	d.keys.Identities = keys
	return d.k.p.IdentityFile, nil
}

func (d *restoreDrill) restore(ctx context.Context) (string, error) {
	d.folder = filepath.Join(d.dir, "evidence")
	to := Target{DSN: "file:" + filepath.Join(d.dir, "feeops.db"), Folders: []Folder{{Name: FolderEvidence, Dir: d.folder}}, Settings: filepath.Join(d.dir, "settings.json")}
	got, err := d.place.Restore(ctx, d.label, d.keys, to)
	if err != nil {
		return "", err
	}
	if d.store, err = store.Open(ctx, to.DSN); err != nil {
		return "", err
	}
	if err := d.store.Ping(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d rows, %d files, from %s", got.Rows, got.Files, got.Database), nil
}

func (d *restoreDrill) audit(ctx context.Context) (string, error) {
	state, err := d.store.VerifyAudit(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d entries", state.Entries), nil
}

// plans reads every plan of a reported day: reading holds each against its hash.
func (d *restoreDrill) plans(ctx context.Context) (string, error) {
	reports, err := d.store.Reports(ctx, "", 0)
	if err != nil {
		return "", err
	}
	n := 0
	for _, r := range reports {
		m, found, err := d.store.Manifest(ctx, r.Vault, r.Day)
		switch {
		case err != nil:
			return "", err
		case !found:
			continue // A day that ended before its plan was made has a report and no plan.
		}
		if err := m.Verify(); err != nil {
			return "", err
		}
		n++
	}
	return fmt.Sprintf("%d plans of %d reported days", n, len(reports)), nil
}

// evidence compares the restored files with the index, wherever they lay.
func (d *restoreDrill) evidence(ctx context.Context) (string, error) {
	if d.k.p.Evidence == nil {
		return "", fmt.Errorf("%w: nothing here knows evidence", errNotAssessed)
	}
	list, err := d.store.Incidents(ctx, store.IncidentFilter{})
	if err != nil {
		return "", err
	}
	n := 0
	for _, i := range list {
		one, _, err := d.store.Incident(ctx, i.ID)
		if err != nil {
			return "", err
		}
		for _, e := range one.Evidence {
			e.Path = filepath.Join(d.folder, filepath.Base(e.Path))
			if err := d.k.p.Evidence(e); err != nil {
				return "", err
			}
			n++
		}
	}
	return fmt.Sprintf("%d bundles", n), nil
}

// live holds the restored log's end against the live one: a backup of another store, or a live log that was cut, shows here.
func (d *restoreDrill) live(ctx context.Context) (string, error) {
	if d.k.p.Books == nil {
		return "", fmt.Errorf("%w: there is no live store to compare with", errNotAssessed)
	}
	state, err := d.store.VerifyAudit(ctx)
	if err != nil {
		return "", err
	}
	if state.Entries == 0 {
		return "both are at their beginning", nil
	}
	live, err := d.k.p.Books.AuditLog(ctx, state.Entries-1, 1)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: the live store cannot be read: %w", errNotAssessed, err)
	case len(live) == 0:
		return "", fmt.Errorf("the live log has no entry %d: it was cut, or is another store's", state.Entries)
	case live[0].Hash != state.Head:
		return "", fmt.Errorf("entry %d of the live log has hash %.12s, the backup's %.12s: one of them was written anew", state.Entries, live[0].Hash, state.Head)
	}
	return fmt.Sprintf("entry %d is the same in both", state.Entries), nil
}
