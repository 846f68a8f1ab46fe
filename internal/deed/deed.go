// Package deed keeps the order in which something that a person asks for is written down and done.
package deed

import (
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/store"
)

// Log appends to the audit log.
type Log func(ctx context.Context, e store.AuditEntry) error

// NotRecordedError means that nothing was done, because it could not be written down.
type NotRecordedError struct{ Err error }

func (e *NotRecordedError) Error() string { return fmt.Sprintf("not written down: %v", e.Err) }
func (e *NotRecordedError) Unwrap() error { return e.Err }

// CarryOut writes the entry into the log and then does what it says; without the entry it does nothing and gives a
// *NotRecordedError. What is urgent, a stop, is done beside the writing: neither waits for the other, and unwritten says
// what the log said. The text and the error are those of do.
func CarryOut(ctx context.Context, log Log, e store.AuditEntry, urgent bool, do func(context.Context) (string, error)) (text string, unwritten, err error) {
	recorded := make(chan error, 1)
	if urgent {
		go func() { recorded <- log(ctx, e) }()
	} else {
		if err := log(ctx, e); err != nil {
			return "", nil, &NotRecordedError{err}
		}
		recorded <- nil
	}
	text, err = do(ctx)
	return text, <-recorded, err
}
