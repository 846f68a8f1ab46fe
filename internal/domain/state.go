package domain

// State is where a vault's day stands. Every vault is in exactly one (D10, E02).
type State string

// The states, as people and searches know them.
const (
	NeverRun             State = "never_run"
	NotDue               State = "not_due"
	Ready                State = "ready"
	WaitingApproval      State = "waiting_approval"
	Running              State = "running"
	Paused               State = "paused"
	Stopped              State = "stopped"
	Capped               State = "capped"
	NoFees               State = "no_fees"
	Overdue              State = "overdue"
	Stuck                State = "stuck"
	Complete             State = "complete"
	CompleteUnreconciled State = "complete_unreconciled"
	Failed               State = "failed"
	Isolated             State = "isolated"
	UnknownState         State = "unknown"
)

// States lists all of them in the order in which tables show them.
func States() []State {
	return []State{
		NeverRun, NotDue, Ready, WaitingApproval, Running, Paused, Stopped, Capped, NoFees,
		Overdue, Stuck, Complete, CompleteUnreconciled, Failed, Isolated, UnknownState,
	}
}

// Behaviour is which of the two programs a vault lives under (CHAIN.md §1).
type Behaviour string

// The two behaviours.
const (
	Reference Behaviour = "reference" // What the documents promise: pages, real transfers, exact conservation.
	Published Behaviour = "published" // The code as deployed: all streams in each call, transfers only logged.
)

// MaxPageSize is the program's own bound on page_size (C08).
const MaxPageSize = 50
