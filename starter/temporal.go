package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"go.temporal.io/api/serviceerror"
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

// temporalNext says what to do about a server that does not answer. gRPC gives a refused certificate as text only: the
// words are those of crypto/x509 and crypto/tls, and the test shows real ones.
func temporalNext(err error) string {
	for _, one := range []struct{ said, next string }{
		{"certificate has expired or is not yet valid", "Renew the server's certificate; if its dates are right, correct this machine's clock."},
		{"certificate signed by unknown authority", "Name the authority that signed the server's certificate: TEMPORAL_TLS_SERVER_CA_CERT_PATH."},
		{"certificate is valid for", "Connect by a name that stands in the certificate, or name it: TEMPORAL_TLS_SERVER_NAME."},
		{"certificate is not valid for any names", "Connect by a name that stands in the certificate, or name it: TEMPORAL_TLS_SERVER_NAME."},
		{"doesn't contain any IP SANs", "Connect by a name that stands in the certificate, or name it: TEMPORAL_TLS_SERVER_NAME."},
		{"first record does not look like a TLS handshake", "The server speaks no TLS: take TEMPORAL_TLS and its companions away, or correct temporal.address."},
		{"certificate required", "The server wants a client certificate: TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH."},
		{"expired certificate", "The server refuses this client's certificate as expired: renew the one of TEMPORAL_TLS_CLIENT_CERT_PATH."},
	} {
		if strings.Contains(err.Error(), one.said) {
			return one.next
		}
	}
	return "Start Temporal (feeops dev brings its own), or correct temporal.address and the TEMPORAL_* variables (docs/production.md)."
}

// unansweredNext is what to do about an error that says that the server does not answer, to be put behind it; empty for
// every other failure, since a server that refuses a request is there.
func unansweredNext(err error) string {
	var away *serviceerror.Unavailable
	var late *serviceerror.DeadlineExceeded
	if errors.As(err, &away) || errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded) {
		return ". " + temporalNext(err)
	}
	return ""
}
