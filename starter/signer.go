package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// payersChecked is signer check --json.
type payersChecked struct {
	Payers []payerRow `json:"payers"`
}

// payerRow is a fee payer in signer check --json.
type payerRow struct {
	Source    string             `json:"source"`
	Key       string             `json:"key"` // Path, transit key or KMS id: a place, no secret.
	PublicKey string             `json:"public_key,omitempty"`
	Vaults    []string           `json:"vaults"`
	Result    domain.CheckResult `json:"result"`
	State     string             `json:"state"` // ok, or a code such as signer/sealed.
	Seen      string             `json:"seen"`
	TookMS    int64              `json:"took_ms"`
}

func (c *cli) signerCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "signer", Short: "The fee payers' keys: where they are, and whether they sign"}
	cmd.AddCommand(&cobra.Command{
		Use: "check", Short: "Open every fee payer's key and let it sign a message that no chain takes", Args: cobra.NoArgs,
		Example: "  feeops signer check\n  feeops signer check --json",
		Long:    "Exit codes: 0 all sign, 1 one does not. For a key of Vault or KMS that the settings do not name yet, it tells the address.",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.signerCheck(cmd.Context()) },
	})
	return cmd
}

func (c *cli) signerCheck(ctx context.Context) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	rows := checkPayers(ctx, s)
	if c.json {
		err = c.printJSON(payersChecked{rows})
	} else {
		t := newTable("", "Key", "Address", "Vaults", "State", "Seen")
		for _, r := range rows {
			t.AppendRow([]any{wrap(r.Source+" "+r.Key, 22), short(r.PublicKey), wrap(strings.Join(r.Vaults, " "), 14), wrap(r.State, 12), wrap(r.Seen, 40)})
		}
		fmt.Fprintln(c.stdout, t.Render())
	}
	if err != nil {
		return err
	}
	if len(rows) == 0 || slices.ContainsFunc(rows, func(r payerRow) bool { return r.Result != domain.CheckOK }) {
		return &exitError{code: exitFailed}
	}
	return nil
}

// checkPayers opens every fee payer's key once and lets it sign.
func checkPayers(ctx context.Context, s config.Settings) []payerRow {
	rows := []payerRow{}
	at := map[config.Payer]int{}
	for _, v := range s.Vaults {
		if !v.Enabled {
			continue
		}
		p := s.Payer(v)
		if i, seen := at[p]; seen {
			rows[i].Vaults = append(rows[i].Vaults, v.ID)
			continue
		}
		at[p] = len(rows)
		row := payerRow{Source: p.Source, Key: p.Key, PublicKey: p.PublicKey, Vaults: []string{v.ID}}
		began := time.Now()
		key, err := app.OpenKey(ctx, s, p)
		if err == nil {
			err = signer.Probe(ctx, key)
		}
		row.TookMS = time.Since(began).Milliseconds()
		if key != nil && !key.PublicKey().IsZero() {
			row.PublicKey = key.PublicKey().String()
		}
		row.Result, row.State, row.Seen = judgePayer(err)
		rows = append(rows, row)
	}
	return rows
}

// judgePayer tells a key that passes again by itself from one that somebody must mend.
func judgePayer(err error) (domain.CheckResult, string, string) {
	if err == nil {
		return domain.CheckOK, "ok", "signs"
	}
	state := fault.CodeOf(err)
	if fault.KindOf(err) == fault.Retry {
		return domain.CheckFail, signer.Unreachable, state + ": " + err.Error()
	}
	return domain.CheckFail, state, err.Error()
}

// checkSigner is doctor's look at keys that are kept by a service.
func checkSigner(ctx context.Context, s config.Settings) []finding {
	if s.Signer.Source == config.SourceFile {
		return nil // checkKeys looks at the files.
	}
	var out []finding
	for _, r := range checkPayers(ctx, s) {
		name := "signer " + r.Key
		if r.Result == domain.CheckOK {
			out = append(out, ok(name, "%s: %s signs (%d ms)", r.Source, r.PublicKey, r.TookMS))
			continue
		}
		out = append(out, fail(name, "", "%s: %s", r.State, r.Seen))
	}
	return out
}
