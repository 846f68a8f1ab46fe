package e2e

import (
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet"
)

func TestWorkerSaysHowItIs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	w := newChain(t, specs(localnet.VaultSpec{Investors: 3}))
	w.settings.Worker.Listen = address
	w.startWorker()
	before := w.ledger("v")
	w.audited("v", before, w.pay("v"))
	for path, want := range map[string]string{
		"/healthz": `"ok":true`, "/readyz": `"ok":true`,
		"/metrics": `feeops_activity_seconds_count{activity="SendPage",result="ok"} 1`,
	} {
		answer, err := http.Get("http://" + address + path)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, "%s: %s", path, body)
		require.Contains(t, string(body), want)
	}
}
