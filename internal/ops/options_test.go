package ops_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/ops"
)

// X15: the document's sequence said 1000·2^n and waited 2, 4, 8, 16, 30, 30 s. Ours is said here.
func TestX15_WaitsOfAPage(t *testing.T) {
	policy := ops.Options(ops.Pay).RetryPolicy
	var waits []time.Duration
	for wait := policy.InitialInterval; len(waits) < int(policy.MaximumAttempts)-1; wait = time.Duration(float64(wait) * policy.BackoffCoefficient) {
		waits = append(waits, min(wait, policy.MaximumInterval))
	}
	require.Equal(t, []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}, waits)
	require.Equal(t, 30*time.Second, policy.MaximumInterval)
}

// A flag is raised at once again, and without end: no number of failures ends a stop.
func TestS11_AFlagIsTriedWithoutEnd(t *testing.T) {
	policy := ops.Options(ops.StoreFlag.Profile).RetryPolicy
	require.Zero(t, policy.MaximumAttempts)
	require.LessOrEqual(t, policy.InitialInterval, 100*time.Millisecond)
	require.LessOrEqual(t, policy.MaximumInterval, 5*time.Second)
}

func TestNames_OfTheSwitchAreTheDeployments(t *testing.T) {
	require.Equal(t, "safety-switch", ops.SwitchID(ops.TaskQueue))
	require.Equal(t, "safety-switch", ops.SwitchID(""))
	require.Equal(t, "safety-switch/other", ops.SwitchID("other"), "two deployments in one namespace do not stop each other")
	require.Equal(t, "stop-drill", ops.DrillSchedule(ops.TaskQueue))
	require.NotEqual(t, ops.TaskQueue, ops.SafetyQueue(ops.TaskQueue))
}

func TestEveryProfileBoundsItsTime(t *testing.T) {
	for _, p := range []ops.Profile{ops.Read, ops.Pay, ops.Settle, ops.Audit, ops.Save, ops.Watch, ops.Tell, ops.Look, ops.Flag, ops.Guard, ops.Collect, ops.Routine, ops.Keep} {
		o := ops.Options(p)
		require.Positive(t, o.StartToCloseTimeout, p)
		require.NotNil(t, o.RetryPolicy, p)
	}
}
