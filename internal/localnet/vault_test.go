package localnet_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

func account(t testing.TB, n *localnet.Node, key solana.PublicKey) bank.Account {
	t.Helper()
	a, exists := n.Bank().Account(key, bank.Finalized)
	require.True(t, exists, "account %s", key)
	return a
}

func held(t testing.TB, n *localnet.Node, key solana.PublicKey) uint64 {
	t.Helper()
	a, _ := n.Bank().Account(key, bank.Processed)
	token, ok := programs.DecodeTokenAccount(&a)
	require.True(t, ok, "token account %s", key)
	return token.Amount
}

func claimable(t testing.TB, n *localnet.Node, v localnet.Vault) (quote, base uint64) {
	t.Helper()
	position, err := damm.DecodePosition(account(t, n, v.HonoraryPosition).Data)
	require.NoError(t, err)
	pool, err := damm.DecodePool(account(t, n, v.Pool).Data)
	require.NoError(t, err)
	quote, base, err = pool.Split(v.QuoteMint, first(damm.Claimable(pool, position)), second(damm.Claimable(pool, position)))
	require.NoError(t, err)
	return quote, base
}

func first(a, _ uint64) uint64  { return a }
func second(_, b uint64) uint64 { return b }

func TestVault_HasEveryAccountThatTheRouterReads(t *testing.T) {
	n := localnet.NewForTest(t)
	limit := uint64(5_000_000)
	v := vault(t, n, localnet.VaultSpec{
		Investors: 30, DailyFees: 1_000_000, DailyCap: &limit, ShareBPS: 5000, MinPayout: 77, DustIn: 9, LastDistribution: 1_767_200_000,
		ClosedStreams: 3, MissingATAs: 2, BelowMinimum: 4, DuplicateRecipients: 5, FrozenATAs: 1,
	})
	p, err := router.DecodePolicy(account(t, n, v.Addresses.Policy).Owner, v.ProgramID, account(t, n, v.Addresses.Policy).Data)
	require.NoError(t, err)
	require.Equal(t, uint16(5000), p.InvestorFeeShareBPS)
	require.Equal(t, &limit, p.DailyCap)
	progress, err := v.Progress(n.Bank(), bank.Finalized)
	require.NoError(t, err)
	require.Equal(t, router.Progress{
		Vault: v.Vault, LastDistributionTS: 1_767_200_000, CarryOverDust: 9, PaginationCursor: 30, DayComplete: true, Bump: v.Addresses.ProgressBump,
	}, progress)
	require.EqualValues(t, 9, held(t, n, v.Addresses.Treasury))
	require.EqualValues(t, 1_000_000, held(t, n, v.PoolVault))
	quote, base := claimable(t, n, v)
	require.EqualValues(t, 1_000_000, quote)
	require.Zero(t, base)

	count := map[string]int{}
	wallets, total := map[solana.PublicKey]bool{}, uint64(0)
	for _, investor := range v.Investors {
		a := account(t, n, investor.Stream)
		s, reason := streamflow.Check(a.Owner, []solana.PublicKey{streamflow.ProgramMainnet}, a.Data, v.QuoteMint)
		count["stream "+string(reason)]++
		require.Equal(t, investor.Wallet, s.Recipient)
		ata, exists := n.Bank().Account(investor.ATA, bank.Finalized)
		token, _ := programs.DecodeTokenAccount(&ata)
		switch {
		case !exists:
			count["no ATA"]++
		case token.State == programs.TokenFrozen:
			count["frozen ATA"]++
		}
		if wallets[investor.Wallet] {
			count["same wallet"]++
		}
		wallets[investor.Wallet] = true
		total += investor.Deposited
		locked := s.Locked(localnet.TestGenesis().Unix())
		if reason == streamflow.Valid && investor.Deposited > 1000 {
			require.Positive(t, locked)
			require.LessOrEqual(t, locked, investor.Deposited)
		}
		if investor.Deposited == 1000 {
			count["little"]++
		}
	}
	require.Equal(t, total, p.Y0TotalAllocation)
	require.Equal(t, 3, count["stream closed"])
	require.Equal(t, 27, count["stream "])
	require.Equal(t, 4, count["little"])
	require.Equal(t, 5, count["same wallet"])
	require.GreaterOrEqual(t, count["no ATA"], 2)
	require.GreaterOrEqual(t, count["frozen ATA"], 1)
}

