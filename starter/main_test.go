package main

import (
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// TestMain makes the test binary also the feeops command, for the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"feeops": mainUnderSchema})
}

// TestScripts runs the command line as a user does. Exit codes are checked with "exits CODE feeops …".
func TestScripts(t *testing.T) {
	// Found here, where the user's own state directory has it; the scripts' directories are empty.
	temporal, err := devstack.TemporalBinary(t.Context(), func(line string) { t.Log(line) })
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("FEEOPS_TEMPORAL", temporal)
			e.Setenv("FEEOPS_HOME", filepath.Join(e.WorkDir, "state"))
			e.Values[fakesKey] = &fakes{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "listen": listen, "free": free, "answers": answers, "running": running, "server": server, "services": services, "breaks": breaks, "told": told, "paged": paged, "seen": seen,
			"publickey": publicKey, "investor": investor, "rpc": rpcURL, "tamper": tamper, "fill": fill, "damage": damage,
		},
		RequireExplicitExec: true, RequireUniqueNames: true,
	})
}

// exits runs a command and wants exactly this exit code; plain exec only knows failed or not.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENTS]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("%v: exit code %d, want %d", args[1:], got, want)
	}
}

// listen takes a free loopback port until the script ends and puts its address into a variable.
func listen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listen VARIABLE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() }) // Nothing was accepted on it.
	ts.Setenv(args[0], l.Addr().String())
}

// answers waits until something listens on the address.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: answers ADDRESS")
	}
	for range 600 {
		if conn, err := net.DialTimeout("tcp", args[0], time.Second); err == nil {
			_ = conn.Close() // Nothing was said on it.
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	ts.Fatalf("nobody answers at %s", args[0])
}

// free puts the address of a port that nobody uses now into a variable.
func free(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: free VARIABLE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	ts.Check(l.Close())
}

// running waits until a stack is published in the script's state directory.
func running(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: running")
	}
	for range 1200 {
		if _, found, err := devstack.Current(ts.Getenv("FEEOPS_HOME")); err == nil && found {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	ts.Fatalf("no stack was published")
}

// seen runs a command until its output has what is looked for: the watch works at its own pace, once in half a minute.
func seen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: seen REGEXP COMMAND [ARGUMENTS]")
	}
	want := regexp.MustCompile(args[0])
	for range 900 {
		_ = ts.Exec(args[1], args[2:]...) // Open alerts are exit code 3; only the output matters here.
		if want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	ts.Fatalf("%v never says %q", args[1:], args[0])
}

// server puts the address of the running stack's Temporal server into a variable.
func server(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: server VARIABLE")
	}
	stack, found, err := devstack.Current(ts.Getenv("FEEOPS_HOME"))
	ts.Check(err)
	if !found {
		ts.Fatalf("no stack runs")
	}
	ts.Setenv(args[0], stack.Temporal)
}
