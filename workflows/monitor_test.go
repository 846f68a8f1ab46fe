package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

// fleet stands in for the activities of the watch. It keeps messages as the engine does: the head of each key comes again
// until it is stamped.
type fleet struct {
	env   *testsuite.TestWorkflowEnvironment
	began time.Time

	looks    []time.Duration // When they began, since the start.
	lookFail func(n int) error

	judged   []ops.JudgeInput
	judgedAt []time.Duration
	judge    func(n int) error

	queue    []domain.Message
	told     []string // key#seq, in the order of delivery.
	tellFail func(m domain.Message) error

	shows   int
	pruned  int
	answers ops.Intervals
}

func (f *fleet) register(env *testsuite.TestWorkflowEnvironment) {
	f.env, f.began = env, env.Now()
	for name, fn := range map[string]any{
		ops.TakeLook.Name:   f.takeLook,
		ops.JudgeFleet.Name: f.judgeFleet,
		ops.TellPeople.Name: f.tell,
		ops.ShowDashboard.Name: func(_ context.Context, in ops.ShowInput) (domain.Dashboard, error) {
			f.shows++
			if in.Prune {
				f.pruned++
			}
			return domain.Dashboard{At: f.env.Now(), Read: 3, Total: 3, States: map[domain.State]int{domain.Complete: 3}}, nil
		},
	} {
		env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
}

func (f *fleet) since() time.Duration { return f.env.Now().Sub(f.began).Round(time.Second) }

func (f *fleet) takeLook(context.Context, ops.LookInput) (ops.LookResult, error) {
	n := len(f.looks)
	f.looks = append(f.looks, f.since())
	if f.lookFail != nil {
		if err := f.lookFail(n); err != nil {
			return ops.LookResult{}, fault.Seal(err)
		}
	}
	return ops.LookResult{At: f.env.Now(), Read: 3, Vaults: 3, Intervals: f.answers}, nil
}

func (f *fleet) judgeFleet(_ context.Context, in ops.JudgeInput) (ops.JudgeResult, error) {
	n := len(f.judged)
	f.judged, f.judgedAt = append(f.judged, in), append(f.judgedAt, f.since())
	if f.judge != nil {
		if err := f.judge(n); err != nil {
			return ops.JudgeResult{}, fault.Seal(err)
		}
	}
	for _, d := range in.Told {
		for i, m := range f.queue {
			if m.Key == d.Key && m.Seq == d.Seq {
				f.queue = append(f.queue[:i:i], f.queue[i+1:]...)
				break
			}
		}
	}
	seen := map[string]bool{}
	var heads []domain.Message
	for _, m := range f.queue {
		if !seen[m.Key] {
			seen[m.Key] = true
			heads = append(heads, m)
		}
	}
	return ops.JudgeResult{Messages: heads}, nil
}

func (f *fleet) tell(_ context.Context, m domain.Message) (struct{}, error) {
	if f.tellFail != nil {
		if err := f.tellFail(m); err != nil {
			return struct{}{}, fault.Seal(err)
		}
	}
	f.told = append(f.told, fmt.Sprintf("%s#%d", m.Key, m.Seq))
	return struct{}{}, nil
}

// watchFor runs the watch for so long and gives what it handed over to the next run.
func watchFor(t *testing.T, f *fleet, d time.Duration, in ops.MonitorInput, steer ...func(*testsuite.TestWorkflowEnvironment)) ops.MonitorInput {
	t.Helper()
	env := newSuite().NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	f.register(env)
	env.RegisterDelayedCallback(func() { env.SetCurrentHistoryLength(5_000) }, d)
	for _, s := range steer {
		s(env)
	}
	env.ExecuteWorkflow(workflows.FleetMonitor, in)
	require.True(t, env.IsWorkflowCompleted())
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again, "it never ends, it continues")
	require.Equal(t, ops.FleetMonitor, again.WorkflowType.Name)
	var next ops.MonitorInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	return next
}

func TestM01_LooksEveryMinuteJudgesEveryHalfAndShowsEveryFive(t *testing.T) {
	f := &fleet{}
	next := watchFor(t, f, 10*time.Minute, ops.MonitorInput{})
	require.Equal(t, []time.Duration{0, time.Minute, 2 * time.Minute, 3 * time.Minute}, f.looks[:4])
	require.InDelta(t, 11, len(f.looks), 1)
	require.InDelta(t, 20, len(f.judged), 2)
	require.InDelta(t, 3, f.shows, 1)
	require.Equal(t, 3, next.Dashboard.Total)
	require.False(t, next.Since.IsZero())
	require.Equal(t, 60, next.Intervals.Metrics)
}

