package app

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// exchange takes signals instead of a Temporal server.
type exchange struct {
	client.Client

	err     error
	signals []string
}

func (e *exchange) SignalWorkflow(_ context.Context, id, _, name string, _ any) error {
	e.signals = append(e.signals, id+" "+name)
	return e.err
}

func (e *exchange) SignalWithStartWorkflow(_ context.Context, id, name string, _ any, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	e.signals = append(e.signals, id+" "+name)
	return nil, e.err
}

func newGuard(t *testing.T) (guard, *exchange) {
	t.Helper()
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() }) // Some tests have closed it.
	x := &exchange{}
	return guard{client: x, store: db, queue: ops.TaskQueue, now: time.Now}, x
}

func TestS08_AStopNeedsOneOfStoreAndSwitch(t *testing.T) {
	g, x := newGuard(t)
	how, err := g.Stop(t.Context(), "INC-1", "INC-1: base fees")
	require.NoError(t, err)
	require.Equal(t, "the flag is up and the safety switch knows", how)
	require.Equal(t, []string{"safety-switch emergency-stop"}, x.signals)
	flags, err := g.store.Safety(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, domain.Automation, flags[0].Actor)

	x.err = errors.New("no server")
	how, err = g.Stop(t.Context(), "INC-1", "INC-1: base fees")
	require.NoError(t, err)
	require.Contains(t, how, "the flag is up; the safety switch was not reached")
	require.NoError(t, g.store.Close())
	_, err = g.Stop(t.Context(), "INC-1", "INC-1: base fees")
	require.ErrorContains(t, err, "neither the flag nor the safety switch")
	x.err = nil
	how, err = g.Stop(t.Context(), "INC-1", "INC-1: base fees")
	require.NoError(t, err)
	require.Contains(t, how, "the safety switch was told")
}

func TestS09_OnlyItsOwnIsolationIsReleased(t *testing.T) {
	g, x := newGuard(t)
	_, err := g.Isolate(t.Context(), "alpha", "INC-1", "INC-1: cursor")
	require.NoError(t, err)
	_, err = g.Release(t.Context(), "alpha", "INC-2", "it worked")
	require.ErrorContains(t, err, "not by this incident")
	how, err := g.Release(t.Context(), "alpha", "INC-1", "it worked")
	require.NoError(t, err)
	require.Contains(t, how, "the flag is down")
	require.Contains(t, x.signals, "distribution/alpha resume", "a run that waits goes on at once")
	flags, err := g.store.Safety(t.Context(), "alpha")
	require.NoError(t, err)
	require.Empty(t, flags)

	person := domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: "alpha", Reason: "INC-1: I look into it", Actor: "ada", At: time.Now()}
	require.NoError(t, g.store.SetSafety(t.Context(), person))
	_, err = g.Release(t.Context(), "alpha", "INC-1", "it worked")
	require.ErrorContains(t, err, "was isolated by ada")
	flags, err = g.store.Safety(t.Context(), "alpha")
	require.NoError(t, err)
	require.Len(t, flags, 1)
}

func TestPagingPolicy_IsTheSettings(t *testing.T) {
	s := config.Default()
	s.OnCall = config.OnCall{
		Rotations: []config.Rotation{{Name: "primary", TimeZone: "Europe/Berlin", Start: "2026-10-19 09:00", Shift: 168 * time.Hour, People: []string{"ada", "bob"}}},
		Overrides: []config.OnCallOverride{{Rotation: "primary", Person: "dan", From: "2026-10-20 09:00", To: "2026-10-21 09:00"}},
	}
	s.Escalation.Ladders[0].Steps[0].To = []string{"oncall:primary"}
	p, err := PagingPolicy(s)
	require.NoError(t, err)
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return v
	}
	for when, who := range map[string]string{"2026-10-19T07:00:00Z": "ada", "2026-10-20T12:00:00Z": "dan", "2026-10-26T07:59:00Z": "ada", "2026-10-26T08:00:00Z": "bob"} {
		next := p.Next(incident.Facts{Severity: domain.SeverityCritical, LadderAt: at(when)}, at(when))
		require.Equal(t, []string{who}, next.To, when)
	}
	held := incident.Facts{Severity: domain.SeverityCritical, AcknowledgedAt: at("2026-10-20T12:00:00Z")}
	require.Equal(t, at("2026-10-20T12:30:00Z"), p.Next(held, held.AcknowledgedAt).At)
	for _, severity := range domain.Severities() {
		next := p.Next(incident.Facts{Severity: severity, LadderAt: at("2026-11-25T10:00:00Z")}, at("2026-11-25T10:00:00Z"))
		require.Equal(t, incident.NextPage, next.Kind, "no severity pages nobody by default: %s", severity)
	}
}
