package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
)

// certificate is one that signs itself, for names and until a time, with its file.
func certificate(t *testing.T, ends time.Time, addresses ...net.IP) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "temporal"}, NotBefore: ends.Add(-48 * time.Hour), NotAfter: ends,
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"temporal.internal"}, IPAddresses: addresses,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// secured listens and shakes hands, and is no Temporal server beyond that.
func secured(t *testing.T, c *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if c != nil {
		c.NextProtos = []string{"h2"}
		l = tls.NewListener(l, c)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 1024)
			_, _ = conn.Read(buf) // The handshake comes with the first reading; a plain listener answers nonsense.
			_, _ = conn.Write([]byte("HTTP/1.0 400 Bad Request\r\n\r\n"))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-ended })
	return l.Addr().String()
}

// TestSetup_ACertificateThatIsRefusedIsNamedWithWhatToDo: expired, of an unknown authority, for another name, none at all.
func TestSetup_ACertificateThatIsRefusedIsNamedWithWhatToDo(t *testing.T) {
	here := net.ParseIP("127.0.0.1")
	good, _ := certificate(t, time.Now().Add(time.Hour), here)
	old, oldCA := certificate(t, time.Now().Add(-time.Hour), here)
	foreign, foreignCA := certificate(t, time.Now().Add(time.Hour), net.ParseIP("192.0.2.1"))
	tests := []struct {
		name, seen, next string
		server           *tls.Config
		env              map[string]string
	}{
		{"expired", "certificate has expired", "Renew the server's certificate", &tls.Config{Certificates: []tls.Certificate{old}}, map[string]string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH": oldCA}},
		{"of an unknown authority", "unknown authority", "TEMPORAL_TLS_SERVER_CA_CERT_PATH", &tls.Config{Certificates: []tls.Certificate{good}}, map[string]string{"TEMPORAL_TLS": "true"}},
		{"for another address", "certificate is valid for", "TEMPORAL_TLS_SERVER_NAME", &tls.Config{Certificates: []tls.Certificate{foreign}}, map[string]string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH": foreignCA}},
		{"no TLS there", "does not look like a TLS handshake", "speaks no TLS", nil, map[string]string{"TEMPORAL_TLS": "true"}},
		{"a client certificate that is not there", "none.pem", "TEMPORAL_*", nil, map[string]string{"TEMPORAL_TLS_CLIENT_CERT_PATH": "none.pem", "TEMPORAL_TLS_CLIENT_KEY_PATH": "none.key"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			s := config.Default()
			s.Temporal.Address = secured(t, tt.server)
			steps := setupNamespace(t.Context(), s, true)
			require.Len(t, steps, 1)
			require.Equal(t, stepFailed, steps[0].Result)
			require.Contains(t, steps[0].Next, tt.next)
			require.Contains(t, steps[0].Seen, tt.seen)
		})
	}
}
