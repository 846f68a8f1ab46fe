package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// pageSizesResult is page-size list --json.
type pageSizesResult struct {
	Orders []domain.PageOrder `json:"orders"` // Newest first.
}

// pageSizeResult is page-size approve --json and page-size back --json.
type pageSizeResult struct {
	OK    bool              `json:"ok"`
	Order domain.PageOrder  `json:"order"`
	Then  *domain.PageOrder `json:"then"` // What counts after taking one back; null: the settings.
}

func (c *cli) pageSizeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "page-size", Short: "Approved page sizes: list, approve one, take it back", Args: cobra.NoArgs,
		Long: "The weekly maintenance proposes a page size from a vault's own pages; nobody follows it by itself. What is approved here counts\n" +
			"from the vault's next new day on, above page_size of the settings: a day that is open keeps its own. After five days the weekly\n" +
			"maintenance holds the pages against those from before, and keeps the size or takes it back. Reads and writes the store only.",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.pageSizeListCommand(), c.pageSizeApproveCommand(), c.pageSizeBackCommand())
	return cmd
}

func (c *cli) pageSizeListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list [VAULT]", Short: "Approved page sizes and what became of them", Args: cobra.MaximumNArgs(1),
		Example: "  feeops page-size list\n  feeops page-size list usdc-vault --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.pageSizeList(cmd.Context(), strings.Join(args, ""))
		},
	}
}

func (c *cli) pageSizeApproveCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "approve VAULT SIZE --reason TEXT", Short: "Let a vault's next new day take a page size", Args: cobra.ExactArgs(2),
		Long: "SIZE is what one transaction takes at most: 1 to 25 investors with lookup tables, 1 to 9 without. One order at a time: an earlier\n" +
			"one must be kept or taken back first. Recorded in the audit log (the name is FEEOPS_ACTOR, or else USER); when the settings name\n" +
			"operators, it must be one of them who does more than look. Exit codes: 0 recorded, 2 no such vault or size, 4 refused.",
		Example: "  feeops page-size approve usdc-vault 20 --reason 'proposed on 2026-11-29: median 2 s'",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.pageSizeApprove(cmd.Context(), args, reason) },
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why (needed)")
	return cmd
}

func (c *cli) pageSizeBackCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "back VAULT", Short: "Take a vault's approved page size back", Args: cobra.ExactArgs(1),
		Example: "  feeops page-size back usdc-vault --reason 'slower than before'",
		Long:    "From the next new day on the order before it counts again, or the settings. Exit codes: 0 recorded, 4 there is none or you may not.",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.pageSizeBack(cmd.Context(), args[0], reason) },
	}
	cmd.Flags().StringVar(&reason, "reason", "taken back by hand", "why")
	return cmd
}

// pageBooks opens the store for a change of page sizes by somebody who may.
func (c *cli) pageBooks(ctx context.Context, vault string) (*store.Store, config.Settings, config.Vault, error) {
	s, err := c.settings()
	if err != nil {
		return nil, s, config.Vault{}, err
	}
	v, known := s.Vault(vault)
	if !known {
		var ids []string
		for _, one := range s.Vaults {
			ids = append(ids, one.ID)
		}
		return nil, s, v, usageError("vault %q is not in the settings; known are %v", vault, ids)
	}
	if err := app.MayChange(s, actor(), time.Now()); err != nil {
		return nil, s, v, &exitError{code: exitRefused, err: fmt.Errorf("page size of %s: %w. Set FEEOPS_ACTOR to the name of an operator", vault, err)}
	}
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return nil, s, v, fmt.Errorf("open the store: %w", err)
	}
	return db, s, v, nil
}

func (c *cli) pageSizeApprove(ctx context.Context, args []string, reason string) (err error) {
	size, err := strconv.ParseUint(args[1], 10, 32)
	if err != nil || size < 1 || size > domain.MaxPageSize {
		return usageError("SIZE: got %q, want 1..%d", args[1], domain.MaxPageSize)
	}
	if strings.TrimSpace(reason) == "" {
		return usageError("--reason is needed: the record must say why")
	}
	db, s, v, err := c.pageBooks(ctx, args[0])
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	newest, _, err := db.LatestManifest(ctx, v.ID)
	if err != nil {
		return err
	}
	if err := app.PageSizeFits(s, v, uint32(size)); err != nil {
		return &exitError{code: exitRefused, err: err}
	}
	o, err := db.ApprovePageSize(ctx, domain.PageOrder{
		Vault: v.ID, Size: uint32(size), Before: newest.PageSize, Actor: actor(), Reason: strings.TrimSpace(reason), At: time.Now(),
	})
	switch {
	case errors.Is(err, store.ErrPageOrder):
		return &exitError{code: exitRefused, err: fmt.Errorf("%w. Wait until it is kept, or take it back: feeops page-size back %s", err, v.ID)}
	case err != nil:
		return err
	}
	if c.json {
		return c.printJSON(pageSizeResult{OK: true, Order: o})
	}
	fmt.Fprintf(c.stdout, "%s: %d investors a page from its next new day on. A day that is open keeps its own.\nBack: feeops page-size back %s\n", v.ID, o.Size, v.ID)
	return nil
}

func (c *cli) pageSizeBack(ctx context.Context, vault, reason string) (err error) {
	db, _, v, err := c.pageBooks(ctx, vault)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	o, found, err := db.PageOrder(ctx, v.ID)
	switch {
	case err != nil:
		return err
	case !found:
		return &exitError{code: exitRefused, err: fmt.Errorf("%s has no approved page size: there is nothing to take back", v.ID)}
	}
	err = db.EndPageOrder(ctx, store.PageVerdict{Seq: o.Seq, State: domain.PageTakenBack, Actor: actor(), At: time.Now(), Note: cmp.Or(strings.TrimSpace(reason), "taken back by hand")})
	if err != nil {
		return err
	}
	o.State = domain.PageTakenBack
	then, left, err := db.PageOrder(ctx, v.ID)
	if err != nil {
		return err
	}
	r := pageSizeResult{OK: true, Order: o}
	counts := "that of the settings counts"
	if left {
		r.Then, counts = &then, fmt.Sprintf("%d of order %d counts", then.Size, then.Seq)
	}
	if c.json {
		return c.printJSON(r)
	}
	fmt.Fprintf(c.stdout, "%s: %d investors a page are taken back; %s from its next new day on.\n", v.ID, o.Size, counts)
	return nil
}

func (c *cli) pageSizeList(ctx context.Context, vault string) (err error) {
	db, _, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	orders, err := db.PageOrders(ctx, vault)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(pageSizesResult{orders})
	}
	if len(orders) == 0 {
		fmt.Fprintln(c.stdout, "No page size was approved: the settings count.")
		return nil
	}
	t := newTable("Page sizes", "Order", "Vault", "Size", "Before", "State", "Since", "By", "Reason, and what came of it")
	for _, o := range orders {
		t.AppendRow([]any{o.Seq, wrap(o.Vault, 14), o.Size, o.Before, o.State, cmp.Or(string(o.Since), "-"), wrap(o.Actor, 12), wrap(strings.Trim(o.Reason+"; "+o.Note, "; "), 26)})
	}
	rightFrom(t, 3, 4)
	fmt.Fprintln(c.stdout, t.Render())
	return nil
}
