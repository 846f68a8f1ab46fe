package bank_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
)

func tokenTransfer(from, to, owner solana.PublicKey, amount uint64) solana.Instruction {
	return ix(solana.TokenProgramID, programs.TransferData(amount), rw(from), rw(to), ros(owner))
}

func tokenChecked(from, mint, to, owner solana.PublicKey, amount uint64, decimals uint8) solana.Instruction {
	return ix(solana.TokenProgramID, append(le64([]byte{12}, amount), decimals), rw(from), ro(mint), rw(to), ros(owner))
}

func createATA(payer, owner, mint solana.PublicKey, data ...byte) (solana.PublicKey, solana.Instruction) {
	ata, _, _ := solana.FindAssociatedTokenAddress(owner, mint)
	return ata, ix(solana.SPLAssociatedTokenAccountProgramID, data, rws(payer), rw(ata), ro(owner), ro(mint), ro(solana.SystemProgramID), ro(solana.TokenProgramID))
}

func TestToken_TransfersAndTheirErrors(t *testing.T) {
	w := newWorld(t)
	me, mint, other := w.payer.PublicKey(), w.mint("mint", 6), w.mint("other", 6)
	from, to := w.tokens(me, mint, 1000), w.tokens(pub("bob"), mint, 0)
	foreign := w.tokens(pub("bob"), other, 0)
	freeze := func(tag byte) solana.Instruction {
		return ix(solana.TokenProgramID, []byte{tag}, rw(to), ro(mint), ros(me))
	}
	r := w.succeed([]solana.Instruction{tokenTransfer(from, to, me, 400)})
	require.Equal(t, []string{
		"Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA invoke [1]",
		"Program log: Instruction: Transfer",
		"Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA consumed 4645 of 200000 compute units",
		"Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA success",
	}, r.Logs)
	require.Len(t, r.PreTokens, 2)
	deltas := map[solana.PublicKey]int64{}
	for i, post := range r.PostTokens {
		require.EqualValues(t, 6, post.Decimals)
		require.Equal(t, mint, post.Mint)
		deltas[post.Owner] = int64(post.Amount) - int64(r.PreTokens[i].Amount)
	}
	require.Equal(t, map[solana.PublicKey]int64{me: -400, pub("bob"): 400}, deltas)
	tests := []struct {
		name string
		list []solana.Instruction
		want string
		log  string
	}{
		{"too much", []solana.Instruction{tokenTransfer(from, to, me, 601)}, `{"Custom":1}`, "Program log: Error: insufficient funds"},
		{"another mint", []solana.Instruction{tokenTransfer(from, foreign, me, 1)}, `{"Custom":3}`, "Program log: Error: Account not associated with this Mint"},
		{"wrong decimals", []solana.Instruction{tokenChecked(from, mint, to, me, 1, 9)}, `{"Custom":18}`, "Program log: Error: decimals different from the Mint decimals"},
		{"no token account", []solana.Instruction{tokenTransfer(from, pub("nobody"), me, 1)}, `"InvalidAccountData"`, ""},
		{"not the owner", []solana.Instruction{tokenTransfer(to, from, me, 1)}, `{"Custom":4}`, "Program log: Error: owner does not match"},
	}
	for _, tt := range tests {
		r := w.run(tt.list)
		require.Equal(t, `{"InstructionError":[0,`+tt.want+`]}`, failure(t, r.Err), tt.name)
		require.Contains(t, strings.Join(r.Logs, "\n"), tt.log, tt.name)
	}
	require.EqualValues(t, 600, w.balance(from))
	w.succeed([]solana.Instruction{freeze(10)})
	frozen := w.run([]solana.Instruction{memo("x"), tokenTransfer(from, to, me, 1)})
	require.Equal(t, `{"InstructionError":[1,{"Custom":17}]}`, failure(t, frozen.Err))
	require.Equal(t, "Error processing Instruction 1: custom program error: 0x11", frozen.Err.Error())
	w.succeed([]solana.Instruction{freeze(11), tokenChecked(from, mint, to, me, 1, 6)})
	require.EqualValues(t, 401, w.balance(to))
}

