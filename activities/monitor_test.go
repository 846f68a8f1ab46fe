package activities_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// eye looks, judges and tells, keeps what it was given, and breaks on request.
type eye struct {
	fail   error
	pruned int
	told   []domain.Message
	in     []domain.AlertOrder
	desk   error            // Of incidents that cannot be opened.
	opens  []domain.Message // That came to incidents.
	notes  []domain.Message
}

func (e *eye) OpenForAlert(_ context.Context, m domain.Message) (ops.TellAnswer, error) {
	if e.desk != nil {
		return ops.TellAnswer{}, e.desk
	}
	e.opens = append(e.opens, m)
	return ops.TellAnswer{Incident: "INC-1"}, nil
}

func (e *eye) NoteAlert(_ context.Context, m domain.Message) error {
	e.notes = append(e.notes, m)
	return e.desk
}

func (e *eye) Look(context.Context) (domain.FleetTick, error) {
	return domain.FleetTick{Fleet: domain.FleetSample{Read: 2, Vaults: 3, Requests: 4, Took: 1_500 * time.Millisecond}}, e.fail
}

func (e *eye) Step(_ context.Context, _ time.Time, _ []domain.Delivered, orders []domain.AlertOrder) (alert.Output, error) {
	e.in = orders
	return alert.Output{
		State: alert.State{Episodes: map[string]domain.Episode{
			"a": {Key: "a", State: domain.EpisodeOpen}, "b": {Key: "b", State: domain.EpisodeResolved}, "g": {Key: "g", State: domain.EpisodeOpen, Members: &domain.Group{}},
		}},
		Messages: []domain.Message{{Key: "a", Seq: 1}},
		Events:   []domain.AlertEvent{{Kind: domain.EventOpened, Episode: "a", Severity: domain.SeverityHigh, Detail: "line\nbreak"}, {Kind: domain.EventTold, Episode: "a"}},
	}, e.fail
}

func (e *eye) Dashboard(context.Context) (domain.Dashboard, error) {
	var d domain.Dashboard
	for i := range 50 {
		d.Vaults = append(d.Vaults, domain.DashboardVault{Vault: fmt.Sprint(i)})
	}
	return d, e.fail
}

func (e *eye) Prune(context.Context) error {
	e.pruned++
	return errors.New("locked")
}

func (e *eye) Tell(_ context.Context, m domain.Message) error {
	if e.fail == nil {
		e.told = append(e.told, m)
	}
	return e.fail
}

func watching(e *eye, log *bytes.Buffer) *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	m := activities.NewMonitor(activities.MonitorParams{Looker: e, Judge: e, People: e, Incidents: e, Intervals: ops.Intervals{Metrics: 7}, Log: slog.New(slog.NewTextHandler(log, nil))})
	for name, f := range m.Names() {
		env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
	return env
}

func TestMonitor_CarriesLittleAndSaysTheSettingsIntervals(t *testing.T) {
	e, log := &eye{}, &bytes.Buffer{}
	env := watching(e, log)
	value, err := env.ExecuteActivity(ops.TakeLook.Name, ops.LookInput{})
	require.NoError(t, err)
	var look ops.LookResult
	require.NoError(t, value.Get(&look))
	require.Equal(t, ops.LookResult{Read: 2, Vaults: 3, Requests: 4, TookMS: 1_500, Intervals: ops.Intervals{Metrics: 7}}, look)

	value, err = env.ExecuteActivity(ops.JudgeFleet.Name, ops.JudgeInput{Orders: []domain.AlertOrder{{Acknowledge: "a", Actor: "ann"}}})
	require.NoError(t, err)
	var judged ops.JudgeResult
	require.NoError(t, value.Get(&judged))
	require.Equal(t, 1, judged.Open, "groups and what is over do not count")
	require.Len(t, judged.Messages, 1)
	require.Equal(t, "a", e.in[0].Acknowledge)

	value, err = env.ExecuteActivity(ops.ShowDashboard.Name, ops.ShowInput{Prune: true})
	require.NoError(t, err, "what cannot be cleared keeps nobody from the dashboard")
	var d domain.Dashboard
	require.NoError(t, value.Get(&d))
	require.Len(t, d.Vaults, 20)
	require.Equal(t, 1, e.pruned)
}

func TestM15_EveryEventIsALineOfTheLog(t *testing.T) {
	log := &bytes.Buffer{}
	_, err := watching(&eye{}, log).ExecuteActivity(ops.JudgeFleet.Name, ops.JudgeInput{})
	require.NoError(t, err)
	require.Contains(t, log.String(), `level=WARN msg="alert opened" episode=a severity=high`)
	require.Contains(t, log.String(), `level=INFO msg="alert told" episode=a`)
	require.Contains(t, log.String(), `detail="line\nbreak"`, "nobody writes lines of his own into the log")
}

func TestTell_ARevokedTokenIsAHumansAndAnOutageIsRetried(t *testing.T) {
	m := domain.Message{Key: "a", Seq: 1, Files: map[string][]byte{"x": {1}}}
	e := &eye{}
	_, err := watching(e, &bytes.Buffer{}).ExecuteActivity(ops.TellPeople.Name, m)
	require.NoError(t, err)
	require.Equal(t, []domain.Message{m}, e.told)
	for _, kind := range []fault.Kind{fault.Human, fault.Retry} {
		e.fail = fault.Newf(kind, "notify/x", "no")
		_, err := watching(e, &bytes.Buffer{}).ExecuteActivity(ops.TellPeople.Name, m)
		require.Equal(t, kind, fault.KindOf(err))
		require.ErrorContains(t, err, "tell a #1")
	}
}
