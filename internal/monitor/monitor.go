// Package monitor looks at the fleet. One look reads every vault's progress and treasury and a turn of the accounts that
// change slowly, in requests of a hundred accounts of which each is one slot, joins what the store and Temporal know, and
// stores one sample a vault. It judges nothing: internal/alert does.
//
// What a look could not read is null in its sample. A vault whose chunk failed is unknown for this look; the others are
// not touched by it (D11).
package monitor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Reader is what looking needs from the chain.
type Reader interface {
	Snapshot(ctx context.Context, keys []solana.PublicKey, o chain.ReadOptions) (chain.Snapshot, error)
}

// Store is what looking needs from the store: one query for the whole fleet where there is one.
type Store interface {
	LatestTick(ctx context.Context) (domain.FleetTick, bool, error)
	SaveTick(ctx context.Context, t domain.FleetTick) error
	PendingSignatures(ctx context.Context) (map[string]int, error)
	ManifestHeads(ctx context.Context) (map[string]store.ManifestHead, error)
	Manifest(ctx context.Context, vault string, day domain.Day) (domain.Manifest, bool, error)
	LatestReports(ctx context.Context) (map[string]domain.DayReport, error)
	Report(ctx context.Context, vault string, day domain.Day) (domain.DayReport, bool, error)
	ForeignPages(ctx context.Context) (map[store.DayRef]int, error)
	AllSafety(ctx context.Context) ([]domain.SafetyFlag, error)
}

// Vault is one vault of the settings with the addresses that are looked at.
type Vault struct {
	ID        string
	Behaviour domain.Behaviour
	Token     domain.Token // Without decimals: only the mint itself knows them.
	Streams   int
	Program   solana.PublicKey
	QuoteMint solana.PublicKey
	Position  solana.PublicKey
	Policy    solana.PublicKey
	Progress  solana.PublicKey
	Treasury  solana.PublicKey
	Payer     solana.PublicKey // Zero when its key is not known here.
}

// Sources tell what neither chain nor store knows. One that is nil, or fails, leaves its part unknown.
type Sources struct {
	Runs      func(ctx context.Context) (map[string]domain.RunView, error) // By vault; a vault without an entry has no run.
	Endpoints func() []domain.EndpointSample
	Workers   func(ctx context.Context) ([]domain.WorkerBeat, error)
	Channels  func(ctx context.Context) ([]domain.Condition, error)
	Signers   func(ctx context.Context) ([]domain.Condition, error)
	Backup    func(ctx context.Context) (*domain.Condition, error)
	Audit     func(ctx context.Context) (*domain.Condition, error)
}

// Params are the monitor's parts.
type Params struct {
	Chain        Reader
	Store        Store
	Vaults       []Vault
	Sources      Sources
	MinClaimable domain.Amount
	Stopped      func() bool // EMERGENCY_STOP of the settings; it adds to the store's flags.
	Now          func() time.Time
	Log          *slog.Logger
}

// Monitor takes looks, one at a time.
type Monitor struct {
	Params

	mu       sync.Mutex
	turn     int                                   // Guarded by mu, as all below: which vaults' slow accounts are read next.
	pools    map[solana.PublicKey]solana.PublicKey // By position; a position never changes its pool.
	decimals map[solana.PublicKey]uint8            // By mint; nor does a mint its decimals.
	code     map[solana.PublicKey]solana.PublicKey // The data account of an upgradeable program.
	plans    map[string]plan                       // The newest plan's figures by vault.
}

// New makes a monitor.
func New(p Params) *Monitor {
	return &Monitor{
		Params: p, pools: map[solana.PublicKey]solana.PublicKey{}, decimals: map[solana.PublicKey]uint8{},
		code: map[solana.PublicKey]solana.PublicKey{}, plans: map[string]plan{},
	}
}

// Known are the ids of the vaults that are looked at.
func (m *Monitor) Known() []string {
	out := make([]string, len(m.Vaults))
	for i, v := range m.Vaults {
		out[i] = v.ID
	}
	return out
}
