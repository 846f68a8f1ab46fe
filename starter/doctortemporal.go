package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// checkTemporal looks for the server, the namespace, the search attributes and a worker.
func checkTemporal(ctx context.Context, s config.Settings) []finding {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := dialTemporal(s)
	if err != nil {
		return []finding{fail("temporal", "Correct temporal.address.", "%v", err)}
	}
	defer c.Close()
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: s.Temporal.Namespace})
	var missing *serviceerror.NamespaceNotFound
	switch {
	case errors.As(err, &missing):
		return []finding{fail("temporal", "Make it: temporal operator namespace create --namespace "+s.Temporal.Namespace, "%s has no namespace %q", s.Temporal.Address, s.Temporal.Namespace)}
	case err != nil:
		return []finding{fail("temporal", "Start Temporal (feeops dev brings its own) or correct temporal.address.", "%s does not answer: %v", s.Temporal.Address, err)}
	}
	return []finding{
		ok("temporal", "%s, namespace %s", s.Temporal.Address, s.Temporal.Namespace),
		checkAttributes(ctx, c, s), checkWorker(ctx, c, s),
	}
}

func checkAttributes(ctx context.Context, c client.Client, s config.Settings) finding {
	const name = "search attributes"
	got, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: s.Temporal.Namespace})
	if err != nil {
		// Temporal Cloud does not let everyone ask.
		return finding{Check: name, Result: domain.CheckUnknown, Seen: "cannot be listed: " + err.Error(), Next: "Make sure that these exist as keywords: " + strings.Join(ops.SearchAttributes(), ", ")}
	}
	var absent []string
	for _, a := range ops.SearchAttributes() {
		if got.GetCustomAttributes()[a] != enums.INDEXED_VALUE_TYPE_KEYWORD {
			absent = append(absent, a)
		}
	}
	if len(absent) > 0 {
		return fail(name, "Make each: temporal operator search-attribute create --type Keyword --name "+absent[0], "missing as keywords: %s", strings.Join(absent, ", "))
	}
	return ok(name, "all %d are registered", len(ops.SearchAttributes()))
}

func checkWorker(ctx context.Context, c client.Client, s config.Settings) finding {
	got, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: s.Temporal.Namespace, TaskQueue: &taskqueue.TaskQueue{Name: s.Temporal.TaskQueue}, TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
	})
	if err != nil {
		return finding{Check: "worker", Result: domain.CheckUnknown, Seen: err.Error()}
	}
	if len(got.GetPollers()) == 0 {
		return warn("worker", "Start one: feeops worker --config …", "nobody takes tasks from queue %s", s.Temporal.TaskQueue)
	}
	return ok("worker", "%d on queue %s", len(got.GetPollers()), s.Temporal.TaskQueue)
}
