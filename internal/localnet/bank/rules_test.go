package bank_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

func submitError(t *testing.T, b *bank.Bank, raw []byte) *bank.RejectError {
	t.Helper()
	_, err := b.Submit(raw, bank.SubmitOptions{})
	var reject *bank.RejectError
	require.ErrorAs(t, err, &reject)
	return reject
}

func TestSubmit_RefusesWhatNoNodeTakes(t *testing.T) {
	w := newWorld(t)
	good := w.build([]solana.Instruction{transfer(w.payer.PublicKey(), pub("to"), sol)}, nil)
	forged := bytes.Clone(good)
	forged[len(forged)-1] ^= 1
	require.Equal(t, `"SignatureFailure"`, failure(t, &submitError(t, w.b, forged).Err))
	require.Equal(t, `"SanitizeFailure"`, failure(t, &submitError(t, w.b, append(bytes.Clone(good), 0)).Err), "a trailing byte")
	require.Equal(t, `"SanitizeFailure"`, failure(t, &submitError(t, w.b, good[:len(good)-1]).Err))
	require.Equal(t, `"SanitizeFailure"`, failure(t, &submitError(t, w.b, nil).Err))
	large := w.build([]solana.Instruction{memo(strings.Repeat("x", 1100))}, nil)
	require.Greater(t, len(large), 1232)
	require.Contains(t, submitError(t, w.b, large).Message, fmt.Sprintf("too large: %d bytes", len(large)))
	for n := 900; ; n++ { // The largest that fits lands.
		raw := w.build([]solana.Instruction{memo(strings.Repeat("x", n))}, nil)
		if len(raw) == 1232 {
			require.Nil(t, w.land(raw).Err)
			break
		}
	}
	w.b.ProduceSlot()
	require.Zero(t, w.lamports(pub("to")), "nothing of the refused ones ran")
}

func TestBlockhash_IsAcceptedFor150Blocks(t *testing.T) {
	for _, tt := range []struct {
		wait  int
		lands bool
	}{{0, true}, {149, true}, {150, false}, {200, false}} {
		w := newWorld(t)
		_, last := w.b.LatestBlockhash(bank.Processed)
		raw := w.build([]solana.Instruction{transfer(w.payer.PublicKey(), pub("to"), sol)}, nil)
		slots(w.b, tt.wait)
		simulated, err := w.b.Simulate(raw, bank.SimulateOptions{SigVerify: true})
		require.NoError(t, err)
		sig, err := w.b.Submit(raw, bank.SubmitOptions{})
		require.NoError(t, err)
		w.b.ProduceSlot()
		_, landed := w.b.Transaction(sig)
		require.Equal(t, tt.lands, landed, "after %d blocks", tt.wait)
		require.Equal(t, tt.lands, w.b.BlockHeight(bank.Processed) <= last)
		if tt.wait == 200 {
			require.Equal(t, `"BlockhashNotFound"`, failure(t, simulated.Err))
		}
	}
}

func TestSubmit_LateLandingIsDroppedAfterExpiry(t *testing.T) {
	w := newWorld(t)
	early := w.build([]solana.Instruction{transfer(w.payer.PublicKey(), pub("early"), sol)}, nil)
	late := w.build([]solana.Instruction{transfer(w.payer.PublicKey(), pub("late"), sol)}, nil)
	for raw, delay := range map[string]uint64{string(early): 149, string(late): 150} {
		_, err := w.b.Submit([]byte(raw), bank.SubmitOptions{DelaySlots: delay})
		require.NoError(t, err)
	}
	slots(w.b, 149)
	require.Zero(t, w.lamports(pub("early")))
	slots(w.b, 10)
	require.EqualValues(t, sol, w.lamports(pub("early")))
	require.Zero(t, w.lamports(pub("late")))
}

func TestTransaction_RunsOnce(t *testing.T) {
	w := newWorld(t)
	raw := w.build([]solana.Instruction{transfer(w.payer.PublicKey(), pub("to"), sol)}, nil)
	for range 3 {
		_, err := w.b.Submit(raw, bank.SubmitOptions{})
		require.NoError(t, err)
	}
	w.land(raw)
	w.land(raw)
	require.EqualValues(t, sol, w.lamports(pub("to")))
	again, err := w.b.Simulate(raw, bank.SimulateOptions{})
	require.NoError(t, err)
	require.Equal(t, `"AlreadyProcessed"`, failure(t, again.Err))
	fresh, err := w.b.Simulate(raw, bank.SimulateOptions{ReplaceBlockhash: true})
	require.NoError(t, err)
	require.Nil(t, fresh.Err)
}