func TestToken_TheWholeLifeOfAnAccount(t *testing.T) {
	w := newWorld(t)
	me, mint, account := w.payer.PublicKey(), pub("newmint"), pub("newaccount")
	create := func(at solana.PublicKey, size int) solana.Instruction {
		data := le64(le64(le32(nil, 0), w.b.MinimumRent(size)), uint64(size))
		return ix(solana.SystemProgramID, append(data, solana.TokenProgramID[:]...), rws(me), rws(at))
	}
	initMint := append(append(append([]byte{20, 9}, me[:]...), 1), me[:]...)
	initAccount := append([]byte{18}, me[:]...)
	w.succeed([]solana.Instruction{
		create(mint, 82), ix(solana.TokenProgramID, initMint, rw(mint)),
		create(account, 165), ix(solana.TokenProgramID, initAccount, rw(account), ro(mint)),
		ix(solana.TokenProgramID, le64([]byte{7}, 50), rw(mint), rw(account), ros(me)),
		ix(solana.TokenProgramID, le64([]byte{8}, 20), rw(account), rw(mint), ros(me)),
	}, key("newmint"), key("newaccount"))
	require.EqualValues(t, 30, w.balance(account))
	again := w.run([]solana.Instruction{ix(solana.TokenProgramID, initMint, rw(mint))})
	require.Equal(t, `{"InstructionError":[0,{"Custom":6}]}`, failure(t, again.Err))
	closing := ix(solana.TokenProgramID, []byte{9}, rw(account), rw(me), ros(me))
	require.Equal(t, `{"InstructionError":[0,{"Custom":11}]}`, failure(t, w.run([]solana.Instruction{closing}).Err))
	drop := append([]byte{6, 0}, 0)
	w.succeed([]solana.Instruction{
		ix(solana.TokenProgramID, le64([]byte{8}, 30), rw(account), rw(mint), ros(me)), closing,
		ix(solana.TokenProgramID, drop, rw(mint), ros(me)),
	})
	_, there := w.b.Account(account, bank.Processed)
	require.False(t, there)
	fixed := w.tokens(pub("bob"), mint, 0)
	r := w.run([]solana.Instruction{ix(solana.TokenProgramID, le64([]byte{7}, 1), rw(mint), rw(fixed), ros(me))})
	require.Equal(t, `{"InstructionError":[0,{"Custom":5}]}`, failure(t, r.Err))
}

func TestATA_CreateIsIdempotentOnlyWhenAsked(t *testing.T) {
	w := newWorld(t)
	me, mint := w.payer.PublicKey(), w.mint("mint", 6)
	ata, create := createATA(me, pub("bob"), mint)
	_, idempotent := createATA(me, pub("bob"), mint, 1)
	r := w.succeed([]solana.Instruction{create})
	require.InDelta(t, 25_000, r.UnitsConsumed, 1_000)
	require.Len(t, r.Inner, 1)
	require.Len(t, r.Inner[0].Instructions, 4, "data size, create, immutable owner, initialize")
	require.Equal(t, []int{2, 2, 2, 2}, r.Inner[0].StackHeights)
	for i, want := range []solana.PublicKey{solana.TokenProgramID, solana.SystemProgramID, solana.TokenProgramID, solana.TokenProgramID} {
		require.Equal(t, want, r.Keys[r.Inner[0].Instructions[i].ProgramIDIndex])
	}
	a, _ := w.b.Account(ata, bank.Processed)
	held, ok := programs.DecodeTokenAccount(&a)
	require.True(t, ok)
	require.Equal(t, pub("bob"), held.Owner)
	require.Equal(t, `{"InstructionError":[0,"IllegalOwner"]}`, failure(t, w.run([]solana.Instruction{create}).Err))
	w.succeed([]solana.Instruction{idempotent})
	gifted, createGifted := createATA(me, pub("carol"), mint)
	w.succeed([]solana.Instruction{transfer(me, gifted, w.b.MinimumRent(0)), createGifted}) // Lamports sent ahead do not block it.
	_, wrong := createATA(me, pub("dora"), mint)
	wrong.Accounts()[2].PublicKey = pub("eve")
	require.Equal(t, `{"InstructionError":[0,"InvalidSeeds"]}`, failure(t, w.run([]solana.Instruction{wrong}).Err))
	_, noMint := createATA(me, pub("dora"), pub("no mint"))
	r = w.run([]solana.Instruction{noMint})
	require.Equal(t, `{"InstructionError":[0,"IncorrectProgramId"]}`, failure(t, r.Err))
	require.Len(t, r.Inner, 1, "the failing inner call is recorded too")
	moved := append([]byte{6, 2, 1}, me[:]...)
	w.succeed([]solana.Instruction{ix(solana.TokenProgramID, moved, rw(ata), ros(pub("bob")))}, key("bob"))
	require.Equal(t, `{"InstructionError":[0,{"Custom":0}]}`, failure(t, w.run([]solana.Instruction{idempotent}).Err), "the owner was changed")
}

func lookupIx(tag uint32, rest []byte, accounts ...*solana.AccountMeta) solana.Instruction {
	return ix(solana.AddressLookupTableProgramID, append(le32(nil, tag), rest...), accounts...)
}

