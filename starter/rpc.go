package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) rpcCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rpc", Short: "Solana endpoints: measure and rank them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.rpcRankCommand())
	return cmd
}

// rankResult is the object of rpc rank --json.
type rankResult struct {
	OK      bool                  `json:"ok"`
	Samples uint32                `json:"samples"`
	Changes bool                  `json:"changes"` // The measured order differs from the one that holds.
	Applied bool                  `json:"applied"`
	Ranking []chain.Ranked        `json:"ranking"`
	Held    *domain.EndpointOrder `json:"held,omitempty"` // The order that holds; null: that of the settings.
}

func (c *cli) rpcRankCommand() *cobra.Command {
	var apply, back bool
	var samples uint32
	cmd := &cobra.Command{
		Use: "rank", Short: "Ask every endpoint a few times, and rank them by failures, freshness and speed", Args: cobra.NoArgs,
		Long: "Every endpoint is asked for its slot at the same moments. Unhealthy ones come last always; then count failures, slots behind the best,\n" +
			"and the median of the answers. --apply makes the workers ask in this order where endpoints are about equally fast (they notice it\n" +
			"within a minute); it is refused when no endpoint is healthy, takes none away, and is recorded with its cause. --back takes the\n" +
			"last one back. Exit codes: 0 all healthy, 3 some are not, 1 none is, 4 refused.",
		Example: "  feeops rpc rank\n  feeops rpc rank --samples 9 --apply\n  feeops rpc rank --back",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.rpcRank(cmd.Context(), samples, apply, back) },
	}
	flags := cmd.Flags()
	flags.Uint32Var(&samples, "samples", 5, "questions to each endpoint, 1..100")
	flags.BoolVar(&apply, "apply", false, "follow the measured order from now on")
	flags.BoolVar(&back, "back", false, "follow the order from before the last change again")
	cmd.MarkFlagsMutuallyExclusive("apply", "back")
	return cmd
}

func (c *cli) rpcRank(ctx context.Context, samples uint32, apply, back bool) (err error) {
	if samples < 1 || samples > 100 {
		return usageError("--samples: got %d, want 1..100", samples)
	}
	s, err := c.settings()
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	if back {
		return c.rpcBack(ctx, db, app.EndpointNames(s))
	}
	pool, err := chain.New(app.PoolOptions(s, c.logger("error", s.Log.Format)))
	if err != nil {
		return usageError("%w", err)
	}
	orders, err := db.EndpointOrders(ctx, 1)
	if err != nil {
		return err
	}
	r := rankResult{OK: true, Samples: samples}
	if len(orders) > 0 {
		r.Held = &orders[0]
		pool.Prefer(orders[0].Names)
	}
	pool.Probe(ctx)
	r.Ranking = pool.Rank(ctx, int(samples))
	healthy := 0
	for _, e := range r.Ranking {
		if e.Healthy {
			healthy++
		}
		r.Changes = r.Changes || e.Position != e.Before
	}
	r.OK = healthy == len(r.Ranking)
	var refused error
	if apply {
		refused = app.ApplyRanking(ctx, db, r.Ranking, actor(), time.Now())
		r.Applied = refused == nil
	}
	if err := errors.Join(c.showRanking(r), pool.Stop(ctx)); err != nil {
		return err
	}
	switch {
	case errors.Is(refused, app.ErrNoneHealthy):
		return &exitError{code: exitRefused, err: refused}
	case refused != nil:
		return refused
	case healthy == 0:
		return &exitError{code: exitFailed}
	case !r.OK:
		return &exitError{code: exitWarnings}
	}
	return nil
}

// rpcBack appends the order from before the last change: the record keeps both.
func (c *cli) rpcBack(ctx context.Context, db *store.Store, configured []string) error {
	orders, err := db.EndpointOrders(ctx, 2)
	if err != nil {
		return err
	}
	if len(orders) == 0 {
		return &exitError{code: exitRefused, err: errors.New("there is nothing to take back: the order is that of the settings")}
	}
	o := domain.EndpointOrder{At: time.Now(), Actor: actor(), Cause: fmt.Sprintf("order %d taken back", orders[0].Seq), Names: configured}
	if len(orders) > 1 {
		o.Names = orders[1].Names
	}
	if err := db.SaveEndpointOrder(ctx, o); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(rankResult{OK: true, Applied: true, Ranking: []chain.Ranked{}, Held: &o})
	}
	fmt.Fprintf(c.stdout, "Order from now on: %v\n", o.Names)
	return nil
}

func (c *cli) showRanking(r rankResult) error {
	if c.json {
		return c.printJSON(r)
	}
	t := newTable(fmt.Sprintf("Endpoints, %d questions each", r.Samples), "Rank", "Endpoint", "Healthy", "Median", "Failed", "Behind", "Before", "Reason")
	for _, e := range r.Ranking {
		median := "no data"
		if e.Median > 0 {
			median = e.Median.Round(100 * time.Microsecond).String()
		}
		t.AppendRow([]any{e.Position, wrap(e.Name, 16), e.Healthy, median, fmt.Sprintf("%d of %d", e.Failed, e.Asked), e.Behind, e.Before, wrap(e.Reason, 30)})
	}
	fmt.Fprintln(c.stdout, t.Render())
	switch {
	case r.Applied:
		c.para(0, "The workers follow this order from now on. Back: feeops rpc rank --back")
	case r.Changes:
		c.para(0, "It differs from the order that holds. Follow it: feeops rpc rank --apply")
	}
	return nil
}
