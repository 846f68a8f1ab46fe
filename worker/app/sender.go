package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/sender"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var senderModule = fx.Module("sender", fx.Provide(newSenders))

// senders holds one sender for each fee payer: vaults with the same key share its queue.
type senders struct {
	byVault map[string]*sender.Sender
	keys    map[string]solana.PublicKey
	watched map[string]*signer.Watched
	reopen  func(ctx context.Context, vault string) (signer.Signer, error) // From where it lies now.
	gate    *lateGate
}

// lateGate is the gate before the service that answers it exists; until then it is closed.
type lateGate struct{ gate sender.Gate }

// Open asks the bound gate.
func (g *lateGate) Open(ctx context.Context, vault string) error {
	if g.gate == nil {
		return errors.New("the worker is still starting")
	}
	return g.gate.Open(ctx, vault)
}

// newSenders opens every fee payer's key, puts the policy before it and makes one sender of it. A key that cannot be
// opened now keeps the worker from starting: better than a day that finds out in its middle.
func newSenders(s config.Settings, pool *chain.Pool, db *store.Store, clock Clock, log *slog.Logger) (*senders, error) {
	out := &senders{byVault: map[string]*sender.Sender{}, keys: map[string]solana.PublicKey{}, watched: map[string]*signer.Watched{}, gate: &lateGate{}}
	// By payer and not by place alone: two vaults may name one key and expect another address of it.
	opened, payers := map[config.Payer]*signer.Watched{}, map[string]config.Payer{}
	byAddress := map[solana.PublicKey]*signer.Watched{}
	out.reopen = func(ctx context.Context, vault string) (signer.Signer, error) {
		p, ok := payers[vault]
		if !ok {
			return nil, fmt.Errorf("vault %s has no fee payer", vault)
		}
		return OpenKey(ctx, s, p)
	}
	for _, v := range s.Vaults {
		if !v.Enabled {
			continue
		}
		p := s.Payer(v)
		if p.Key == "" {
			return nil, fault(fmt.Errorf("vault %s has no fee payer: set signer.keypair_path (or KEYPAIR_PATH), or keypair_path of the vault", v.ID))
		}
		if opened[p] == nil {
			ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
			key, err := OpenKey(ctx, s, p)
			cancel()
			if err != nil {
				return nil, fault(fmt.Errorf("fee payer of vault %s: %w", v.ID, err))
			}
			if byAddress[key.PublicKey()] == nil { // One address has one queue, wherever its key lies.
				byAddress[key.PublicKey()] = signer.Watch(key, clock)
			}
			opened[p] = byAddress[key.PublicKey()]
		}
		out.watched[v.ID], out.keys[v.ID], payers[v.ID] = opened[p], opened[p].PublicKey(), p
	}
	vaults, err := Vaults(s, out.payer)
	if err != nil {
		return nil, fault(err)
	}
	bySigner := map[*signer.Watched]*sender.Sender{}
	plans := &storedPlans{store: db, vaults: vaults}
	for id, key := range out.watched {
		if bySigner[key] == nil {
			policy := signer.WithPolicy(key, SigningLimits(s, key.PublicKey(), vaults), signer.Sources{Tables: chainTables{pool}, Plans: plans, Ledger: db, Now: clock})
			bySigner[key] = newSender(s, policy, pool, db, out.gate, vaults, clock, log)
		}
		out.byVault[id] = bySigner[key]
	}
	return out, nil
}

func newSender(s config.Settings, key sender.Signer, pool *chain.Pool, db *store.Store, gate sender.Gate, vaults map[string]distribution.Vault, clock Clock, log *slog.Logger) *sender.Sender {
	var routers []solana.PublicKey
	for _, v := range vaults {
		if !slices.Contains(routers, v.Program) {
			routers = append(routers, v.Program)
		}
	}
	d := s.Distribution
	return sender.New(pool, db, key, gate, sender.Options{
		RebroadcastInterval: s.RPC.RebroadcastInterval, PollInterval: s.RPC.PollInterval, FirstPoll: s.RPC.SlotTime,
		ComputeMarginPercent: d.ComputeMarginPercent, MaxUnitPrice: d.MaxPriorityFeeMicroLamports, PriorityPercentile: uint32(d.PriorityFeePercentile),
		MaxFeeLamports: uint64(d.MaxFeePerTransaction), MaxFeePerDay: uint64(d.MaxFeePerDay), Goal: rpc.CommitmentType(s.RPC.Commitment), Routers: routers, Now: clock, Sleep: sleep, Logger: log,
	})
}

const (
	// askAgain is how often a key that could not be used is asked when nothing needs a signature.
	askAgain = 30 * time.Second
	// askAnyway is how often the watch asks a key that was well: a page must not be the first to find out.
	askAnyway = 5 * time.Minute
)

// look is a key's state. A key that failed is asked again, so that the answer does not stay wrong until the next page.
func look(ctx context.Context, key *signer.Watched, now time.Time, anyway bool) signer.State {
	state := key.State()
	age := now.Sub(state.Asked)
	if !state.Reachable && age >= askAgain || anyway && age >= askAnyway {
		_ = signer.Probe(ctx, key) // What it found is in the state.
		state = key.State()
	}
	return state
}

// unreachable says which keys cannot be used; nil when all can.
func (s *senders) unreachable(ctx context.Context, now time.Time) error {
	var down []string
	for id, key := range s.watched {
		if state := look(ctx, key, now, false); !state.Reachable {
			down = append(down, fmt.Sprintf("%s of vault %s since %s: %s", signer.Unreachable, id, state.Since.UTC().Format(time.RFC3339), state.Reason))
		}
	}
	if len(down) == 0 {
		return nil
	}
	slices.Sort(down)
	return errors.New(strings.Join(down, "; "))
}

// conditions are the keys' states for the watch, each key once.
func (s *senders) conditions(ctx context.Context, now time.Time) []domain.Condition {
	out := []domain.Condition{}
	seen := map[*signer.Watched]bool{}
	for _, id := range slices.Sorted(maps.Keys(s.watched)) {
		key := s.watched[id]
		if seen[key] {
			continue
		}
		seen[key] = true
		state := look(ctx, key, now, true)
		c := domain.Condition{Name: key.PublicKey().String(), OK: state.Reachable, Detail: "the key signs", At: state.Asked.UTC()}
		if !state.Reachable {
			c.Detail = state.Reason
		}
		out = append(out, c)
	}
	return out
}

// of finds a vault's sender.
func (s *senders) of(vault string) (distribution.Sender, error) {
	one, ok := s.byVault[vault]
	if !ok {
		return nil, fmt.Errorf("vault %s has no fee payer", vault)
	}
	return one, nil
}

func (s *senders) payer(v config.Vault) (solana.PublicKey, error) { return s.keys[v.ID], nil }

func (s *senders) bind(g sender.Gate) { s.gate.gate = g }
