package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// ErrNoneHealthy keeps a ranking of dead endpoints from being followed (W14).
var ErrNoneHealthy = errors.New("no endpoint is healthy: the order stays as it is. Look at the network and at rpc.endpoints")

// ApplyRanking records a measured order with its cause; every worker takes it over.
func ApplyRanking(ctx context.Context, db *store.Store, list []chain.Ranked, actor string, now time.Time) error {
	o := domain.EndpointOrder{At: now, Actor: actor, Cause: chain.Cause(list)}
	healthy := false
	for _, r := range list {
		o.Names = append(o.Names, r.Name)
		healthy = healthy || r.Healthy
	}
	if !healthy {
		return ErrNoneHealthy
	}
	return db.SaveEndpointOrder(ctx, o)
}

// EndpointNames are the endpoints in the order of the settings.
func EndpointNames(s config.Settings) []string {
	var out []string
	for _, e := range s.RPC.Endpoints {
		out = append(out, e.Name)
	}
	return out
}

// rankingAgain is how often a worker looks whether another order is to be followed.
const rankingAgain = time.Minute

// followRanking takes over the newest order, at the start and from then on.
func followRanking(lc fx.Lifecycle, p *chain.Pool, db *store.Store, log *slog.Logger) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	lc.Append(fx.StartStopHook(
		func() {
			go func() {
				defer close(done)
				for seq := int64(0); ; {
					orders, err := db.EndpointOrders(ctx, 1)
					switch {
					case err != nil && ctx.Err() == nil:
						log.Warn("the order of the endpoints was not read; the one that holds goes on", "error", err)
					case err == nil && len(orders) > 0 && orders[0].Seq != seq:
						seq = orders[0].Seq
						p.Prefer(orders[0].Names)
						log.Info("order of the endpoints", "order", orders[0].Names, "by", orders[0].Actor)
					}
					if sleep(ctx, rankingAgain) != nil {
						return
					}
				}
			}()
		},
		func() { cancel(); <-done },
	))
}
