package domain

import "time"

// BackupRecord is one attempt at a backup, as the store remembers it.
type BackupRecord struct {
	At      time.Time `json:"at"`                // When it began.
	Archive string    `json:"archive,omitempty"` // Its id; empty when it failed.
	Place   string    `json:"place"`
	OK      bool      `json:"ok"`
	Bytes   int64     `json:"bytes,omitempty"`
	Rows    int64     `json:"rows,omitempty"`
	Files   int64     `json:"files,omitempty"`
	SHA256  string    `json:"sha256,omitempty"`
	TookMS  int64     `json:"took_ms"`
	Code    string    `json:"code,omitempty"`
	Error   string    `json:"error,omitempty"`
}

// DrillResult is how a step of a drill ended.
type DrillResult string

// Results of steps. What was not looked at counts for nothing.
const (
	DrillOK          DrillResult = "ok"
	DrillFailed      DrillResult = "fail"
	DrillNotAssessed DrillResult = "not_assessed"
)

// DrillStep is one thing that a drill checked.
type DrillStep struct {
	Name   string      `json:"name"`
	Result DrillResult `json:"result"`
	Detail string      `json:"detail"`
	TookMS int64       `json:"took_ms"`
}

// Drill is a rehearsal of a recovery, with what it measured.
type Drill struct {
	At      time.Time   `json:"at"`
	Kind    string      `json:"kind"` // Such as restore.
	Archive string      `json:"archive,omitempty"`
	Score   int         `json:"score"` // Steps that were right, of a hundred.
	RPO     *int64      `json:"rpo_seconds"`
	RTO     *int64      `json:"rto_ms"` // Null: it did not come so far.
	Steps   []DrillStep `json:"steps"`
}

// Grade counts the steps: one that was not assessed is not right either.
func (d Drill) Grade() int {
	if len(d.Steps) == 0 {
		return 0
	}
	right := 0
	for _, s := range d.Steps {
		if s.Result == DrillOK {
			right++
		}
	}
	return 100 * right / len(d.Steps)
}

// OK is true when every step was right.
func (d Drill) OK() bool { return d.Grade() == 100 }

// BackupCondition judges backups by what the store remembers: the newest attempt, and the newest good one.
func BackupCondition(last, good *BackupRecord, maxAge time.Duration, now time.Time) Condition {
	c := Condition{Name: "backup", At: now.UTC()}
	switch {
	case last == nil:
		c.Detail = "no backup was ever made: feeops backup create"
	case !last.OK:
		c.Detail = "the newest backup failed (" + last.At.UTC().Format(time.RFC3339) + "): " + last.Error
	case good == nil || now.Sub(good.At) > maxAge:
		c.Detail = "the newest backup is " + now.Sub(last.At).Round(time.Minute).String() + " old, and may be " + maxAge.String() + " old"
	default:
		c.OK, c.Detail = true, good.Archive+", "+now.Sub(good.At).Round(time.Minute).String()+" old"
	}
	return c
}
