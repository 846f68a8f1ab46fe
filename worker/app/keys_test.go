package app

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/seal"
)

func TestKeysInUse_NamesEachKeyOnceAndNoSecret(t *testing.T) {
	_, s, address := transit(t)
	key, err := seal.Generate(rand.Reader)
	require.NoError(t, err)
	s.Audit.KeyPath = filepath.Join(t.TempDir(), "audit.key")
	require.NoError(t, key.Write(s.Audit.KeyPath))
	s.Temporal.Encryption.Keys = []config.EncryptionKey{{ID: "k2", Key: config.NewSecret("new")}, {ID: "k1", Key: config.NewSecret("old")}}
	s.Vaults = []config.Vault{{ID: "alpha", Enabled: true}, {ID: "beta", Enabled: true}, {ID: "off", SignerKey: "unused"}}
	require.Equal(t, []audit.Key{
		{Name: "fee payer " + address.String(), Use: "pays for alpha, beta"},
		{Name: "audit key " + key.Public().String(), Use: "signs heads of this log, receipts and backups"},
		{Name: "encryption key k2", Use: "encrypts what Temporal keeps"},
	}, KeysInUse(s))
}

func TestKeysInUse_AKeyThatCannotBeNamedIsNoKeyLess(t *testing.T) {
	s := config.Default()
	s.Signer.KeypairPath, s.Audit.KeyPath = filepath.Join(t.TempDir(), "none.json"), filepath.Join(t.TempDir(), "none.key")
	s.Vaults = []config.Vault{{ID: "alpha", Enabled: true}}
	keys := KeysInUse(s)
	require.Len(t, keys, 2)
	for _, k := range keys {
		require.Empty(t, k.Name)
		require.NotEmpty(t, k.Problem)
	}
}