func TestM01_IntervalsComeFromTheSettingsOfTheWorker(t *testing.T) {
	f := &fleet{answers: ops.Intervals{Metrics: 20, Rules: 10, Dashboard: 30}}
	watchFor(t, f, 2*time.Minute, ops.MonitorInput{})
	require.Equal(t, []time.Duration{0, 20 * time.Second, 40 * time.Second}, f.looks[:3])
	require.GreaterOrEqual(t, len(f.judged), 10)
	require.GreaterOrEqual(t, f.shows, 4)
}

func TestM01_NoLookBeginsWhileAnotherIsUnderWay(t *testing.T) {
	f := &fleet{lookFail: func(n int) error {
		if n == 1 { // The second look takes until 160 s: its first attempt must be waited for.
			slow := fault.Newf(fault.Retry, "rpc/unavailable", "429")
			slow.After = 100 * time.Second
			return slow
		}
		return nil
	}}
	watchFor(t, f, 5*time.Minute, ops.MonitorInput{})
	require.Equal(t, []time.Duration{0, time.Minute, 160 * time.Second}, f.looks[:3])
	require.Contains(t, f.judgedAt, 100*time.Second, "the rules do not wait for it")
	require.GreaterOrEqual(t, f.looks[3], 160*time.Second)
}

func TestM02_AFreshLookIsJudgedAtOnce(t *testing.T) {
	f := &fleet{}
	watchFor(t, f, 5*time.Minute, ops.MonitorInput{})
	for _, look := range f.looks {
		require.Contains(t, f.judgedAt, look)
	}
}

func TestM05_AFailedLookStopsNeitherRulesNorLaterLooks(t *testing.T) {
	f := &fleet{lookFail: func(n int) error {
		if n < 9 {
			return fault.Newf(fault.Retry, "rpc/all_down", "no endpoint")
		}
		return nil
	}}
	watchFor(t, f, 10*time.Minute, ops.MonitorInput{})
	require.Greater(t, len(f.looks), 12)
	require.Greater(t, len(f.judged), 15, "the rules are asked all the same: they notice that the samples are old")
}

func TestTell_AMessageIsDeliveredOnceAndStampedWithTheNextJudgement(t *testing.T) {
	m := domain.Message{Key: "a/payer_low/1", Seq: 1, Title: "low"}
	f := &fleet{queue: []domain.Message{m, {Key: m.Key, Seq: 2}}}
	watchFor(t, f, 5*time.Minute, ops.MonitorInput{})
	require.Equal(t, []string{"a/payer_low/1#1", "a/payer_low/1#2"}, f.told)
	require.Len(t, f.judged[1].Told, 1)
	require.Equal(t, 1, f.judged[1].Told[0].Seq)
}

func TestTell_AHangingChannelHoldsUpNothingAndIsTriedAgain(t *testing.T) {
	broken := true
	f := &fleet{queue: []domain.Message{{Key: "slow", Seq: 1}, {Key: "good", Seq: 1}}}
	f.tellFail = func(m domain.Message) error {
		if m.Key == "slow" && broken {
			return fault.Newf(fault.Retry, "notify/down", "503")
		}
		return nil
	}
	watchFor(t, f, time.Hour, ops.MonitorInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { broken = false }, 30*time.Minute)
	})
	require.Equal(t, []string{"good#1", "slow#1"}, f.told)
	require.Greater(t, len(f.looks), 55)
}

func TestOrders_ReachTheRulesAtOnce(t *testing.T) {
	f := &fleet{}
	watchFor(t, f, 5*time.Minute, ops.MonitorInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			env.SignalWorkflow(ops.SignalMute, ops.MuteOrder{Vault: "a", Reason: "r", Actor: "ann"})
			env.SignalWorkflow(ops.SignalMute, ops.MuteOrder{ID: "mute/mine", Alert: "payer_low", Minutes: 5, Starts: env.Now().Add(time.Hour), Maintenance: true, Critical: true, Reason: "r", Actor: "ann"})
			env.SignalWorkflow(ops.SignalUnmute, ops.UnmuteOrder{ID: "mute/x", Actor: "bob"})
			env.SignalWorkflow(ops.SignalAcknowledge, ops.AcknowledgeOrder{Episode: "a/payer_low/1", Actor: "eve"})
		}, 95*time.Second)
	})
	var orders []domain.AlertOrder
	for i, in := range f.judged {
		orders = append(orders, in.Orders...)
		if len(in.Orders) > 0 {
			require.Equal(t, 95*time.Second, f.judgedAt[i])
		}
	}
	require.Len(t, orders, 4)
	at := f.began.Add(95 * time.Second)
	require.Equal(t, "mute/"+at.UTC().Format("20060102")+"-1", orders[0].Mute.ID)
	require.Equal(t, time.Hour, orders[0].Mute.Until.Sub(orders[0].Mute.From), "a mute that does not say ends after an hour")
	require.Equal(t, domain.MuteMaintenance, orders[1].Mute.Kind)
	require.Equal(t, 5*time.Minute, orders[1].Mute.Until.Sub(orders[1].Mute.From))
	require.Equal(t, "mute/x", orders[2].Unmute)
	require.Equal(t, "a/payer_low/1", orders[3].Acknowledge)
}

