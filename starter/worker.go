package main

import (
	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) workerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "worker", Short: "Run a worker, which does the work of the workflows, until Ctrl-C", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.settings()
			if err != nil {
				return err
			}
			if c.logLevel != "" {
				s.Log.Level = c.logLevel
			}
			return app.Run(cmd.Context(), s)
		},
	}
}
