package sender_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/sender"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const slotTime = 400 * time.Millisecond

// ledger is a chain in memory with a clock of its own: sleeping makes slots. It lands what it was sent, once, up to the
// last valid block, and breaks on request.
type ledger struct {
	mu       sync.Mutex
	now      time.Time
	slot     uint64
	rest     time.Duration
	inAir    map[solana.Signature]uint64 // Slot in which it lands.
	landed   map[solana.Signature]landing
	valid    map[solana.Hash]uint64
	sends    []solana.Signature
	calls    map[string]int
	hash     chain.Blockhash
	fees     []uint64
	txFee    uint64
	simErr   *chain.TxError
	landErr  *chain.TxError
	drop     int    // Sends that vanish.
	delay    uint64 // Slots that a landing takes longer.
	lose     int    // Replies to sends that get lost although the node took it.
	blind    int    // Statuses calls that fail.
	noFates  bool
	onSend   func(sig solana.Signature)
	onSleep  func()
	simUnits uint64
}

type landing struct {
	slot uint64
	err  *chain.TxError
}

func newLedger() *ledger {
	return &ledger{
		now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), slot: 1000, txFee: 5000, simUnits: 40_000,
		inAir: map[solana.Signature]uint64{}, landed: map[solana.Signature]landing{}, valid: map[solana.Hash]uint64{}, calls: map[string]int{},
	}
}

func (l *ledger) Now() time.Time { l.mu.Lock(); defer l.mu.Unlock(); return l.now }