func TestOrders_WithABrokenPayloadAreNoFailure(t *testing.T) {
	f := &fleet{}
	watchFor(t, f, 5*time.Minute, ops.MonitorInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			env.SignalWorkflow(ops.SignalMute, 42)
			env.SignalWorkflow(ops.SignalAcknowledge, ops.AcknowledgeOrder{Episode: "k", Actor: "eve"})
		}, 70*time.Second)
	})
	orders := 0
	for _, in := range f.judged {
		orders += len(in.Orders)
	}
	require.Equal(t, 1, orders)
	require.Greater(t, len(f.looks), 4)
}

func TestTick_AsksForEverythingNow(t *testing.T) {
	f := &fleet{}
	watchFor(t, f, 50*time.Second, ops.MonitorInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(ops.SignalTick, nil) }, 10*time.Second)
	})
	require.Equal(t, []time.Duration{0, 10 * time.Second}, f.looks[:2])
	require.Contains(t, f.judgedAt, 10*time.Second)
	require.GreaterOrEqual(t, f.shows, 2)
}

func TestTick_WhileALookIsUnderWayIsAnsweredByTheNext(t *testing.T) {
	f := &fleet{lookFail: func(n int) error {
		if n == 0 {
			slow := fault.Newf(fault.Retry, "rpc/unavailable", "429")
			slow.After = 20 * time.Second
			return slow
		}
		return nil
	}}
	watchFor(t, f, 50*time.Second, ops.MonitorInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(ops.SignalTick, nil) }, 10*time.Second)
	})
	require.Equal(t, []time.Duration{0, 20 * time.Second, 20 * time.Second}, f.looks[:3], "its second attempt, and the look that was asked for")
}

func TestBlind_RulesThatCannotBeEvaluatedAreToldWithoutThem(t *testing.T) {
	f := &fleet{judge: func(n int) error {
		if n >= 2 && n < 100 {
			return errors.New("disk full")
		}
		return nil
	}}
	next := watchFor(t, f, 4*time.Hour, ops.MonitorInput{})
	require.NotEmpty(t, f.told)
	require.Equal(t, "fleet/monitor_stale/rules-1#1", f.told[0])
	last := f.told[len(f.told)-1]
	require.Equal(t, fmt.Sprintf("fleet/monitor_stale/rules-1#%d", len(f.told)), last, "its end is told too")
	require.Less(t, len(f.told), 5, "once an hour")
	require.False(t, next.Blind.Open)
}

func TestBlind_WhatWasNotFollowedIsNotForgotten(t *testing.T) {
	f := &fleet{judge: func(n int) error {
		if n < 12 {
			return errors.New("locked")
		}
		return nil
	}}
	watchFor(t, f, 20*time.Minute, ops.MonitorInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(ops.SignalAcknowledge, ops.AcknowledgeOrder{Episode: "k", Actor: "eve"}) }, time.Second)
	})
	last := f.judged[12]
	require.Len(t, last.Orders, 1)
}

func TestAgain_OrdersAndStampsThatWaitAreHandedOver(t *testing.T) {
	f := &fleet{queue: []domain.Message{{Key: "a", Seq: 1}}}
	next := watchFor(t, f, 5*time.Second, ops.MonitorInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(ops.SignalAcknowledge, ops.AcknowledgeOrder{Episode: "k", Actor: "eve"}) }, 30*time.Second)
	})
	handed := len(next.Told)
	for _, in := range f.judged {
		handed += len(in.Told)
	}
	require.Equal(t, 1, handed)
	again := &fleet{}
	watchFor(t, again, 10*time.Second, next)
	require.False(t, next.Looked.IsZero(), "the next run looks when its time has come, not at once")
}

func TestPrune_OnceAnHour(t *testing.T) {
	f := &fleet{}
	watchFor(t, f, 3*time.Hour, ops.MonitorInput{})
	require.InDelta(t, 3, f.pruned, 1)
}

func TestQuery_AnswersWithTheLastDashboard(t *testing.T) {
	f := &fleet{}
	watchFor(t, f, 2*time.Minute, ops.MonitorInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			value, err := env.QueryWorkflow(ops.QueryDashboard)
			require.NoError(t, err)
			var d domain.Dashboard
			require.NoError(t, value.Get(&d))
			require.Equal(t, 3, d.States[domain.Complete])
		}, 90*time.Second)
	})
}
