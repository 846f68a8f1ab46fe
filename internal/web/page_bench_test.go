package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// BenchmarkFleet_AThousandVaults draws the fleet anew each time: the clock goes on by more than one reading serves.
func BenchmarkFleet_AThousandVaults(b *testing.B) {
	bench := newBench(b, nil)
	tick := domain.FleetTick{Fleet: domain.FleetSample{At: noon, Vaults: 1_000, Read: 1_000}}
	for i := range 1_000 {
		tick.Vaults = append(tick.Vaults, look(fmt.Sprintf("v%04d", i), noon, domain.NotDue, nil))
	}
	require.NoError(b, bench.store.SaveTick(b.Context(), tick))
	draw(b, bench, "/")
}

// BenchmarkVault_AThousandPayouts draws a vault with sixty days and a day of a thousand payouts.
func BenchmarkVault_AThousandPayouts(b *testing.B) {
	bench := newBench(b, nil)
	bench.plantFleet()
	bench.plantDays(60)
	outcomes := make([]domain.Outcome, 1_000)
	for i := range outcomes {
		outcomes[i] = domain.Outcome{Index: i, Stream: fmt.Sprint("stream", i), Recipient: fmt.Sprint("recipient", i), Planned: 5, Paid: 5, Reason: domain.ReasonPaid, Signature: "sig"}
	}
	require.NoError(b, bench.store.SaveOutcomes(b.Context(), "alpha", day, outcomes))
	draw(b, bench, "/vaults/alpha")
}

func draw(b *testing.B, bench *bench, path string) {
	b.Helper()
	at := noon
	for b.Loop() {
		at = at.Add(2 * time.Second)
		bench.turn(at)
		w := httptest.NewRecorder()
		bench.server.Config.Handler.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil))
		require.Equal(b, http.StatusOK, w.Code)
		b.ReportMetric(float64(w.Body.Len())/1024, "KiB/page")
	}
}