func TestLookupTable_IsUsableOneSlotLater(t *testing.T) {
	w := newWorld(t)
	slots(w.b, 3)
	me, recent := w.payer.PublicKey(), w.b.Slot(bank.Processed)
	table, bump, err := solana.FindProgramAddress([][]byte{me[:], le64(nil, recent)}, solana.AddressLookupTableProgramID)
	require.NoError(t, err)
	create := lookupIx(0, append(le64(nil, recent), bump), rw(table), ros(me), rws(me), ro(solana.SystemProgramID))
	extend := func(names ...string) solana.Instruction {
		data := le64(nil, uint64(len(names)))
		for _, n := range names {
			k := pub(n)
			data = append(data, k[:]...)
		}
		return lookupIx(2, data, rw(table), ros(me), rws(me), ro(solana.SystemProgramID))
	}
	w.succeed([]solana.Instruction{create, extend("a")})
	raw := w.lookupTransaction(table, []uint8{0}, nil)
	now, err := w.b.Simulate(raw, bank.SimulateOptions{})
	require.NoError(t, err)
	require.Equal(t, `"InvalidAddressLookupTableIndex"`, failure(t, now.Err), "still warming up in the slot of the extension")
	r := w.land(raw)
	require.Nil(t, r.Err)
	require.Equal(t, []solana.PublicKey{pub("a")}, r.LoadedWritable)
	require.Equal(t, []solana.PublicKey{me, solana.ComputeBudget, pub("a")}, r.Keys)
	require.Zero(t, r.Version)
	_, err = w.b.Submit(w.build([]solana.Instruction{price(9), extend("b")}, nil), bank.SubmitOptions{})
	require.NoError(t, err)
	both := w.lookupTransaction(table, []uint8{0}, []uint8{1})
	sig, err := w.b.Submit(both, bank.SubmitOptions{})
	require.NoError(t, err)
	w.b.ProduceSlot()
	_, early := w.b.Transaction(sig)
	require.False(t, early, "it waits while its table warms up")
	w.b.ProduceSlot()
	r, ok := w.b.Transaction(sig)
	require.True(t, ok)
	require.Equal(t, []solana.PublicKey{pub("b")}, r.LoadedReadonly)

	deactivate := lookupIx(3, nil, rw(table), ros(me))
	closing := lookupIx(4, nil, rw(table), ros(me), rw(me))
	require.Equal(t, `{"InstructionError":[0,"InvalidArgument"]}`, failure(t, w.run([]solana.Instruction{closing}).Err))
	w.succeed([]solana.Instruction{deactivate})
	require.Equal(t, `{"InstructionError":[0,"InvalidArgument"]}`, failure(t, w.run([]solana.Instruction{extend("c")}).Err))
	slots(w.b, 520)
	gone, err := w.b.Simulate(w.lookupTransaction(table, []uint8{0}, nil), bank.SimulateOptions{})
	require.NoError(t, err)
	require.Equal(t, `"AddressLookupTableNotFound"`, failure(t, gone.Err))
	w.succeed([]solana.Instruction{closing})
	_, there := w.b.Account(table, bank.Processed)
	require.False(t, there)
}

func TestLookupTable_RefusesStrangers(t *testing.T) {
	w := newWorld(t)
	w.setTable(pub("table"), []solana.PublicKey{pub("a")})
	key32 := pub("x")
	data := append(le64(nil, 1), key32[:]...)
	r := w.run([]solana.Instruction{lookupIx(2, data, rw(pub("table")), ros(pub("mallory")), rws(w.payer.PublicKey()), ro(solana.SystemProgramID))}, key("mallory"))
	require.Equal(t, `{"InstructionError":[0,"IncorrectAuthority"]}`, failure(t, r.Err))
}