func TestLocks_SixtyFourAreTheLimit(t *testing.T) {
	w := newWorld(t)
	hash, _ := w.b.LatestBlockhash(bank.Processed)
	// A v0 message with 2 static keys and a table for the rest.
	table, addresses := pub("table"), make([]solana.PublicKey, 70)
	for i := range addresses {
		addresses[i] = pub(fmt.Sprint("a", i))
	}
	w.setTable(table, addresses)
	w.b.ProduceSlot()
	for _, tt := range []struct {
		loaded int
		want   string
	}{{62, "null"}, {63, `"TooManyAccountLocks"`}} {
		metas := make([]*solana.AccountMeta, tt.loaded)
		for i := range metas {
			metas[i] = rw(addresses[i])
		}
		tx, err := solana.NewTransaction([]solana.Instruction{ix(solana.ComputeBudget, le32([]byte{2}, 1000), metas...)}, hash,
			solana.TransactionPayer(w.payer.PublicKey()), solana.TransactionAddressTables(map[solana.PublicKey]solana.PublicKeySlice{table: addresses}))
		require.NoError(t, err)
		_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &w.payer })
		require.NoError(t, err)
		raw, err := tx.MarshalBinary()
		require.NoError(t, err)
		r, err := w.b.Simulate(raw, bank.SimulateOptions{SigVerify: true})
		require.NoError(t, err)
		require.Equal(t, tt.want, failure(t, r.Err))
	}
}

func TestAccountLoadedTwice_WhenATableHoldsAStaticKey(t *testing.T) {
	w := newWorld(t)
	table := pub("table")
	w.setTable(table, []solana.PublicKey{w.payer.PublicKey()})
	w.b.ProduceSlot()
	raw := w.lookupTransaction(table, []uint8{0}, nil)
	r, err := w.b.Simulate(raw, bank.SimulateOptions{})
	require.NoError(t, err)
	require.Equal(t, `"AccountLoadedTwice"`, failure(t, r.Err))
}

func TestInstruction_MayNameAnAccountTwice(t *testing.T) {
	w := newWorld(t)
	me := w.payer.PublicKey()
	r := w.succeed([]solana.Instruction{transfer(me, me, sol)})
	require.EqualValues(t, 1000*sol-5000, w.lamports(me))
	require.Len(t, r.Keys, 2)
}

