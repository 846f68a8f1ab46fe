package config

import (
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Backup says where backups go, who can open them, how often they are made and which of them stay.
type Backup struct {
	Place        URL           `json:"place,omitempty" kind:"dsn" validate:"omitempty,backup_place" jsonschema_description:"file:DIRECTORY or s3://BUCKET/PATH, off this host. Credentials come from the environment of AWS's own tools. Empty: no backups."`
	Region       string        `json:"region,omitempty" jsonschema_description:"Region of the bucket. Default: AWS_REGION."`
	Endpoint     string        `json:"endpoint,omitempty" validate:"omitempty,http_url" jsonschema_description:"Address of an S3-compatible service that is not Amazon's."`
	PathStyle    bool          `json:"path_style,omitempty" jsonschema_description:"The bucket is a part of the path and not of the host name, as many S3-compatible services want it."`
	Deployment   string        `json:"deployment" validate:"required,id" jsonschema_description:"Name before the archives. Deployments that share a place need names of their own: each removes only its own archives."`
	Recipients   []string      `json:"recipients,omitempty" validate:"max=20,dive,age_recipient" jsonschema_description:"Public keys (age1…) that archives are encrypted to. Whoever holds one secret half can open them: feeops backup keygen."`
	Signers      []string      `json:"signers,omitempty" validate:"max=50,dive,signer" jsonschema_description:"Public halves of audit keys (64 hex digits) whose archives are believed besides audit.key_path's own: earlier keys, and those of other hosts. What no known key signed is not restored."`
	IdentityFile string        `json:"identity_file,omitempty" kind:"path" jsonschema_description:"File with a secret half, for verify, restore and the restore drill. Making backups needs none: keep it off the host where you can."`
	Every        time.Duration `json:"every" validate:"min=1m,max=168h" jsonschema_description:"Time between two backups: what is lost at most with the host."`
	MaxAge       time.Duration `json:"max_age" validate:"min=1m,max=720h" jsonschema_description:"Age of the newest backup from which backup_failed fires."`
	DrillEvery   time.Duration `json:"drill_every" validate:"min=1h,max=2160h" jsonschema_description:"Time between two restore drills; they run where identity_file is set."`
	KeepAll      time.Duration `json:"keep_all" validate:"min=0s,max=8760h" jsonschema_description:"Backups younger than this all stay."`
	KeepDays     uint32        `json:"keep_days" validate:"max=3650" jsonschema_description:"Of so many days one backup each stays."`
	KeepMonths   uint32        `json:"keep_months" validate:"max=120" jsonschema_description:"Of so many months one backup each stays."`
	KeepLeast    uint32        `json:"keep_least" validate:"min=1,max=1000" jsonschema_description:"So many of the newest backups stay whatever their age."`
}

func defaultBackup() Backup {
	const hour = time.Hour
	return Backup{Deployment: "feeops", Every: 6 * hour, MaxAge: 13 * hour, DrillEvery: 7 * 24 * hour, KeepAll: 48 * hour, KeepDays: 30, KeepMonths: 12, KeepLeast: 3}
}

// recipientPattern is an age public key: of X25519 or of a hybrid with ML-KEM.
var recipientPattern = regexp.MustCompile(`^age1[0-9a-z]+$`)

// signerPattern is the public half of an audit key, as feeops audit keygen prints it.
var signerPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func isBackupPlace(s string) bool {
	if dir, ok := strings.CutPrefix(s, "file:"); ok {
		return dir != ""
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "s3" && u.Host != "" && u.User == nil && u.RawQuery == ""
}

// rules keep backups from being made that nobody can open, or that are always too old.
func (b Backup) rules() Errors {
	var out Errors
	if b.Place.Reveal() == "" {
		return nil
	}
	if len(b.Recipients) == 0 {
		out = append(out, Error{Key: "backup.recipients", Got: "nothing", Want: "at least one public key age1…", Next: "Make one: feeops backup keygen --output FILE."})
	}
	if b.MaxAge < b.Every {
		out = append(out, Error{Key: "backup.max_age", Got: quote(b.MaxAge.String()), Want: "at least backup.every (" + b.Every.String() + ")", Next: "Every backup would be too old before the next one."})
	}
	return out
}
