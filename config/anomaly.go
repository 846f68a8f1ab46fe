package config

import "time"

// Anomaly says when a plan waits for a person because it lies outside the vault's own past.
type Anomaly struct {
	Enabled          bool          `json:"enabled" jsonschema_description:"false: plans are not compared."`
	Days             uint32        `json:"days" validate:"min=2,max=60" jsonschema_description:"Opened days of the vault that a plan is compared with."`
	Least            uint32        `json:"least" validate:"min=2,max=60" jsonschema_description:"With fewer days in the past nothing is unusual."`
	ClaimedFactor    uint64        `json:"claimed_factor" validate:"min=2,max=1000000" jsonschema_description:"Fees may be this many times more or less than the median."`
	LargestFactor    uint64        `json:"largest_factor" validate:"min=2,max=1000000" jsonschema_description:"The largest payout may be this many times more than the median."`
	ShareBPS         uint64        `json:"share_bps" validate:"min=1,max=10000" jsonschema_description:"The investors' share may be this many basis points away from the median."`
	InvestorsPercent uint64        `json:"investors_percent" validate:"min=1,max=1000" jsonschema_description:"The number of investors may be this much away from the median."`
	Timeout          time.Duration `json:"timeout" validate:"min=1m,max=20h" jsonschema_description:"Without an approval the day counts as refused after this."`
}
