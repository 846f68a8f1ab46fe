// Package localnet is a Solana chain in this process, for demonstration, development and tests: a JSON-RPC and WebSocket
// node around an in-memory ledger, which can build vaults, move its clock and break on request (CHAIN.md §5). It is no
// validator and holds no value.
package localnet

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
	"github.com/meteora-fee-router/feeops/internal/localnet/rpc"
	"github.com/meteora-fee-router/feeops/internal/localnet/scenario"
)

// Names of the parts that callers need.
type (
	// Fault is one thing that goes wrong on an endpoint.
	Fault = faults.Fault
	// VaultSpec says what a vault is like.
	VaultSpec = scenario.Spec
	// Vault is what clients need to know of a vault; it marshals to its row of the vaults file.
	Vault = scenario.Vault
	// Investor is one entry of a vault's list.
	Investor = scenario.Investor
)

// ParseFault reads a fault as it is typed on the command line: NAME or NAME=X.
func ParseFault(text string) (Fault, error) { return faults.Parse(text) }

// WriteVaults writes the vaults file of DESIGN.md §6 and the keypairs beside it, whole and readable by the owner only.
func WriteVaults(path string, vaults []Vault) error { return scenario.WriteVaults(path, vaults) }

// DefaultSlot is how long a slot takes on a real cluster.
const DefaultSlot = 400 * time.Millisecond

// faucetLamports is what airdrops are paid from: 500 million SOL, as on a test validator.
const faucetLamports = 500_000_000 * solana.LAMPORTS_PER_SOL

// Options say how the chain runs. The zero value is a chain of today on a free port of this machine.
type Options struct {
	Listen       string        // address of the first endpoint; default 127.0.0.1:0
	SlotDuration time.Duration // also how far the chain clock moves per slot; default 400 ms
	Manual       bool          // no ticker: slots are made by Slot and Slots
	GenesisTime  time.Time     // chain clock at slot 0; default now
	Seed         uint64        // addresses, hashes and faults derive from it
	// WarpClock lets the chain clock jump to the next due time once every vault's day is complete and finalized.
	WarpClock bool
	Faults    []Fault      // of the first endpoint
	Logger    *slog.Logger // default: nothing is logged
}

func (o Options) withDefaults(now time.Time) Options {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.SlotDuration <= 0 {
		o.SlotDuration = DefaultSlot
	}
	if o.GenesisTime.IsZero() {
		o.GenesisTime = now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Node is a running chain with one or more endpoints.
type Node struct {
	options Options
	chain   *rpc.Chain
	faucet  *rpc.Faucet
	cancel  context.CancelFunc
	ticker  sync.WaitGroup
	slotMu  sync.Mutex // one slot at a time, faults after it included

	mu        sync.Mutex
	endpoints []*served
	vaults    []*vaultState
	closed    bool
	closing   error
}

// Start runs a chain until Close, or until the context ends. Errors: the address cannot be listened on, or a fault is
// not valid.
func Start(ctx context.Context, o Options) (*Node, error) {
	o = o.withDefaults(time.Now())
	ledger := bank.New(bank.Options{GenesisTime: o.GenesisTime, SlotDuration: o.SlotDuration, Seed: o.Seed})
	faucet := scenario.Faucet(o.Seed)
	ledger.SetAccount(faucet.PublicKey(), bank.Account{Lamports: faucetLamports})
	ctx, cancel := context.WithCancel(ctx)
	n := &Node{options: o, chain: rpc.NewChain(ledger), faucet: rpc.NewFaucet(faucet), cancel: cancel}
	if _, err := n.listen(o.Listen, o.Faults); err != nil {
		cancel()
		return nil, fmt.Errorf("start local chain: %w", err)
	}
	n.ticker.Go(func() { n.run(ctx) })
	o.Logger.Info("local chain started: a tool for demo, development and tests, no real funds", "rpc", n.URL(), "ws", n.WSURL())
	return n, nil
}

// run makes slots until the context ends, and then lets go of every connection.
func (n *Node) run(ctx context.Context) {
	defer n.shutdown()
	if n.options.Manual {
		<-ctx.Done()
		return
	}
	ticker := time.NewTicker(n.options.SlotDuration)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			n.Slot()
		}
	}
}

// Close ends every goroutine and connection of the node. A second call does nothing.
func (n *Node) Close() error {
	n.cancel()
	n.ticker.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closing
}

// Bank is the ledger. Writing to it directly is not seen by endpoints that lag; use it to read.
func (n *Node) Bank() *bank.Bank { return n.chain.Bank() }

// Slot produces one slot and lets fees accrue, faults strike and the clock warp as they are due.
func (n *Node) Slot() bank.SlotReport {
	n.slotMu.Lock()
	defer n.slotMu.Unlock()
	n.foreignCranks()
	report := n.chain.Produce(func(b *bank.Bank) { n.accrueDue(b, n.options.SlotDuration) })
	for _, s := range n.served() {
		s.endpoint.AfterSlot()
	}
	if n.options.WarpClock {
		n.warp()
	}
	return report
}

// Slots produces k slots.
func (n *Node) Slots(k int) {
	for range k {
		n.Slot()
	}
}

// Rollback drops the newest slots above the finalized one, as a fork does.
func (n *Node) Rollback(slots uint64) error {
	n.slotMu.Lock()
	defer n.slotMu.Unlock()
	return n.chain.Rollback(slots)
}

// AdvanceClock moves the chain clock of the next slot. A vault whose due time is crossed gets its daily fees.
func (n *Node) AdvanceClock(d time.Duration) {
	n.chain.Write(func(b *bank.Bank) {
		b.AdvanceClock(d)
		n.accrueDue(b, d)
	})
}
