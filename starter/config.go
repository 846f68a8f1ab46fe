package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/meteora-fee-router/feeops/config"
)

func (c *cli) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check, show and describe the settings"}
	cmd.AddCommand(
		&cobra.Command{
			Use: "validate", Short: "Check the settings and name every problem (exit code 2)", Args: cobra.NoArgs,
			Example: "  feeops config validate\n  feeops config validate --config /etc/feeops/feeops.yaml --json",
			RunE:    func(*cobra.Command, []string) error { return c.configValidate() },
		},
		&cobra.Command{
			Use: "show", Short: "Show the settings in effect, without secrets", Args: cobra.NoArgs,
			Example: "  feeops config show\n  feeops config show --json",
			RunE:    func(*cobra.Command, []string) error { return c.configShow() },
		},
		&cobra.Command{
			Use: "schema", Short: "JSON schema of the settings file", Args: cobra.NoArgs,
			Example: "  feeops config schema > feeops.schema.json",
			RunE:    func(*cobra.Command, []string) error { return c.configSchema() },
		},
	)
	return cmd
}

// problem is one row of config validate --json.
type problem struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Key  string `json:"key,omitempty"`
	Got  string `json:"got"`
	Want string `json:"want"`
	Next string `json:"next,omitempty"`
}

// validation is the object of config validate --json.
type validation struct {
	OK       bool      `json:"ok"`
	File     string    `json:"file"`
	Vaults   int       `json:"vaults"`
	Problems []problem `json:"problems"`
}

func (c *cli) configValidate() error {
	p, err := c.findSettings()
	if err != nil {
		return err
	}
	s, err := p.load()
	if !c.json {
		if err == nil {
			fmt.Fprintf(c.stdout, "%s is valid: %s, %d vaults\n", p.path, s.Network, len(s.Vaults))
		}
		return err
	}
	out := validation{OK: err == nil, File: p.path, Vaults: len(s.Vaults), Problems: []problem{}}
	var all config.Errors
	switch {
	case errors.As(err, &all):
		for _, e := range all {
			out.Problems = append(out.Problems, problem{File: e.File, Line: e.Line, Key: e.Key, Got: e.Got, Want: e.Want, Next: e.Next})
		}
	case err != nil:
		out.Problems = append(out.Problems, problem{File: p.path, Got: err.Error(), Want: "settings that can be read"})
	}
	if printErr := c.printJSON(out); printErr != nil {
		return printErr
	}
	if err != nil {
		return &exitError{code: exitUsage}
	}
	return nil
}

func (c *cli) configShow() error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(s.Redacted())
	}
	b, err := yaml.Marshal(s.Redacted())
	if err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	_, err = c.stdout.Write(b)
	return err
}

func (c *cli) configSchema() error {
	b, err := config.Schema()
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(b)
	return err
}
