package domain

// Candidate is an open incident that a failure may belong to.
type Candidate struct {
	ID       string        `json:"id"`
	Severity Severity      `json:"severity"`
	State    IncidentState `json:"state"`
	Vaults   int           `json:"vaults"` // How many it concerns.
	Member   bool          `json:"member"` // The failing vault is one of them, and has not recovered.
	AtMost   Response      `json:"at_most,omitempty"`
}

// Known is what the store knows of a failure's cause at the moment when it is stored.
type Known struct {
	Others int        // Other vaults with the cause within the window.
	Own    *Candidate // The open incident of this cause and this vault.
	Fleet  *Candidate // The open incident of this cause that concerns several vaults.
	Oldest *Candidate // The oldest open incident of this cause and another vault that failed within the window.
	Near   *Candidate // The oldest open incident of any cause that the vault is in and has not recovered from.
}

// Correlation is what becomes of a failure.
type Correlation string

// Correlations.
const (
	CorrelateNone    Correlation = "none"    // It is no incident.
	CorrelateOpen    Correlation = "open"    // It opens one.
	CorrelateJoin    Correlation = "join"    // It belongs to an open one.
	CorrelatePromote Correlation = "promote" // It makes an open one concern several vaults.
)

// Decision is the correlator's answer.
type Decision struct {
	Correlation Correlation `json:"correlation"`
	Incident    string      `json:"incident,omitempty"` // Of a join or a promotion.
	Severity    Severity    `json:"severity,omitempty"` // What the incident must have at least.
	Vaults      int         `json:"vaults"`             // With this cause within the window.
	Tell        bool        `json:"tell"`               // The incident's workflow must hear of it; in a storm most are only counted.
	Open        *Incident   `json:"-"`                  // Of an open: the new incident without its id.
}

// Recorded is a failure in the store with what became of it.
type Recorded struct {
	Failure  Failure  `json:"failure"`
	Decision Decision `json:"decision"`
	Incident Incident `json:"incident"` // As stored; zero when there is none.
	Again    bool     `json:"again"`    // The same report was stored before.
}

// Recovered is an incident of a vault whose day went on.
type Recovered struct {
	Incident string `json:"incident"`
	Left     int    `json:"left"` // Vaults of it that have not recovered.
}

// ConfigLock forbids a worker to start with other settings of who gets how much, while a critical incident is open (S12).
type ConfigLock struct {
	Incident string `json:"incident"`
	Hash     string `json:"hash"` // Of the settings that stay.
	Reason   string `json:"reason"`
}
