package app

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/build"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var backupModule = fx.Module("backup", fx.Provide(newBackups))

func newBackups(s config.Settings, db *store.Store, now Clock) (*activities.Backups, error) {
	k, err := Keeper(s, db, now)
	if err != nil {
		return nil, fault(err)
	}
	return activities.NewBackups(k, now), nil
}

// BackupFolders are the directories of files that the store only names.
func BackupFolders(s config.Settings) []backup.Folder {
	return []backup.Folder{{Name: backup.FolderEvidence, Dir: s.EvidenceDir()}, {Name: backup.FolderReports, Dir: s.Reports.Dir}}
}

// backupSigners are the keys whose archives are believed: those of the settings, and the one that signs here. A key file
// that is lost with its host is no reason not to restore; its public half may still be in the settings.
func backupSigners(s config.Settings) ([]seal.Public, error) {
	var out []seal.Public
	for _, text := range s.Backup.Signers {
		key, err := seal.ParsePublic(text)
		if err != nil {
			return nil, fmt.Errorf("backup.signers: %w", err)
		}
		out = append(out, key)
	}
	if s.Audit.KeyPath == "" {
		return out, nil
	}
	if key, err := seal.Open(s.Audit.KeyPath); err == nil {
		out = append(out, key.Public())
	} else if key, err := seal.LoadPublic(s.Audit.KeyPath + ".pub"); err == nil {
		out = append(out, key)
	}
	return out, nil
}

// Keeper makes and checks backups as the settings say. db may be nil where no store can be opened.
func Keeper(s config.Settings, db *store.Store, now func() time.Time) (*backup.Keeper, error) {
	b := s.Backup
	address, err := backup.S3Address(b.Place.Reveal(), b.Region, b.Endpoint, b.PathStyle)
	if err != nil {
		return nil, fmt.Errorf("backup.place: %w", err)
	}
	signers, err := backupSigners(s)
	if err != nil {
		return nil, err
	}
	p := backup.KeeperParams{
		Address: address, Deployment: b.Deployment, Program: cmp.Or(build.ID(), "unknown"), Recipients: b.Recipients, IdentityFile: b.IdentityFile, Signers: signers,
		Settings: s.Redacted(), Folders: BackupFolders(s), MaxAge: b.MaxAge, Evidence: incident.Verify, Random: rand.Reader, Now: now,
		Keep: backup.Keep{All: b.KeepAll, Days: int(b.KeepDays), Months: int(b.KeepMonths), Least: int(b.KeepLeast)},
	}
	if s.Audit.KeyPath != "" {
		p.Signer = func() (*seal.Key, error) { return seal.Open(s.Audit.KeyPath) }
	}
	if db != nil {
		p.Books = db
	}
	return backup.NewKeeper(p), nil
}
