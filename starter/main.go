// Command feeops is the command line of the Meteora Fee Router operations. DESIGN.md §6 is its contract: commands,
// JSON shapes and exit codes are used by scripts.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(mainCode())
}

// mainCode is main without the exit, so that deferred steps run and tests can call it.
func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := endWithGoRun(ctx)
	defer cancel()
	c := &cli{stdout: os.Stdout, stderr: os.Stderr, env: os.Environ()}
	return c.execute(ctx, os.Args[1:])
}
