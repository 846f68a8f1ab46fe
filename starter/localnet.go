package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func (c *cli) localnetCommand() *cobra.Command {
	f := chainFlags{vaults: 1, investors: 20, behaviour: string(domain.Reference), slotMS: 400, seed: 1}
	cmd := &cobra.Command{
		Use: "localnet", Short: "Only the local chain, for development", Args: cobra.NoArgs,
		Example: "  feeops localnet\n  feeops localnet --vaults 3 --investors 200 --write-vaults vaults.json",
		Long: "localnet answers Solana clients (JSON-RPC and WebSocket on one port) with the rules of a validator and the Fee Router, Streamflow\n" +
			"and DAMM v2 built in. It is a tool for development and tests: nothing on it is worth anything. It runs until Ctrl-C.",
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.localnet(cmd.Context(), f) },
	}
	f.addTo(cmd.Flags())
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8899", "address to listen on; port 0 takes a free one")
	cmd.Flags().BoolVar(&f.warpClock, "warp-clock", false, "jump to the next due time as soon as every vault's day is complete and final")
	return cmd
}

// localnetStarted is the object of localnet --json, printed once the chain answers.
type localnetStarted struct {
	RPCURL     string   `json:"rpc_url"`
	WSURL      string   `json:"ws_url"`
	Genesis    string   `json:"genesis_hash"`
	Behaviour  string   `json:"behaviour"`
	Vaults     []string `json:"vaults"`
	VaultsFile string   `json:"vaults_file,omitempty"`
}

func (c *cli) localnet(ctx context.Context, f chainFlags) error {
	chain, err := startChain(ctx, f, c.logger("info", "text"))
	if err != nil {
		return err
	}
	err = writeVaults(chain, f.writeVaults)
	if err == nil {
		err = c.announce(chain, f)
	}
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, chain.stop(context.WithoutCancel(ctx)))
}

// announce says what runs and that it is no real network.
func (c *cli) announce(chain *localChain, f chainFlags) error {
	s := localnetStarted{
		RPCURL: chain.rpc, WSURL: chain.ws, Genesis: chain.genesis, Behaviour: f.behaviour, Vaults: chain.ids(), VaultsFile: f.writeVaults,
	}
	if c.json {
		return c.printJSON(s)
	}
	fmt.Fprintf(c.stdout, "local chain for development and tests; nothing on it is worth anything\n  RPC        %s\n  WebSocket  %s\n  genesis    %s\n  vaults     %d (%s)\n",
		s.RPCURL, s.WSURL, s.Genesis, len(s.Vaults), s.Behaviour)
	if s.VaultsFile != "" {
		fmt.Fprintf(c.stdout, "  written to %s\n", s.VaultsFile)
	}
	fmt.Fprintln(c.stdout, "Ctrl-C ends it.")
	return nil
}
