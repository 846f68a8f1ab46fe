package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Books are the store as the keeper uses it.
type Books interface {
	Exporter
	SaveBackup(ctx context.Context, b domain.BackupRecord) error
	SaveDrill(ctx context.Context, d domain.Drill) error
	Audit(ctx context.Context, e store.AuditEntry) error
	AuditLog(ctx context.Context, after int64, limit int) ([]store.AuditEntry, error)
}

// KeeperParams are the settings of backups, and what they are made of.
type KeeperParams struct {
	Books        Books // Nil: none can be opened; archives can still be read.
	Address      string
	Deployment   string
	Program      string
	Recipients   []string
	Signer       func() (*seal.Key, error) // The key that signs, opened when it is needed; nil: none is set.
	Signers      []seal.Public             // Keys whose archives are believed.
	IdentityFile string
	Settings     any // Without secrets.
	Folders      []Folder
	Keep         Keep
	MaxAge       time.Duration
	Evidence     func(domain.Evidence) error // Holds a file against its index.
	Random       io.Reader
	Now          func() time.Time
}

// Keeper makes, checks and removes backups as the settings say, and remembers it in the store.
type Keeper struct{ p KeeperParams }

// NewKeeper makes a keeper. Nothing is opened yet.
func NewKeeper(p KeeperParams) *Keeper {
	p.Deployment = slug(p.Deployment)
	return &Keeper{p: p}
}

// ErrNoPlace means that the settings name no place for backups.
var ErrNoPlace = errors.New("no place for backups is set")

// Open opens the place of the settings.
func (k *Keeper) Open(ctx context.Context) (*Place, error) {
	if k.p.Address == "" {
		return nil, fault.New(fault.Human, "backup/no_place", ErrNoPlace).WithNext("Set backup.place and backup.recipients (docs/recovery.md)")
	}
	return Open(ctx, k.p.Address)
}

// Deployment is the name before this deployment's archives.
func (k *Keeper) Deployment() string { return k.p.Deployment }

// Signers are the keys whose archives are believed here.
func (k *Keeper) Signers() []seal.Public { return k.p.Signers }

// Make makes a backup and remembers it, also when it fails. beat may be nil.
func (k *Keeper) Make(ctx context.Context, beat func()) (Made, error) {
	began := k.p.Now()
	made, err := k.make(ctx, beat)
	if errors.Is(err, ErrNoPlace) {
		return made, err
	}
	r := domain.BackupRecord{At: began.UTC(), Place: made.Place, OK: err == nil, TookMS: k.p.Now().Sub(began).Milliseconds()}
	if err == nil {
		r.Archive, r.Bytes, r.Rows, r.Files, r.SHA256 = made.ID, made.Bytes, made.Rows, int64(made.Files), made.SHA256
	} else {
		r.Code, r.Error = fault.CodeOf(err), err.Error()
	}
	if saved := k.p.Books.SaveBackup(context.WithoutCancel(ctx), r); saved != nil { // It is made, and yet nobody would know of it.
		return made, errors.Join(err, fmt.Errorf("remember the backup: %w", saved))
	}
	return made, err
}

func (k *Keeper) make(ctx context.Context, beat func()) (made Made, err error) {
	made.Place = safeAddress(k.p.Address)
	place, err := k.Open(ctx)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	made.Place = place.String()
	var signer *seal.Key
	if k.p.Signer != nil {
		if signer, err = k.p.Signer(); err != nil { // An unsigned one would be refused on the day that it is needed.
			return made, fault.New(fault.Human, "backup/signer", fmt.Errorf("sign the backup: %w", err)).WithNext("Correct audit.key_path, or make a key with feeops audit keygen and name its old public half in backup.signers")
		}
	}
	got, err := Create(ctx, CreateParams{
		Store: k.p.Books, Place: place, Deployment: k.p.Deployment, Program: k.p.Program, Recipients: k.p.Recipients, Signer: signer, Settings: k.p.Settings,
		Folders: k.p.Folders, Random: k.p.Random, Now: k.p.Now, Beat: beat,
	})
	if err != nil {
		return made, err
	}
	return got, nil
}

// Expired names the archives that the settings do not keep.
func (k *Keeper) Expired(ctx context.Context, place *Place) ([]Listed, error) {
	all, err := place.List(ctx)
	if err != nil {
		return nil, err
	}
	return k.p.Keep.Drop(all, k.p.Deployment, k.p.Signers, k.p.Now()), nil
}

// Prune removes what the settings do not keep. Each removal is in the audit log before it happens.
func (k *Keeper) Prune(ctx context.Context, actor string) (gone []string, err error) {
	place, err := k.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	drop, err := k.Expired(ctx, place)
	if err != nil || len(drop) == 0 {
		return nil, err
	}
	for _, l := range drop {
		e := store.AuditEntry{At: k.p.Now(), Actor: actor, Action: "backup.prune", Subject: l.ID, Detail: fmt.Sprintf("%s, made %s, in %s", l.State, l.MadeAt.UTC().Format(time.RFC3339), place)}
		if err := k.p.Books.Audit(ctx, e); err != nil {
			return gone, err
		}
		one, err := place.Prune(ctx, []Listed{l})
		gone = append(gone, one...)
		if err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// safeAddress is what of an address may be stored when it could not be opened.
func safeAddress(address string) string {
	for i, c := range address {
		if c == '?' || c == '@' {
			return address[:i]
		}
	}
	if address == "" {
		return "nowhere"
	}
	return address
}
