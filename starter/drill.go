package main

import "github.com/spf13/cobra"

func (c *cli) drillCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "drill", Short: "Exercises that measure what is promised"}
	cmd.AddCommand(c.drillIncidentCommand(), c.drillRestoreCommand())
	return cmd
}
