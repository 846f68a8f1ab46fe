package domain_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// BenchmarkOutline says what a fleet's plans hold in memory, whole and as outlines, when they were read from the store.
func BenchmarkOutline(b *testing.B) {
	const vaults = 1_000
	for _, investors := range []int{50, 1_000} {
		address := "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU" // As long as any.
		m := domain.Manifest{Vault: "bench-1", Day: "2026-11-25", Program: address, Address: address, Hash: address, Pages: domain.PlanPages(investors, 25), Opening: &domain.Opening{Signature: address}}
		for i := range investors {
			m.Entries = append(m.Entries, domain.Entry{Index: i, Stream: address, Recipient: address, ATA: address, Locked: 1_000_000, Expected: 1_000})
			m.Opening.Locked, m.Opening.Expected = append(m.Opening.Locked, 1_000_000), append(m.Opening.Expected, 1_000)
		}
		document, err := json.Marshal(m)
		require.NoError(b, err)
		for _, kind := range []struct {
			name string
			keep func(domain.Manifest) any
		}{{"whole", func(m domain.Manifest) any { return m }}, {"outline", func(m domain.Manifest) any { return m.Outline() }}} {
			b.Run(fmt.Sprintf("%s/%d", kind.name, investors), func(b *testing.B) {
				for b.Loop() {
					before := inUse()
					kept := make([]any, vaults)
					for i := range kept {
						var read domain.Manifest
						require.NoError(b, json.Unmarshal(document, &read))
						kept[i] = kind.keep(read)
					}
					b.ReportMetric(float64(inUse()-before)/(1<<20), "MiB-kept/1000-plans")
					runtime.KeepAlive(kept)
				}
			})
		}
	}
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
