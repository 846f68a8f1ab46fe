package bank_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

func TestCommitments_ReadTheirOwnSlot(t *testing.T) {
	w := newWorld(t)
	slots(w.b, 40)
	w.succeed([]solana.Instruction{transfer(w.payer.PublicKey(), pub("to"), sol)})
	landed := w.b.Slot(bank.Processed)
	for behind := range 34 {
		for c, depth := range map[bank.Commitment]int{bank.Processed: 0, bank.Confirmed: 1, bank.Finalized: 32} {
			_, seen := w.b.Account(pub("to"), c)
			require.Equal(t, behind >= depth, seen, "%d slots later at commitment %d", behind, c)
			require.Equal(t, max(landed, landed+uint64(behind))-uint64(depth), w.b.Slot(c))
		}
		w.b.ProduceSlot()
	}
}

func TestCommitments_NeverGoBelowSlotZero(t *testing.T) {
	b := bank.New(bank.Options{})
	for _, c := range []bank.Commitment{bank.Processed, bank.Confirmed, bank.Finalized} {
		require.Zero(t, b.Slot(c))
	}
	report := b.ProduceSlot()
	require.Equal(t, bank.SlotReport{Slot: 1}, report)
	require.EqualValues(t, 0, b.Slot(bank.Confirmed))
}

func TestBlockhash_IsUnknownAtADeeperCommitment(t *testing.T) {
	w := newWorld(t)
	slots(w.b, 40)
	hash, last := w.b.LatestBlockhash(bank.Processed)
	require.Equal(t, w.b.BlockHeight(bank.Processed)+150, last)
	require.True(t, w.b.IsBlockhashValid(hash, bank.Processed))
	require.False(t, w.b.IsBlockhashValid(hash, bank.Finalized))
	r, err := w.b.Simulate(w.build([]solana.Instruction{memo("x")}, nil), bank.SimulateOptions{Commitment: bank.Finalized})
	require.NoError(t, err)
	require.Equal(t, `"BlockhashNotFound"`, failure(t, r.Err))
}

func TestClock_MovesWithSlotsAndByHand(t *testing.T) {
	w := newWorld(t)
	start := w.b.UnixTime(bank.Processed)
	slots(w.b, 5)
	require.Equal(t, start+2, w.b.UnixTime(bank.Processed))
	w.b.AdvanceClock(24 * time.Hour)
	require.Equal(t, start+2, w.b.UnixTime(bank.Processed), "the next slot moves")
	w.b.ProduceSlot()
	require.Equal(t, start+86_402, w.b.UnixTime(bank.Processed))
	sysvar, ok := w.b.Account(solana.SysVarClockPubkey, bank.Processed)
	require.True(t, ok)
	require.EqualValues(t, 6, binary.LittleEndian.Uint64(sysvar.Data))
	require.EqualValues(t, start+86_402, binary.LittleEndian.Uint64(sysvar.Data[32:]))
	w.b.AdvanceClock(-48 * time.Hour)
	w.b.ProduceSlot()
	require.Less(t, w.b.UnixTime(bank.Processed), start)
	when, ok := w.b.BlockTime(6)
	require.True(t, ok)
	require.Equal(t, start+86_402, when)
	_, ok = w.b.BlockTime(8)
	require.False(t, ok)
}

func TestRollback_ForgetsTransactionsAndKeepsSlotsRising(t *testing.T) {
	w := newWorld(t)
	slots(w.b, 40)
	raw := w.build([]solana.Instruction{transfer(w.payer.PublicKey(), pub("to"), sol)}, nil)
	first := w.land(raw)
	before, height := w.b.Slot(bank.Processed), w.b.BlockHeight(bank.Processed)
	lost, _ := w.b.LatestBlockhash(bank.Processed)
	slots(w.b, 2)
	require.NoError(t, w.b.Rollback(3))
	require.Equal(t, before+3, w.b.Slot(bank.Processed))
	require.Equal(t, height, w.b.BlockHeight(bank.Processed), "dropped slots are not blocks")
	_, known := w.b.Transaction(first.Signature)
	require.False(t, known)
	require.Zero(t, w.lamports(pub("to")))
	require.EqualValues(t, 1000*sol, w.lamports(w.payer.PublicKey()))
	require.Empty(t, w.b.SignaturesFor(pub("to"), solana.Signature{}, solana.Signature{}, 10, bank.Processed))
	require.False(t, w.b.IsBlockhashValid(lost, bank.Processed))
	_, ok := w.b.BlockTime(before)
	require.False(t, ok)
	second := w.land(raw) // It was never seen, so it may land again.
	require.Greater(t, second.Slot, first.Slot)
	require.EqualValues(t, sol, w.lamports(pub("to")))
	require.ErrorContains(t, w.b.Rollback(33), "roll back 33 slots")
}

func TestRollback_NeverTouchesFinalizedState(t *testing.T) {
	w := newWorld(t)
	w.succeed([]solana.Instruction{transfer(w.payer.PublicKey(), pub("to"), sol)})
	slots(w.b, 32)
	root := w.b.Slot(bank.Finalized)
	require.Error(t, w.b.Rollback(33))
	require.NoError(t, w.b.Rollback(32))
	require.Equal(t, root, w.b.Slot(bank.Finalized))
	require.EqualValues(t, sol, w.lamports(pub("to")))
	require.NoError(t, w.b.Rollback(1))
	require.Error(t, w.b.Rollback(2))
}

