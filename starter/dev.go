package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/devstack"
)

func (c *cli) devCommand() *cobra.Command {
	f := demoChain()
	cmd := &cobra.Command{
		Use: "dev", Short: "The demo's stack, kept running until Ctrl-C", Args: cobra.NoArgs,
		Example: "  feeops dev\n  feeops dev --vaults 5 --investors 300",
		Long:    "dev starts a local chain with vaults, Temporal with its Web UI and a worker, and keeps them until Ctrl-C. Other commands find it by themselves.",
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.dev(cmd.Context(), f) },
	}
	f.addTo(cmd.Flags())
	return cmd
}

// devResult is the object of dev --json, printed when the stack is ready.
type devResult struct {
	PID        int      `json:"pid"`
	Config     string   `json:"config"`
	VaultsFile string   `json:"vaults_file"`
	Vaults     []string `json:"vaults"`
	Temporal   string   `json:"temporal"`
	TemporalUI string   `json:"temporal_ui"`
	RPCURL     string   `json:"rpc_url"`
	WebPage    string   `json:"web_page"`
	WebToken   string   `json:"web_token_file"`
	WorkerLog  string   `json:"worker_log"`
}

func (c *cli) dev(ctx context.Context, f chainFlags) error {
	stack, _, err := c.startStack(ctx, f, func(line string) { c.say("%s", line) })
	if err != nil {
		return err
	}
	if c.json {
		err = c.printJSON(devResult{
			PID: stack.PID, Config: stack.Config, VaultsFile: stack.Vaults, Vaults: stack.Chain.VaultIDs,
			Temporal: stack.Temporal, TemporalUI: stack.UI, RPCURL: stack.RPC, WebPage: stack.Page, WebToken: stack.WebToken, WorkerLog: stack.WorkerLog,
		})
	}
	if err == nil {
		err = c.keepRunning(ctx, stack)
	}
	return errors.Join(err, c.stopStack(stack, err != nil))
}

// keepRunning says how to use the stack and waits for Ctrl-C, or for a part that ends by itself.
func (c *cli) keepRunning(ctx context.Context, s *devstack.Stack) error {
	if !c.json {
		fmt.Fprintf(c.stdout, `
The stack is running; other feeops commands find it by themselves.
  web page      %s
  its token     %s
  Temporal UI   %s
  local chain   %s
  settings      %s
  worker's log  %s
Try, in another terminal:
  feeops doctor
  feeops distribute %s
  feeops status
  %s workflow list --address %s
Ctrl-C ends it.
`, s.Page, s.WebToken, s.UI, s.RPC, s.Config, s.WorkerLog, s.Chain.VaultIDs[0], s.CLI, s.Temporal)
	}
	watched, cancel := s.Watch(ctx)
	defer cancel()
	<-watched.Done()
	if ctx.Err() != nil {
		return nil // Asked to end.
	}
	return context.Cause(watched)
}

// stopStack ends everything. A second Ctrl-C does not wait for what is still draining.
func (c *cli) stopStack(s *devstack.Stack, keepLogs bool) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	return s.Stop(ctx, keepLogs)
}
