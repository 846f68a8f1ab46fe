package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// finding is one check of doctor.
type finding struct {
	Check  string             `json:"check"`
	Result domain.CheckResult `json:"result"`
	Seen   string             `json:"seen"`
	Next   string             `json:"next,omitempty"`
}

// diagnosis is the object of doctor --json.
type diagnosis struct {
	OK       bool      `json:"ok"` // No check failed and none warned.
	Config   string    `json:"config"`
	Findings []finding `json:"findings"`
}

func (c *cli) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check everything that feeops needs, and say what to do", Args: cobra.NoArgs,
		Example: "  feeops doctor\n  feeops doctor --json",
		Long: "doctor looks at the settings, the Solana endpoints, the chain's clock, Temporal, the store, keys, the audit log, ports and the disk.\n" +
			"It changes nothing, and works while parts are down. Exit code 0: all well, 3: warnings, 1: something fails, 2: settings.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doctor(cmd.Context()) },
	}
}

func (c *cli) doctor(ctx context.Context) error {
	p, err := c.findSettings()
	if err != nil {
		return err
	}
	d := diagnosis{Config: p.path}
	s, err := p.load()
	if err != nil {
		// What is wrong may be the very addresses that the other checks would ask.
		d.Findings = []finding{{Check: "settings", Result: domain.CheckFail, Seen: err.Error(), Next: "Correct the settings; feeops config validate names every problem."}}
		return c.tell(d, exitUsage)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	d.Findings = append(d.Findings, ok("settings", "%s: %s, %d vaults", p.path, s.Network, len(s.Vaults)))
	for _, check := range []func(context.Context, config.Settings) []finding{
		checkChain, checkTemporal, checkStore, checkKeys, checkSigner, checkAudit, checkPorts, checkDisk,
	} {
		d.Findings = append(d.Findings, check(ctx, s)...)
	}
	return c.tell(d, d.code())
}

// code is the exit code that the worst finding asks for.
func (d diagnosis) code() int {
	code := exitOK
	for _, f := range d.Findings {
		switch f.Result {
		case domain.CheckFail:
			return exitFailed
		case domain.CheckWarn, domain.CheckUnknown:
			code = exitWarnings
		case domain.CheckOK:
		}
	}
	return code
}

func (c *cli) tell(d diagnosis, code int) error {
	d.OK = code == exitOK
	if c.json {
		if err := c.printJSON(d); err != nil {
			return err
		}
	} else {
		for _, f := range d.Findings {
			fmt.Fprintf(c.stdout, "%-7s  %-16s %s\n", f.Result, f.Check, f.Seen)
			if f.Next != "" {
				fmt.Fprintf(c.stdout, "%-7s  %-16s → %s\n", "", "", f.Next)
			}
		}
	}
	if code != exitOK {
		return &exitError{code: code}
	}
	return nil
}

func ok(check, format string, args ...any) finding {
	return finding{Check: check, Result: domain.CheckOK, Seen: fmt.Sprintf(format, args...)}
}

func warn(check, next, format string, args ...any) finding {
	return finding{Check: check, Result: domain.CheckWarn, Next: next, Seen: fmt.Sprintf(format, args...)}
}

func fail(check, next, format string, args ...any) finding {
	return finding{Check: check, Result: domain.CheckFail, Next: next, Seen: fmt.Sprintf(format, args...)}
}
