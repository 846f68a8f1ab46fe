package main

import (
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// dialTemporal opens a client that connects with its first call. The SDK would log every failed attempt; what fails is
// told once, by the command.
func dialTemporal(s config.Settings) (client.Client, error) {
	o, err := app.ClientOptions(s, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	o.Identity = "" // The settings' name is the worker's.
	c, err := client.NewLazyClient(o)
	if err != nil {
		return nil, fmt.Errorf("temporal client for %s: %w", s.Temporal.Address, err)
	}
	return c, nil
}