func TestFeePayer_Rules(t *testing.T) {
	rent := newWorld(t).b.MinimumRent(0)
	tests := []struct {
		name    string
		account *bank.Account
		want    string
	}{
		{"does not exist", nil, `"AccountNotFound"`},
		{"cannot pay", &bank.Account{Lamports: 4999}, `"InsufficientFundsForFee"`},
		{"would fall below rent", &bank.Account{Lamports: rent + 4999}, `{"InsufficientFundsForRent":{"account_index":0}}`},
		{"stays at rent", &bank.Account{Lamports: rent + 5000}, "null"},
		{"is emptied", &bank.Account{Lamports: 5000}, "null"},
		{"is no system account", &bank.Account{Lamports: sol, Owner: solana.TokenProgramID}, `"InvalidAccountForFee"`},
		{"carries data", &bank.Account{Lamports: sol, Data: []byte{1}}, `"InvalidAccountForFee"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.payer = key("poor")
			if tt.account != nil {
				w.b.SetAccount(pub("poor"), *tt.account)
			}
			raw := w.build([]solana.Instruction{memo("hi")}, nil)
			r, err := w.b.Simulate(raw, bank.SimulateOptions{})
			require.NoError(t, err)
			require.Equal(t, tt.want, failure(t, r.Err))
			sig, err := w.b.Submit(raw, bank.SubmitOptions{})
			require.NoError(t, err)
			w.b.ProduceSlot()
			_, landed := w.b.Transaction(sig)
			require.Equal(t, tt.want == "null", landed, "a payer who cannot pay leaves no trace")
		})
	}
}

func TestRent_NewAccountsMustBeExempt(t *testing.T) {
	w := newWorld(t)
	me, rent := w.payer.PublicKey(), w.b.MinimumRent(0)
	r := w.run([]solana.Instruction{transfer(me, pub("new"), rent-1)})
	require.Equal(t, `{"InsufficientFundsForRent":{"account_index":1}}`, failure(t, r.Err))
	require.Equal(t, r.PreBalances[0]-5000, w.lamports(me), "the fee is due")
	w.succeed([]solana.Instruction{transfer(me, pub("new"), rent)})
}

func TestFee_HasBaseAndPriority(t *testing.T) {
	w := newWorld(t)
	r := w.succeed([]solana.Instruction{limit(300_001), price(12_345), memo("x")})
	require.EqualValues(t, 5000+3704, r.Fee) // ceil(12345 * 300001 / 1e6)
	message, err := r.Tx.Message.MarshalBinary()
	require.NoError(t, err)
	fee, ok := w.b.FeeForMessage(message)
	require.True(t, ok)
	require.Equal(t, r.Fee, fee)
	slots(w.b, 151)
	_, ok = w.b.FeeForMessage(message)
	require.False(t, ok, "the blockhash is too old")
}

func TestComputeBudget_BadInstructionsNeverLand(t *testing.T) {
	w := newWorld(t)
	for want, list := range map[string][]solana.Instruction{
		`{"DuplicateInstruction":1}`:                             {limit(1), limit(2)},
		`{"InstructionError":[1,"InvalidInstructionData"]}`:      {memo("x"), ix(solana.ComputeBudget, []byte{9})},
		`{"InstructionError":[0,"InvalidInstructionData"]}`:      {ix(solana.ComputeBudget, le32([]byte{1}, 33<<10+1))},
		`"InvalidLoadedAccountsDataSizeLimit"`:                   {ix(solana.ComputeBudget, le32([]byte{4}, 0))},
		`"MaxLoadedAccountsDataSizeExceeded"`:                    {ix(solana.ComputeBudget, le32([]byte{4}, 1)), memo("x")},
		`{"InstructionError":[0,"ComputationalBudgetExceeded"]}`: {limit(149), memo("x")},
	} {
		r, err := w.b.Simulate(w.build(list, nil), bank.SimulateOptions{})
		require.NoError(t, err)
		require.Equal(t, want, failure(t, r.Err))
	}
}

func TestCompute_OverTheLimitFailsWithTheValidatorsLogs(t *testing.T) {
	w := newWorld(t)
	r := w.run([]solana.Instruction{limit(3_000), transfer(w.payer.PublicKey(), pub("to"), sol), memo("x")})
	require.Equal(t, `{"InstructionError":[2,"ComputationalBudgetExceeded"]}`, failure(t, r.Err))
	require.EqualValues(t, 3_000, r.UnitsConsumed)
	require.Zero(t, w.lamports(pub("to")))
	require.Equal(t, []string{
		"Program ComputeBudget111111111111111111111111111111 invoke [1]",
		"Program ComputeBudget111111111111111111111111111111 success",
		"Program 11111111111111111111111111111111 invoke [1]",
		"Program 11111111111111111111111111111111 success",
		"Program MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr invoke [1]",
		"Program MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr consumed 2700 of 2700 compute units",
		"Program MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr failed: Computational budget exceeded",
	}, r.Logs)
}

func TestPriority_OrdersWithinASlot(t *testing.T) {
	w := newWorld(t)
	var sigs []solana.Signature
	for i, micro := range []uint64{5, 900, 5, 70} {
		raw := w.build([]solana.Instruction{price(micro), memo(fmt.Sprint(i))}, nil)
		sig, err := w.b.Submit(raw, bank.SubmitOptions{})
		require.NoError(t, err)
		sigs = append(sigs, sig)
	}
	report := w.b.ProduceSlot()
	require.Equal(t, []solana.Signature{sigs[1], sigs[3], sigs[0], sigs[2]}, report.Executed)
	fees := w.b.PriorityFees([]solana.PublicKey{w.payer.PublicKey()})
	require.Equal(t, bank.SlotFee{Slot: report.Slot, Fee: 5}, fees[len(fees)-1])
}

func TestBlock_HoldsTwelveMillionUnitsPerWritableAccount(t *testing.T) {
	w := newWorld(t)
	for i := range 12 { // Each reserves 1.4 M and uses little; the reservation decides only while it is packed.
		_, err := w.b.Submit(w.build([]solana.Instruction{limit(1_400_000), memo(fmt.Sprint(i))}, nil), bank.SubmitOptions{})
		require.NoError(t, err)
	}
	require.Len(t, w.b.ProduceSlot().Executed, 12)
	greedy := func(i int) []byte { // Fails at its limit, so that it uses all of 1.4 M.
		list := []solana.Instruction{limit(1_400_000), memo(fmt.Sprint(i))}
		for range 285 { // An empty memo takes 5,000 units.
			list = append(list, memo(""))
		}
		return w.build(list, nil)
	}
	for i := range 12 {
		_, err := w.b.Submit(greedy(i), bank.SubmitOptions{})
		require.NoError(t, err)
	}
	require.Len(t, w.b.ProduceSlot().Executed, 8)
	require.Len(t, w.b.ProduceSlot().Executed, 4)
}
