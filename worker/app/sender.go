package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/sender"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var senderModule = fx.Module("sender", fx.Provide(newSenders))

// senders holds one sender for each fee payer: vaults with the same key share its queue.
type senders struct {
	byVault map[string]*sender.Sender
	keys    map[string]solana.PublicKey
	paths   map[string]string // Of the key files.
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

func newSenders(s config.Settings, pool *chain.Pool, db *store.Store, clock Clock, log *slog.Logger) (*senders, error) {
	out := &senders{byVault: map[string]*sender.Sender{}, keys: map[string]solana.PublicKey{}, paths: map[string]string{}, gate: &lateGate{}}
	type payer struct {
		sender *sender.Sender
		key    solana.PublicKey
	}
	byPath := map[string]payer{}
	for _, v := range s.Vaults {
		if !v.Enabled {
			continue
		}
		path := v.KeypairPath
		if path == "" {
			path = s.Signer.KeypairPath
		}
		if path == "" {
			return nil, fault(fmt.Errorf("vault %s has no fee payer: set signer.keypair_path (or KEYPAIR_PATH), or keypair_path of the vault", v.ID))
		}
		one, known := byPath[path]
		if !known {
			var err error
			if one.sender, one.key, err = newSender(s, path, pool, db, out.gate, clock, log); err != nil {
				return nil, fault(fmt.Errorf("fee payer of vault %s: %w", v.ID, err))
			}
			byPath[path] = one
		}
		out.byVault[v.ID], out.keys[v.ID], out.paths[v.ID] = one.sender, one.key, path
	}
	return out, nil
}

func newSender(s config.Settings, path string, pool *chain.Pool, db *store.Store, gate sender.Gate, clock Clock, log *slog.Logger) (*sender.Sender, solana.PublicKey, error) {
	key, err := signer.OpenKeyFile(path)
	if err != nil {
		return nil, solana.PublicKey{}, err
	}
	var routers []solana.PublicKey
	for _, v := range s.Vaults {
		id, err := solana.PublicKeyFromBase58(v.ProgramID)
		if err != nil {
			return nil, solana.PublicKey{}, fmt.Errorf("program_id %q of vault %s: %w", v.ProgramID, v.ID, err)
		}
		routers = append(routers, id)
	}
	d := s.Distribution
	limits := signer.Limits{Routers: routers, MaxUnitPrice: d.MaxPriorityFeeMicroLamports, MaxFeeLamports: uint64(d.MaxFeePerTransaction)}
	return sender.New(pool, db, signer.WithPolicy(key, limits), gate, sender.Options{
		RebroadcastInterval: s.RPC.RebroadcastInterval, PollInterval: s.RPC.PollInterval, FirstPoll: s.RPC.SlotTime,
		ComputeMarginPercent: d.ComputeMarginPercent, MaxUnitPrice: d.MaxPriorityFeeMicroLamports, PriorityPercentile: uint32(d.PriorityFeePercentile),
		MaxFeeLamports: uint64(d.MaxFeePerTransaction), MaxFeePerDay: uint64(d.MaxFeePerDay), Goal: rpc.CommitmentType(s.RPC.Commitment), Routers: routers, Now: clock, Sleep: sleep, Logger: log,
	}), key.PublicKey(), nil
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
