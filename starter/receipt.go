package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/receipt"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) receiptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "receipt", Short: "Signed receipts of paid days, which investors verify by themselves",
		Long: "A receipt holds a day's totals, its transactions and every investor's line, signed with the audit key. It is made when a day is\n" +
			"complete. verify needs the file, an RPC endpoint and the operator's public key; no settings, no store, no server of the operator.",
	}
	cmd.AddCommand(c.receiptShowCommand(), c.receiptMakeCommand(), c.receiptVerifyCommand())
	return cmd
}

func (c *cli) receiptShowCommand() *cobra.Command {
	var day, investor, out string
	cmd := &cobra.Command{
		Use: "show VAULT", Short: "Show or write the receipt of a day, whole or for one investor", Args: cobra.ExactArgs(1),
		Example: "  feeops receipt show usdc-vault\n  feeops receipt show usdc-vault --investor 7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2 --out receipt.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.receiptShow(cmd.Context(), args[0], day, investor, out)
		},
	}
	cmd.Flags().StringVar(&day, "day", "", "UTC day, YYYY-MM-DD (default: the latest with a receipt)")
	cmd.Flags().StringVar(&investor, "investor", "", "only this `wallet`, stream or token account: a small file that shows nobody else")
	cmd.Flags().StringVar(&out, "out", "", "write the receipt to this `file` instead of showing it")
	return cmd
}

// receiptService opens the store and what makes receipts.
func (c *cli) receiptService(ctx context.Context, vault string) (config.Settings, *store.Store, *receipt.Service, error) {
	s, err := c.settings()
	if err != nil {
		return s, nil, nil, err
	}
	vaults, err := app.Vaults(s, payerOf(s))
	if err != nil {
		return s, nil, nil, err
	}
	db, known, err := c.openBooks(ctx)
	if err != nil {
		return s, nil, nil, err
	}
	if _, ok := s.Vault(vault); !ok {
		return s, nil, nil, errors.Join(usageError("vault %q is not in the settings; known are %v", vault, known), db.Close())
	}
	return s, db, app.Receipts(s, nil, db, vaults, func() string { return "" }), nil
}

// receiptDay reads --day, or finds the latest day with a receipt.
func receiptDay(ctx context.Context, db *store.Store, vault, text string) (domain.Day, error) {
	if text != "" {
		day, err := domain.ParseDay(text)
		if err != nil {
			return "", usageError("--day: %w", err)
		}
		return day, nil
	}
	days, err := db.ReceiptDays(ctx, vault)
	if err != nil {
		return "", err
	}
	if len(days) == 0 {
		return "", fmt.Errorf("%s has no receipt yet: they are made when a day is complete and audit.key_path is set. For an earlier day: feeops receipt make %s --day …", vault, vault)
	}
	return days[0], nil
}

