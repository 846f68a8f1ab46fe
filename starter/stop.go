package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// stopFlags are the flags of stop and isolate.
type stopFlags struct{ vault, reason, actor string }

// stopResult is stop --json and isolate --json. The stop holds when either half worked: the flag in the store, which
// every send reads, or the signal to the switch, which stores it.
type stopResult struct {
	OK         bool              `json:"ok"`
	Flag       domain.SafetyFlag `json:"flag"`
	Stored     bool              `json:"stored"`
	Signalled  bool              `json:"signalled"`
	MayLand    int               `json:"may_land"` // Signatures that were on their way.
	UntilBlock uint64            `json:"until_block,omitempty"`
	Height     uint64            `json:"height,omitempty"` // Finalized block height now; absent when it cannot be read.
	Flights    []domain.Flight   `json:"signatures"`
	Problems   []string          `json:"problems"`
}

func (c *cli) stopCommand() *cobra.Command {
	var f stopFlags
	cmd := &cobra.Command{
		Use: "stop --reason TEXT [--vault VAULT]", Short: "Emergency stop: nothing new is sent, for all vaults or for one", Args: cobra.NoArgs,
		Long: "Writes the flag that every worker reads before every send into the store, and signals the safety switch, which tells running\n" +
			"distributions and people and keeps evidence. Works while Temporal is down, and while the chain is. Says what may still land.\n" +
			"Only two operators together lift it: feeops resume.\n" +
			"Exit codes: 0 stopped, 3 stopped by one of the two ways only, 1 not stopped.",
		Example: "  feeops stop --reason 'strange payouts'\n  feeops stop --vault usdc-vault --reason 'wrong list' --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.stop(cmd.Context(), domain.SafetyStop, f)
		},
	}
	cmd.Flags().StringVar(&f.vault, "vault", "", "only this vault")
	f.addTo(cmd)
	return cmd
}

func (c *cli) isolateCommand() *cobra.Command {
	var f stopFlags
	cmd := &cobra.Command{
		Use: "isolate VAULT --reason TEXT", Short: "Keep one vault out of every run until it is released", Args: cobra.ExactArgs(1),
		Long: "Like a stop of one vault, but one operator's signature brings it back: feeops release.\n" +
			"Exit codes: 0 isolated, 3 by one of the two ways only, 1 not isolated.",
		Example: "  feeops isolate usdc-vault --reason 'the investor list is wrong'",
		RunE: func(cmd *cobra.Command, args []string) error {
			f.vault = args[0]
			return c.stop(cmd.Context(), domain.SafetyIsolate, f)
		},
	}
	f.addTo(cmd)
	return cmd
}

func (f *stopFlags) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.reason, "reason", "", "why (needed): people and the audit log read it")
	cmd.Flags().StringVar(&f.actor, "actor", "", "who (default: FEEOPS_ACTOR, or else USER)")
}

func (c *cli) stop(ctx context.Context, kind domain.SafetyKind, f stopFlags) error {
	if strings.TrimSpace(f.reason) == "" {
		return usageError("--reason is needed: whoever is woken by this reads it")
	}
	s, err := c.urgentSettings()
	if err != nil {
		return err
	}
	if f.vault != "" {
		if err := knownVault(s, f.vault); err != nil {
			return err
		}
	}
	flag := domain.SafetyFlag{Kind: kind, Vault: f.vault, Reason: f.reason, Actor: cmp.Or(f.actor, actor()), At: time.Now().UTC()}
	r := raise(ctx, s, flag)
	if err := c.showStop(r); err != nil {
		return err
	}
	switch {
	case !r.OK:
		return &exitError{code: exitFailed, err: errors.New("NOT STOPPED: neither the store nor the switch took it. End the workers, or take the fee payer's key away")}
	case len(r.Problems) > 0:
		return &exitError{code: exitWarnings}
	}
	return nil
}

func knownVault(s config.Settings, vault string) error {
	if _, ok := s.Vault(vault); !ok {
		return usageError("vault %q is not in the settings; known are %v", vault, app.Enabled(s))
	}
	return nil
}

