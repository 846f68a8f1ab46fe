package ops

import "github.com/meteora-fee-router/feeops/internal/domain"

// Workflow types of backups.
const (
	Backup       = "Backup"
	RestoreDrill = "RestoreDrill"
)

// BackupSchedule is the id of the schedule of Backup; two deployments in one namespace have schedules of their own.
func BackupSchedule(queue string) string { return idOf("backup", queue) }

// RestoreDrillSchedule is the id of the schedule of RestoreDrill.
func RestoreDrillSchedule(queue string) string { return idOf("restore-drill", queue) }

// BackupInput starts Backup. The zero value is what the schedule and the temporal CLI's user want.
type BackupInput struct {
	KeepAll bool   `json:"keep_all,omitempty"` // Remove no old archives afterwards.
	Actor   string `json:"actor,omitempty"`
}

// BackupResult is a finished backup.
type BackupResult struct {
	Archive string   `json:"archive"`
	Place   string   `json:"place"`
	Bytes   int64    `json:"bytes"`
	Rows    int64    `json:"rows"`
	Files   int      `json:"files"`
	SHA256  string   `json:"sha256"`
	TookMS  int64    `json:"took_ms"`
	Removed []string `json:"removed,omitempty"`
	Kept    string   `json:"kept,omitempty"` // Why nothing was removed.
}

// PruneInput asks for what is too old to be removed.
type PruneInput struct {
	Actor string `json:"actor"`
}

// PruneResult names what was removed.
type PruneResult struct {
	Removed []string `json:"removed,omitempty"`
}

// RestoreDrillInput starts RestoreDrill.
type RestoreDrillInput struct {
	OlderThanHours int `json:"older_than_hours,omitempty"` // Of the newest archive that is older; 0 is the newest.
}

// RestoreDrillResult is the drill, and the alarm that the next run of the schedule has to end.
type RestoreDrillResult struct {
	domain.Drill

	Alarm *DrillAlarm `json:"alarm,omitempty"`
}

// The activities of backups.
var (
	MakeBackup      = Activity[BackupInput, BackupResult]{"MakeBackup", Keep}
	PruneBackups    = Activity[PruneInput, PruneResult]{"PruneBackups", Keep}
	RehearseRestore = Activity[RestoreDrillInput, domain.Drill]{"RehearseRestore", Keep}
)
