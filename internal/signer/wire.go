package signer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// transport is a pooled HTTP transport with certificates of its own. A proxy is what the environment says.
func transport(caFile string) (*http.Transport, error) {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if caFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificates: %s holds no PEM certificate", caFile)
	}
	t.TLSClientConfig.RootCAs = pool
	return t, nil
}

// unanswered is the failure of a request that got no answer. The address is left out: it says less than the key's name.
func unanswered(where string, err error, limit time.Duration) error {
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) {
		return fault.Newf(fault.Human, CodeTLS, "%s: its certificate is not accepted: %w", where, bad.Err).
			WithNext("Renew the certificate, name its authority in the settings, or set this machine's clock")
	}
	var request *url.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("no answer within %s", limit)
	case errors.As(err, &request):
		err = request.Err
	}
	return fault.Newf(fault.Retry, CodeUnreachable, "%s: %w", where, err).
		WithNext("Nothing was signed. Check that the key service runs and can be reached; the worker goes on by itself")
}
