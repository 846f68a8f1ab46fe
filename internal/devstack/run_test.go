package devstack

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func newRun(t *testing.T, state string, at time.Time) *Run {
	t.Helper()
	r, err := NewRun(state, at)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.owned.Close() })
	return r
}

func TestRun_OtherCommandsFindTheNewestThatRuns(t *testing.T) {
	state, now := t.TempDir(), time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	_, found, err := Current(state)
	require.NoError(t, err)
	require.False(t, found)
	older, newer := newRun(t, state, now), newRun(t, state, now)
	require.NoError(t, older.Publish(Running{PID: os.Getpid(), Started: now, Dir: older.Dir}))
	require.NoError(t, newer.Publish(Running{PID: os.Getpid(), Started: now.Add(time.Minute), Dir: newer.Dir, RPC: "http://127.0.0.1:1"}))
	got, found, err := Current(state)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, Running{PID: os.Getpid(), Started: now.Add(time.Minute), Dir: newer.Dir, RPC: "http://127.0.0.1:1"}, got)
	require.NoError(t, newer.Close(true))
	require.NoDirExists(t, newer.Dir)
	got, found, err = Current(state)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, older.Dir, got.Dir)
	require.NoError(t, older.Close(false))
	require.DirExists(t, older.Dir)
	_, found, err = Current(state)
	require.NoError(t, err)
	require.False(t, found)
}

func TestRun_WhatAKilledOwnerLeftIsNotTakenForRunning(t *testing.T) {
	state, now := t.TempDir(), time.Now()
	unlocked := newRun(t, state, now)
	require.NoError(t, unlocked.Publish(Running{PID: os.Getpid(), Started: now, Dir: unlocked.Dir}))
	require.NoError(t, unlocked.owned.Close(), "the owner is gone and its id belongs to another process")
	gone := newRun(t, state, now)
	require.NoError(t, gone.Publish(Running{PID: 1 << 30, Started: now, Dir: gone.Dir}))
	_, found, err := Current(state)
	require.NoError(t, err)
	require.False(t, found)
}

func TestRun_IsPrivateAndOldOnesAreRemoved(t *testing.T) {
	state, now := t.TempDir(), time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	running := newRun(t, state, now)
	var ended []string
	for i := range deadRuns + 3 {
		r := newRun(t, state, now.Add(time.Duration(i+1)*time.Hour))
		require.NoError(t, r.Close(false))
		ended = append(ended, r.Dir)
	}
	last := newRun(t, state, now.Add(100*time.Hour))
	require.DirExists(t, running.Dir, "the oldest still runs")
	for i, dir := range ended {
		_, err := os.Stat(dir)
		require.Equal(t, i < 3, os.IsNotExist(err), "run %d", i)
	}
	info, err := os.Stat(last.Dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	require.Equal(t, filepath.Join(last.Dir, "x"), last.Path("x"))
}

func TestCurrent_AnUnreadablePointerIsNamed(t *testing.T) {
	state := t.TempDir()
	r := newRun(t, state, time.Now())
	writeFile(t, r.Path(pointer), "{")
	_, _, err := Current(state)
	require.ErrorContains(t, err, r.Path(pointer))
}
