package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/build"
	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// versionInfo is the object of version --json.
type versionInfo struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Build    string `json:"build,omitempty"` // As worker.deployment names it; empty when nothing tells it from another.
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Temporal string `json:"temporal_cli"`
	SDK      string `json:"temporal_sdk"`
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Versions of feeops, Go and Temporal", Args: cobra.NoArgs,
		Example: "  feeops version\n  feeops version --json",
		RunE: func(*cobra.Command, []string) error {
			v := version()
			if c.json {
				return c.printJSON(v)
			}
			fmt.Fprintf(c.stdout, "feeops %s (%s)\n%s %s\nTemporal CLI %s, Go SDK %s\n", v.Version, v.Module, v.Go, v.Platform, v.Temporal, v.SDK)
			return nil
		},
	}
}

// version reads what the Go tool recorded in the binary.
func version() versionInfo {
	v := versionInfo{
		Module: "github.com/meteora-fee-router/feeops", Version: "(devel)", Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Temporal: devstack.TemporalVersion, SDK: "unknown", Build: build.ID(),
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		if m.Path == "go.temporal.io/sdk" {
			v.SDK = m.Version
		}
	}
	return v
}
