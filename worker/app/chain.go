package app

import (
	"context"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
)

var chainModule = fx.Module("chain",
	fx.Provide(newPool, fx.Annotate(func(p *chain.Pool) *chain.Pool { return p }, fx.As(new(distribution.Chain)))),
	fx.Invoke(func(lc fx.Lifecycle, s config.Settings, p *chain.Pool) {
		lc.Append(fx.StartStopHook(func(ctx context.Context) error { return StartPool(ctx, s, p) }, p.Stop))
	}),
	fx.Invoke(followRanking),
)

// StartPool starts the pool and looks twice, a few slots apart: whether an endpoint's slot rises takes two looks (P11).
func StartPool(ctx context.Context, s config.Settings, p *chain.Pool) error {
	if err := p.Start(ctx); err != nil {
		return fault(err)
	}
	if err := sleep(ctx, 3*s.RPC.SlotTime); err != nil {
		return err
	}
	p.Probe(ctx)
	return nil
}

func newPool(s config.Settings, log *slog.Logger, clock Clock) (*chain.Pool, error) {
	o := PoolOptions(s, log)
	o.Now = clock
	p, err := chain.New(o)
	if err != nil {
		return nil, fault(err)
	}
	return p, nil
}

// PoolOptions turns settings into the pool's; commands that read the chain themselves use the same.
func PoolOptions(s config.Settings, log *slog.Logger) chain.Options {
	o := chain.Options{
		Genesis: s.GenesisHash, RequestTimeout: s.RPC.RequestTimeout, MaxSlotLag: s.RPC.MaxSlotLag, Logger: log,
		BlockhashAge: min(8*time.Second, 20*s.RPC.SlotTime), // Well within the 150 blocks that one lives.
	}
	for _, e := range s.RPC.Endpoints {
		o.Endpoints = append(o.Endpoints, chain.Endpoint{
			Name: e.Name, URL: e.URL.Reveal(), WSURL: e.WSURL.Reveal(), PerSecond: float64(e.RequestsPerSecond), Timeout: e.Timeout,
		})
	}
	return o
}
