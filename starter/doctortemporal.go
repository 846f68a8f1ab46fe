package main

import (
	"context"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/namespace"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// checkTemporal looks for the server, the namespace and what it needs, the workers and their build.
func checkTemporal(ctx context.Context, s config.Settings) []finding {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := dialTemporal(s)
	if err != nil {
		return []finding{fail("temporal", "Correct temporal.address.", "%v", err)}
	}
	defer c.Close()
	parts, err := namespace.Parts(ctx, c, namespace.Want{Name: s.Temporal.Namespace, Retention: s.Temporal.Retention})
	if err != nil {
		return []finding{fail("temporal", temporalNext(err), "%s does not answer: %v", s.Temporal.Address, err)}
	}
	out := []finding{ok("temporal", "%s answers", s.Temporal.Address)}
	for _, p := range parts {
		out = append(out, ofPart(p))
	}
	if !parts[0].Met {
		return out // Without a namespace there are no workers either.
	}
	return append(append(out, checkWorkers(ctx, c, s)...), checkSchedules(ctx, c, s)...)
}

// checkSchedules finds a schedule that is not as the settings have it, and a run that was missed.
func checkSchedules(ctx context.Context, c client.Client, s config.Settings) []finding {
	const name = "schedules"
	book, err := app.Schedules(s, c.ScheduleClient())
	if err != nil {
		return []finding{fail(name, "Correct schedules.* in the settings.", "%v", err)}
	}
	rows, err := book.Look(ctx, time.Now())
	if err != nil {
		return []finding{{Check: name, Result: domain.CheckUnknown, Seen: err.Error(), Next: "Look at the Temporal server's log."}}
	}
	var out []finding
	for _, r := range rows {
		if result, next := r.Check(); result != domain.CheckOK {
			out = append(out, finding{Check: name, Result: result, Seen: r.ID + ": " + r.Seen, Next: next})
		}
	}
	if len(out) == 0 {
		return []finding{ok(name, "%d, all as the settings have it, none missed a run", len(rows))}
	}
	return out
}

// ofPart is what a part of the namespace means for a day: without it nothing runs, except that a short memory only warns.
func ofPart(p namespace.Part) finding {
	switch {
	case p.Met:
		return ok(p.Name, "%s", p.Seen)
	case p.Name == "retention":
		return warn(p.Name, p.Next, "%s", p.Seen)
	case p.Unknown:
		return finding{Check: p.Name, Result: domain.CheckUnknown, Seen: p.Seen, Next: p.Next}
	}
	return fail(p.Name, p.Next, "%s", p.Seen)
}

func checkWorkers(ctx context.Context, c client.Client, s config.Settings) []finding {
	got, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: s.Temporal.Namespace, TaskQueue: &taskqueue.TaskQueue{Name: s.Temporal.TaskQueue}, TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
	})
	if err != nil {
		return []finding{{Check: "worker", Result: domain.CheckUnknown, Seen: err.Error()}}
	}
	if len(got.GetPollers()) == 0 {
		return append(checkDeployment(ctx, c, s), warn("worker", "Start one: feeops worker --config …", "nobody takes tasks from queue %s", s.Temporal.TaskQueue))
	}
	var names []string
	for _, p := range got.GetPollers() {
		names = append(names, p.GetIdentity())
	}
	out := []finding{ok("worker", "%d on queue %s: %s", len(names), s.Temporal.TaskQueue, strings.Join(names, ", "))}
	return append(append(out, oneStore(s, names)...), checkDeployment(ctx, c, s)...)
}

// checkDeployment finds a deployment whose tasks go to nobody, or to another build than this program.
func checkDeployment(ctx context.Context, c client.Client, s config.Settings) []finding {
	const name = "deployment"
	if s.Worker.Deployment == "" {
		return nil
	}
	builds, err := deploymentBuilds(ctx, c, s)
	if err != nil {
		return []finding{warn(name, "Start a worker, then run feeops deployment promote.", "%v", err)}
	}
	own := app.BuildID(s)
	for _, b := range builds {
		switch {
		case !b.Current:
		case own != "" && b.Build != own:
			return []finding{warn(name, "When workers of this build run: feeops deployment promote.", "build %s takes the tasks, this program is %s", b.Build, own)}
		default:
			return []finding{ok(name, "%s: build %s takes the tasks", s.Worker.Deployment, b.Build)}
		}
	}
	return []finding{fail(name, "Run feeops deployment promote.", "%s: no build is current, so no worker of it gets tasks", s.Worker.Deployment)}
}
