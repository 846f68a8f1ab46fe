package chain

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"golang.org/x/sync/errgroup"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

const (
	chunkKeys    = 100 // getMultipleAccounts takes no more (CHAIN.md §4).
	chunksAtOnce = 4
)

// Account is what stands at an address. Exists=false is an answer of the chain, never a failed read.
type Account struct {
	Key      solana.PublicKey
	Exists   bool
	Owner    solana.PublicKey
	Lamports uint64
	Data     []byte

	Executable bool // A program.
}

// ReadOptions say how sure and how fresh a read must be. An empty commitment means confirmed.
type ReadOptions struct {
	Commitment rpc.CommitmentType
	MinSlot    uint64 // The answer must hold at this slot or later.
	Head       uint64 // Only so many bytes of each account; 0 is all. A deployed program is too large to read whole.
}

// Snapshot is a set of accounts of one endpoint. MinSlot = MaxSlot when all chunks were read at one slot.
type Snapshot struct {
	Accounts map[solana.PublicKey]Account
	Order    []solana.PublicKey // The keys as asked, without repeats.
	MinSlot  uint64
	MaxSlot  uint64
	Endpoint string
}

// OneSlot is true when everything was read at the same slot.
func (s Snapshot) OneSlot() bool { return s.MinSlot == s.MaxSlot }

type wireAccount struct {
	Lamports uint64   `json:"lamports"`
	Owner    string   `json:"owner"`
	Data     []string `json:"data"`

	Executable bool `json:"executable"`
}

func (w *wireAccount) account(key solana.PublicKey) (Account, error) {
	if w == nil {
		return Account{Key: key}, nil
	}
	if len(w.Data) != 2 || w.Data[1] != "base64" {
		return Account{}, fmt.Errorf("account %s: the node did not answer in base64", key)
	}
	data, err := base64.StdEncoding.DecodeString(w.Data[0])
	if err != nil {
		return Account{}, fmt.Errorf("account %s: data: %w", key, err)
	}
	owner, err := solana.PublicKeyFromBase58(w.Owner)
	if err != nil {
		return Account{}, fmt.Errorf("account %s: owner %q: %w", key, w.Owner, err)
	}
	return Account{Key: key, Exists: true, Owner: owner, Lamports: w.Lamports, Data: data, Executable: w.Executable}, nil
}

// Snapshot reads accounts in chunks of 100 from one endpoint and tries twice to get all chunks at one slot (row P07).
// When the endpoint fails half way, everything is read anew from another one. Errors: Retry "rpc/…"; an error says
// nothing about any account.
func (p *Pool) Snapshot(ctx context.Context, keys []solana.PublicKey, o ReadOptions) (Snapshot, error) {
	if o.Commitment == "" {
		o.Commitment = rpc.CommitmentConfirmed
	}
	snap := Snapshot{Accounts: make(map[solana.PublicKey]Account, len(keys))}
	for _, k := range keys {
		if _, repeated := snap.Accounts[k]; !repeated {
			snap.Accounts[k] = Account{Key: k}
			snap.Order = append(snap.Order, k)
		}
	}
	if len(snap.Order) == 0 {
		return snap, nil
	}
	var chunks []chunk
	var e *endpoint
	var err error
	for range p.endpoints {
		chunks = split(snap.Order)
		// The first chunk finds an endpoint; the others must come from the same one.
		if e, err = p.readChunk(ctx, &chunks[0], o, nil); err != nil || len(chunks) == 1 {
			break
		}
		if err = p.readRest(ctx, chunks, o, e); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return Snapshot{}, fmt.Errorf("snapshot of %d accounts: %w", len(snap.Order), err)
	}
	snap.Endpoint, snap.MinSlot = e.Name, chunks[0].slot
	for _, c := range chunks {
		snap.MinSlot, snap.MaxSlot = min(snap.MinSlot, c.slot), max(snap.MaxSlot, c.slot)
		for _, a := range c.accounts {
			snap.Accounts[a.Key] = a
		}
	}
	return snap, nil
}

type chunk struct {
	keys     []solana.PublicKey
	accounts []Account
	slot     uint64
}

func split(keys []solana.PublicKey) []chunk {
	var out []chunk
	for len(keys) > 0 {
		n := min(chunkKeys, len(keys))
		out = append(out, chunk{keys: keys[:n]})
		keys = keys[n:]
	}
	return out
}

// readRest reads all chunks but the first, then once more those that are older than the newest.
func (p *Pool) readRest(ctx context.Context, chunks []chunk, o ReadOptions, e *endpoint) error {
	for try := range 2 {
		newest := uint64(0)
		for _, c := range chunks {
			newest = max(newest, c.slot)
		}
		g, inner := errgroup.WithContext(ctx)
		g.SetLimit(chunksAtOnce)
		for i := range chunks {
			if chunks[i].accounts == nil || (try > 0 && chunks[i].slot < newest) {
				g.Go(func() error {
					_, err := p.readChunk(inner, &chunks[i], ReadOptions{Commitment: o.Commitment, MinSlot: max(o.MinSlot, newest), Head: o.Head}, e)
					return err
				})
			}
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pool) readChunk(ctx context.Context, c *chunk, o ReadOptions, on *endpoint) (*endpoint, error) {
	conf := map[string]any{"encoding": "base64"}
	if o.Head > 0 {
		conf["dataSlice"] = map[string]any{"offset": 0, "length": o.Head}
	}
	ans, e, err := read[[]*wireAccount](ctx, p, request{
		method: "getMultipleAccounts", args: []any{c.keys}, conf: conf,
		commitment: o.Commitment, minSlot: o.MinSlot, monotonic: true, on: on,
	})
	if err != nil {
		return nil, err
	}
	if len(ans.Value) != len(c.keys) {
		return nil, fault.Newf(fault.Retry, CodeUnavailable, "%s answered %d accounts to %d keys", e.Name, len(ans.Value), len(c.keys))
	}
	accounts := make([]Account, 0, len(c.keys))
	for i, w := range ans.Value {
		a, err := w.account(c.keys[i])
		if err != nil {
			return nil, fault.New(fault.Retry, CodeUnavailable, fmt.Errorf("%s: %w", e.Name, err))
		}
		accounts = append(accounts, a)
	}
	c.accounts, c.slot = accounts, ans.Context.Slot
	return e, nil
}