func TestSystem_Errors(t *testing.T) {
	w := newWorld(t)
	me := w.payer.PublicKey()
	w.fund("used", sol)
	w.b.SetAccount(pub("data"), bank.Account{Lamports: sol, Data: make([]byte, 8)})
	create := append(le64(le64(le32(nil, 0), sol), 0), solana.SystemProgramID[:]...)
	seeded, err := solana.CreateWithSeed(me, "seed", solana.TokenProgramID)
	require.NoError(t, err)
	withSeed := func(seed string) []byte {
		data := append(le32(nil, 3), me[:]...)
		data = append(le64(data, uint64(len(seed))), seed...)
		return append(le64(le64(data, w.b.MinimumRent(10)), 10), solana.TokenProgramID[:]...)
	}
	tests := []struct {
		name   string
		ix     solana.Instruction
		signer string
		want   string
		log    string
	}{
		{"address in use", ix(solana.SystemProgramID, create, rws(me), rws(pub("used"))), "used", `{"Custom":0}`, "already in use"},
		{"too few lamports", transfer(pub("used"), me, 2*sol), "used", `{"Custom":1}`, "Transfer: insufficient lamports 1000000000, need 2000000000"},
		{"from must not carry data", transfer(pub("data"), me, 1), "data", `"InvalidArgument"`, "Transfer: `from` must not carry data"},
		{"no signature", ix(solana.SystemProgramID, le64(le32(nil, 2), 1), rw(pub("used")), rw(me)), "used", `"MissingRequiredSignature"`, "must sign"},
		{"unknown instruction", ix(solana.SystemProgramID, le32(nil, 99), rws(me)), "used", `"InvalidInstructionData"`, ""},
		{"readonly target", ix(solana.SystemProgramID, le64(le32(nil, 2), 1), rws(me), ro(pub("used"))), "used", `"ReadonlyLamportChange"`, ""},
		{"seed mismatch", ix(solana.SystemProgramID, withSeed("other"), rws(me), rw(seeded)), "used", `{"Custom":5}`, "does not match derived address"},
	}
	for _, tt := range tests {
		r := w.run([]solana.Instruction{tt.ix}, key(tt.signer))
		require.Equal(t, `{"InstructionError":[0,`+tt.want+`]}`, failure(t, r.Err), tt.name)
		require.Contains(t, strings.Join(r.Logs, "\n"), tt.log, tt.name)
	}
	w.succeed([]solana.Instruction{ix(solana.SystemProgramID, withSeed("seed"), rws(me), rw(seeded))})
	a, _ := w.b.Account(seeded, bank.Processed)
	require.Equal(t, solana.TokenProgramID, a.Owner)
	require.Len(t, a.Data, 10)
}

func TestMemo_LogsTextAndSigners(t *testing.T) {
	w := newWorld(t)
	r := w.succeed([]solana.Instruction{ix(solana.MemoProgramID, []byte(`a "b"`), ros(w.payer.PublicKey()))})
	require.Contains(t, r.Logs, fmt.Sprintf("Program log: Signed by %s", w.payer.PublicKey()))
	require.Contains(t, r.Logs, `Program log: Memo (len 5): "a \"b\""`)
	r = w.run([]solana.Instruction{ix(solana.MemoProgramID, []byte{0xff})})
	require.Equal(t, `{"InstructionError":[0,"InvalidInstructionData"]}`, failure(t, r.Err))
}

func TestLogs_AreCutAtTenKilobytes(t *testing.T) {
	w := newWorld(t)
	var list []solana.Instruction
	for range 100 {
		list = append(list, memo("x"))
	}
	r := w.succeed(list)
	require.True(t, r.LogsTruncated)
	require.Contains(t, r.Logs, "Log truncated")
	require.Less(t, len(strings.Join(r.Logs, "")), 10_100)
}

func TestProgram_MustExistAndBeExecutable(t *testing.T) {
	w := newWorld(t)
	w.fund("wallet", sol)
	for program, want := range map[solana.PublicKey]string{
		pub("nowhere"): `"ProgramAccountNotFound"`, pub("wallet"): `"InvalidProgramForExecution"`,
	} {
		r := w.run([]solana.Instruction{ix(program, nil)})
		require.Equal(t, want, failure(t, r.Err))
		require.EqualValues(t, 5000, r.Fee, "the fee is due all the same")
	}
}

func TestFailure_ChangesOnlyTheFeePayer(t *testing.T) {
	names := []string{"payer", "a", "b"}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		me, mint := w.payer.PublicKey(), w.mint("mint", 6)
		from, to := w.tokens(me, mint, 1000), w.tokens(pub("b"), mint, 0)
		w.fund("a", sol)
		_, create := createATA(me, pub("new"), mint)
		steps := []solana.Instruction{
			transfer(me, pub("a"), 5), transfer(me, pub("b"), sol), tokenTransfer(from, to, me, 10), create, memo("x"),
			transfer(pub("a"), me, sol),
		}
		list := []solana.Instruction{limit(1_000_000), price(rapid.Uint64Range(0, 1000).Draw(t, "price"))}
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(steps)-1), 0, len(steps), rapid.ID[int]).Draw(t, "steps") {
			list = append(list, steps[i])
		}
		list = append(list, tokenTransfer(from, to, me, 1001)) // Always fails.
		before, tokens := dump(w, names[1:]), w.balance(to)
		r := w.run(list, key("a"))
		require.NotNil(t, r.Err)
		require.Equal(t, uint8(len(list)-1), r.Err.Index)
		require.Equal(t, r.PreBalances[0]-r.Fee, r.PostBalances[0])
		require.Equal(t, r.PreBalances[1:], r.PostBalances[1:])
		require.Equal(t, r.PreTokens, r.PostTokens)
		require.Equal(t, tokens, w.balance(to))
		w.b.SetAccount(me, bank.Account{Lamports: 1000 * sol})
		require.Equal(t, before, dump(w, names[1:]))
	})
}
