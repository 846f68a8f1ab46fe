package devstack

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeWorker supervises the test binary in a role, without pauses between restarts.
func fakeWorker(t *testing.T, role string) (*Worker, *lines) {
	t.Helper()
	told := &lines{}
	w, err := Supervise(t.Context(), WorkerOptions{
		Command: []string{os.Args[0]}, Env: append(os.Environ(), roleEnv+"="+role),
		LogFile: filepath.Join(t.TempDir(), "worker.log"), Tell: told.add, Grace: 10 * time.Second,
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Stop(context.Background()) })
	return w, told
}

type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

func logHas(t *testing.T, w *Worker, text string) {
	t.Helper()
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(w.o.LogFile)
		return err == nil && strings.Contains(string(b), text)
	}, 30*time.Second, 5*time.Millisecond)
}

func TestSupervise_AKilledWorkerIsStartedAgainAndAStoppedOneIsNot(t *testing.T) {
	w, told := fakeWorker(t, "worker")
	first := w.PID()
	logHas(t, w, "up "+strconv.Itoa(first))
	require.NoError(t, w.Kill())
	require.Eventually(t, func() bool { return w.PID() != first }, 30*time.Second, 5*time.Millisecond)
	second := w.PID()
	logHas(t, w, "up "+strconv.Itoa(second))
	require.False(t, Alive(first))
	require.Equal(t, 1, w.Restarts())
	require.Contains(t, told.text(), "worker "+strconv.Itoa(first)+" ended (signal: killed); starting it again")
	require.NoError(t, w.Stop(t.Context()))
	logHas(t, w, "drained "+strconv.Itoa(second))
	require.False(t, Alive(second))
	require.Equal(t, 1, w.Restarts())
	require.ErrorContains(t, w.Kill(), "not running")
}

func TestSupervise_GivesUpAfterQuickCrashesWithTheLog(t *testing.T) {
	w, _ := fakeWorker(t, "crash")
	<-w.Done()
	require.ErrorContains(t, w.Failure(), "10 times in a row")
	require.ErrorContains(t, w.Failure(), "panic: no such table")
	require.Equal(t, 9, w.Restarts())
	require.NoError(t, w.Stop(t.Context()), "there is nothing left to end")
	require.Error(t, w.Failure(), "a stop does not hide that the worker was given up")
}

func TestSupervise_BadSettingsAreNotTriedAgain(t *testing.T) {
	w, _ := fakeWorker(t, "settings")
	<-w.Done()
	require.ErrorContains(t, w.Failure(), "refused its settings")
	require.ErrorContains(t, w.Failure(), "feeops.yaml:3")
	require.Zero(t, w.Restarts())
}

func TestSupervise_ACommandThatIsNotThereIsAnError(t *testing.T) {
	_, err := Supervise(t.Context(), WorkerOptions{
		Command: []string{filepath.Join(t.TempDir(), "nothing")}, LogFile: filepath.Join(t.TempDir(), "log"), Tell: func(string) {},
	})
	require.ErrorContains(t, err, "start the worker")
}

func TestChild_OneThatIgnoresTheRequestIsKilledAfterTheGrace(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=deaf")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	c, err := startChild(cmd)
	require.NoError(t, err)
	_, err = bufio.NewReader(out).ReadString('\n') // It ignores SIGTERM from here on.
	require.NoError(t, err)
	require.NoError(t, c.stop(t.Context(), 50*time.Millisecond))
	require.False(t, Alive(c.pid()))
	require.ErrorContains(t, c.err, "killed")
	require.NoError(t, c.stop(t.Context(), 0), "stopping twice is no error")
}

func TestBackoff_GrowsToFiveSeconds(t *testing.T) {
	for quick, want := range map[int]time.Duration{0: 100 * time.Millisecond, 1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 6: 3200 * time.Millisecond, 7: 5 * time.Second, 1000: 5 * time.Second} {
		require.Equal(t, want, backoff(quick), quick)
	}
}
