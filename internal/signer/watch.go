package signer

import (
	"context"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// State is whether a key could be used when it was asked for last.
type State struct {
	Reachable bool
	Code      string    // Why not, such as signer/sealed.
	Reason    string    // The same for people.
	Since     time.Time // When the state began.
	Asked     time.Time // When the key was asked last.
}

// Unreachable is the name of the state in which a key cannot be used, in doctor, readiness and messages.
const Unreachable = "signer_unreachable"

// Watched is a key that knows whether it could be used last time. It is safe for concurrent use.
type Watched struct {
	key Signer
	now func() time.Time

	mu    sync.Mutex
	state State
}

// Watch notes how a key answers. A key that was opened is reachable.
func Watch(key Signer, now func() time.Time) *Watched {
	return &Watched{key: key, now: now, state: State{Reachable: true, Since: now(), Asked: now()}}
}

// PublicKey is the key's address.
func (w *Watched) PublicKey() solana.PublicKey { return w.key.PublicKey() }

// Sign passes the message on and notes the outcome. A caller that gave up says nothing about the key.
func (w *Watched) Sign(ctx context.Context, message []byte) (solana.Signature, error) {
	sig, err := w.key.Sign(ctx, message)
	if err == nil || ctx.Err() == nil {
		w.note(err)
	}
	return sig, err
}

func (w *Watched) note(err error) {
	now := w.now()
	next := State{Reachable: err == nil, Code: fault.CodeOf(err), Since: now, Asked: now}
	if err != nil {
		next.Reason = err.Error()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if next.Reachable == w.state.Reachable && next.Code == w.state.Code {
		next.Since = w.state.Since
	}
	w.state = next
}

// State is what is known.
func (w *Watched) State() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// probe is what Probe signs. Its first byte is that of a message version which does not exist, so that the signature is
// good for nothing on the chain.
const probe = "\xfffeeops: does this key sign?"

// Probe finds out whether a key signs now. The signature is verified and thrown away.
func Probe(ctx context.Context, key Signer) error {
	sig, err := key.Sign(ctx, []byte(probe))
	if err != nil {
		return err
	}
	_, err = verified("the key", key.PublicKey(), []byte(probe), sig[:])
	return err
}
