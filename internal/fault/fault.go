// Package fault says what may be done after a failure. Every error that reaches a workflow carries one of five kinds.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
)

// Kind is what may be done next.
type Kind string

// The kinds. What nobody classified is Unknown.
const (
	Retry   Kind = "retry"   // Nothing happened. Ask again.
	Done    Kind = "done"    // The chain already holds the wanted state.
	Wait    Kind = "wait"    // Too early, stopped, or the node is behind. Nothing is wrong.
	Unknown Kind = "unknown" // It may have landed. Read the chain before acting.
	Human   Kind = "human"   // No code path may decide this.
)

// Error is a failure with its kind, a stable machine code such as "router/6001", and what to do next.
type Error struct {
	Kind  Kind
	Code  string
	Next  string        // What an operator can do; empty when nothing needs doing.
	After time.Duration // For Retry and Wait: not before; 0 leaves it to the retry policy.
	Err   error
}

func (e *Error) Error() string {
	msg := e.Err.Error()
	if e.Next != "" {
		msg += ". " + e.Next
	}
	return msg
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes a failure of a kind with a code.
func New(kind Kind, code string, err error) *Error { return &Error{Kind: kind, Code: code, Err: err} }

// Newf makes a failure from a format; %w wraps.
func Newf(kind Kind, code, format string, args ...any) *Error {
	return New(kind, code, fmt.Errorf(format, args...))
}

// WithNext adds what an operator can do.
func (e *Error) WithNext(next string) *Error {
	e.Next = next
	return e
}

// KindOf finds the kind, on either side of Temporal's wire. A nil error has no kind; an unclassified one is Unknown.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var own *Error
	if errors.As(err, &own) {
		return own.Kind
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		switch k := Kind(app.Type()); k {
		case Retry, Done, Wait, Unknown, Human:
			return k
		}
	}
	return Unknown
}

// CodeOf finds the machine code, or "".
func CodeOf(err error) string {
	var own *Error
	if errors.As(err, &own) {
		return own.Code
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return detailOf(app).Code
	}
	return ""
}

// Detail travels with a sealed error.
type Detail struct {
	Code  string `json:"code,omitempty"`
	Next  string `json:"next,omitempty"`
	Tries int32  `json:"tries,omitempty"` // How often it was tried, this time included (X16).
}

// Tried adds to a sealed error how often it was tried and the wait before the next try.
func Tried(err *temporal.ApplicationError, tries int32, wait time.Duration) error {
	d := detailOf(err)
	d.Tries = tries
	return temporal.NewApplicationErrorWithOptions(err.Message(), err.Type(), temporal.ApplicationErrorOptions{
		NonRetryable: err.NonRetryable(), Cause: err.Unwrap(), Details: []any{d}, NextRetryDelay: wait, Category: err.Category(),
	})
}

// TriesOf is how often a failed activity was tried; 0 when that is not known.
func TriesOf(err error) int32 {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		return 0
	}
	return detailOf(app).Tries
}

func detailOf(err *temporal.ApplicationError) (d Detail) {
	if err.HasDetails() && err.Details(&d) != nil {
		return Detail{}
	}
	return d
}

// Seal turns an error into the one that Temporal carries. It comes last in an activity: wrapping a sealed error
// with fmt.Errorf drops its type and makes it retryable. Retry and Unknown are retried by the activity's policy,
// because every activity that may be unknown settles the chain first when it runs again; the others are the
// workflow's to decide.
func Seal(err error) error {
	if err == nil {
		return nil
	}
	var done *temporal.ApplicationError
	if errors.As(err, &done) || temporal.IsCanceledError(err) || errors.Is(err, context.Canceled) {
		return err
	}
	kind := KindOf(err)
	opts := temporal.ApplicationErrorOptions{
		NonRetryable: kind == Done || kind == Wait || kind == Human,
		Details:      []any{Detail{Code: CodeOf(err)}},
	}
	var own *Error
	if errors.As(err, &own) {
		opts.NextRetryDelay = own.After
		opts.Details = []any{Detail{Code: own.Code, Next: own.Next}}
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(kind), opts)
}
