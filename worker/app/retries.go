package app

import (
	"context"
	"errors"
	"math"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	feefault "github.com/meteora-fee-router/feeops/internal/fault"
)

// spread is by how much of itself a wait is made shorter or longer, so that two hundred vaults which lost the same
// endpoint do not all come back in the same moment (X15).
const spread = 0.2

// retries gives each failed try its number (X16) and the wait before the next one.
type retries struct {
	interceptor.WorkerInterceptorBase

	random func() float64 // From 0 to 1.
}

// InterceptActivity looks at the end of every activity.
func (r *retries) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &retried{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, random: r.random}
}

type retried struct {
	interceptor.ActivityInboundInterceptorBase

	random func() float64
}

// ExecuteActivity runs the activity. What is no sealed error stays as it is: Temporal knows better what it means.
func (r *retried) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	out, err := r.Next.ExecuteActivity(ctx, in)
	var sealed *temporal.ApplicationError
	if err == nil || !errors.As(err, &sealed) {
		return out, err
	}
	info := activity.GetInfo(ctx)
	delay := sealed.NextRetryDelay()
	if delay == 0 && !sealed.NonRetryable() {
		delay = wait(info.RetryPolicy, info.Attempt, r.random())
	}
	return out, feefault.Tried(sealed, info.Attempt, delay)
}

// wait is the policy's wait after a failed try, counted from 1, made shorter or longer by chance and never over the
// policy's cap. Without a policy it is 0, which leaves the wait to the server.
func wait(p *temporal.RetryPolicy, try int32, chance float64) time.Duration {
	if p == nil {
		return 0
	}
	plain := float64(p.InitialInterval) * math.Pow(p.BackoffCoefficient, float64(try-1))
	plain = math.Min(plain, float64(p.MaximumInterval))
	return min(time.Duration(plain*(1-spread+2*spread*chance)), p.MaximumInterval)
}
