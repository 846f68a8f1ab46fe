package app

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// recorder measures every activity durably (F01): how long it took, how it ended, how many RPC requests it made.
type recorder struct {
	interceptor.WorkerInterceptorBase

	store    *store.Store
	log      *slog.Logger
	now      Clock
	seconds  *prometheus.HistogramVec
	requests *prometheus.CounterVec
}

// newRecorder puts its figures into the worker's own registry: a global one would refuse a second worker in a process.
func newRecorder(db *store.Store, r *prometheus.Registry, now Clock, log *slog.Logger) *recorder {
	in := promauto.With(r)
	return &recorder{
		store: db, log: log, now: now,
		seconds: in.NewHistogramVec(prometheus.HistogramOpts{
			Name: "feeops_activity_seconds", Help: "Duration of activities by name and result.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 16),
		}, []string{"activity", "result"}),
		requests: in.NewCounterVec(prometheus.CounterOpts{Name: "feeops_rpc_requests_total", Help: "Solana RPC requests by activity."}, []string{"activity"}),
	}
}

// InterceptActivity puts the measurement around every activity.
func (r *recorder) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &measured{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, r: r}
}

type measured struct {
	interceptor.ActivityInboundInterceptorBase

	r *recorder
}

// ExecuteActivity runs the activity and records it, also when it failed.
func (m *measured) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	var requests atomic.Uint64
	stamp, began := m.r.now(), time.Now()
	out, err := m.Next.ExecuteActivity(chain.WithCounter(ctx, &requests), in)
	op := domain.Operation{
		Name: info.ActivityType.Name, WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, Attempt: info.Attempt,
		Started: stamp, Duration: time.Since(began), Requests: requests.Load(), OK: err == nil,
	}
	if vault, ok := strings.CutPrefix(op.WorkflowID, ops.DailyID("")); ok {
		op.Vault = vault // The fleet's own runs concern no single vault.
	}
	result := "ok"
	if err != nil {
		op.Code = feefault.CodeOf(err)
		result = string(feefault.KindOf(err))
	}
	m.r.seconds.WithLabelValues(op.Name, result).Observe(op.Duration.Seconds())
	m.r.requests.WithLabelValues(op.Name).Add(float64(op.Requests))
	if info.ActivityType.Name == "SaveReport" || info.IsLocalActivity {
		return out, err // The one sums what is recorded here; what a workflow task waits for must not wait for its record.
	}
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if saveErr := m.r.store.RecordOperation(keep, op); saveErr != nil {
		m.r.log.Warn("a step was not recorded", "activity", op.Name, "error", saveErr)
	}
	return out, err
}
