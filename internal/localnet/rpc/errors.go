package rpc

import (
	"errors"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// Error codes of JSON-RPC 2.0 and of a Solana validator.
const (
	codeBlockNotAvailable   = -32004
	codeNodeUnhealthy       = -32005
	codeSlotSkipped         = -32007
	codeLongTermSkipped     = -32009
	codePreflight           = -32002
	codeSignature           = -32003
	codeUnsupportedVersion  = -32015
	codeMinContextSlot      = -32016
	codeInvalidRequest      = -32600
	codeMethodNotFound      = -32601
	codeInvalidParams       = -32602
	codeInternal            = -32603
	codeParse               = -32700
	msgSignatureFailure     = "Transaction signature verification failure"
	msgUnsupportedVersion   = "Transaction version (0) is not supported by the requesting client. Please try the request again with the following configuration parameter: \"maxSupportedTransactionVersion\": 0"
	msgMinContextNotReached = "Minimum context slot has not been reached"
)

// Error is the error object of a JSON-RPC answer.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

func (e *Error) Error() string { return fmt.Sprintf("rpc error %d: %s", e.Code, e.Message) }

func fail(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *Error { return fail(codeInvalidParams, format, args...) }

// asError keeps a handler's own error object and hides nothing of any other.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return fail(codeInternal, "Internal error: %v", err)
}

func behind(slots uint64) *Error {
	return &Error{
		Code:    codeNodeUnhealthy,
		Message: fmt.Sprintf("Node is behind by %d slots", slots),
		Data:    map[string]uint64{"numSlotsBehind": slots},
	}
}

// preflightData is what a validator adds to −32002; every field is present even when it is null.
type preflightData struct {
	Accounts             any                   `json:"accounts"`
	Err                  bank.TransactionError `json:"err"`
	InnerInstructions    any                   `json:"innerInstructions"`
	Logs                 []string              `json:"logs"`
	ReplacementBlockhash any                   `json:"replacementBlockhash"`
	ReturnData           any                   `json:"returnData"`
	UnitsConsumed        uint64                `json:"unitsConsumed"`
}

func preflight(txErr bank.TransactionError, logs []string, units uint64) *Error {
	if logs == nil {
		logs = []string{}
	}
	return &Error{
		Code:    codePreflight,
		Message: "Transaction simulation failed: " + txErr.Error(),
		Data:    preflightData{Err: txErr, Logs: logs, UnitsConsumed: units},
	}
}
