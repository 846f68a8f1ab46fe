package app

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake/vaulttransit"
	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/store/storetest"
)

// transit is a Vault with one key, and settings that name it.
func transit(t *testing.T) (*vaulttransit.Server, config.Settings, solana.PublicKey) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	server := vaulttransit.Start("token")
	t.Cleanup(server.Close)
	server.SetKey("payer", "ed25519", private)
	s := config.Default()
	s.Signer.Source, s.Signer.Vault = config.SourceVault, config.SignerVault{Address: config.NewURL(server.URL), Mount: "transit", Key: "payer", Token: config.NewSecret("token")}
	s.Signer.PublicKey = solana.PublicKeyFromBytes(public).String()
	return server, s, solana.PublicKeyFromBytes(public)
}

func TestOpenKey_AKeyThatTheSettingsDoNotNameIsTold(t *testing.T) {
	_, s, address := transit(t)
	key, err := OpenKey(t.Context(), s, s.Payer(config.Vault{}))
	require.NoError(t, err)
	require.Equal(t, address, key.PublicKey())
	s.Signer.PublicKey = ""
	_, err = OpenKey(t.Context(), s, s.Payer(config.Vault{}))
	require.Equal(t, feefault.Human, feefault.KindOf(err))
	require.ErrorContains(t, err, "set signer.public_key (or signer_public_key of the vault) to "+address.String())
}

func TestUnreachable_AKeyThatRecoversIsAskedAgain(t *testing.T) {
	server, s, address := transit(t)
	key, err := OpenKey(t.Context(), s, s.Payer(config.Vault{}))
	require.NoError(t, err)
	now := time.Unix(1_767_225_600, 0).UTC()
	watched := signer.Watch(key, func() time.Time { return now })
	all := &senders{watched: map[string]*signer.Watched{"alpha": watched, "beta": watched}}
	require.NoError(t, all.unreachable(t.Context(), now))
	began := now
	server.Seal()
	_, err = watched.Sign(t.Context(), []byte("m"))
	require.Error(t, err)
	require.ErrorContains(t, all.unreachable(t.Context(), now), "signer_unreachable of vault alpha since 2026-01-01T00:00:00Z")
	require.Equal(t, []domain.Condition{{Name: address.String(), Detail: watched.State().Reason, At: began}}, all.conditions(t.Context(), now), "a key that two vaults share is told once")
	server.Unseal()
	now = now.Add(askAgain - 1)
	require.Error(t, all.unreachable(t.Context(), now), "not at every look: a probe costs a signature")
	now = now.Add(1)
	require.NoError(t, all.unreachable(t.Context(), now))
	require.NoError(t, all.unreachable(t.Context(), now))

	server.Seal()
	require.True(t, all.conditions(t.Context(), now)[0].OK)
	now = now.Add(askAnyway)
	require.False(t, all.conditions(t.Context(), now)[0].OK, "the watch finds out before a page does")
}

func TestStoredPlans_KnowWhomThePlansName(t *testing.T) {
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	mint, other, planned, late := solana.PublicKey{1}, solana.PublicKey{2}, solana.PublicKey{3}, solana.PublicKey{4}
	plans := &storedPlans{store: db, vaults: map[string]distribution.Vault{"alpha": {ID: "alpha", QuoteMint: mint}, "beta": {ID: "beta", QuoteMint: other}}}
	wallets := []solana.PublicKey{planned, late}
	unnamed, err := plans.Unnamed(t.Context(), mint, wallets)
	require.NoError(t, err)
	require.Equal(t, wallets, unnamed, "without a plan nobody is named")
	save := func(day domain.Day, recipients ...solana.PublicKey) {
		m := storetest.Manifest(t, len(recipients), 5)
		m.Day = day
		for i, r := range recipients {
			m.Entries[i].Recipient = r.String()
		}
		m, err := m.Seal()
		require.NoError(t, err)
		_, err = db.SaveManifest(t.Context(), m)
		require.NoError(t, err)
	}
	save("2026-03-01", planned)
	unnamed, err = plans.Unnamed(t.Context(), mint, wallets)
	require.NoError(t, err)
	require.Equal(t, []solana.PublicKey{late}, unnamed)
	save("2026-03-02", planned, late)
	unnamed, err = plans.Unnamed(t.Context(), mint, wallets)
	require.NoError(t, err)
	require.Empty(t, unnamed, "a new plan is read when somebody is not known")
	unnamed, err = plans.Unnamed(t.Context(), other, wallets)
	require.NoError(t, err)
	require.Equal(t, wallets, unnamed, "a plan names its own mint's accounts only")
}

