package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// X15: the document's sequence said 1000·2^n and gave 2, 4, 8, 16, 30, 30 s. Ours is that sequence, spread by a fifth.
func TestX15_WaitsDoubleToACapAndAreSpread(t *testing.T) {
	policy := ops.Options(ops.Pay).RetryPolicy
	for try, middle := range []time.Duration{2, 4, 8, 16, 30, 30} {
		middle *= time.Second
		low, mean, high := wait(policy, int32(try+1), 0), wait(policy, int32(try+1), 0.5), wait(policy, int32(try+1), 1)
		require.Equal(t, middle, mean)
		require.Equal(t, middle*8/10, low)
		require.Equal(t, min(middle*12/10, 30*time.Second), high, "never over the cap")
	}
	require.Zero(t, wait(nil, 1, 0.5))
}

// X16: what fails in the end says how often it was tried and keeps its cause, kind and code.
func TestX16_AFailureKeepsItsNumberOfTriesAndItsCause(t *testing.T) {
	tests := []struct {
		name  string
		give  error
		kind  feefault.Kind
		code  string
		after time.Duration
	}{
		{"without a policy the server decides", feefault.New(feefault.Retry, "rpc/unavailable", errors.New("502 of a")), feefault.Retry, "rpc/unavailable", 0},
		{"waits as long as it was told to", &feefault.Error{Kind: feefault.Retry, Code: "rpc/429", After: 7 * time.Second, Err: errors.New("429")}, feefault.Retry, "rpc/429", 7 * time.Second},
		{"is not tried again", feefault.New(feefault.Human, "router/6001", errors.New("base fees")), feefault.Human, "router/6001", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&retries{random: func() float64 { return 0 }}}})
			env.RegisterActivityWithOptions(func(context.Context) error { return feefault.Seal(tt.give) }, activity.RegisterOptions{Name: "Fails"})
			_, err := env.ExecuteActivity("Fails")
			require.Equal(t, tt.kind, feefault.KindOf(err))
			require.Equal(t, tt.code, feefault.CodeOf(err))
			require.EqualValues(t, 1, feefault.TriesOf(err))
			require.ErrorContains(t, err, tt.give.Error())
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, tt.after, app.NextRetryDelay())
		})
	}
}
