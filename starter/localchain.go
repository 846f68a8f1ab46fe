package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

// localChain is the node that localnet, demo and dev run in this process.
type localChain struct {
	node             *localnet.Node
	rpc, ws, genesis string
	vaults           []localnet.Vault
}

// faultNames are all that --fault takes.
func faultNames() string {
	var names []string
	for _, n := range faults.Names() {
		names = append(names, string(n))
	}
	return strings.Join(names, " ")
}

func (f *chainFlags) parseFaults() ([]localnet.Fault, error) {
	var out []localnet.Fault
	for _, text := range f.faults {
		one, err := localnet.ParseFault(text)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// startChain starts the node and builds its vaults. The node outlives the context, so that the worker that still drains
// after a Ctrl-C can see its transactions land; stop ends it.
func startChain(ctx context.Context, f chainFlags, logger *slog.Logger) (*localChain, error) {
	list, err := f.parseFaults()
	if err != nil {
		return nil, usageError("--fault: %w", err)
	}
	now := f.genesis
	if now.IsZero() {
		now = time.Now()
	}
	node, err := localnet.Start(context.WithoutCancel(ctx), localnet.Options{
		Listen: f.listen, SlotDuration: time.Duration(f.slotMS) * time.Millisecond, GenesisTime: now, Seed: f.seed,
		WarpClock: f.warpClock, Faults: list, Logger: logger,
	})
	if err != nil {
		return nil, explainListen(f.listen, err)
	}
	chain := &localChain{node: node, rpc: node.URL(), ws: node.WSURL(), genesis: node.Bank().Genesis().String()}
	for _, spec := range vaultSpecs(f, now) {
		v, err := node.AddVault(spec)
		if err != nil {
			return nil, errors.Join(err, node.Close())
		}
		chain.vaults = append(chain.vaults, v)
	}
	return chain, nil
}

// explainListen says what to do about an address that cannot be used.
func explainListen(address string, err error) error {
	var parse *net.AddrError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w: another program uses %s; stop it, or choose another address with --listen", err, address)
	case errors.As(err, &parse):
		return usageError("--listen: %w; want HOST:PORT, such as 127.0.0.1:8899", err)
	}
	return err
}

func (l *localChain) stop(context.Context) error {
	if err := l.node.Close(); err != nil {
		return fmt.Errorf("close the local chain: %w", err)
	}
	return nil
}

func (l *localChain) ids() []string {
	out := []string{}
	for _, v := range l.vaults {
		out = append(out, v.ID)
	}
	return out
}

func (l *localChain) write(file string) error { return localnet.WriteVaults(file, l.vaults) }

// nextDay moves the chain's clock past every vault's next due time, with the fees of the day that went by, and returns
// when clients see it: a run that is started before would find its vault not due.
func (l *localChain) nextDay(ctx context.Context) error {
	before := l.node.Bank().UnixTime(bank.Processed)
	jump := time.Duration(domain.DaySeconds)*time.Second + time.Minute
	l.node.AdvanceClock(jump)
	target := before + int64(jump/time.Second)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for l.node.Bank().UnixTime(bank.Confirmed) < target {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
	return nil
}
