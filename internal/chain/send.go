package chain

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// sendTimeout bounds one send; its answer proves nothing, so there is little to wait for.
const sendTimeout = 3 * time.Second

// SimResult is what a transaction would do. Nothing of it happens.
type SimResult struct {
	Err      *TxError // nil: it would succeed.
	Logs     []string
	Units    uint64    // Compute units it would use.
	Accounts []Account // State after it, in the order asked; empty when it would fail.
	Slot     uint64
}

// Simulate runs a transaction against the confirmed state without its signature and with a current blockhash. A node's
// refusal to run it at all comes back in Err as well; an error means that nothing is known.
func (p *Pool) Simulate(ctx context.Context, raw []byte, accounts []solana.PublicKey) (SimResult, error) {
	conf := map[string]any{"encoding": "base64", "sigVerify": false, "replaceRecentBlockhash": true}
	if len(accounts) > 0 {
		conf["accounts"] = map[string]any{"encoding": "base64", "addresses": accounts}
	}
	type value struct {
		Err      json.RawMessage `json:"err"`
		Logs     []string        `json:"logs"`
		Units    uint64          `json:"unitsConsumed"`
		Accounts []*wireAccount  `json:"accounts"`
	}
	ans, e, err := read[value](ctx, p, request{
		method: "simulateTransaction", args: []any{base64.StdEncoding.EncodeToString(raw)}, conf: conf,
		commitment: rpc.CommitmentConfirmed, monotonic: true,
	})
	if err != nil {
		if r, ok := preflight(err); ok {
			return r, nil
		}
		return SimResult{}, fmt.Errorf("simulate: %w", err)
	}
	out := SimResult{
		Err: ParseTxError(ans.Value.Err).locate(ans.Value.Logs), Logs: ans.Value.Logs,
		Units: ans.Value.Units, Slot: ans.Context.Slot,
	}
	if out.Err != nil || len(accounts) == 0 {
		return out, nil //nolint:nilerr // What the chain would refuse is an answer, not a failure to ask.
	}
	if len(ans.Value.Accounts) != len(accounts) {
		return SimResult{}, fault.Newf(fault.Retry, CodeUnavailable, "simulate: %s answered %d accounts to %d keys", e.Name, len(ans.Value.Accounts), len(accounts))
	}
	for i, w := range ans.Value.Accounts {
		a, err := w.account(accounts[i])
		if err != nil {
			return SimResult{}, fault.New(fault.Retry, CodeUnavailable, fmt.Errorf("simulate: %s: %w", e.Name, err))
		}
		out.Accounts = append(out.Accounts, a)
	}
	return out, nil
}

// preflight decodes error −32002, whose data carries what a simulation would have said.
func preflight(err error) (SimResult, bool) {
	var ce *callError
	if !errors.As(err, &ce) || ce.code != rpcPreflightFailed {
		return SimResult{}, false
	}
	var data struct {
		Err   json.RawMessage `json:"err"`
		Logs  []string        `json:"logs"`
		Units uint64          `json:"unitsConsumed"`
	}
	if json.Unmarshal(ce.data, &data) != nil {
		return SimResult{}, false
	}
	e := ParseTxError(data.Err).locate(data.Logs)
	return SimResult{Err: e, Logs: data.Logs, Units: data.Units}, e != nil
}

// SendRaw hands signed bytes to the best endpoint and to one more. The answer never proves anything: nil means that
// somebody said yes, not that it will land. Errors: Retry when surely nobody took it (no connection, 429, a refusal of
// the request), else Unknown "rpc/lost": it may land.
func (p *Pool) SendRaw(ctx context.Context, raw []byte) error {
	targets := p.usable()
	if len(targets) == 0 {
		targets = p.ranked(nil, 2)
	}
	if len(targets) == 0 {
		return p.allDown(ctx, "sendTransaction", nil)
	}
	targets = targets[:min(2, len(targets))]
	params := []any{
		base64.StdEncoding.EncodeToString(raw),
		// Without maxRetries 0 the node would go on sending by itself, past an emergency stop.
		map[string]any{"encoding": "base64", "skipPreflight": true, "maxRetries": 0},
	}
	errs := make([]error, len(targets))
	var wg sync.WaitGroup
	for i, e := range targets {
		wg.Go(func() {
			var signature string
			errs[i] = asSend(e.sendNow(ctx, params, &signature))
		})
	}
	wg.Wait()
	var worst error
	for _, err := range errs {
		if err == nil {
			return nil
		}
		if worst == nil || fault.KindOf(err) == fault.Unknown {
			worst = err
		}
	}
	return fmt.Errorf("send transaction: %w", worst)
}

// sendNow sends at once or not at all. The caller has just looked at the emergency stop: bytes that leave seconds later,
// after a queue or a slow connection, would leave behind its back.
func (e *endpoint) sendNow(ctx context.Context, params []any, out any) error {
	if !e.turns.allow() {
		return fmt.Errorf("sendTransaction on %s: the rate limit leaves no request now", e.Name)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return e.askNow(ctx, "sendTransaction", params, out)
}

func asSend(err error) error {
	var ce *callError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ce):
		return ce.asSend()
	}
	// Only the rate limit fails without a request.
	return fault.New(fault.Retry, CodeTooMany, err)
}
