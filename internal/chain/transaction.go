package chain

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Transaction is a landed transaction. Money is counted by TokenDeltas, never by logs (CHAIN.md §1).
type Transaction struct {
	Signature   solana.Signature
	Slot        uint64
	BlockTime   *int64 // Unix seconds; nodes may not know it.
	Err         *TxError
	Fee         uint64 // Lamports.
	Units       uint64
	Logs        []string
	Keys        []solana.PublicKey // Static keys, then loaded writable, then loaded read-only ones.
	TokenDeltas []TokenDelta       // Every token account it names, unchanged ones too, by account index.
	Tx          *solana.Transaction
}

// TokenDelta is a token account's balance before and after, in base units of its mint.
type TokenDelta struct {
	Account solana.PublicKey
	Owner   solana.PublicKey // The wallet that owns the tokens; zero when the node did not say.
	Mint    solana.PublicKey
	Pre     uint64
	Post    uint64
}

type wireTransaction struct {
	Slot        uint64   `json:"slot"`
	BlockTime   *int64   `json:"blockTime"`
	Transaction []string `json:"transaction"`
	Meta        *struct {
		Err    json.RawMessage `json:"err"`
		Fee    uint64          `json:"fee"`
		Units  uint64          `json:"computeUnitsConsumed"`
		Logs   []string        `json:"logMessages"`
		Pre    []wireToken     `json:"preTokenBalances"`
		Post   []wireToken     `json:"postTokenBalances"`
		Loaded struct {
			Writable []solana.PublicKey `json:"writable"`
			Readonly []solana.PublicKey `json:"readonly"`
		} `json:"loadedAddresses"`
	} `json:"meta"`
}

type wireToken struct {
	Index  int              `json:"accountIndex"`
	Mint   solana.PublicKey `json:"mint"`
	Owner  string           `json:"owner"`
	Amount struct {
		Amount string `json:"amount"`
	} `json:"uiTokenAmount"`
}

// Transaction reads a landed transaction. found=false means that the endpoint does not have it at that commitment, which
// is neither an error nor a proof that it did not land.
func (p *Pool) Transaction(ctx context.Context, sig solana.Signature, c rpc.CommitmentType) (tx *Transaction, found bool, err error) {
	var w *wireTransaction
	e, err := p.call(ctx, request{
		method: "getTransaction", args: []any{sig}, commitment: c,
		conf: map[string]any{"encoding": "base64", "maxSupportedTransactionVersion": 0},
	}, &w)
	if err != nil {
		return nil, false, fmt.Errorf("read transaction %s: %w", sig, err)
	}
	if w == nil {
		return nil, false, nil
	}
	if tx, err = w.decode(); err != nil {
		return nil, false, fault.New(fault.Retry, CodeUnavailable, fmt.Errorf("transaction %s from %s: %w", sig, e.Name, err))
	}
	if tx.Signature != sig {
		return nil, false, fault.Newf(fault.Retry, CodeUnavailable, "%s answered transaction %s when asked for %s", e.Name, tx.Signature, sig)
	}
	return tx, true, nil
}

func (w *wireTransaction) decode() (*Transaction, error) {
	if w.Meta == nil {
		return nil, fmt.Errorf("the node sent no meta data, so its effects are unknown")
	}
	if len(w.Transaction) != 2 || w.Transaction[1] != "base64" {
		return nil, fmt.Errorf("the node did not answer in base64")
	}
	raw, err := base64.StdEncoding.DecodeString(w.Transaction[0])
	if err != nil {
		return nil, fmt.Errorf("decode base64: %w", err)
	}
	parsed, err := DecodeTransaction(raw)
	if err != nil {
		return nil, err
	}
	if len(parsed.Signatures) == 0 {
		return nil, fmt.Errorf("the transaction carries no signature")
	}
	t := &Transaction{
		Signature: parsed.Signatures[0], Slot: w.Slot, BlockTime: w.BlockTime, Err: ParseTxError(w.Meta.Err).locate(w.Meta.Logs),
		Fee: w.Meta.Fee, Units: w.Meta.Units, Logs: w.Meta.Logs, Tx: parsed,
		Keys: slices.Concat([]solana.PublicKey(parsed.Message.AccountKeys), w.Meta.Loaded.Writable, w.Meta.Loaded.Readonly),
	}
	t.TokenDeltas, err = deltas(t.Keys, w.Meta.Pre, w.Meta.Post)
	return t, err
}

// deltas pairs the balances by account index. An account that appears on one side only was made or closed by the
// transaction: the other side is a true zero.
func deltas(keys []solana.PublicKey, pre, post []wireToken) ([]TokenDelta, error) {
	at := map[int]*TokenDelta{}
	var order []int
	for side, list := range [][]wireToken{pre, post} {
		for _, b := range list {
			if b.Index < 0 || b.Index >= len(keys) {
				return nil, fmt.Errorf("a token balance belongs to account %d of %d", b.Index, len(keys))
			}
			amount, err := strconv.ParseUint(b.Amount.Amount, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("the token balance of %s is not a number: %q", keys[b.Index], b.Amount.Amount)
			}
			d := at[b.Index]
			if d == nil {
				d = &TokenDelta{Account: keys[b.Index], Mint: b.Mint}
				at[b.Index] = d
				order = append(order, b.Index)
			}
			if d.Mint != b.Mint {
				return nil, fmt.Errorf("token account %s changes its mint, so its amounts cannot be compared", d.Account)
			}
			if b.Owner != "" {
				if d.Owner, err = solana.PublicKeyFromBase58(b.Owner); err != nil {
					return nil, fmt.Errorf("owner of token account %s: %w", d.Account, err)
				}
			}
			if side == 0 {
				d.Pre = amount
			} else {
				d.Post = amount
			}
		}
	}
	slices.Sort(order)
	out := make([]TokenDelta, 0, len(order))
	for _, i := range order {
		out = append(out, *at[i])
	}
	return out, nil
}

// DecodeTransaction reads wire bytes of either version. Bytes that are not exactly one transaction are an error.
func DecodeTransaction(raw []byte) (tx *solana.Transaction, err error) {
	// The library's decoder indexes without checking on some malformed inputs.
	defer func() {
		if r := recover(); r != nil {
			tx, err = nil, fmt.Errorf("decode transaction: malformed: %v", r)
		}
	}()
	if tx, err = solana.TransactionFromBytes(raw); err != nil {
		return nil, fmt.Errorf("decode transaction: %w", err)
	}
	again, err := tx.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("decode transaction: %w", err)
	}
	if string(again) != string(raw) {
		return nil, fmt.Errorf("decode transaction: %d bytes are not in the canonical form", len(raw))
	}
	return tx, nil
}
