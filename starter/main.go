// Command feeops is the command line of the Meteora Fee Router operations. DESIGN.md §6 is its contract: commands,
// JSON shapes and exit codes are used by scripts.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(mainCode())
}

// mainCode is main without the exit, so that deferred steps run.
func mainCode() int { return mainTo(os.Stdout) }

// mainTo is mainCode with another place for results, so that tests can hold them against their schemas.
func mainTo(stdout io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := endWithGoRun(ctx)
	defer cancel()
	c := &cli{stdout: stdout, stderr: os.Stderr, env: os.Environ()}
	return c.execute(ctx, os.Args[1:])
}
