package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

func TestKindOf(t *testing.T) {
	tests := []struct {
		name string
		give error
		want fault.Kind
	}{
		{"no error has no kind", nil, ""},
		{"what nobody classified is unknown", io.ErrUnexpectedEOF, fault.Unknown},
		{"a wrapped failure keeps its kind", fmt.Errorf("page 3: %w", fault.New(fault.Human, "router/6001", errors.New("base fee"))), fault.Human},
		{"a sealed failure keeps its kind", fault.Seal(fault.New(fault.Wait, "stopped", errors.New("stopped"))), fault.Wait},
		{"a foreign application error is unknown", temporal.NewApplicationError("x", "SomethingElse"), fault.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, fault.KindOf(tt.give)) })
	}
}

func TestSeal_OnlyRetryAndUnknownAreTriedAgain(t *testing.T) {
	for kind, final := range map[fault.Kind]bool{
		fault.Retry: false, fault.Unknown: false, fault.Done: true, fault.Wait: true, fault.Human: true,
	} {
		var app *temporal.ApplicationError
		require.ErrorAs(t, fault.Seal(fault.New(kind, "c", errors.New("x"))), &app)
		require.Equal(t, final, app.NonRetryable(), kind)
		require.Equal(t, "c", fault.CodeOf(app))
	}
}

func TestSeal_KeepsCancellationAndSealedErrors(t *testing.T) {
	require.NoError(t, fault.Seal(nil))
	require.ErrorIs(t, fault.Seal(context.Canceled), context.Canceled)
	once := fault.Seal(fault.New(fault.Human, "c", errors.New("x")))
	require.Equal(t, once, fault.Seal(once))
}

func TestSeal_CarriesTheDelayThatAServerAskedFor(t *testing.T) {
	e := fault.New(fault.Retry, "rpc/429", errors.New("too many requests"))
	e.After = 7 * time.Second
	var app *temporal.ApplicationError
	require.ErrorAs(t, fault.Seal(e), &app)
	require.Equal(t, 7*time.Second, app.NextRetryDelay())
}
