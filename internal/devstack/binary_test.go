package devstack

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// newFinder finds nothing on PATH and builds with a fake go command inside a fake checkout.
func newFinder(t *testing.T) (f finder, builds func() int) {
	t.Helper()
	counter := filepath.Join(t.TempDir(), "builds")
	t.Setenv(roleEnv, "go")
	t.Setenv("FEEOPS_TEST_COUNTER", counter)
	checkout := t.TempDir()
	writeFile(t, filepath.Join(checkout, "go.mod"), "module github.com/meteora-fee-router/feeops\n")
	writeFile(t, filepath.Join(checkout, "tools", "go.mod"), "module x\n\ntool github.com/temporalio/cli/cmd/temporal\n")
	writeFile(t, filepath.Join(checkout, "a", "b", "c"), "")
	f = finder{
		lookPath: func(name string) (string, error) {
			if name == "temporal" {
				return "", exec.ErrNotFound
			}
			return name, nil
		},
		goTool: os.Args[0], stateDir: t.TempDir(), startDir: filepath.Join(checkout, "a", "b"),
		progress: func(string) {}, every: time.Hour,
	}
	return f, func() int {
		b, err := os.ReadFile(counter)
		if errors.Is(err, os.ErrNotExist) {
			return 0
		}
		require.NoError(t, err)
		return strings.Count(string(b), "built")
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestTemporalBinary_IsBuiltOnceForAllWhoNeedIt(t *testing.T) {
	f, builds := newFinder(t)
	var wg sync.WaitGroup
	paths, errs := make([]string, 6), make([]error, 6)
	for i := range paths {
		wg.Add(1)
		go func() {
			defer wg.Done()
			paths[i], errs[i] = f.find(t.Context())
		}()
	}
	wg.Wait()
	for i := range paths {
		require.NoError(t, errs[i])
		require.Equal(t, f.cached(), paths[i])
	}
	require.Equal(t, 1, builds())
	require.FileExists(t, f.cached())
	again, err := f.find(t.Context())
	require.NoError(t, err)
	require.Equal(t, f.cached(), again)
	require.Equal(t, 1, builds())
	left, err := filepath.Glob(filepath.Join(f.stateDir, "bin", "build-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestTemporalBinary_FailedBuildSaysWhyAndLeavesNothing(t *testing.T) {
	f, builds := newFinder(t)
	t.Setenv("FEEOPS_TEST_FAIL", "1")
	_, err := f.find(t.Context())
	require.ErrorContains(t, err, "no space left on device")
	require.ErrorContains(t, err, "build the Temporal CLI 1.5.1")
	require.NoFileExists(t, f.cached())
	require.NoError(t, os.Unsetenv("FEEOPS_TEST_FAIL"))
	_, err = f.find(t.Context())
	require.NoError(t, err, "the lock is free after a failure")
	require.Equal(t, 2, builds())
}

func TestTemporalBinary_AnInterruptedBuildIsNotTheNetworksFault(t *testing.T) {
	f, _ := newFinder(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.progress = func(string) { cancel() } // Ctrl-C just when the build has begun.
	_, err := f.find(ctx)
	require.ErrorContains(t, err, "was interrupted")
	require.NotContains(t, err.Error(), "Check the network")
	require.NoFileExists(t, f.cached())
}

func TestTemporalBinary_MissingGoIsNamed(t *testing.T) {
	f, _ := newFinder(t)
	f.lookPath = func(string) (string, error) { return "", exec.ErrNotFound }
	_, err := f.find(t.Context())
	require.ErrorContains(t, err, "no go command to build it with")
	require.ErrorContains(t, err, "Install Go")
}

func TestTemporalBinary_WaitingForAnotherBuildEndsWithTheContext(t *testing.T) {
	f, builds := newFinder(t)
	block := make(chan struct{})
	slow := f
	slow.progress = func(line string) {
		if strings.HasPrefix(line, "building") {
			<-block // Keeps the lock held.
		}
	}
	built := make(chan error, 1)
	go func() {
		_, err := slow.find(context.Background())
		built <- err
	}()
	require.Eventually(t, func() bool { return builds() == 1 }, 30*time.Second, 10*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	f.progress = func(string) { cancel() }
	_, err := f.find(ctx)
	require.ErrorIs(t, err, context.Canceled)
	close(block)
	require.NoError(t, <-built)
}

func TestTemporalBinary_AnUnsuitableChosenOneIsAnError(t *testing.T) {
	f, builds := newFinder(t)
	f.given = filepath.Join(t.TempDir(), "missing")
	_, err := f.find(t.Context())
	require.ErrorContains(t, err, "FEEOPS_TEMPORAL")
	require.ErrorContains(t, err, "Unset it")
	require.Zero(t, builds())
}

func TestToolsDir_OutsideACheckoutThereIsNone(t *testing.T) {
	_, err := toolsDir(t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)
	f, _ := newFinder(t)
	dir, err := toolsDir(f.startDir)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(filepath.Dir(filepath.Dir(f.startDir)), "tools"), filepath.Join(filepath.Dir(dir), "tools"))
	f.startDir = t.TempDir()
	cmd, where, err := f.buildCommand(t.Context(), "go", "/scratch")
	require.NoError(t, err)
	require.Equal(t, "the module proxy", where)
	require.Contains(t, cmd.Args, cliPackage+"@v1.5.1")
	require.Contains(t, cmd.Env, "GOBIN=/scratch")
}
