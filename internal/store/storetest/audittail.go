package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/store"
)

func auditTail(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("the newest come first, page by page, to the beginning", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		none, err := s.AuditTail(ctx, 0, 10)
		require.NoError(t, err)
		require.Empty(t, none)
		for i := range 5 {
			require.NoError(t, s.Audit(ctx, store.AuditEntry{At: At(i), Actor: "ann", Action: "day.start", Subject: vault, Detail: "d"}))
		}
		var got []int64
		for before := int64(0); ; {
			page, err := s.AuditTail(ctx, before, 2)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				got = append(got, e.Seq)
			}
			before = got[len(got)-1]
		}
		require.Equal(t, []int64{5, 4, 3, 2, 1}, got)
		whole, err := s.AuditLog(ctx, 0, 10)
		require.NoError(t, err)
		tail, err := s.AuditTail(ctx, 0, 1)
		require.NoError(t, err)
		require.Equal(t, whole[4], tail[0], "the same entry, hashes included")
	})
	t.Run("entries of an action are counted within a window", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for i := range 4 {
			require.NoError(t, s.Audit(ctx, store.AuditEntry{At: At(i), Actor: "ann", Action: "day.start", Subject: vault, Detail: "d"}))
		}
		require.NoError(t, s.Audit(ctx, store.AuditEntry{At: At(2), Actor: "ann", Action: "day.starts", Subject: vault, Detail: "d"}))
		n, err := s.CountAudit(ctx, "day.start", At(1), At(3))
		require.NoError(t, err)
		require.Equal(t, 2, n)
	})
}
