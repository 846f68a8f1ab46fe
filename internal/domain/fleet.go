package domain

import "time"

// FleetSample is what the watch saw of everything that the vaults share. A null part was not read, or nobody reads it
// yet: it is unknown, which is neither well nor ill.
type FleetSample struct {
	At        time.Time        `json:"at"`
	Slot      uint64           `json:"slot,omitempty"`
	ChainTime *int64           `json:"chain_time"`
	Skew      *int64           `json:"skew_seconds"` // This machine's clock minus the chain's (P17).
	Vaults    int              `json:"vaults"`       // Of the settings.
	Read      int              `json:"read"`         // Whose figures were read from the chain.
	Error     string           `json:"error,omitempty"`
	Good      time.Time        `json:"good,omitzero"` // When every vault was read last.
	Requests  uint64           `json:"requests"`
	Took      time.Duration    `json:"took_ns"`
	Endpoints []EndpointSample `json:"endpoints"`
	Workers   []WorkerBeat     `json:"workers"`
	Channels  []Condition      `json:"channels"`
	Signers   []Condition      `json:"signers"`
	Backup    *Condition       `json:"backup"`
	Audit     *Condition       `json:"audit"`
}

// EndpointSample is an RPC endpoint as the pool judges it (P10–P12).
type EndpointSample struct {
	Name         string        `json:"name"`
	Usable       bool          `json:"usable"`
	Reason       string        `json:"reason,omitempty"`
	Slot         uint64        `json:"slot"`
	Lag          uint64        `json:"lag"`
	Latency      time.Duration `json:"latency_ns"`
	ErrorPercent int           `json:"error_percent"`
}

// WorkerBeat is a worker that asks Temporal for work.
type WorkerBeat struct {
	ID   string    `json:"id"`
	Seen time.Time `json:"seen"`
}

// Condition says whether one part works, and since when that has been so.
type Condition struct {
	Name    string    `json:"name"`
	OK      bool      `json:"ok"`
	Unknown bool      `json:"unknown,omitempty"` // The part exists, and nothing tells how it is: neither well nor broken.
	Detail  string    `json:"detail,omitempty"`  // No secrets: it is shown.
	At      time.Time `json:"at"`                // When it was found out.
}

// FleetTick is one look at the whole fleet. Vaults are in the order of the settings.
type FleetTick struct {
	Fleet  FleetSample   `json:"fleet"`
	Vaults []VaultSample `json:"vaults"`
}

// Vault finds a vault's sample.
func (t FleetTick) Vault(id string) (VaultSample, bool) {
	for _, v := range t.Vaults {
		if v.Vault == id {
			return v, true
		}
	}
	return VaultSample{}, false
}
