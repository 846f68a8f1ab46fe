package bank_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
)

const sol = 1_000_000_000

// key is the keypair of a name, the same in every run.
func key(name string) solana.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return solana.PrivateKey(ed25519.NewKeyFromSeed(seed[:]))
}

func pub(name string) solana.PublicKey { return key(name).PublicKey() }

// world is a chain with one rich payer.
type world struct {
	t     require.TestingT
	b     *bank.Bank
	payer solana.PrivateKey
}

func newWorld(t require.TestingT) *world {
	w := &world{t: t, b: bank.New(bank.Options{GenesisTime: time.Unix(1_767_225_600, 0), Seed: 7}), payer: key("payer")}
	w.fund("payer", 1000*sol)
	return w
}

func (w *world) fund(name string, lamports uint64) {
	w.b.SetAccount(pub(name), bank.Account{Lamports: lamports})
}

func (w *world) mint(name string, decimals uint8) solana.PublicKey {
	authority := w.payer.PublicKey()
	data := programs.Mint{Authority: &authority, Supply: 1 << 62, Decimals: decimals, Initialized: true, FreezeAuthority: &authority}.Encode()
	w.b.SetAccount(pub(name), bank.Account{Lamports: w.b.MinimumRent(len(data)), Owner: solana.TokenProgramID, Data: data})
	return pub(name)
}

// tokens writes a token account at its associated address and returns the address.
func (w *world) tokens(owner, mint solana.PublicKey, amount uint64) solana.PublicKey {
	ata, _, err := solana.FindAssociatedTokenAddress(owner, mint)
	require.NoError(w.t, err)
	w.tokensAt(ata, owner, mint, amount)
	return ata
}

func (w *world) tokensAt(at, owner, mint solana.PublicKey, amount uint64) {
	data := programs.TokenAccount{Mint: mint, Owner: owner, Amount: amount, State: programs.TokenInitialized}.Encode()
	w.b.SetAccount(at, bank.Account{Lamports: w.b.MinimumRent(len(data)), Owner: solana.TokenProgramID, Data: data})
}

func (w *world) balance(at solana.PublicKey) uint64 {
	a, _ := w.b.Account(at, bank.Processed)
	held, _ := programs.DecodeTokenAccount(&a)
	return held.Amount
}

func (w *world) lamports(at solana.PublicKey) uint64 {
	a, _ := w.b.Account(at, bank.Processed)
	return a.Lamports
}

// build signs the instructions with the payer and the others.
func (w *world) build(list []solana.Instruction, options []solana.TransactionOption, signers ...solana.PrivateKey) []byte {
	hash, _ := w.b.LatestBlockhash(bank.Processed)
	signers = append(signers, w.payer)
	options = append([]solana.TransactionOption{solana.TransactionPayer(w.payer.PublicKey())}, options...)
	tx, err := solana.NewTransaction(list, hash, options...)
	require.NoError(w.t, err)
	_, err = tx.Sign(func(want solana.PublicKey) *solana.PrivateKey {
		for i := range signers {
			if signers[i].PublicKey() == want {
				return &signers[i]
			}
		}
		return nil
	})
	require.NoError(w.t, err)
	raw, err := tx.MarshalBinary()
	require.NoError(w.t, err)
	return raw
}

// land submits, produces a slot and returns the landed transaction.
func (w *world) land(raw []byte) *bank.Record {
	sig, err := w.b.Submit(raw, bank.SubmitOptions{})
	require.NoError(w.t, err)
	w.b.ProduceSlot()
	r, ok := w.b.Transaction(sig)
	require.True(w.t, ok, "the transaction did not land")
	return r
}

func (w *world) run(list []solana.Instruction, signers ...solana.PrivateKey) *bank.Record {
	return w.land(w.build(list, nil, signers...))
}

// succeed demands that the transaction has no error.
func (w *world) succeed(list []solana.Instruction, signers ...solana.PrivateKey) *bank.Record {
	r := w.run(list, signers...)
	require.Nil(w.t, r.Err, "%v", r.Logs)
	return r
}

func ix(program solana.PublicKey, data []byte, accounts ...*solana.AccountMeta) solana.Instruction {
	return solana.NewInstruction(program, accounts, data)
}

func rw(k solana.PublicKey) *solana.AccountMeta  { return solana.NewAccountMeta(k, true, false) }
func ro(k solana.PublicKey) *solana.AccountMeta  { return solana.NewAccountMeta(k, false, false) }
func rws(k solana.PublicKey) *solana.AccountMeta { return solana.NewAccountMeta(k, true, true) }
func ros(k solana.PublicKey) *solana.AccountMeta { return solana.NewAccountMeta(k, false, true) }

func le64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }
func le32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }

func transfer(from, to solana.PublicKey, lamports uint64) solana.Instruction {
	return ix(solana.SystemProgramID, le64(le32(nil, 2), lamports), rws(from), rw(to))
}

func limit(units uint32) solana.Instruction { return ix(solana.ComputeBudget, le32([]byte{2}, units)) }

func price(micro uint64) solana.Instruction { return ix(solana.ComputeBudget, le64([]byte{3}, micro)) }

func memo(text string) solana.Instruction { return ix(solana.MemoProgramID, []byte(text)) }

// failure is the JSON of a transaction error, for reading tests at a glance.
func failure(t require.TestingT, err *bank.TransactionError) string {
	if err == nil {
		return "null"
	}
	b, e := err.MarshalJSON()
	require.NoError(t, e)
	return string(b)
}

func slots(b *bank.Bank, n int) {
	for range n {
		b.ProduceSlot()
	}
}

// setTable writes a lookup table whose addresses are usable from the next slot on.
func (w *world) setTable(at solana.PublicKey, addresses []solana.PublicKey) {
	data := le64(le32(nil, 1), math.MaxUint64)
	data = append(le64(data, w.b.Slot(bank.Processed)), 0, 1)
	authority := w.payer.PublicKey()
	data = append(append(data, authority[:]...), 0, 0)
	for _, a := range addresses {
		data = append(data, a[:]...)
	}
	w.b.SetAccount(at, bank.Account{Lamports: w.b.MinimumRent(len(data)), Owner: solana.AddressLookupTableProgramID, Data: data})
}

// lookupTransaction is a v0 transaction by hand: one Compute Budget instruction that names the first
// account of the table.
func (w *world) lookupTransaction(table solana.PublicKey, writable, readonly []uint8) []byte {
	hash, _ := w.b.LatestBlockhash(bank.Processed)
	me := w.payer.PublicKey()
	m := append([]byte{0x80, 1, 0, 1, 2}, me[:]...)
	m = append(append(m, solana.ComputeBudget[:]...), hash[:]...)
	m = append(m, 1, 1, 1, 2, 5, 2, 0, 8, 0, 0) // one instruction: program 1, account 2, limit 2048
	m = append(append(m, 1), table[:]...)
	m = append(append(m, uint8(len(writable))), writable...)
	m = append(append(m, uint8(len(readonly))), readonly...)
	sig, err := w.payer.Sign(m)
	require.NoError(w.t, err)
	return append(append([]byte{1}, sig[:]...), m...)
}