// raise writes and signals at the same time: neither waits for the other.
func raise(ctx context.Context, s config.Settings, flag domain.SafetyFlag) stopResult {
	r := stopResult{Flag: flag, Flights: []domain.Flight{}, Problems: []string{}}
	var stored, listed, signalled error
	var wg sync.WaitGroup
	wg.Go(func() { r.Flights, stored, listed = raiseInStore(ctx, s, flag) })
	wg.Go(func() { signalled = signalStop(ctx, s, flag) })
	wg.Wait()
	r.Stored, r.Signalled = stored == nil, signalled == nil
	r.OK = r.Stored || r.Signalled
	if stored != nil {
		r.Problems = append(r.Problems, fmt.Sprintf("the store: %v", stored))
	}
	if listed != nil {
		r.Problems = append(r.Problems, fmt.Sprintf("what may still land is not known: %v", listed))
	}
	if signalled != nil {
		r.Problems = append(r.Problems, fmt.Sprintf("Temporal: %v. Gates are closed; running distributions and people are told when a worker starts again", signalled))
	}
	r.Flights = slices.DeleteFunc(r.Flights, func(f domain.Flight) bool { return !flag.Concerns(f.Vault) })
	r.MayLand = len(r.Flights)
	for _, f := range r.Flights {
		r.UntilBlock = max(r.UntilBlock, f.LastValid)
	}
	if r.MayLand > 0 {
		r.Height = heightNow(ctx, s)
	}
	return r
}

// raiseInStore raises the flag and lists what is on its way.
func raiseInStore(ctx context.Context, s config.Settings, flag domain.SafetyFlag) (list []domain.Flight, stored, listed error) {
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return []domain.Flight{}, err, nil
	}
	defer func() { _ = db.Close() }() // What was written is on the disk already.
	if stored = db.SetSafety(ctx, flag); stored != nil {
		return []domain.Flight{}, stored, nil
	}
	list, listed = db.Flights(ctx)
	return list, nil, listed
}

// signalStop tells the switch, and starts it when it does not run: the order waits there for a worker.
func signalStop(ctx context.Context, s config.Settings, flag domain.SafetyFlag) error {
	tc, err := dialTemporal(s)
	if err != nil {
		return err
	}
	defer tc.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := app.SignalFlag(ctx, tc, s.Temporal.TaskQueue, flag); err != nil {
		return fmt.Errorf("%w (Temporal at %s)", err, s.Temporal.Address)
	}
	return nil
}

// heightNow is how far blocks are final; 0 when no node says so quickly.
func heightNow(ctx context.Context, s config.Settings) uint64 {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	pool, err := chain.New(app.PoolOptions(s, quietLog()))
	if err != nil {
		return 0
	}
	defer func() { _ = pool.Stop(context.WithoutCancel(ctx)) }() // It was only asked.
	if pool.Start(ctx) != nil {
		return 0
	}
	height, _, err := pool.ExpiryHeight(ctx)
	if err != nil {
		return 0
	}
	return height
}

func (c *cli) showStop(r stopResult) error {
	if c.json {
		return c.printJSON(r)
	}
	what := "all vaults are stopped"
	switch {
	case r.Flag.Kind == domain.SafetyIsolate:
		what = "vault " + r.Flag.Vault + " is isolated"
	case r.Flag.Vault != "":
		what = "vault " + r.Flag.Vault + " is stopped"
	}
	if r.OK {
		fmt.Fprintf(c.stdout, "%s: nothing new is sent\n", what)
	}
	switch {
	case !r.Stored: // What is on its way cannot be listed.
	case r.MayLand == 0:
		fmt.Fprintln(c.stdout, "nothing is on its way")
	default:
		fmt.Fprintf(c.stdout, "%d signatures may still land, until block %d", r.MayLand, r.UntilBlock)
		if r.Height > 0 {
			fmt.Fprintf(c.stdout, " (block %d is final now)", r.Height)
		}
		fmt.Fprintln(c.stdout)
		for _, f := range r.Flights[:min(len(r.Flights), 20)] {
			fmt.Fprintf(c.stdout, "  %s  %s  %s  until %d\n", f.Signature, f.Vault, f.Key, f.LastValid)
		}
	}
	for _, p := range r.Problems {
		c.say("feeops: %s", p)
	}
	if r.OK {
		fmt.Fprintln(c.stdout, "see it with: feeops resume status")
	}
	return nil
}
