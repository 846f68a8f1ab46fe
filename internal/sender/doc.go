// Package sender brings a transaction onto the chain exactly once: it settles what was sent before, asks the safety
// gate, builds, simulates, signs, stores, sends, sends again the same bytes, and waits until the chain has decided.
//
// A signature is stored before it is sent, and nothing with the same key is signed again until every earlier signature
// has landed, failed or provably expired (DESIGN.md §1.3). A signature that nobody knows is not failed.
package sender

import (
	"context"
	"log/slog"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Store keeps the intents. It must not lose a signature that InsertIntentWithin has accepted, and must refuse a second
// one for a page while the first may still land: that keeps several workers apart.
type Store interface {
	// InsertIntentWithin also refuses with store.ErrBudget what would pass the payer's cap, in one step with the sum.
	InsertIntentWithin(ctx context.Context, i domain.Intent, b store.Budget) error
	// FeesSince sums a payer's fees: landed ones as charged, open ones at their most.
	FeesSince(ctx context.Context, payer string, since time.Time) (uint64, error)
	// Attempts lists all signatures of one deed, Raw included.
	Attempts(ctx context.Context, vault string, day domain.Day, key string) ([]domain.Intent, error)
	// SettleIntent records what became known of a signature.
	SettleIntent(ctx context.Context, signature string, u store.IntentUpdate) error
	// OpenIntents lists the vault's intents that are prepared, sent or confirmed, Raw included, oldest first.
	OpenIntents(ctx context.Context, vault string) ([]domain.Intent, error)
}

// Gate is the emergency stop. It is asked before signing and again before every single send.
type Gate interface {
	// Open is nil when transactions may leave for the vault. Any error keeps them in: an unreadable flag is a stop.
	Open(ctx context.Context, vault string) error
}

// Chain is what sending needs from Solana.
type Chain interface {
	LatestBlockhash(ctx context.Context) (chain.Blockhash, error)
	ForgetBlockhash()
	Simulate(ctx context.Context, raw []byte, accounts []solana.PublicKey) (chain.SimResult, error)
	SendRaw(ctx context.Context, raw []byte) error
	Statuses(ctx context.Context, sigs []solana.Signature, search bool) ([]chain.Status, uint64, error)
	Fates(ctx context.Context, list []chain.Candidate) ([]chain.Fate, error)
	Transaction(ctx context.Context, sig solana.Signature, c rpc.CommitmentType) (*chain.Transaction, bool, error)
	PriorityFees(ctx context.Context, keys []solana.PublicKey) ([]uint64, error)
	Watch(ctx context.Context, sig solana.Signature, c rpc.CommitmentType) (woken <-chan struct{}, stop func())
}

// Signer signs the serialized message of a transaction.
type Signer interface {
	PublicKey() solana.PublicKey
	Sign(ctx context.Context, message []byte) (solana.Signature, error)
}

// Options are the sender's settings. Zero values take the defaults named here.
type Options struct {
	RebroadcastInterval  time.Duration      // Between sends of the same bytes; 2 s.
	PollInterval         time.Duration      // Between looks at the statuses; 800 ms, and 5 s while a WebSocket watches.
	FirstPoll            time.Duration      // From the send to the first look; about one slot, 400 ms.
	ComputeMarginPercent uint32             // Added to the simulated compute units; 15.
	MaxUnitPrice         uint64             // Cap in micro-lamports per compute unit; 0: no priority fee and no request for it.
	PriorityPercentile   uint32             // Of the recent prices on the written accounts; 75.
	PriceAge             time.Duration      // How long a vault's price is kept; 30 s.
	MaxFeeLamports       uint64             // Base and priority fee of one transaction; 0: MaxUnitPrice alone counts.
	Goal                 rpc.CommitmentType // At which one page may follow another: confirmed, or finalized for those who can wait; confirmed.
	MaxFeePerDay         uint64             // Fees in lamports of the payer in 24 hours, over all its vaults; 0: no cap.
	Routers              []solana.PublicKey // Fee router programs; the two known deployments.
	Now                  func() time.Time
	Sleep                func(ctx context.Context, d time.Duration) error
	Heartbeat            func(ctx context.Context) // Called at least once per look.
	Logger               *slog.Logger
}

// Sender sends for one fee payer. Its methods are safe for concurrent use; calls for one vault wait for each other.
type Sender struct {
	chain  Chain
	store  Store
	signer Signer
	gate   Gate
	o      Options
	vaults locks
	prices prices
}

// New makes a sender.
func New(c Chain, intents Store, signer Signer, gate Gate, o Options) *Sender {
	return &Sender{chain: c, store: intents, signer: signer, gate: gate, o: withDefaults(o)}
}

func withDefaults(o Options) Options {
	or := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	or(&o.RebroadcastInterval, 2*time.Second)
	or(&o.PollInterval, 800*time.Millisecond)
	or(&o.FirstPoll, 400*time.Millisecond)
	or(&o.PriceAge, 30*time.Second)
	if o.Goal == "" {
		o.Goal = rpc.CommitmentConfirmed
	}
	if o.ComputeMarginPercent == 0 {
		o.ComputeMarginPercent = 15
	}
	if o.PriorityPercentile == 0 || o.PriorityPercentile > 100 {
		o.PriorityPercentile = 75
	}
	if o.Routers == nil {
		o.Routers = []solana.PublicKey{router.ProgramDevnet, router.ProgramLocalnet}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Heartbeat == nil {
		o.Heartbeat = func(context.Context) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Request is one transaction to bring onto the chain.
type Request struct {
	Vault        string
	Day          domain.Day
	Kind         domain.IntentKind
	Key          string // What it does; equal keys of one vault and day are the same deed.
	Instructions []solana.Instruction
	Tables       map[solana.PublicKey]solana.PublicKeySlice // Lookup tables that may shorten it.
	Units        uint32                                     // Compute limit; 0 takes the simulated use and a margin.
}

// Receipt is what the chain did with a request.
type Receipt struct {
	Signature string
	Slot      uint64 // Where it landed.
	SentSlot  uint64 // The chain's slot just before it was sent; 0 when an earlier attempt had sent it.
	Landed    bool
	Err       *chain.TxError // It landed and failed.
	Fee       uint64         // Lamports; 0 while no endpoint serves the transaction.
	Units     uint64
	Tx        *chain.Transaction // nil while no endpoint serves it.
}