// dump is the whole visible state of the accounts in play.
func dump(w *world, names []string) string {
	out := ""
	for _, name := range names {
		a, ok := w.b.Account(pub(name), bank.Processed)
		out += fmt.Sprintln(name, ok, a.Lamports, a.Owner, len(a.Data))
	}
	for _, k := range w.b.ProgramAccounts(solana.SystemProgramID, bank.Processed) {
		out += fmt.Sprintln(k.Key, k.Account.Lamports)
	}
	return out
}

func TestRollback_AndReplayGiveTheSameState(t *testing.T) {
	names := []string{"payer", "a", "b", "c", "d"}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		slots(w.b, 40)
		step := func() [][]byte {
			var block [][]byte
			for range rapid.IntRange(0, 3).Draw(t, "transactions") {
				to := rapid.SampledFrom(names[1:]).Draw(t, "to")
				amount := rapid.Uint64Range(0, 3*sol).Draw(t, "amount")
				list := []solana.Instruction{price(rapid.Uint64Range(0, 99).Draw(t, "price")), memo(fmt.Sprint(len(block), rapid.Uint64().Draw(t, "salt"))), transfer(w.payer.PublicKey(), pub(to), amount)}
				block = append(block, w.build(list, nil))
			}
			return block
		}
		play := func(block [][]byte) {
			for _, raw := range block {
				_, err := w.b.Submit(raw, bank.SubmitOptions{})
				require.NoError(t, err)
			}
			w.b.ProduceSlot()
		}
		for range rapid.IntRange(0, 5).Draw(t, "kept") {
			play(step())
		}
		before := dump(w, names)
		var blocks [][][]byte
		n := rapid.IntRange(1, 20).Draw(t, "dropped")
		for range n {
			blocks = append(blocks, step())
		}
		for _, block := range blocks {
			play(block)
		}
		after := dump(w, names)
		require.NoError(t, w.b.Rollback(uint64(n)))
		require.Equal(t, before, dump(w, names))
		for _, block := range blocks {
			play(block)
		}
		require.Equal(t, after, dump(w, names))
	})
}

func TestChain_IsDeterministic(t *testing.T) {
	play := func(seed uint64) string {
		b := bank.New(bank.Options{GenesisTime: time.Unix(1, 0), Seed: seed})
		w := &world{t: t, b: b, payer: key("payer")}
		w.fund("payer", sol)
		out := fmt.Sprintln(b.Genesis(), b.Identity())
		for i := range 50 {
			r := w.succeed([]solana.Instruction{memo(fmt.Sprint(i))})
			hash, last := b.LatestBlockhash(bank.Processed)
			out += fmt.Sprintln(r.Signature, r.Slot, hash, last, r.Logs)
		}
		return out
	}
	require.Equal(t, play(1), play(1))
	require.NotEqual(t, play(1), play(2))
}

func TestProgramAccounts_FollowOwnersThroughVersions(t *testing.T) {
	w := newWorld(t)
	slots(w.b, 40)
	owner := pub("program")
	for i := range 5 {
		w.b.SetAccount(pub(fmt.Sprint("x", i)), bank.Account{Lamports: 1, Owner: owner})
	}
	list := w.b.ProgramAccounts(owner, bank.Finalized)
	require.Len(t, list, 5, "a direct write is visible at every commitment")
	for i := 1; i < len(list); i++ {
		require.Negative(t, compare(list[i-1].Key, list[i].Key))
	}
	w.b.DeleteAccount(pub("x2"))
	require.Len(t, w.b.ProgramAccounts(owner, bank.Processed), 4)
	assign := append(le32(nil, 1), owner[:]...)
	w.fund("joins", sol)
	w.succeed([]solana.Instruction{ix(solana.SystemProgramID, assign, rws(pub("joins")))}, key("joins"))
	require.Len(t, w.b.ProgramAccounts(owner, bank.Processed), 5)
	require.Len(t, w.b.ProgramAccounts(owner, bank.Confirmed), 4)
	require.NoError(t, w.b.Rollback(1))
	require.Len(t, w.b.ProgramAccounts(owner, bank.Processed), 4)
}

func compare(a, b solana.PublicKey) int {
	for i := range a {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return 0
}

func TestSignaturesFor_PagesNewestFirst(t *testing.T) {
	w := newWorld(t)
	var all []solana.Signature
	for i := range 6 {
		all = append([]solana.Signature{w.succeed([]solana.Instruction{memo(fmt.Sprint(i))}).Signature}, all...)
	}
	list := func(before, until solana.Signature, limit int, c bank.Commitment) []solana.Signature {
		out := []solana.Signature{}
		for _, r := range w.b.SignaturesFor(w.payer.PublicKey(), before, until, limit, c) {
			out = append(out, r.Signature)
		}
		return out
	}
	none := solana.Signature{}
	require.Equal(t, all, list(none, none, 1000, bank.Processed))
	require.Equal(t, all[1:], list(none, none, 1000, bank.Confirmed))
	require.Empty(t, list(none, none, 1000, bank.Finalized))
	require.Equal(t, all[:2], list(none, none, 2, bank.Processed))
	require.Equal(t, all[2:4], list(all[1], none, 2, bank.Processed))
	require.Equal(t, all[1:3], list(all[0], all[3], 1000, bank.Processed))
	require.Empty(t, list(solana.Signature{1}, none, 1000, bank.Processed))
}
