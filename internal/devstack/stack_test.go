package devstack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

func TestParts_EndInReverseOrderOnceEach(t *testing.T) {
	var p parts
	var ended []string
	for _, name := range []string{"chain", "temporal", "worker"} {
		p.add(name, func(context.Context) error {
			ended = append(ended, name)
			if name == "temporal" {
				return errors.New("it hangs")
			}
			return nil
		})
	}
	require.EqualError(t, p.stop(t.Context()), "stop temporal: it hangs")
	require.Equal(t, []string{"worker", "temporal", "chain"}, ended)
	require.NoError(t, p.stop(t.Context()))
	require.Len(t, ended, 3)
}

// fakeStack has a real Temporal server, no chain, and the test binary as its worker.
func fakeStack(t *testing.T, role string) (Options, *bool) {
	t.Helper()
	stopped := false
	return Options{
		StateDir: t.TempDir(), Worker: []string{os.Args[0], "worker"}, Tell: func(line string) { t.Log(line) },
		// The role reaches the worker although other variables do not.
		Env: append(os.Environ(), "TERM="+role),
		StartChain: func(_ context.Context, vaultsFile string) (Chain, error) {
			writeFile(t, vaultsFile, "[]")
			return Chain{
				RPC: "http://127.0.0.1:1", WS: "ws://127.0.0.1:2",
				Genesis: "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG",
				Stop:    func(context.Context) error { stopped = true; return nil },
			}, nil
		},
	}, &stopped
}

func TestStack_RunsIsFoundAndLeavesNothing(t *testing.T) {
	o, chainStopped := fakeStack(t, "stackworker")
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Stop(context.Background(), true) })
	found, ok, err := Current(o.StateDir)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, s.Config, found.Config)
	require.Equal(t, s.UI, found.UI)

	loaded, _, err := config.Load(config.LoadOptions{Path: s.Config})
	require.NoError(t, err, "the settings that the stack writes are valid")
	require.Equal(t, s.Temporal, loaded.Temporal.Address)
	require.Equal(t, "file:"+filepath.Join(s.Dir, "feeops.db"), loaded.Store.DSN.Reveal())

	server, workerPID := s.temporal.PID(), s.Worker.PID()
	watched, cancel := s.Watch(t.Context())
	defer cancel()
	require.NoError(t, watched.Err())
	require.NoError(t, s.Stop(t.Context(), false))
	<-watched.Done() // Whoever watches hears of the end.
	require.True(t, *chainStopped)
	require.False(t, Alive(server))
	require.False(t, Alive(workerPID))
	require.NoDirExists(t, s.Dir)
	require.NoError(t, s.Stop(t.Context(), false))
}

func TestStack_AFailedStepEndsWhatWasStarted(t *testing.T) {
	o, chainStopped := fakeStack(t, "settings")
	_, err := Start(t.Context(), o)
	require.ErrorContains(t, err, "start the worker")
	require.ErrorContains(t, err, "refused its settings")
	require.True(t, *chainStopped)
	_, ok, err := Current(o.StateDir)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestEnvironment_NothingOfARealNetworkReachesALocalStack(t *testing.T) {
	got := Environment([]string{
		"PATH=/bin", "HOME=/root", "RPC_URL=https://mainnet", "KEYPAIR_PATH=/k", "FEEOPS_NETWORK=mainnet-beta",
		"FEEOPS_HOME=/s", "TEMPORAL_ADDRESS=prod:7233", "TEMPORAL_API_KEY=x", "EMERGENCY_STOP=true", "PAGERDUTY_INTEGRATION_KEY=k",
	})
	require.Equal(t, []string{"PATH=/bin", "HOME=/root", "FEEOPS_HOME=/s"}, got)
}

// playStackWorker is a worker that polls the stack's queue, started with "worker --config FILE".
func playStackWorker() int {
	s, _, err := config.Load(config.LoadOptions{Path: os.Args[len(os.Args)-1]})
	if err != nil {
		return exitSettings
	}
	c, err := (&Temporal{Address: s.Temporal.Address}).Dial()
	if err != nil {
		return 1
	}
	defer c.Close()
	w := worker.New(c, ops.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(workflow.Context) error { return nil }, workflow.RegisterOptions{Name: "Nothing"})
	if err := w.Run(worker.InterruptCh()); err != nil {
		return 1
	}
	return 0
}

// roleOf takes the role from TERM for a stack's worker, which inherits no other variable that a test may use.
func roleOf() string {
	if role := os.Getenv(roleEnv); role != "" {
		return role
	}
	if len(os.Args) > 2 && os.Args[1] == "worker" && strings.HasPrefix(os.Args[2], "--config") {
		return os.Getenv("TERM")
	}
	return ""
}
