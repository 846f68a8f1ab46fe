package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// deploymentBuild is one build of the deployment.
type deploymentBuild struct {
	Build   string    `json:"build"`
	Current bool      `json:"current"`
	State   string    `json:"state"` // current, ramping, inactive, draining or drained.
	Since   time.Time `json:"since"`
}

// deploymentView is the object of deployment --json.
type deploymentView struct {
	OK         bool              `json:"ok"`
	Deployment string            `json:"deployment"`
	This       string            `json:"this_build,omitempty"`
	Promoted   string            `json:"promoted,omitempty"`
	Before     string            `json:"before,omitempty"`   // The build that was current; the way back.
	Told       []string          `json:"told,omitempty"`     // Channels that took the message about it.
	NotTold    []string          `json:"not_told,omitempty"` // Those that did not, with why.
	Builds     []deploymentBuild `json:"builds"`
}

func (c *cli) deploymentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "deployment", Short: "Builds of the worker: which there are, and which one takes the tasks",
		Long: "With worker.deployment set, Temporal gives tasks to one build of the worker, the current one. Start workers of a new build beside the old ones,\n" +
			"promote it, and end the old ones: running days go over to it at their next step. People are told of it where the routes want a change to be\n" +
			"told (docs/notifications.md); in PagerDuty it is a change event, which wakes nobody.",
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "show", Short: "List the builds", Args: cobra.NoArgs,
			Example: "  feeops deployment show\n  feeops deployment show --json",
			RunE:    func(cmd *cobra.Command, _ []string) error { return c.deployment(cmd.Context(), "", false) },
		},
		&cobra.Command{
			Use: "promote [BUILD]", Short: "Give all tasks to a build (default: this program's); the build before it is the way back", Args: cobra.MaximumNArgs(1),
			Example: "  feeops deployment promote\n  feeops deployment promote 1.4.0",
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.deployment(cmd.Context(), append(args, "")[0], true)
			},
		},
	)
	return cmd
}

func (c *cli) deployment(ctx context.Context, build string, promote bool) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	if s.Worker.Deployment == "" {
		return usageError("worker.deployment is not set: workers are not versioned, and each takes every task")
	}
	tc, err := dialTemporal(s)
	if err != nil {
		return err
	}
	defer tc.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	view := deploymentView{OK: true, Deployment: s.Worker.Deployment, This: app.BuildID(s), Builds: []deploymentBuild{}}
	if promote {
		if view.Promoted = cmp.Or(build, view.This); view.Promoted == "" {
			return usageError("this program does not know its build: name the one to promote")
		}
		if err := auditDeed(ctx, s, "deployment.promote", s.Worker.Deployment, "build "+view.Promoted); err != nil {
			return err
		}
		var changed bool
		if view.Before, changed, err = promoteBuild(ctx, tc, s.Worker.Deployment, view.Promoted); err != nil {
			return err
		}
		if changed {
			view.Told, view.NotTold = tellChange(ctx, s, deployed(view, time.Now()))
		}
	}
	if view.Builds, err = deploymentBuilds(ctx, tc, s); err != nil {
		return err
	}
	return c.tellDeployment(view)
}

// promoteBuild makes a build current, unless somebody changed the deployment since it was looked at. It gives the build
// that was current before, and false when it is the same one.
func promoteBuild(ctx context.Context, tc client.Client, deployment, build string) (before string, changed bool, err error) {
	handle := tc.WorkerDeploymentClient().GetHandle(deployment)
	now, err := handle.Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if err != nil {
		return "", false, noDeployment(err, deployment)
	}
	if current := now.Info.RoutingConfig.CurrentVersion; current != nil {
		before = current.BuildID
	}
	if before == build {
		return before, false, nil
	}
	_, err = handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build, ConflictToken: now.ConflictToken})
	if err != nil {
		return before, false, fmt.Errorf("make build %s of deployment %s current: %w. Start a worker of that build first; feeops deployment show lists those that were seen", build, deployment, err)
	}
	return before, true, nil
}

func noDeployment(err error, deployment string) error {
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return fmt.Errorf("no worker of deployment %s was ever seen: start one first (feeops worker with worker.deployment set)", deployment)
	}
	return fmt.Errorf("look at deployment %s: %w", deployment, err)
}

func deploymentBuilds(ctx context.Context, tc client.Client, s config.Settings) ([]deploymentBuild, error) {
	got, err := tc.WorkerDeploymentClient().GetHandle(s.Worker.Deployment).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if err != nil {
		return nil, noDeployment(err, s.Worker.Deployment)
	}
	out := make([]deploymentBuild, 0, len(got.Info.VersionSummaries))
	for _, v := range got.Info.VersionSummaries {
		b := deploymentBuild{Build: v.Version.BuildID, State: "inactive", Since: v.CreateTime}
		switch v.DrainageStatus {
		case client.WorkerDeploymentVersionDrainageStatusDraining:
			b.State = "draining"
		case client.WorkerDeploymentVersionDrainageStatusDrained:
			b.State = "drained"
		}
		if r := got.Info.RoutingConfig.RampingVersion; r != nil && *r == v.Version {
			b.State = "ramping"
		}
		if r := got.Info.RoutingConfig.CurrentVersion; r != nil && *r == v.Version {
			b.State, b.Current = "current", true
		}
		out = append(out, b)
	}
	return out, nil
}

func (c *cli) tellDeployment(v deploymentView) error {
	if c.json {
		return c.printJSON(v)
	}
	t := newTable("Builds of deployment "+v.Deployment, "Build", "State", "Seen since", "")
	for _, b := range v.Builds {
		mark := ""
		if b.Build == v.This {
			mark = "this program"
		}
		t.AppendRow([]any{b.Build, b.State, b.Since.UTC().Format(time.RFC3339), mark})
	}
	if len(v.Told) > 0 {
		c.say("told: %s", strings.Join(v.Told, ", "))
	}
	for _, line := range v.NotTold {
		c.say("not told: %s", line)
	}
	_, err := fmt.Fprintln(c.stdout, t.Render())
	return err
}
