package main

import (
	"fmt"
	"io"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// dialTemporal opens a client that connects with its first call. Address and namespace are settings; TLS and API key
// come from Temporal's own environment variables, and from no file that the operator may have forgotten.
func dialTemporal(s config.Settings) (client.Client, error) {
	o, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{DisableFile: true})
	if err != nil {
		return nil, &exitError{code: exitUsage, err: fmt.Errorf("the TEMPORAL_* variables: %w", err)}
	}
	o.HostPort, o.Namespace = s.Temporal.Address, s.Temporal.Namespace
	// The SDK would log every failed attempt; what fails is told once, by the command.
	o.Logger = log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err := app.Encrypted(s, &o); err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	c, err := client.NewLazyClient(o)
	if err != nil {
		return nil, fmt.Errorf("temporal client for %s: %w", s.Temporal.Address, err)
	}
	return c, nil
}
