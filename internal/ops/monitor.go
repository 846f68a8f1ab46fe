package ops

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// MonitorInput starts FleetMonitor. The zero value is what the temporal CLI's user wants; what stands below the intervals
// is carried from one run to the next.
type MonitorInput struct {
	Intervals Intervals `json:"intervals,omitzero"`

	Since     time.Time           `json:"since,omitzero"`   // When the watch began.
	Told      []domain.Delivered  `json:"told,omitempty"`   // Delivered, and not stamped yet.
	Orders    []domain.AlertOrder `json:"orders,omitempty"` // Taken, and not followed yet.
	Looked    time.Time           `json:"looked,omitzero"`  // When the last look began.
	Shown     time.Time           `json:"shown,omitzero"`
	Shows     int                 `json:"shows,omitempty"`
	Mutes     int                 `json:"mutes,omitempty"` // Given numbers to so far.
	Blind     Blindness           `json:"blind,omitzero"`
	Dashboard domain.Dashboard    `json:"dashboard,omitzero"`
}

// Intervals are in seconds; 0 is the document's figure: 60, 30 and 300 (M01–M03).
type Intervals struct {
	Metrics   int `json:"metrics_seconds,omitempty"`
	Rules     int `json:"rules_seconds,omitempty"`
	Dashboard int `json:"dashboard_seconds,omitempty"`
}

// Defaults fills in the document's figures.
func (i Intervals) Defaults() Intervals {
	pick := func(v, otherwise int) int {
		if v > 0 {
			return v
		}
		return otherwise
	}
	return Intervals{Metrics: pick(i.Metrics, 60), Rules: pick(i.Rules, 30), Dashboard: pick(i.Dashboard, 300)}
}

// Blindness is what the workflow itself knows of failing rules: what cannot be judged cannot be recorded either.
type Blindness struct {
	Failures int       `json:"failures,omitempty"` // In a row.
	Number   int       `json:"number,omitempty"`   // Of the episode.
	Seq      int       `json:"seq,omitempty"`
	Open     bool      `json:"open,omitempty"`
	Told     time.Time `json:"told,omitzero"`
}

// MuteOrder is the payload of the mute signal: {"vault":"alpha","minutes":60,"reason":"…","actor":"…"}. No vault and no
// alert mean all. It always ends: after an hour when it does not say, and after monitor.max_mute at the latest.
type MuteOrder struct {
	ID          string    `json:"id,omitempty"`
	Vault       string    `json:"vault,omitempty"`
	Alert       string    `json:"alert,omitempty"`
	Minutes     int       `json:"minutes,omitempty"`
	Starts      time.Time `json:"starts,omitzero"` // Zero is now.
	Maintenance bool      `json:"maintenance,omitempty"`
	Critical    bool      `json:"critical,omitempty"` // Critical alerts too, when no alert is named.
	Reason      string    `json:"reason"`
	Actor       string    `json:"actor"`
}

// UnmuteOrder is the payload of the unmute signal.
type UnmuteOrder struct {
	ID    string `json:"id"`
	Actor string `json:"actor"`
}

// AcknowledgeOrder is the payload of the acknowledge signal.
type AcknowledgeOrder struct {
	Episode string `json:"episode"` // Key, such as alpha/payer_low/3; of a group for all its members.
	Actor   string `json:"actor"`
}

// LookInput asks for one look.
type LookInput struct{}

// LookResult is small: the samples are in the store.
type LookResult struct {
	At        time.Time `json:"at"`
	Read      int       `json:"read"`
	Vaults    int       `json:"vaults"`
	Requests  uint64    `json:"requests"`
	TookMS    int64     `json:"took_ms"`
	Intervals Intervals `json:"intervals,omitzero"` // Of the worker's settings.
}

// JudgeInput asks for one judgement of the newest look.
type JudgeInput struct {
	Since  time.Time           `json:"since"`
	Told   []domain.Delivered  `json:"told,omitempty"`
	Orders []domain.AlertOrder `json:"orders,omitempty"`
}

// JudgeResult are the messages to deliver. One that is not known to be delivered comes again with the same key and number.
type JudgeResult struct {
	Messages []domain.Message `json:"messages,omitempty"`
	Open     int              `json:"open"`
}

// TellAnswer says which incident took a message in place of the channels; empty: the channels have it.
type TellAnswer struct {
	Incident string            `json:"incident,omitempty"`
	Apart    map[string]string `json:"apart,omitempty"` // By episode: those of a group that another incident took.
}

// ShowInput asks for the dashboard, and now and then for a clearing of what is too old.
type ShowInput struct {
	Prune bool `json:"prune,omitempty"`
}
