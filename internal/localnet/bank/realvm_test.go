package bank_test

import (
	"fmt"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// The errors of this table are those that the programs of a real Solana VM (litesvm 1.5) gave for the same
// transactions. The steps build on each other.
func TestPrograms_AnswerAsARealVMDoes(t *testing.T) {
	w := newWorld(t)
	me, bob, del := w.payer.PublicKey(), pub("bob"), pub("del")
	mint := w.mint("mint", 6)
	from, to := w.tokens(me, mint, 1000), w.tokens(bob, mint, 0)
	token := func(data []byte, m ...*solana.AccountMeta) solana.Instruction {
		return ix(solana.TokenProgramID, data, m...)
	}
	amount := func(tag byte, n uint64) []byte { return le64([]byte{tag}, n) }
	key32 := func(head []byte, k solana.PublicKey) []byte { return append(head, k[:]...) }
	account := func(at solana.PublicKey, size int) solana.Instruction {
		data := le64(le64(le32(nil, 0), w.b.MinimumRent(size)), uint64(size))
		return ix(solana.SystemProgramID, append(data, solana.TokenProgramID[:]...), rws(me), rws(at))
	}
	w.setTable(pub("table"), []solana.PublicKey{pub("a")})
	w.b.ProduceSlot()
	stranger := append(le64(nil, 1), me[:]...)
	custom := func(n int) string { return fmt.Sprintf(`{"InstructionError":[0,{"Custom":%d}]}`, n) }
	plain := func(s string) string { return fmt.Sprintf(`{"InstructionError":[0,%q]}`, s) }
	steps := []struct {
		name   string
		ix     solana.Instruction
		signer string
		want   string
	}{
		{"self transfer", tokenTransfer(from, from, me, 1), "", "null"},
		{"zero transfer", tokenTransfer(from, to, me, 0), "", "null"},
		{"approve", token(amount(4, 50), rw(from), ro(del), ros(me)), "", "null"},
		{"delegate spends", tokenTransfer(from, to, del, 30), "del", "null"},
		{"delegate overspends", tokenTransfer(from, to, del, 21), "del", custom(1)},
		{"delegate spends the rest", tokenTransfer(from, to, del, 20), "del", "null"},
		{"delegate is gone", tokenTransfer(from, to, del, 1), "del", custom(4)},
		{"approve again", token(amount(4, 50), rw(from), ro(del), ros(me)), "", "null"},
		{"revoke", token([]byte{5}, rw(from), ros(me)), "", "null"},
		{"revoked", tokenTransfer(from, to, del, 1), "del", custom(4)},
		{"close with a balance", token([]byte{9}, rw(from), rw(me), ros(me)), "", custom(11)},
		{"freeze", token([]byte{10}, rw(to), ro(mint), ros(me)), "", "null"},
		{"freeze twice", token([]byte{10}, rw(to), ro(mint), ros(me)), "", custom(13)},
		{"mint to a frozen account", token(amount(7, 1), rw(mint), rw(to), ros(me)), "", custom(17)},
		{"thaw", token([]byte{11}, rw(to), ro(mint), ros(me)), "", "null"},
		{"close authority", token(key32([]byte{6, 3, 1}, bob), rw(from), ros(me)), "", "null"},
		{"drop mint authority", token([]byte{6, 0, 0}, rw(mint), ros(me)), "", "null"},
		{"mint without authority", token(amount(7, 50), rw(mint), rw(from), ros(me)), "", custom(5)},
		{"wrong authority type", token([]byte{6, 2, 0}, rw(mint), ros(me)), "", custom(15)},
		{"drop freeze authority", token([]byte{6, 1, 0}, rw(mint), ros(me)), "", "null"},
		{"freeze without authority", token([]byte{10}, rw(to), ro(mint), ros(me)), "", custom(16)},
		{"unknown token instruction", token([]byte{200}, rw(mint)), "", custom(12)},
		{"no token instruction", token(nil, rw(mint)), "", custom(12)},
		{"too few accounts", token(amount(3, 1), rw(from)), "", plain("NotEnoughAccountKeys")},
		{"readonly destination", token(amount(3, 1), rw(from), ro(to), ros(me)), "", plain("ReadonlyDataModified")},
		{"unsigned", token(amount(3, 1), rw(to), rw(from), ro(bob)), "", plain("MissingRequiredSignature")},
		{"unsized mint", token(key32([]byte{20, 9}, me), rw(from)), "", custom(12)},
		{"new account", account(pub("a2"), 165), "a2", "null"},
		{"uninitialized source", tokenTransfer(pub("a2"), to, me, 1), "", plain("UninitializedAccount")},
		{"initialize", token(key32([]byte{18}, me), rw(pub("a2")), ro(mint)), "", "null"},
		{"initialize twice", token(key32([]byte{18}, me), rw(pub("a2")), ro(mint)), "", custom(6)},
		{"close", token([]byte{9}, rw(pub("a2")), rw(me), ros(me)), "", "null"},
		{"system without accounts", ix(solana.SystemProgramID, le64(le32(nil, 2), 1), rws(me)), "", plain("MissingAccount")},
		{"system with short data", ix(solana.SystemProgramID, []byte{2, 0}, rws(me)), "", plain("InvalidInstructionData")},
		{"table of another", lookupIx(2, stranger, rw(pub("table")), ros(bob), rws(me), ro(solana.SystemProgramID)), "bob", plain("IncorrectAuthority")},
		{"extend", lookupIx(2, stranger, rw(pub("table")), ros(me), rws(me), ro(solana.SystemProgramID)), "", "null"},
		{"close an active table", lookupIx(4, nil, rw(pub("table")), ros(me), rw(me)), "", plain("InvalidArgument")},
		{"deactivate", lookupIx(3, nil, rw(pub("table")), ros(me)), "", "null"},
		{"deactivate twice", lookupIx(3, nil, rw(pub("table")), ros(me)), "", plain("InvalidArgument")},
	}
	for _, s := range steps {
		r := w.run([]solana.Instruction{s.ix}, key(s.signer))
		require.Equal(t, s.want, failure(t, r.Err), "%s: %v", s.name, r.Logs)
	}
	require.EqualValues(t, 50, w.balance(to))
}

func TestLookupTable_AFrozenOneCannotChange(t *testing.T) {
	w := newWorld(t)
	me, table := w.payer.PublicKey(), pub("table")
	w.setTable(table, []solana.PublicKey{pub("a")})
	w.b.ProduceSlot()
	freeze := lookupIx(1, nil, rw(table), ros(me))
	w.succeed([]solana.Instruction{freeze})
	require.Equal(t, `{"InstructionError":[0,"Immutable"]}`, failure(t, w.run([]solana.Instruction{freeze}).Err))
	r, err := w.b.Simulate(w.lookupTransaction(table, []uint8{0}, nil), bank.SimulateOptions{})
	require.NoError(t, err)
	require.Nil(t, r.Err, "it still serves")
}
