package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// desk reads chain and store for commands that look and never send. It works while Temporal is down, because that is
// when an operator most wants to know where the vaults stand.
type desk struct {
	settings config.Settings
	service  *distribution.Service
	funded   *distribution.Funded // The checks with the fee payer's runway.
	pool     *chain.Pool
	store    *store.Store
}

// errNoSender keeps a desk from ever sending.
var errNoSender = errors.New("this command only reads")

func (c *cli) openDesk(ctx context.Context) (*desk, error) {
	s, err := c.settings()
	if err != nil {
		return nil, err
	}
	log := c.logger("error", s.Log.Format)
	pool, err := chain.New(app.PoolOptions(s, log))
	if err != nil {
		return nil, usageError("%w", err)
	}
	if err := app.StartPool(ctx, s, pool); err != nil {
		return nil, fmt.Errorf("no RPC endpoint can be used: %w", err)
	}
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the store: %w", err), pool.Stop(ctx))
	}
	service, err := newService(s, pool, db, log)
	if err != nil {
		return nil, errors.Join(err, db.Close(), pool.Stop(ctx))
	}
	funded := distribution.NewFunded(service, db, uint64(s.Distribution.PayerRunwayWarnDays))
	return &desk{settings: s, service: service, funded: funded, pool: pool, store: db}, nil
}

// newService is a service that reads and never sends.
func newService(s config.Settings, pool *chain.Pool, db *store.Store, log *slog.Logger) (*distribution.Service, error) {
	vaults, err := app.Vaults(s, payerOf(s))
	if err != nil {
		return nil, err
	}
	return distribution.New(distribution.Params{
		Chain: pool, Store: db, Vaults: vaults, Rules: app.Rules(s),
		Sender:    func(string) (distribution.Sender, error) { return nil, errNoSender },
		Endpoints: func() []distribution.EndpointView { return app.Endpoints(pool) },
		Stopped:   func() bool { return s.Safety.EmergencyStop },
		Now:       time.Now, SlotTime: s.RPC.SlotTime, Log: log,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}), nil
}

// payerOf names a vault's fee payer when its key can be read here. Looking needs no key (D02): without one the fee
// payer's balance is unknown.
func payerOf(s config.Settings) func(config.Vault) (solana.PublicKey, error) {
	return func(v config.Vault) (solana.PublicKey, error) {
		p := s.Payer(v)
		if p.PublicKey != "" {
			return solana.PublicKeyFromBase58(p.PublicKey)
		}
		if p.Source != config.SourceFile || p.Key == "" {
			return solana.PublicKey{}, nil
		}
		key, err := signer.OpenKeyFile(p.Key)
		if err != nil {
			return solana.PublicKey{}, nil //nolint:nilerr // Unknown is an answer here; the worker refuses to start.
		}
		return key.PublicKey(), nil
	}
}

func (d *desk) close(ctx context.Context) error {
	return errors.Join(d.store.Close(), d.pool.Stop(context.WithoutCancel(ctx)))
}

// chosen are the named vaults, or all enabled ones. An unknown name is a usage error that lists the known ones.
func (d *desk) chosen(names []string) ([]string, error) {
	var known []string
	for _, v := range d.settings.Vaults {
		if v.Enabled {
			known = append(known, v.ID)
		}
	}
	if len(names) == 0 {
		return known, nil
	}
	for _, name := range names {
		if _, ok := d.settings.Vault(name); !ok {
			return nil, usageError("vault %q is not in the settings; known are %v", name, known)
		}
	}
	return names, nil
}
