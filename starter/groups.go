package main

import "github.com/spf13/cobra"

// commandGroup is a part of the help: what somebody looks for who has one thing in mind.
type commandGroup struct {
	id, title string
	commands  []*cobra.Command
}

// groups lists every command; each has a file of its own name.
func (c *cli) groups() []commandGroup {
	return []commandGroup{
		{"try", "See it work, on a local chain:", []*cobra.Command{
			c.demoCommand(), c.devCommand(), c.localnetCommand(), c.simulateCommand(), c.chaosCommand(), c.benchCommand(),
		}},
		{"day", "The day of the vaults:", []*cobra.Command{
			c.statusCommand(), c.checksCommand(), c.distributeCommand(), c.approvePlanCommand(), c.explainCommand(), c.catchupCommand(), c.pageSizeCommand(),
		}},
		{"emergency", "Emergency:", []*cobra.Command{
			c.stopCommand(), c.isolateCommand(), c.releaseCommand(), c.resumeCommand(), c.incidentCommand(), c.drillCommand(),
		}},
		{"watch", "Watch and tell:", []*cobra.Command{
			c.dashboardCommand(), c.alertsCommand(), c.muteCommand(), c.notifyCommand(), c.reportCommand(), c.scheduleCommand(),
		}},
		{"proof", "Keys, proofs and copies:", []*cobra.Command{
			c.operatorCommand(), c.signerCommand(), c.auditCommand(), c.receiptCommand(), c.codecCommand(), c.backupCommand(), c.booksCommand(),
		}},
		{"run", "Set up and run:", []*cobra.Command{
			c.setupCommand(), c.doctorCommand(), c.configCommand(), c.workerCommand(), c.readyCommand(), c.deploymentCommand(), c.rpcCommand(), c.schemaCommand(), c.versionCommand(),
		}},
	}
}

// addGroups gives the root its commands. The help shows the groups in this order, and each one sorted.
func (c *cli) addGroups(root *cobra.Command) {
	for _, g := range c.groups() {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, cmd := range g.commands {
			cmd.GroupID = g.id
			root.AddCommand(cmd)
		}
	}
	root.SetHelpCommandGroupID("run")
	root.SetCompletionCommandGroupID("run")
}
