package distribution

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func TestX17_APageWhoseSignatureIsProvedLostLeavesTheBooksWhoeverFoundTheProof(t *testing.T) {
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	v := aVault(4)
	s := New(Params{Store: db, Vaults: map[string]Vault{v.ID: v}})
	m := opened(t, aPlan(t, v, aView(v)))
	_, err = db.SaveManifest(t.Context(), m)
	require.NoError(t, err)
	at := time.Unix(now, 0)
	page := func(sig string, cursor uint32, states ...domain.IntentState) {
		t.Helper()
		require.NoError(t, db.InsertIntent(t.Context(), domain.Intent{
			Signature: sig, Vault: v.ID, Day: m.Day, Kind: domain.IntentPage, Key: pageKey(cursor), State: domain.IntentPrepared, Raw: []byte{1}, Blockhash: "b", LastValid: 9, CreatedAt: at, UpdatedAt: at,
		}))
		for _, state := range states {
			require.NoError(t, db.SettleIntent(t.Context(), sig, store.IntentUpdate{State: state, At: at}))
		}
		require.NoError(t, db.SavePage(t.Context(), domain.PageResult{Vault: v.ID, Day: m.Day, Cursor: cursor, Signature: sig, Ours: true}))
	}
	signatures := func() (out []string) {
		t.Helper()
		pages, err := db.Pages(t.Context(), v.ID, m.Day)
		require.NoError(t, err)
		for _, p := range pages {
			out = append(out, p.Signature)
		}
		return out
	}
	// Both pages were confirmed and saved; a rollback took the first, and the process that proved it died there.
	page("lost", 0, domain.IntentConfirmed, domain.IntentSent, domain.IntentExpired)
	page("kept", 2, domain.IntentConfirmed)
	m.Opening.Signature = "lost"
	require.NoError(t, db.SetOpening(t.Context(), v.ID, m.Day, *m.Opening))
	require.NoError(t, s.forget(t.Context(), v.ID, m.Day))
	require.Equal(t, []string{"kept"}, signatures())
	stored, _, err := db.Manifest(t.Context(), v.ID, m.Day)
	require.NoError(t, err)
	require.Nil(t, stored.Opening, "its figures went with it")

	// Another signature opens the day, and the first one's page is found in the books once more.
	page("again", 0, domain.IntentConfirmed)
	m.Opening.Signature = "again"
	require.NoError(t, db.SetOpening(t.Context(), v.ID, m.Day, *m.Opening))
	require.NoError(t, db.SavePage(t.Context(), domain.PageResult{Vault: v.ID, Day: m.Day, Signature: "lost", Ours: true}))
	_, _, err = s.Books(t.Context(), v.ID, m.Day, "another plan")
	require.Error(t, err)
	require.Equal(t, []string{"again", "kept"}, signatures(), "before anything is reconciled")
	stored, _, err = db.Manifest(t.Context(), v.ID, m.Day)
	require.NoError(t, err)
	require.NotNil(t, stored.Opening, "those are the figures of the one that landed")
}
