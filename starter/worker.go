package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) workerCommand() *cobra.Command {
	var moved string
	cmd := &cobra.Command{
		Use: "worker", Short: "Run a worker, which does the work of the workflows, until Ctrl-C", Args: cobra.NoArgs,
		Example: "  feeops worker\n  feeops worker --config /etc/feeops/feeops.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.settings()
			if err != nil {
				return err
			}
			if c.logLevel != "" {
				s.Log.Level = c.logLevel
			}
			var changes []app.Change
			if moved != "" {
				c.say("the clock of this worker is moved by what %s says: this is for the fault laboratory only", moved)
				changes = append(changes, app.WithClock(movedClock(moved)))
			}
			return app.Run(cmd.Context(), s, changes...)
		},
	}
	cmd.Flags().StringVar(&moved, "clock-moved-by", "", "`file` with a duration by which this machine's clock is wrong, read again at every look")
	if err := cmd.Flags().MarkHidden("clock-moved-by"); err != nil {
		panic(fmt.Sprintf("hide a flag that was just made: %v", err))
	}
	return cmd
}

// movedClock is a machine's clock that is wrong by what the file says; without a readable duration it is right.
func movedClock(file string) app.Clock {
	return func() time.Time {
		body, err := os.ReadFile(file)
		if err != nil {
			return time.Now()
		}
		d, err := time.ParseDuration(strings.TrimSpace(string(body)))
		if err != nil {
			return time.Now()
		}
		return time.Now().Add(d)
	}
}