func TestSigningLimits_AreThoseOfThePayersOwnVaults(t *testing.T) {
	s := config.Default()
	mine, yours := solana.PublicKey{1}, solana.PublicKey{2}
	l := SigningLimits(s, mine, map[string]distribution.Vault{
		"a": {Address: solana.PublicKey{3}, Payer: mine}, "b": {Address: solana.PublicKey{4}, Payer: yours},
	})
	require.Len(t, l.Vaults, 1)
	require.Equal(t, solana.PublicKey{3}, l.Vaults[0].Address)
	require.Equal(t, domain.SpendCaps{Rent: 5_000_000_000, Total: 6_000_000_000}, l.Caps)
	require.EqualValues(t, 20_000_000, l.MaxRentLamports)
}

// keyFile writes a new key file.
func keyFile(t *testing.T) (path string, address solana.PublicKey) {
	t.Helper()
	key, err := solana.NewRandomPrivateKey()
	require.NoError(t, err)
	numbers := make([]int, 0, len(key))
	for _, b := range key {
		numbers = append(numbers, int(b))
	}
	raw, err := json.Marshal(numbers)
	require.NoError(t, err)
	path = filepath.Join(t.TempDir(), "key.json")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	return path, key.PublicKey()
}

func TestOpenKey_AFileThatIsAnotherKeyThanTheSettingsNameIsRefused(t *testing.T) {
	old, oldAddress := keyFile(t)
	next, nextAddress := keyFile(t)
	s := config.Default()
	s.Signer.KeypairPath, s.Signer.PublicKey = next, nextAddress.String()
	key, err := OpenKey(t.Context(), s, s.Payer(config.Vault{}))
	require.NoError(t, err)
	require.Equal(t, nextAddress, key.PublicKey())
	s.Signer.KeypairPath = old // Somebody puts the old file back.
	_, err = OpenKey(t.Context(), s, s.Payer(config.Vault{}))
	require.Equal(t, feefault.Human, feefault.KindOf(err))
	require.Equal(t, signer.CodeRotated, feefault.CodeOf(err))
	require.ErrorContains(t, err, oldAddress.String())
	require.ErrorContains(t, err, nextAddress.String())
	s.Signer.PublicKey = ""
	_, err = OpenKey(t.Context(), s, s.Payer(config.Vault{}))
	require.NoError(t, err, "a file need not be named")
	_, err = OpenKey(t.Context(), s, s.Payer(config.Vault{KeypairPath: next, SignerPublicKey: oldAddress.String()}))
	require.Equal(t, signer.CodeRotated, feefault.CodeOf(err), "a vault's own key has its own name")
}

// TestSenders_OneKeyIsOneQueueAndEveryVaultsExpectationCounts has two vaults with one key: what the second one expects of
// it is looked at too, and copies of one key file sign in one queue.
func TestSenders_OneKeyIsOneQueueAndEveryVaultsExpectationCounts(t *testing.T) {
	path, address := keyFile(t)
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	twin := filepath.Join(t.TempDir(), "copy.json")
	require.NoError(t, os.WriteFile(twin, raw, 0o600))
	s := config.Default()
	s.Network = "localnet"
	at := func(id string, n byte) config.Vault {
		key := func(m byte) string { return solana.PublicKey{n, m}.String() }
		return config.Vault{ID: id, Enabled: true, Vault: key(1), QuoteMint: key(2), CreatorWallet: key(3), HonoraryPosition: key(4), CPAMMProgram: key(5), ProgramID: key(6), KeypairPath: path}
	}
	s.Vaults = []config.Vault{at("a", 1), at("b", 2)}
	s.Vaults[1].KeypairPath = twin
	got, err := newSenders(s, nil, openStore(t), time.Now, quietLog())
	require.NoError(t, err)
	require.Same(t, got.byVault["a"], got.byVault["b"])
	require.Equal(t, address, got.keys["b"])
	s.Vaults[1].KeypairPath, s.Vaults[1].SignerPublicKey = path, solana.PublicKey{9}.String()
	_, err = newSenders(s, nil, openStore(t), time.Now, quietLog())
	require.ErrorContains(t, err, "fee payer of vault b")
	require.ErrorContains(t, err, "rotated")
}
