package workflows_test

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// unusual is a day whose plan waits, with one approver and somebody who is none.
func unusual() (v *vault, ann, vic ed25519.PrivateKey) {
	key := func(seed byte) ed25519.PrivateKey {
		return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+seed)), ed25519.SeedSize)))
	}
	ann, vic = key(0), key(1)
	public := func(k ed25519.PrivateKey) string { return operator.FormatKey(k.Public().(ed25519.PublicKey)) }
	v = newVault(2, 10)
	v.hash = strings.Repeat("ab", 32)
	v.judgement = ops.Judgement{
		Findings: []domain.Anomaly{{Figure: "claimed", Is: "900", Usual: "100", Band: "at most 5 times more or less"}}, Past: 9, Timeout: 4 * time.Hour,
		Roster: operator.Roster{
			{Name: "ann", Roles: []operator.Role{operator.Approver}, Key: public(ann)},
			{Name: "vic", Roles: []operator.Role{operator.Viewer}, Key: public(vic)},
		},
	}
	return v, ann, vic
}

// yes is a signed approval of the waiting plan, with changes.
func yes(t *testing.T, env *testsuite.TestWorkflowEnvironment, v *vault, name string, key ed25519.PrivateKey, change func(*operator.Approval)) operator.Approval {
	t.Helper()
	a := operator.Approval{Decision: operator.Plan, Request: "v1/2026-11-23", State: v.hash, Operator: name, Expires: env.Now().Add(10 * time.Minute).Truncate(time.Second)}
	if change != nil {
		change(&a)
	}
	a, err := operator.Sign(key, a)
	require.NoError(t, err)
	return a
}

// approve sends an approval after a while and notes the answer.
func approve(t *testing.T, env *testsuite.TestWorkflowEnvironment, after time.Duration, a func() operator.Approval, refused *[]error) {
	t.Helper()
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(ops.UpdateApprove, after.String(), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { *refused = append(*refused, err) }, OnComplete: func(any, error) {},
		}, a())
	}, after)
}

func TestApproval_NothingIsSentBeforeThePlanIsApproved(t *testing.T) {
	v, ann, vic := unusual()
	var refused []error
	report, err := run(t, v, ops.DailyInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		for i, change := range []func(*operator.Approval){
			func(a *operator.Approval) { a.State = strings.Repeat("cd", 32) }, func(a *operator.Approval) { a.Request = "v2/2026-11-23" },
			func(a *operator.Approval) { a.Decision = operator.Resume }, func(a *operator.Approval) { a.Expires = a.Expires.Add(-time.Hour) },
		} {
			approve(t, env, time.Duration(i+1)*time.Minute, func() operator.Approval { return yes(t, env, v, "ann", ann, change) }, &refused)
		}
		approve(t, env, 10*time.Minute, func() operator.Approval { return yes(t, env, v, "vic", vic, nil) }, &refused)
		approve(t, env, 11*time.Minute, func() operator.Approval { return yes(t, env, v, "ann", vic, nil) }, &refused)
		env.RegisterDelayedCallback(func() {
			value, err := env.QueryWorkflow(ops.QueryStatus)
			require.NoError(t, err)
			var s ops.DailyStatus
			require.NoError(t, value.Get(&s))
			require.Equal(t, domain.WaitingApproval, s.State)
			require.Contains(t, s.Reason, "claimed is")
			require.Equal(t, v.hash, s.Approval.Hash)
			require.Empty(t, v.sent, "the money has not moved")
			require.Len(t, v.told, 1)
			require.Contains(t, v.told[0].Text, "feeops approve-plan v1")
		}, time.Hour)
		approve(t, env, 2*time.Hour, func() operator.Approval { return yes(t, env, v, "ann", ann, nil) }, &refused)
	})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{0, 10}, v.sent)
	require.Len(t, refused, 6)
	codes := map[string]int{}
	for _, err := range refused {
		codes[fault.CodeOf(err)]++
	}
	require.Equal(t, map[string]int{"refused/plan": 3, operator.CodeExpired: 1, operator.CodeRole: 1, operator.CodeWrongKey: 1}, codes)
	require.Len(t, v.approvals, 1)
	require.Equal(t, "ann", v.approvals[0].Approval.Operator)
	require.Len(t, v.told, 2)
	require.Equal(t, domain.MessageResolve, v.told[1].Kind)
	require.Equal(t, v.told[0].Key, v.told[1].Key)
}

func TestApproval_NobodysAnswerIsANo(t *testing.T) {
	v, _, _ := unusual()
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Stopped, report.State)
	require.Contains(t, report.Reason, "nobody approved the plan")
	require.Empty(t, v.sent)
	require.Equal(t, "counts as refused", v.told[1].Title[len(v.told[1].Title)-len("counts as refused"):])
}

func TestApproval_AStopEndsTheWaiting(t *testing.T) {
	v, _, _ := unusual()
	report, err := run(t, v, ops.DailyInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(ops.SignalStop, ops.Order{Reason: "not mine", Actor: "ann"}) }, time.Minute)
	})
	require.NoError(t, err)
	require.Equal(t, domain.Stopped, report.State)
	require.Contains(t, report.Reason, "not mine")
	require.Empty(t, v.sent)
}

func TestApproval_AnApprovalThatIsNotRecordedPaysNothing(t *testing.T) {
	v, ann, _ := unusual()
	v.unrecorded = coded(fault.Human, operator.CodeUnknown)
	var refused []error
	report, err := run(t, v, ops.DailyInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		approve(t, env, time.Minute, func() operator.Approval { return yes(t, env, v, "ann", ann, nil) }, &refused)
	})
	require.NoError(t, err)
	require.Equal(t, domain.Stopped, report.State)
	require.Empty(t, v.sent)
	require.Empty(t, refused)
}

func TestApproval_ADayThatIsOpenIsNotHeldUp(t *testing.T) {
	v, _, _ := unusual()
	v.open, v.cursor = true, 10
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Empty(t, v.told)
}

func TestApproval_NothingWaitsOnAUsualDay(t *testing.T) {
	v, ann, _ := unusual()
	v.judgement.Findings = nil
	v.state, v.due = domain.NotDue, time.Hour
	var refused []error
	report, err := run(t, v, ops.DailyInput{WaitDue: true}, func(env *testsuite.TestWorkflowEnvironment) {
		approve(t, env, time.Minute, func() operator.Approval { return yes(t, env, v, "ann", ann, nil) }, &refused)
	})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Len(t, refused, 1)
	require.ErrorContains(t, refused[0], "does not wait for an approval")
}