func TestVault_SameSeedSameVault(t *testing.T) {
	build := func(seed uint64, id string) localnet.Vault {
		return vault(t, localnet.NewForTest(t, func(o *localnet.Options) { o.Seed = seed }), localnet.VaultSpec{ID: id, DuplicateRecipients: 2})
	}
	require.Equal(t, build(5, "a"), build(5, "a"))
	require.NotEqual(t, build(5, "a").Vault, build(6, "a").Vault)
	require.NotEqual(t, build(5, "a").Vault, build(5, "b").Vault)
	require.Equal(t, build(5, "a").QuoteMint, build(5, "b").QuoteMint, "all vaults pay with one quote mint")
}

func TestVault_ImpossibleSpecsAreRefused(t *testing.T) {
	n := localnet.NewForTest(t)
	vault(t, n, localnet.VaultSpec{ID: "there"})
	tests := []struct {
		name string
		spec localnet.VaultSpec
		want string
	}{
		{"no id", localnet.VaultSpec{}, "needs an id"},
		{"twice", localnet.VaultSpec{ID: "there"}, "exists already"},
		{"nobody ordinary", localnet.VaultSpec{ID: "x", Investors: 2, ClosedStreams: 2}, "at least one ordinary"},
		{"behaviour", localnet.VaultSpec{ID: "x", Behaviour: "new"}, "unknown behaviour"},
		{"share", localnet.VaultSpec{ID: "x", ShareBPS: 10_001}, "10000 basis points"},
		{"negative", localnet.VaultSpec{ID: "x", MissingATAs: -1}, "negative"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := n.AddVault(test.spec)
			require.ErrorContains(t, err, test.want)
		})
	}
	require.Len(t, n.Vaults(), 1)
}

func TestVault_DailyFeesComeInWhenTheDueTimeIsCrossed(t *testing.T) {
	n := localnet.NewForTest(t)
	start := localnet.TestGenesis().Unix()
	running := vault(t, n, localnet.VaultSpec{ID: "running", DailyFees: 100, LastDistribution: start - 3600})
	never := vault(t, n, localnet.VaultSpec{ID: "never", DailyFees: 100})
	quote := func(v localnet.Vault) uint64 { q, _ := claimable(t, n, v); return q }
	n.AdvanceClock(22 * time.Hour)
	n.Slots(3)
	require.EqualValues(t, 100, quote(running), "not yet due")
	n.AdvanceClock(time.Hour)
	require.EqualValues(t, 200, quote(running))
	n.Slots(100)
	require.EqualValues(t, 200, quote(running), "once")
	n.AdvanceClock(48 * time.Hour)
	n.Slot()
	require.EqualValues(t, 400, quote(running))
	require.EqualValues(t, 400, held(t, n, running.PoolVault))
	require.EqualValues(t, 100, quote(never), "before its first day nothing is due")

	require.NoError(t, n.AccrueFees("never", 11, 5))
	q, b := claimable(t, n, never)
	require.Equal(t, []uint64{111, 5}, []uint64{q, b})
	require.ErrorContains(t, n.AccrueFees("other", 1, 0), "no vault")
}

func TestWriteVaults_FilesAreCompleteAndPrivate(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{ID: "one", Behaviour: bank.Published})
	path := filepath.Join(t.TempDir(), "vaults.json")
	require.NoError(t, localnet.WriteVaults(path, []localnet.Vault{v}))
	require.NoError(t, localnet.WriteVaults(path, []localnet.Vault{v}), "an older file is replaced")
	body, err := os.ReadFile(path)
	require.NoError(t, err)
	var rows []map[string]any
	require.NoError(t, json.Unmarshal(body, &rows))
	row := rows[0]
	require.Equal(t, "one", row["id"])
	require.Equal(t, v.Vault.String(), row["vault"])
	require.Equal(t, "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG", row["cp_amm_program"])
	require.Equal(t, "Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS", row["program_id"])
	require.Equal(t, []any{"published", float64(6), "USDC"}, []any{row["behaviour"], row["quote_decimals"], row["quote_symbol"]})
	require.Len(t, row["streams"], 10)
	key, err := solana.PrivateKeyFromSolanaKeygenFile(row["keypair_path"].(string))
	require.NoError(t, err)
	require.Equal(t, v.Payer, key)
	for _, file := range []string{path, row["keypair_path"].(string)} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	require.NoError(t, err)
	require.Empty(t, left, "no temporary files stay behind")
}
