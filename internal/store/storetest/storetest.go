// Package storetest holds the tests that every database of the store must pass.
package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const (
	vault = "alpha"
	day   = domain.Day("2026-03-01")
	most  = 1<<64 - 1 // The largest amount on chain.
)

// At is the tests' time: with nanoseconds, so that none may be lost.
func At(seconds int) time.Time {
	return time.Date(2026, 3, 1, 12, 0, seconds, 123_456_789, time.UTC)
}

// Run tests the databases that open gives. Two calls of open within one test reach the same database.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for _, group := range []struct {
		name string
		run  func(*testing.T, func(*testing.T) *store.Store)
	}{
		{"manifest", manifests},
		{"intent", intents},
		{"budget", budgets},
		{"page", pages},
		{"day", days},
		{"arrear", arrears},
		{"sample", samples},
		{"watch", watches},
		{"figures", figures},
		{"safety", safety},
		{"delivery", deliveries},
		{"incident", incidents},
		{"audit", audits},
		{"spending", spendings},
		{"receipt", receipts},
		{"audit tail", auditTail},
		{"booked", booked},
		{"costs", costs},
		{"statements", statements},
		{"evidence", evidence},
		{"endpoint orders", endpointOrders},
		{"page orders", pageOrders},
		{"page units", pageUnits},
		{"backup", backups},
		{"amounts", amounts},
		{"concurrency", concurrency},
		{"rivals", rivals},
		{"one state", oneState},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, open) })
	}
}

// Manifest is a sealed plan for n investors.
func Manifest(tb testing.TB, n int, claimable domain.Amount) domain.Manifest {
	tb.Helper()
	m := domain.Manifest{
		Vault: vault, Day: day, Behaviour: domain.Reference, Program: "program", Address: "address", Token: domain.Token{Mint: "mint", Symbol: "USDC", Decimals: 6},
		Slot: 1_000, ChainTime: 1_772_000_000, Claimable: claimable, Terms: domain.Terms{ShareBPS: 7_000, Y0: most, MinPayout: 1_000},
		PageSize: 15, Pages: domain.PlanPages(n, 15), Quarantined: []domain.Quarantined{{Index: 3, Stream: "bad", Reason: "closed"}},
	}
	for i := range n {
		m.Entries = append(m.Entries, domain.Entry{
			Index: i, Stream: fmt.Sprintf("stream-%040d", i), Recipient: fmt.Sprintf("recipient-%034d", i), ATA: fmt.Sprintf("ata-%040d", i), Locked: most, Expected: domain.Amount(i),
		})
	}
	m, err := m.Seal()
	require.NoError(tb, err)
	return m
}

// Intent is a page's intent that is ready to be stored.
func Intent(signature, key string, seconds int) domain.Intent {
	return domain.Intent{
		Signature: signature, Vault: vault, Day: day, Kind: domain.IntentPage, Key: key, State: domain.IntentPrepared,
		Raw: []byte{0, 1, 2, 255, '\''}, Blockhash: "blockhash", LastValid: most, UnitPrice: 7, CreatedAt: At(seconds), UpdatedAt: At(seconds),
	}
}
