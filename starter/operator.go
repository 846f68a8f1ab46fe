package main

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/operator/keyfile"
)

// defaultKey is where keygen puts a key when nobody says where.
const defaultKey = "feeops-operator.key"

// keygenResult is operator keygen --json.
type keygenResult struct {
	File      string `json:"file"`
	PublicKey string `json:"public_key"`
	Settings  string `json:"settings"` // The line for operators: in feeops.yaml.
}

func (c *cli) operatorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "operator", Short: "People who may decide, and their keys",
		Long: "Operators stand in the settings with roles and public keys. Two approvers together lift a stop; what they sign is checked\n" +
			"against the settings of the worker that lifts it.",
	}
	cmd.AddCommand(c.keygenCommand(), c.operatorListCommand())
	return cmd
}

func (c *cli) keygenCommand() *cobra.Command {
	var out, name string
	cmd := &cobra.Command{
		Use: "keygen", Short: "Make an operator's key; prints the line for the settings", Args: cobra.NoArgs,
		Long: "Writes a new ed25519 key (PKCS#8 in PEM, mode 0600) and prints the line with its public half for operators: in the settings.\n" +
			"The private half never leaves the file. An existing file is never overwritten.",
		Example: "  feeops operator keygen --name alice --out ~/alice.key",
		RunE:    func(*cobra.Command, []string) error { return c.keygen(out, name) },
	}
	cmd.Flags().StringVar(&out, "out", defaultKey, "`file` for the private key")
	cmd.Flags().StringVar(&name, "name", "", "operator's name in the line (default: the file's name)")
	return cmd
}

func (c *cli) keygen(out, name string) error {
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(out), filepath.Ext(out))
	}
	public, err := keyfile.Write(out, rand.Reader)
	if err != nil {
		return err
	}
	r := keygenResult{File: out, PublicKey: operator.FormatKey(public)}
	r.Settings = fmt.Sprintf("- {name: %s, roles: [approver], public_key: %q}", name, r.PublicKey)
	if c.json {
		return c.printJSON(r)
	}
	c.say("private key: %s (mode 0600); keep it where only %s can read it", out, name)
	fmt.Fprintf(c.stdout, "operators:\n  %s\n", r.Settings)
	return nil
}

// operatorsListed is operator list --json.
type operatorsListed struct {
	Operators []operatorRow `json:"operators"`
}

// operatorRow is a person in operator list --json.
type operatorRow struct {
	Name    string   `json:"name"`
	Roles   []string `json:"roles"`
	Key     string   `json:"public_key,omitempty"`
	Expires string   `json:"expires,omitempty"`
}

func (c *cli) operatorListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "The operators of the settings", Args: cobra.NoArgs,
		Example: "  feeops operator list\n  feeops operator list --json",
		RunE: func(*cobra.Command, []string) error {
			s, err := c.settings()
			if err != nil {
				return err
			}
			rows := []operatorRow{}
			for _, o := range s.Operators {
				rows = append(rows, operatorRow{Name: o.Name, Roles: o.Roles, Key: o.PublicKey, Expires: o.Expires})
			}
			if c.json {
				return c.printJSON(operatorsListed{rows})
			}
			t := newTable("", "Name", "Roles", "Expires", "Public key")
			for _, r := range rows {
				t.AppendRow([]any{r.Name, strings.Join(r.Roles, ", "), r.Expires, r.Key})
			}
			fmt.Fprintln(c.stdout, t.Render())
			return nil
		},
	}
}
