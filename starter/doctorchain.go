package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
)

// checkChain asks every endpoint for its genesis hash and twice for its slot: health alone says "ok" also on a node
// that stands still (P10).
func checkChain(ctx context.Context, s config.Settings) []finding {
	o := chain.Options{
		Genesis: s.GenesisHash, RequestTimeout: s.RPC.RequestTimeout, MaxSlotLag: s.RPC.MaxSlotLag,
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}
	for _, e := range s.RPC.Endpoints {
		o.Endpoints = append(o.Endpoints, chain.Endpoint{Name: e.Name, URL: e.URL.Reveal(), WSURL: e.WSURL.Reveal(), PerSecond: float64(e.RequestsPerSecond)})
	}
	pool, err := chain.New(o)
	if err != nil {
		return []finding{fail("rpc", "Correct rpc.endpoints.", "%v", err)}
	}
	pool.Probe(ctx)
	if err := sleep(ctx, 1200*time.Millisecond); err == nil { // Three slots.
		pool.Probe(ctx)
	}
	var out []finding
	usable := 0
	for _, h := range pool.Health() {
		switch {
		case !h.Usable:
			out = append(out, fail("rpc "+h.Name, "Check the address, the key and the provider's status page, or remove the endpoint.", "%s: %s", h.URL, h.Reason))
			continue
		case !h.Advancing:
			out = append(out, warn("rpc "+h.Name, "Watch it: a frozen node shows yesterday's accounts.", "%s: slot %d did not move", h.URL, h.Slot))
		default:
			out = append(out, ok("rpc "+h.Name, "%s: slot %d, %d behind, %d ms", h.URL, h.Slot, h.Lag, h.Latency.Milliseconds()))
		}
		usable++
	}
	if usable == 0 {
		return append(out, finding{Check: "chain clock", Result: "unknown", Seen: "no endpoint is usable", Next: "Make an endpoint work first."})
	}
	return append(out, checkClock(ctx, pool, s.Distribution.ClockSkewWarn))
}

func checkClock(ctx context.Context, pool *chain.Pool, most time.Duration) finding {
	clock, err := pool.Clock(ctx, rpc.CommitmentConfirmed)
	if err != nil {
		return fail("chain clock", "", "%v", err)
	}
	skew := time.Since(time.Unix(clock.UnixTime, 0)).Round(time.Second)
	if skew.Abs() > most {
		return warn("chain clock", "The chain's clock decides. Set this machine's clock (NTP); on a local chain with a moved clock this is expected.",
			"%s, this machine is %s away", time.Unix(clock.UnixTime, 0).UTC().Format(time.RFC3339), skew)
	}
	return ok("chain clock", "%s, this machine is %s away", time.Unix(clock.UnixTime, 0).UTC().Format(time.RFC3339), skew)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
