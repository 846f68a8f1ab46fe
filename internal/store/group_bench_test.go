package store

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// BenchmarkWrite_SideBySide is what a worker of many vaults does most: every activity of each writes down what it took.
func BenchmarkWrite_SideBySide(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			s, _ := openFile(b)
			var n atomic.Int64
			b.SetParallelism(max(writers/2, 1))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					o := domain.Operation{Name: "SendPage", Vault: fmt.Sprint("v", n.Add(1)), Started: time.Unix(n.Load(), 0), OK: true}
					require.NoError(b, s.RecordOperation(b.Context(), o))
				}
			})
		})
	}
}
