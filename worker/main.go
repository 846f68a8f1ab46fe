// Command worker runs the workflows and activities of the operations. It is the same program as "feeops worker".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func main() {
	path := flag.String("config", os.Getenv("FEEOPS_CONFIG"), "settings file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	settings, _, err := config.Load(config.LoadOptions{Path: *path, Env: os.Environ()})
	if err == nil {
		err = app.Run(ctx, settings)
	}
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "worker:", err)
	var bad config.Errors
	if errors.As(err, &bad) {
		os.Exit(2)
	}
	os.Exit(1)
}
