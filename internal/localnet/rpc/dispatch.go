package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
)

const version = "2.0"

type request struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

type resultResponse struct {
	JSONRPC string          `json:"jsonrpc"`
	Result  any             `json:"result"`
	ID      json.RawMessage `json:"id"`
}

type errorResponse struct {
	JSONRPC string          `json:"jsonrpc"`
	Error   *Error          `json:"error"`
	ID      json.RawMessage `json:"id"`
}

// parseBody reads one request or a batch. A batch member that is no request object gets its own error later.
func parseBody(body []byte) (list []request, batch bool, problem *Error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || !json.Valid(body) {
		return nil, false, fail(codeParse, "Parse error")
	}
	if body[0] != '[' {
		return []request{parseRequest(body)}, false, nil
	}
	var raw []json.RawMessage
	if json.Unmarshal(body, &raw) != nil || len(raw) == 0 {
		return nil, true, fail(codeInvalidRequest, "Invalid request")
	}
	for _, one := range raw {
		list = append(list, parseRequest(one))
	}
	return list, true, nil
}

// parseRequest leaves the version empty when the object is not a request; call answers −32600 then.
func parseRequest(raw []byte) request {
	var r request
	if json.Unmarshal(raw, &r) != nil {
		return request{ID: json.RawMessage("null")}
	}
	return r
}

func distinctMethods(requests []request) []string {
	var out []string
	for i := range requests {
		method := requests[i].Method
		if !strings.HasPrefix(method, adminPrefix) && !slices.Contains(out, method) {
			out = append(out, method)
		}
	}
	return out
}

// adminPrefix marks the methods that steer the local chain; faults do not touch them.
const adminPrefix = "localnet_"

// call answers one request; a notification (without id) has no answer.
func (e *Endpoint) call(ctx context.Context, r *request) (any, error) {
	if r.JSONRPC != version || r.Method == "" {
		id := r.ID
		if id == nil {
			id = json.RawMessage("null")
		}
		return errorResponse{version, fail(codeInvalidRequest, "Invalid request"), id}, nil
	}
	e.count(r.Method)
	result, err := e.run(ctx, r)
	switch {
	case r.ID == nil:
		return nil, err
	case err != nil:
		return errorResponse{version, asError(err), r.ID}, err
	}
	return resultResponse{version, result, r.ID}, nil
}

func (e *Endpoint) run(ctx context.Context, r *request) (any, error) {
	list, err := positional(r.Params)
	if err != nil {
		return nil, err
	}
	if admin, known := e.admin[r.Method]; known {
		return admin(e, list)
	}
	h, known := e.methods[r.Method]
	if !known {
		return nil, fail(codeMethodNotFound, "Method not found")
	}
	e.chain.mu.RLock()
	defer e.chain.mu.RUnlock()
	return h(&query{ctx, e, e.view(r.Method), r.Method, list})
}

func positional(raw json.RawMessage) (params, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var list params
	if json.Unmarshal(raw, &list) != nil {
		if trimmed := bytes.TrimSpace(raw); string(trimmed) == "{}" {
			return nil, nil
		}
		return nil, invalid("`params` should be an array")
	}
	return list, nil
}

// handler answers one method, with the chain standing still meanwhile.
type handler func(*query) (any, error)

// handlers is the table of CHAIN.md §5.
func handlers() map[string]handler {
	return map[string]handler{
		"getAccountInfo":                    getAccountInfo,
		"getBalance":                        getBalance,
		"getBlock":                          getBlock,
		"getBlockHeight":                    getBlockHeight,
		"getBlockTime":                      getBlockTime,
		"getBlocks":                         getBlocks,
		"getEpochInfo":                      getEpochInfo,
		"getEpochSchedule":                  getEpochSchedule,
		"getFeeForMessage":                  getFeeForMessage,
		"getFirstAvailableBlock":            getFirstAvailableBlock,
		"getGenesisHash":                    getGenesisHash,
		"getHealth":                         getHealth,
		"getIdentity":                       getIdentity,
		"getLatestBlockhash":                getLatestBlockhash,
		"getMinimumBalanceForRentExemption": getMinimumBalanceForRentExemption,
		"getMultipleAccounts":               getMultipleAccounts,
		"getProgramAccounts":                getProgramAccounts,
		"getRecentPrioritizationFees":       getRecentPrioritizationFees,
		"getSignatureStatuses":              getSignatureStatuses,
		"getSignaturesForAddress":           getSignaturesForAddress,
		"getSlot":                           getSlot,
		"getSlotLeader":                     getSlotLeader,
		"getTokenAccountBalance":            getTokenAccountBalance,
		"getTokenAccountsByOwner":           getTokenAccountsByOwner,
		"getTokenSupply":                    getTokenSupply,
		"getTransaction":                    getTransaction,
		"getTransactionCount":               getTransactionCount,
		"getVersion":                        getVersion,
		"isBlockhashValid":                  isBlockhashValid,
		"requestAirdrop":                    requestAirdrop,
		"sendTransaction":                   sendTransaction,
		"simulateTransaction":               simulateTransaction,
	}
}
