package devstack

import (
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func TestTemporal_RunsAWorkflowAndLeavesNothing(t *testing.T) {
	binary, err := TemporalBinary(t.Context(), func(line string) { t.Log(line) })
	require.NoError(t, err)
	dir := t.TempDir()
	s, err := StartTemporal(t.Context(), TemporalOptions{Binary: binary, Dir: dir, DBFile: filepath.Join(dir, "temporal.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(t.Context())) })
	c, err := s.Dial()
	require.NoError(t, err)
	defer c.Close()

	w := worker.New(c, "queue", worker.Options{})
	w.RegisterWorkflowWithOptions(func(workflow.Context) (string, error) { return "paid", nil }, workflow.RegisterOptions{Name: "Hello"})
	require.NoError(t, w.Start())
	defer w.Stop()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		TaskQueue: "queue", SearchAttributes: map[string]any{"FeeopsVault": "demo-1"}, //nolint:staticcheck // The typed form needs a key per attribute.
	}, "Hello")
	require.NoError(t, err)
	var out string
	require.NoError(t, run.Get(t.Context(), &out))
	require.Equal(t, "paid", out)

	page, err := http.Get(s.UIAddress)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.NoError(t, page.Body.Close())

	pid := s.PID()
	require.NoError(t, s.Stop(t.Context()))
	require.False(t, Alive(pid))
	_, err = net.DialTimeout("tcp", s.Address, time.Second)
	require.Error(t, err)
}

func TestTemporal_AServerThatCannotStartSaysWhy(t *testing.T) {
	binary, err := TemporalBinary(t.Context(), func(line string) { t.Log(line) })
	require.NoError(t, err)
	_, err = StartTemporal(t.Context(), TemporalOptions{Binary: binary, Dir: t.TempDir(), DBFile: filepath.Join(t.TempDir(), "missing", "temporal.db")})
	require.ErrorContains(t, err, "start the Temporal development server")
	require.ErrorContains(t, err, "missing")
}

func TestForTest_SharesOneServerAndGivesNamespaces(t *testing.T) {
	s := ForTest(t)
	require.Same(t, s, ForTest(t))
	name, err := s.NewNamespace(t.Context(), t.Name())
	require.NoError(t, err)
	require.Equal(t, "testfortest-sharesoneserverandgivesnamespaces", name)
}
