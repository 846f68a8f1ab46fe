package chain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// JSON-RPC error codes of a Solana node.
const (
	rpcPreflightFailed    = -32002
	rpcSignatureInvalid   = -32003
	rpcNodeBehind         = -32005
	rpcUnsupportedVersion = -32015
	rpcMinContextSlot     = -32016
	rpcInvalidRequest     = -32600
	rpcMethodNotFound     = -32601
	rpcInvalidParams      = -32602
)

// Codes of this package's failures.
const (
	CodeAllDown     = "rpc/all_down"
	CodeTooMany     = "rpc/429"
	CodeUnavailable = "rpc/unavailable"
	CodeBehind      = "rpc/behind"
	CodeRefused     = "rpc/refused" // The node understood the request and will never take it.
	CodeLost        = "rpc/lost"    // A send whose fate is unknown.
)

// final is true when asking another endpoint cannot help: the request itself is what is refused.
func (e *callError) final() bool {
	switch e.code {
	case rpcPreflightFailed, rpcSignatureInvalid, rpcUnsupportedVersion, rpcInvalidRequest, rpcInvalidParams:
		return true
	}
	return false
}

func (e *callError) behind() bool { return e.code == rpcNodeBehind || e.code == rpcMinContextSlot }

func (e *callError) tooMany() bool { return e.status == 429 }

// asRead gives a failed read its kind. Nothing happened on the chain, so all but a refusal may be asked again.
func (e *callError) asRead() *fault.Error {
	switch {
	case e.tooMany():
		f := fault.New(fault.Retry, CodeTooMany, e)
		f.After = e.after
		return f
	case e.behind():
		f := fault.New(fault.Retry, CodeBehind, e)
		f.After = time.Second
		return f
	case e.final():
		return fault.New(fault.Human, CodeRefused, e)
	}
	return fault.New(fault.Retry, CodeUnavailable, e)
}

// asSend gives a failed send its kind: Retry only when the node surely did not take the transaction.
func (e *callError) asSend() *fault.Error {
	switch {
	case e.tooMany():
		f := fault.New(fault.Retry, CodeTooMany, e)
		f.After = e.after
		return f
	case e.refused, e.behind():
		return fault.New(fault.Retry, CodeUnavailable, e)
	case e.code == rpcInvalidParams, e.code == rpcInvalidRequest, e.code == rpcMethodNotFound, e.code == rpcSignatureInvalid:
		return fault.New(fault.Retry, CodeRefused, e)
	}
	// A preflight refusal belongs here too: "already processed" is one, and then the transaction has landed.
	return fault.New(fault.Unknown, CodeLost, e)
}

// allDown joins what every endpoint said. When all that answered agree on one cause, the code says that cause.
func (p *Pool) allDown(ctx context.Context, method string, failures map[string]error) error {
	var lines []string
	causes := map[string]bool{}
	var after time.Duration
	for _, h := range p.Health() {
		err, asked := failures[h.Name]
		if !asked {
			lines = append(lines, fmt.Sprintf("%s: not asked, %s", h.Name, orUsable(h.Reason)))
			continue
		}
		var ce *callError
		code := CodeUnavailable
		if errors.As(err, &ce) {
			f := ce.asRead()
			code = f.Code
			if f.After > 0 && (after == 0 || f.After < after) {
				after = f.After
			}
		}
		causes[code] = true
		lines = append(lines, fmt.Sprintf("%s: %v", h.Name, err))
	}
	code := CodeAllDown
	if len(causes) == 1 && (causes[CodeTooMany] || causes[CodeBehind]) {
		for c := range causes {
			code = c
		}
	}
	cause := errors.New(strings.Join(lines, "; "))
	if ctx.Err() != nil {
		cause = fmt.Errorf("%w (%s)", ctx.Err(), strings.Join(lines, "; "))
	}
	f := fault.Newf(fault.Retry, code, "%s: no endpoint answered: %w", method, cause)
	f.After = after
	return f.WithNext("feeops doctor looks at each; add an endpoint or wait for one to recover")
}

func orUsable(reason string) string {
	if reason == "" {
		return "it was tried last"
	}
	return reason
}
