package e2e

import (
	"context"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// another starts one more worker of the same settings under a name of its own, as on another host. What it gives ends it.
func (w *world) another(name string, more ...change) (stop func()) {
	w.t.Helper()
	other := *w
	other.settings.Worker.Identity = name
	for _, c := range more {
		c(&other)
	}
	a := app.New(other.settings)
	require.NoError(w.t, a.Err())
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	require.NoError(w.t, a.Start(ctx))
	return func() { w.endApp(a) }
}

func (w *world) endApp(a *fx.App) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	require.NoError(w.t, a.Stop(ctx))
}

// workers lists who did the run's pages, with how many.
func (w *world) workers(run client.WorkflowRun) map[string]int {
	w.t.Helper()
	out, pages := map[string]int{}, map[int64]bool{}
	for _, e := range w.history(run).Events {
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
			pages[e.EventId] = a.ActivityType.Name == ops.SendPage.Name
		}
		if a := e.GetActivityTaskStartedEventAttributes(); a != nil && pages[a.ScheduledEventId] {
			out[a.Identity]++
		}
	}
	return out
}
