package bench

import "time"

// Result is bench --json. The names of its first part are a contract (DESIGN.md §6). Null is not measured; NotMeasured
// says why.
type Result struct {
	// Of one vault with the most investors, its last day.
	SlotsPerPage   *float64  `json:"slots_per_page"`
	Orchestration  *float64  `json:"orchestration_ms_per_page"` // Between two pages, the median.
	RequestsPerDay *float64  `json:"rpc_requests_per_day"`
	PagesPerSecond *float64  `json:"pages_per_second"` // Of the largest fleet, its last day, until the last vault was closed.
	TickMS1000     *float64  `json:"tick_ms_1000"`     // One look of the watch at 1,000 vaults, the median.
	TickRequests   *float64  `json:"tick_requests_1000"`
	StopP99        *float64  `json:"stop_p99_ms"`
	RSSMiB         *float64  `json:"rss_mib"` // Of the worker with the largest fleet, at its highest.
	Peer           *Peer     `json:"peer"`
	OK             bool      `json:"ok"` // Every day was complete and equal to the chain to the base unit.
	NotMeasured    []Gap     `json:"not_measured"`
	Machine        Machine   `json:"machine"`
	Command        string    `json:"command"`
	Started        time.Time `json:"started"`
	DurationMS     int64     `json:"duration_ms"`
	SlotMS         int       `json:"slot_ms"`
	Days           int       `json:"days"` // 2, or 1 when only the first day was paid: its figures hold the making of lookup tables.
	Cases          []Case    `json:"cases"`
}

// Gap is a figure that this run does not have.
type Gap struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// Machine is where the figures come from. Figures of two machines, or under another load, are not to be compared.
type Machine struct {
	Processors int      `json:"processors"`
	Platform   string   `json:"platform"`
	Go         string   `json:"go"`
	Build      string   `json:"build"`       // Empty when the source was changed since its last commit.
	LoadBefore *float64 `json:"load_before"` // Average of the last minute; null where the system does not tell.
	LoadAfter  *float64 `json:"load_after"`
}

// Case is one stack with so many vaults of so many investors each. Every case has a chain, a Temporal server and a worker
// of its own, and all its vaults are paid side by side by one FleetDistribution.
type Case struct {
	Vaults    int      `json:"vaults"`
	Investors int      `json:"investors"`   // Of each vault.
	Load      *float64 `json:"load_before"` // Of the machine, from the minute before.
	Error     string   `json:"error,omitempty"`
	First     *Round   `json:"first_day"` // With the making of lookup tables.
	Next      *Round   `json:"next_day"`
	Tick      *Tick    `json:"tick"`
	Memory    *Memory  `json:"worker_memory"`
	Disk      *Disk    `json:"disk"`
}

// paid is the last day that was paid; nil when none was.
func (c Case) paid() *Round {
	if c.Next != nil {
		return c.Next
	}
	return c.First
}

// Round is one day of all vaults of a case.
type Round struct {
	Closed             float64  `json:"closed_seconds"` // From the fleet's start until the chain had closed the last day.
	Complete           int      `json:"complete"`       // Vaults whose day equals the chain.
	Pages              int      `json:"pages"`
	Seconds            float64  `json:"seconds"`          // From the fleet's start to its end, finality and reconciliation included.
	PagesPerSecond     float64  `json:"pages_per_second"` // Until the last day was closed.
	InvestorsPerSecond float64  `json:"investors_per_second"`
	DayP50             float64  `json:"day_p50_ms"` // One vault's workflow.
	DayP99             float64  `json:"day_p99_ms"`
	SlotsPerPage       float64  `json:"slots_per_page"`        // From the first send to the slot that closed the day; the median of the vaults.
	Requests           float64  `json:"requests_per_day"`      // Of a vault's workflow, on average.
	NodeRequests       float64  `json:"node_requests_per_day"` // All that the chain's endpoint saw, the watch's too, over the vaults.
	FeeLamports        float64  `json:"fee_lamports_per_day"`  // A vault's, on average.
	PerInvestor        float64  `json:"fee_lamports_per_investor"`
	Orchestration      *float64 `json:"orchestration_p50_ms"` // Null when no day had two pages.
	OrchestrationP99   *float64 `json:"orchestration_p99_ms"`
	Events             float64  `json:"history_events"` // Of one day, the most.
	HistoryKiB         float64  `json:"history_kib"`
}

// Tick is what looks at the whole fleet took, storing included.
type Tick struct {
	Looks    int     `json:"looks"`
	P50      float64 `json:"p50_ms"`
	Most     float64 `json:"max_ms"`
	Requests float64 `json:"requests"` // The most of one look.
}

// Memory is the worker's, in MiB, as the system counts it.
type Memory struct {
	Peak float64 `json:"peak_mib"`
	Now  float64 `json:"after_mib"` // After both days.
}

// Disk is what a vault's day leaves behind, in KiB: both days' files over vaults and days. With few vaults it is mostly
// what an empty file takes.
type Disk struct {
	Store    float64 `json:"store_kib_per_vault_day"`
	Temporal float64 `json:"temporal_kib_per_vault_day"`
}

// Peer is the document's script on the same chains.
type Peer struct {
	PagesPerSecond *float64   `json:"pages_per_second"` // With the most vaults, one after the other.
	SlotsPerPage   *float64   `json:"slots_per_page"`   // Of one vault with the most investors.
	RequestsPerDay *float64   `json:"rpc_requests_per_day"`
	Cases          []PeerCase `json:"cases"`
}

// PeerCase is one or more vaults that the script pays one after the other.
type PeerCase struct {
	Behaviour string  `json:"behaviour"`
	Vaults    int     `json:"vaults"`
	Investors int     `json:"investors"`
	PageSize  int     `json:"page_size"`
	First     PeerDay `json:"first_day"`
	Next      PeerDay `json:"next_day"`
}

// PeerDay is one day of the script. Covered are investors whose page the chain turned.
type PeerDay struct {
	Complete           int     `json:"complete"` // Vaults that the chain says are complete.
	Covered            int     `json:"covered"`
	Sent               int     `json:"sent"` // Transactions, failed ones too.
	Pages              int     `json:"pages"`
	Seconds            float64 `json:"seconds"`
	PagesPerSecond     float64 `json:"pages_per_second"`
	InvestorsPerSecond float64 `json:"investors_per_second"` // Of those covered.
	SlotsPerPage       float64 `json:"slots_per_page"`
	Requests           float64 `json:"requests_per_day"` // Over the vaults.
	Said               string  `json:"said"`
}
