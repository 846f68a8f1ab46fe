package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// build makes a worker that build of the test's deployment.
func build(id string) change {
	return func(w *world) {
		w.settings.Worker.Deployment, w.settings.Worker.BuildID = strings.ReplaceAll(w.t.Name(), "/", "-"), id
	}
}

// promote makes a build current, once the server has seen its worker.
func (w *world) promote(id string) {
	w.t.Helper()
	handle := w.client.WorkerDeploymentClient().GetHandle(strings.ReplaceAll(w.t.Name(), "/", "-"))
	var last error
	w.until("build "+id+" is current", func() bool {
		_, last = handle.SetCurrentVersion(context.Background(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: id})
		return last == nil
	})
}

// builds lists the builds that decided for a run, in order.
func (w *world) builds(run client.WorkflowRun) []string {
	w.t.Helper()
	var out []string
	for _, e := range w.history(run).Events {
		a := e.GetWorkflowTaskCompletedEventAttributes()
		if id := a.GetDeploymentVersion().GetBuildId(); id != "" && (len(out) == 0 || out[len(out)-1] != id) {
			out = append(out, id)
		}
	}
	return out
}

// TestDeployment_ARunningDayGoesOverToTheNewBuild replaces the build in the middle of a day, as an upgrade does: the new
// worker gets nothing before it is made current and everything afterwards, and the old one may end at once.
func TestDeployment_ARunningDayGoesOverToTheNewBuild(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 24, DuplicateRecipients: 3}), pageSize(2), with(slowly))
	stopOld := w.another("old", build("1"))
	w.promote("1")
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 4)
	stopNew := w.another("new", build("2"))
	defer stopNew()
	w.cursor("v", 8)
	require.Equal(t, []string{"1"}, w.builds(run), "the day stays with the build that is current")
	require.Zero(t, w.workers(run)["new"])
	w.promote("2")
	w.until("the new build has a page", func() bool { return w.workers(run)["new"] > 0 })
	stopOld()
	w.audited("v", before, w.end(run))
	require.Equal(t, []string{"1", "2"}, w.builds(run))

	w.nextDay()
	before = w.ledger("v")
	next := w.start("v")
	w.audited("v", before, w.end(next))
	require.Equal(t, []string{"2"}, w.builds(next))
}