func (c *cli) receiptShow(ctx context.Context, vault, dayText, investor, out string) (err error) {
	_, db, service, err := c.receiptService(ctx, vault)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	day, err := receiptDay(ctx, db, vault, dayText)
	if err != nil {
		return err
	}
	r, err := service.Find(ctx, vault, day)
	switch {
	case errors.Is(err, receipt.ErrNone):
		return fmt.Errorf("%w. If the day is complete: feeops receipt make %s --day %s", err, vault, day)
	case err != nil:
		return err
	}
	if investor != "" {
		if r, err = r.For(investor); err != nil {
			return err
		}
	}
	if out == "" && !c.json {
		c.printReceipt(r)
		return nil
	}
	if out == "" {
		return c.printJSON(r)
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	if err := os.WriteFile(out, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the receipt: %w", err)
	}
	c.say("wrote %s (%d bytes); verify it with: feeops receipt verify %s --key %s", out, len(b)+1, out, r.Statement.Key)
	return nil
}

func (c *cli) printReceipt(r receipt.Receipt) {
	s, f := r.Statement, r.Statement.Figures
	t := newTable(fmt.Sprintf("%s on %s, opened %s UTC by the chain's clock", s.VaultID, s.Day, time.Unix(s.OpenedAt, 0).UTC().Format(time.DateTime)), "What", "Value")
	for _, row := range [][2]string{
		{"claimed", s.Token.Format(f.Claimed)},
		{"paid", s.Token.Format(f.Paid)},
		{"creator", s.Token.Format(f.Creator)},
		{"carried in · out", fmt.Sprintf("%s · %s base units", f.DustIn, f.DustOut)},
		{"transactions", fmt.Sprint(len(s.Pages))},
		{"lines", fmt.Sprint(s.Leaves)},
		{"plan", s.Manifest},
		{"root", s.Root},
		{"signed by", s.Key},
	} {
		t.AppendRow([]any{row[0], row[1]})
	}
	fmt.Fprintln(c.stdout, t.Render())
	lines := newTable("", "Recipient", "Stream", "Planned", "Paid", "Reason", "Transaction")
	list := r.Lines
	for _, share := range r.Shares {
		list = append(list, share.Leaf)
	}
	s.Token.Symbol = "" // The line is full.
	for _, l := range list {
		lines.AppendRow([]any{short(l.Recipient), short(l.Stream), s.Token.Format(l.Planned), s.Token.Format(l.Paid), l.Reason, short(l.Signature)})
	}
	rightFrom(lines, 3, 4)
	fmt.Fprintln(c.stdout, lines.Render())
}

func (c *cli) receiptMakeCommand() *cobra.Command {
	var day string
	cmd := &cobra.Command{
		Use: "make VAULT --day D", Short: "Sign the receipt of a complete day that has none", Args: cobra.ExactArgs(1),
		Example: "  feeops receipt make usdc-vault --day 2026-11-24",
		Long: "For days that were complete before there was an audit key, or whose receipt could not be made. The books are taken as they are\n" +
			"stored; books that do not add up get no receipt. Repeating it changes nothing.",
		RunE: func(cmd *cobra.Command, args []string) error { return c.receiptMake(cmd.Context(), args[0], day) },
	}
	cmd.Flags().StringVar(&day, "day", "", "UTC day, YYYY-MM-DD (needed)")
	return cmd
}

func (c *cli) receiptMake(ctx context.Context, vault, dayText string) (err error) {
	day, err := domain.ParseDay(dayText)
	if err != nil {
		return usageError("--day: %w", err)
	}
	s, db, service, err := c.receiptService(ctx, vault)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	if service.Key, err = openAuditKey(s); err != nil {
		return err
	}
	if s.GenesisHash == "" {
		pool, err := chain.New(app.PoolOptions(s, c.logger("error", s.Log.Format)))
		if err != nil {
			return usageError("%w", err)
		}
		pool.Probe(ctx)
		service.Genesis = func(context.Context) (string, error) { return pool.Genesis(), nil }
		defer func() { err = cmp.Or(err, pool.Stop(context.WithoutCancel(ctx))) }()
	}
	if err := service.Remake(ctx, vault, day); err != nil {
		return err
	}
	return c.receiptShow(ctx, vault, dayText, "", "")
}

func (c *cli) receiptVerifyCommand() *cobra.Command {
	var rpcURL, key string
	cmd := &cobra.Command{
		Use: "verify FILE", Short: "Verify a receipt against the chain alone", Args: cobra.ExactArgs(1),
		Long: "Needs no settings: it reads the file and asks the endpoint for the transactions, and counts money by token balances.\n" +
			"Exit codes: 0 everything is true, 1 something is not, 3 something could not be found out.",
		Example: "  feeops receipt verify receipt.json --key 5f0c…\n  feeops receipt verify receipt.json --rpc https://api.mainnet-beta.solana.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.receiptVerify(cmd.Context(), args[0], rpcURL, key)
		},
	}
	cmd.Flags().StringVar(&rpcURL, "rpc", "", "RPC `URL` (default: the public endpoint of the receipt's network)")
	cmd.Flags().StringVar(&key, "key", "", "the operator's public `key`: hex or a file")
	return cmd
}

