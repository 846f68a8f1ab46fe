package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// catchupResult is catchup --json.
type catchupResult struct {
	Arrears []domain.Arrear      `json:"arrears"`
	Totals  []domain.ArrearTotal `json:"totals"` // By vault, token and state.
}

// settleResult is catchup settle --json.
type settleResult struct {
	Settled domain.Arrear `json:"settled"`
	Actor   string        `json:"actor"`
}

func (c *cli) catchupCommand() *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use:   "catchup [VAULT]",
		Short: "Investors who got nothing on a day: what it would have been, and why",
		Long: "Lists every stream that got nothing of what it would have got: quarantined, not reached before the day's end, or refused its\n" +
			"transfer. A quarantined stream's amount is that of the same day with it on the list at its registered place, weighed at the\n" +
			"opening; when the account's bytes do not tell, it is unknown, which is not 0. Every new day tests them again: eligible_again is\n" +
			"a stream that is valid now. The program cannot pay the past: settle it outside, and record it with 'feeops catchup settle'.\n" +
			"Reads the store only; works while chain and Temporal are down.",
		Example: "  feeops catchup\n  feeops catchup usdc-vault --state open,eligible_again --json",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.catchup(cmd.Context(), args, state) },
	}
	cmd.Flags().StringVar(&state, "state", "", "only these states, separated by commas: "+stateNames())
	cmd.AddCommand(c.settleCommand())
	return cmd
}

func (c *cli) settleCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "settle VAULT DAY STREAM --reason TEXT",
		Short: "Record that an arrear was settled outside the program",
		Long: "STREAM is an address of the list, also as its table writes it (7Np41…CT4K2). Moves no money.\n" +
			"Records who settled what and why, in the audit log too (the name is FEEOPS_ACTOR, or else USER).\n" +
			"Exit codes: 0 recorded, 1 there is no such arrear, 4 it was settled before.",
		Example: "  feeops catchup settle usdc-vault 2026-11-23 7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2 --reason 'paid by transfer 5Uf…'",
		Args:    cobra.ExactArgs(3),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.settle(cmd.Context(), args, reason) },
	}
	cmd.Flags().StringVar(&reason, "reason", "", "how and why it was settled (needed)")
	return cmd
}

func stateNames() string {
	names := make([]string, 0, len(domain.ArrearStates()))
	for _, s := range domain.ArrearStates() {
		names = append(names, string(s))
	}
	return strings.Join(names, ",")
}

// openBooks opens the store alone.
func (c *cli) openBooks(ctx context.Context) (*store.Store, []string, error) {
	s, err := c.settings()
	if err != nil {
		return nil, nil, err
	}
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return nil, nil, fmt.Errorf("open the store: %w", err)
	}
	known := make([]string, 0, len(s.Vaults))
	for _, v := range s.Vaults {
		known = append(known, v.ID)
	}
	return db, known, nil
}

func (c *cli) catchup(ctx context.Context, args []string, states string) (err error) {
	var wanted []domain.ArrearState
	for _, name := range strings.FieldsFunc(states, func(r rune) bool { return r == ',' }) {
		if !slices.Contains(domain.ArrearStates(), domain.ArrearState(name)) {
			return usageError("--state: got %q, want some of %s", name, stateNames())
		}
		wanted = append(wanted, domain.ArrearState(name))
	}
	db, known, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	vault := strings.Join(args, "")
	list, err := db.Arrears(ctx, vault)
	if err != nil {
		return err
	}
	// A vault that left the settings may still owe.
	if vault != "" && len(list) == 0 && !slices.Contains(known, vault) {
		return usageError("vault %q is not in the settings and has no arrears; known are %v", vault, known)
	}
	if len(wanted) > 0 {
		list = slices.DeleteFunc(list, func(a domain.Arrear) bool { return !slices.Contains(wanted, a.State) })
	}
	totals, err := domain.TotalArrears(list)
	if err != nil {
		return fmt.Errorf("sum the catch-up list: %w", err)
	}
	if c.json {
		return c.printJSON(catchupResult{Arrears: list, Totals: totals})
	}
	c.printCatchup(list, totals)
	return nil
}

func (c *cli) printCatchup(list []domain.Arrear, totals []domain.ArrearTotal) {
	if len(list) == 0 {
		fmt.Fprintln(c.stdout, "Nobody waits: the catch-up list is empty.")
		return
	}
	for len(list) > 0 { // The list is sorted by vault: one table for each.
		vault := list[0].Vault
		end := slices.IndexFunc(list, func(a domain.Arrear) bool { return a.Vault != vault })
		if end < 0 {
			end = len(list)
		}
		t := newTable(vault, "Day", "Stream", "Reason", "Would have got", "State", "Last test")
		for _, a := range list[:end] {
			t.AppendRow([]any{a.Day, short(a.Stream), a.Reason, wouldText(a.Token, a.Would), a.State, wrap(strings.TrimSpace(string(a.RetestedOn)+" "+a.Retest), 17)})
		}
		rightFrom(t, 4, 4)
		fmt.Fprintln(c.stdout, t.Render())
		list = list[end:]
	}
	sums := newTable("Totals", "Vault", "State", "Lines", "Known amount", "Unknown")
	for _, s := range totals {
		sums.AppendRow([]any{s.Vault, s.State, s.Count, s.Token.Format(s.Amount), s.Unknown})
	}
	rightFrom(sums, 3, 5)
	fmt.Fprintln(c.stdout, sums.Render())
	fmt.Fprintln(c.stdout, "The program cannot pay these: settle them outside and record it with feeops catchup settle.\n--json has whole addresses and notes.")
}

func wouldText(t domain.Token, a *domain.Amount) string {
	if a == nil {
		return "unknown"
	}
	return t.Format(*a)
}

func (c *cli) settle(ctx context.Context, args []string, reason string) (err error) {
	day, err := domain.ParseDay(args[1])
	if err != nil {
		return usageError("%w", err)
	}
	if strings.TrimSpace(reason) == "" {
		return usageError("--reason is needed: the record must say how it was settled")
	}
	db, _, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	stream, err := wholeStream(ctx, db, args[0], day, args[2])
	if err != nil {
		return err
	}
	settled, err := db.SettleArrear(ctx, store.Settlement{Vault: args[0], Day: day, Stream: stream, Reason: reason, Actor: actor(), At: time.Now()})
	switch {
	case errors.Is(err, store.ErrSettled):
		return &exitError{code: exitRefused, err: err}
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%w. Look at the list with feeops catchup %s --json", err, args[0])
	case err != nil:
		return err
	}
	if c.json {
		return c.printJSON(settleResult{Settled: settled, Actor: actor()})
	}
	fmt.Fprintf(c.stdout, "%s on %s: %s for %s is recorded as settled outside by %s.\n", settled.Vault, settled.Day, wouldText(settled.Token, settled.Would), settled.Stream, actor())
	return nil
}

// wholeStream finds the address that the table wrote short. One that fits nothing is left as it is: the store says so.
func wholeStream(ctx context.Context, db *store.Store, vault string, day domain.Day, given string) (string, error) {
	list, err := db.Arrears(ctx, vault)
	if err != nil {
		return "", err
	}
	var found []string
	for _, a := range list {
		if a.Day == day && (a.Stream == given || short(a.Stream) == given) {
			found = append(found, a.Stream)
		}
	}
	switch len(found) {
	case 0:
		return given, nil
	case 1:
		return found[0], nil
	default:
		return "", usageError("%q fits several streams: %v", given, found)
	}
}