func (l *ledger) Sleep(ctx context.Context, d time.Duration) error {
	if l.onSleep != nil {
		l.onSleep()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now, l.rest = l.now.Add(d), l.rest+d
	for ; l.rest >= slotTime; l.rest -= slotTime {
		l.tick()
	}
	return ctx.Err()
}

func (l *ledger) tick() {
	l.slot++
	for sig, at := range l.inAir {
		if at <= l.slot {
			delete(l.inAir, sig)
			if _, twice := l.landed[sig]; !twice {
				l.landed[sig] = landing{l.slot, l.landErr}
			}
		}
	}
}

func (l *ledger) begin(call string) func() {
	l.mu.Lock()
	l.calls[call]++
	return l.mu.Unlock
}

func (l *ledger) LatestBlockhash(context.Context) (chain.Blockhash, error) {
	defer l.begin("blockhash")()
	if l.hash.LastValid == 0 {
		hash := solana.Hash{31: byte(l.calls["blockhash"])}
		binary.LittleEndian.PutUint64(hash[:], l.slot)
		l.hash = chain.Blockhash{Hash: hash, LastValid: l.slot + 150, Slot: l.slot}
		l.valid[l.hash.Hash] = l.hash.LastValid
	}
	return l.hash, nil
}

func (l *ledger) ForgetBlockhash() { l.mu.Lock(); defer l.mu.Unlock(); l.hash = chain.Blockhash{} }

func (l *ledger) Simulate(context.Context, []byte, []solana.PublicKey) (chain.SimResult, error) {
	defer l.begin("simulate")()
	return chain.SimResult{Err: l.simErr, Units: l.simUnits, Slot: l.slot}, nil
}

func (l *ledger) SendRaw(_ context.Context, raw []byte) error {
	tx, err := chain.DecodeTransaction(raw)
	if err != nil || tx.VerifySignatures() != nil {
		return fault.Newf(fault.Retry, chain.CodeRefused, "bad transaction")
	}
	sig := tx.Signatures[0]
	if l.onSend != nil {
		l.onSend(sig)
	}
	defer l.begin("send")()
	l.sends = append(l.sends, sig)
	if l.drop > 0 {
		l.drop--
		return nil
	}
	at := l.slot + 1 + l.delay
	if _, known := l.inAir[sig]; !known && at <= l.valid[tx.Message.RecentBlockhash] {
		l.inAir[sig] = at
	}
	if l.lose > 0 {
		l.lose--
		return fault.Newf(fault.Unknown, chain.CodeLost, "reply lost")
	}
	return nil
}

func (l *ledger) status(sig solana.Signature) chain.Status {
	at, ok := l.landed[sig]
	if !ok {
		return chain.Status{}
	}
	c := rpc.CommitmentProcessed
	switch {
	case at.slot+32 <= l.slot:
		c = rpc.CommitmentFinalized
	case at.slot+1 <= l.slot:
		c = rpc.CommitmentConfirmed
	}
	return chain.Status{Known: true, Slot: at.slot, Commitment: c, Err: at.err}
}

func (l *ledger) Statuses(_ context.Context, sigs []solana.Signature, _ bool) ([]chain.Status, uint64, error) {
	defer l.begin("statuses")()
	if l.blind > 0 {
		l.blind--
		return nil, 0, errors.New("status cannot be read")
	}
	var out []chain.Status
	for _, s := range sigs {
		out = append(out, l.status(s))
	}
	return out, l.slot, nil
}

func (l *ledger) Fates(_ context.Context, list []chain.Candidate) ([]chain.Fate, error) {
	defer l.begin("fates")()
	if l.noFates {
		return nil, errors.New("nobody answers")
	}
	height := l.slot - 32
	var out []chain.Fate
	for _, c := range list {
		s := l.status(c.Signature)
		out = append(out, chain.Fate{Status: s, Height: height, Expired: !s.Known && height > c.LastValid})
	}
	return out, nil
}

func (l *ledger) Transaction(_ context.Context, sig solana.Signature, _ rpc.CommitmentType) (*chain.Transaction, bool, error) {
	defer l.begin("transaction")()
	at, ok := l.landed[sig]
	return &chain.Transaction{Signature: sig, Slot: at.slot, Err: at.err, Fee: l.txFee, Units: 40_000}, ok, nil
}

func (l *ledger) PriorityFees(context.Context, []solana.PublicKey) ([]uint64, error) {
	defer l.begin("fees")()
	return l.fees, nil
}

func (l *ledger) Watch(context.Context, solana.Signature, rpc.CommitmentType) (<-chan struct{}, func()) {
	return nil, func() {}
}

// rollback forgets everything of the newest slots, as a fork does; what was in them may land again.
func (l *ledger) rollback(slots uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for sig, at := range l.landed {
		if at.slot+slots > l.slot && at.slot+32 > l.slot {
			delete(l.landed, sig)
		}
	}
}

// key signs and keeps what it signed.
type key struct {
	mu      sync.Mutex
	private ed25519.PrivateKey
	signed  int
	onSign  func()
}

func newKey() *key { return &key{private: ed25519.NewKeyFromSeed(make([]byte, 32))} }

func (k *key) PublicKey() solana.PublicKey { return solana.PublicKeyFromBytes(k.private[32:]) }

func (k *key) Sign(_ context.Context, message []byte) (solana.Signature, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.signed++
	if k.onSign != nil {
		k.onSign()
	}
	return solana.SignatureFromBytes(ed25519.Sign(k.private, message)), nil
}

// gate answers by a function; nil is open.
type gate struct{ open func() error }

func (g *gate) Open(context.Context, string) error {
	if g.open == nil {
		return nil
	}
	return g.open()
}

var errStop = fault.New(fault.Wait, "stopped", errors.New("emergency stop"))

// bench is a sender with a chain in memory and a real store.
type bench struct {
	*ledger
	key   *key
	gate  *gate
	store *store.Store
	opts  sender.Options
	s     *sender.Sender
}

func newBench(t *testing.T) *bench {
	db, err := store.Open(context.Background(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return benchOn(db)
}

func benchOn(db *store.Store) *bench {
	b := &bench{ledger: newLedger(), key: newKey(), gate: &gate{}, store: db}
	b.opts = sender.Options{Now: b.Now, Sleep: b.Sleep}
	b.restart()
	return b
}

// restart is a new process: nothing is left but the store.
func (b *bench) restart() {
	b.ForgetBlockhash()
	b.s = sender.New(b.ledger, b.store, b.key, b.gate, b.opts)
}

func (b *bench) intent(t require.TestingT, sig string) domain.Intent {
	i, found, err := b.store.Intent(context.Background(), sig)
	require.NoError(t, err)
	require.True(t, found)
	return i
}

func page(cursor string) sender.Request {
	return sender.Request{
		Vault: "v1", Day: "2026-03-01", Kind: domain.IntentPage, Key: "page/" + cursor,
		Instructions: []solana.Instruction{solana.NewInstruction(router.ProgramLocalnet, solana.AccountMetaSlice{solana.Meta(solana.PublicKey{8}).WRITE()}, []byte(cursor))},
	}
}

func requests(cursors []string) []sender.Request {
	out := make([]sender.Request, 0, len(cursors))
	for _, c := range cursors {
		out = append(out, page(c))
	}
	return out
}