// publicEndpoints are Solana's own, by genesis hash.
func publicEndpoints() map[string]string {
	return map[string]string{
		"5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d": "https://api.mainnet-beta.solana.com",
		"EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG": "https://api.devnet.solana.com",
		"4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY": "https://api.testnet.solana.com",
	}
}

// publicRate stays below what public endpoints allow.
const publicRate = 4

// receiptVerification is receipt verify --json.
type receiptVerification struct {
	OK       bool               `json:"ok"`
	Result   domain.CheckResult `json:"result"`
	Vault    string             `json:"vault"`
	Day      domain.Day         `json:"day"`
	Key      string             `json:"key"`
	Findings receipt.Findings   `json:"findings"`
}

func (c *cli) receiptVerify(ctx context.Context, path, rpcURL, keyText string) error {
	f, err := os.Open(path)
	if err != nil {
		return usageError("%w", err)
	}
	r, err := receipt.Read(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var want *seal.Public
	if keyText != "" {
		key, err := seal.LoadPublic(keyText)
		if err != nil {
			return usageError("--key: %w", err)
		}
		want = &key
	}
	findings := r.VerifyForm(want)
	if findings.Worst() != domain.CheckFail {
		onChain, err := verifyOnChain(ctx, r, cmp.Or(rpcURL, publicEndpoints()[r.Statement.Genesis]))
		if err != nil {
			return err
		}
		findings = append(findings, onChain...)
	}
	result := receiptVerification{Result: findings.Worst(), Vault: r.Statement.VaultID, Day: r.Statement.Day, Key: r.Statement.Key, Findings: findings}
	result.OK = result.Result == domain.CheckOK
	if c.json {
		err = c.printJSON(result)
	} else {
		c.printVerification(r, result)
	}
	switch {
	case err != nil:
		return err
	case result.Result == domain.CheckFail:
		return &exitError{code: exitFailed}
	case !result.OK:
		return &exitError{code: exitWarnings}
	}
	return nil
}

func verifyOnChain(ctx context.Context, r receipt.Receipt, url string) (receipt.Findings, error) {
	if url == "" {
		return receipt.Findings{{Check: "chain", Result: domain.CheckUnknown, Seen: "not asked: the receipt is of a chain without a public endpoint; give one with --rpc"}}, nil
	}
	pool, err := chain.New(chain.Options{Endpoints: []chain.Endpoint{{Name: "rpc", URL: url, PerSecond: publicRate}}, RequestTimeout: 15 * time.Second})
	if err != nil {
		return nil, usageError("--rpc: %w", err)
	}
	pool.Probe(ctx)
	findings := r.VerifyChain(ctx, pool)
	return findings, pool.Stop(context.WithoutCancel(ctx))
}

func (c *cli) printVerification(r receipt.Receipt, v receiptVerification) {
	for _, f := range v.Findings {
		fmt.Fprintf(c.stdout, "%-7s  %-12s %s\n", f.Result, f.Check, f.Seen)
	}
	if !r.Whole() {
		for _, s := range r.Shares {
			fmt.Fprintf(c.stdout, "%s on %s: %s to %s (%s)\n", v.Vault, v.Day, r.Statement.Token.Format(s.Leaf.Paid), cmp.Or(s.Leaf.Recipient, s.Leaf.Stream), s.Leaf.Reason)
		}
	}
	switch v.Result {
	case domain.CheckOK:
		fmt.Fprintln(c.stdout, "The receipt is true.")
	case domain.CheckFail:
		fmt.Fprintln(c.stdout, "The receipt is NOT true.")
	default:
		fmt.Fprintln(c.stdout, "Not everything could be found out.")
	}
}
