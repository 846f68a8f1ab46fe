package distribution

import (
	"context"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// books is a store that holds what a test puts there; everything else is missing.
type books struct {
	Store

	flags   []domain.SafetyFlag
	pages   []domain.PageResult
	intents []domain.Intent
}

func (b books) Safety(context.Context, string) ([]domain.SafetyFlag, error) { return b.flags, nil }

func (b books) Pages(context.Context, string, domain.Day) ([]domain.PageResult, error) {
	return b.pages, nil
}

func (b books) Intents(context.Context, string, domain.Day) ([]domain.Intent, error) {
	return b.intents, nil
}

func TestGate_ADrillClosesNothingAndAnUnknownFlagDoes(t *testing.T) {
	drill := domain.SafetyFlag{Kind: domain.SafetyDrill, Vault: "v1", Reason: "a drill", Actor: "stop-drill"}
	for _, tt := range []struct {
		name  string
		flags []domain.SafetyFlag
		open  bool
	}{
		{"nothing", nil, true},
		{"a drill", []domain.SafetyFlag{drill}, true},
		{"a stop beside a drill", []domain.SafetyFlag{drill, {Kind: domain.SafetyStop, Reason: "r", Actor: "a"}}, false},
		{"a kind of a newer program", []domain.SafetyFlag{{Kind: "quarantine", Reason: "r", Actor: "a"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Gate{New(Params{Store: books{flags: tt.flags}})}.Open(t.Context(), "v1")
			require.Equal(t, tt.open, err == nil, err)
			if err != nil {
				require.Equal(t, fault.Wait, fault.KindOf(err))
			}
		})
	}
}

// signedPage is what an intent of a page keeps: a transaction that turns size investors at cursor.
func signedPage(t *testing.T, v Vault, cursor, size uint32) []byte {
	t.Helper()
	key := solana.NewWallet().PrivateKey
	v.Payer = key.PublicKey()
	tx, err := solana.NewTransaction([]solana.Instruction{v.call(cursor, size, nil)}, solana.Hash{1}, solana.TransactionPayer(key.PublicKey()))
	require.NoError(t, err)
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &key })
	require.NoError(t, err)
	raw, err := tx.MarshalBinary()
	require.NoError(t, err)
	return raw
}

func TestBooksReach_IsWhatIsKnownAndWhatMayBe(t *testing.T) {
	v := aVault(3)
	m := domain.Manifest{Vault: v.ID, Day: "2026-01-01"}
	page := func(cursor uint32, sig string, ours bool) domain.PageResult {
		return domain.PageResult{Cursor: cursor, Signature: sig, Ours: ours}
	}
	intent := func(sig string, cursor, size uint32, state domain.IntentState, err string) domain.Intent {
		return domain.Intent{Signature: sig, Kind: domain.IntentPage, State: state, Err: err, Raw: signedPage(t, v, cursor, size)}
	}
	tests := []struct {
		name        string
		books       books
		least, most uint32
	}{
		{"nothing yet", books{}, 0, 0},
		{"our pages end where they were signed to end", books{
			pages:   []domain.PageResult{page(0, "a", true), page(15, "b", true)},
			intents: []domain.Intent{intent("a", 0, 15, domain.IntentFinalized, ""), intent("b", 15, 9, domain.IntentConfirmed, "")},
		}, 24, 24},
		{"one landed and is not in the books: it may have done nothing", books{
			pages:   []domain.PageResult{page(0, "a", true)},
			intents: []domain.Intent{intent("a", 0, 15, domain.IntentFinalized, ""), intent("b", 15, 15, domain.IntentConfirmed, "")},
		}, 15, 30},
		{"a stranger's page turned one at least", books{pages: []domain.PageResult{page(15, "x", false)}}, 16, 16},
		{"what failed, expired or is in the air moved nothing", books{
			intents: []domain.Intent{
				intent("a", 0, 15, domain.IntentFinalized, "router/6005"), intent("b", 0, 15, domain.IntentExpired, ""), intent("c", 0, 15, domain.IntentSent, ""),
			},
		}, 0, 0},
		{"bytes that are no page say nothing", books{intents: []domain.Intent{{Signature: "a", Kind: domain.IntentPage, State: domain.IntentFinalized, Raw: []byte{1, 2}}}}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			least, most, err := New(Params{Store: tt.books}).booksReach(t.Context(), v, m)
			require.NoError(t, err)
			require.Equal(t, []uint32{tt.least, tt.most}, []uint32{least, most})
		})
	}
}
