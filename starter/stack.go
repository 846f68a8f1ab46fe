package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// startStack starts the local chain, Temporal and a worker, which is this same program.
func (c *cli) startStack(ctx context.Context, f chainFlags, tell func(string)) (*devstack.Stack, *localChain, error) {
	stateDir, err := devstack.StateDir()
	if err != nil {
		return nil, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find this program, to start a worker: %w", err)
	}
	worker := []string{self, "worker"}
	if f.clockFile != "" {
		worker = append(worker, "--clock-moved-by", f.clockFile)
	}
	var chain *localChain
	stack, err := devstack.Start(ctx, devstack.Options{
		StateDir: stateDir, Worker: worker, Env: c.env, Tell: tell,
		StartChain: func(ctx context.Context, vaultsFile string) (devstack.Chain, error) {
			chain, err = startChain(ctx, f, c.logger("warn", "text"))
			if err != nil {
				return devstack.Chain{}, err
			}
			if err := writeVaults(chain, vaultsFile, f.writeVaults); err != nil {
				return devstack.Chain{}, errors.Join(err, chain.stop(ctx))
			}
			return devstack.Chain{RPC: chain.rpc, WS: chain.ws, Genesis: chain.genesis, VaultIDs: chain.ids(), SlotTime: time.Duration(f.slotMS) * time.Millisecond, Stop: chain.stop}, nil
		},
	})
	return stack, chain, err
}

// writeVaults writes the vaults to every file that is named.
func writeVaults(chain *localChain, files ...string) error {
	for _, file := range files {
		if file == "" {
			continue
		}
		if err := chain.write(file); err != nil {
			return err
		}
	}
	return nil
}
