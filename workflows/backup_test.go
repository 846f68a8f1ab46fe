package workflows_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

// cellar stands in for the activities of backups.
type cellar struct {
	tries    int
	makeFail func(try int) error
	pruned   []string
	pruneErr error

	drill    domain.Drill
	drillErr error
	told     []domain.Message
	tellErr  error
}

func (c *cellar) env(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	for name, f := range map[string]any{
		ops.MakeBackup.Name: func(context.Context, ops.BackupInput) (ops.BackupResult, error) {
			c.tries++
			if c.makeFail != nil {
				if err := c.makeFail(c.tries); err != nil {
					return ops.BackupResult{}, fault.Seal(err)
				}
			}
			return ops.BackupResult{Archive: "main-1", Place: "file:x"}, nil
		},
		ops.PruneBackups.Name: func(_ context.Context, in ops.PruneInput) (ops.PruneResult, error) {
			c.pruned = append(c.pruned, in.Actor)
			return ops.PruneResult{Removed: []string{"main-0"}}, fault.Seal(c.pruneErr)
		},
		ops.RehearseRestore.Name: func(context.Context, ops.RestoreDrillInput) (domain.Drill, error) {
			return c.drill, fault.Seal(c.drillErr)
		},
		ops.TellPeople.Name: func(_ context.Context, m domain.Message) (struct{}, error) {
			if c.tellErr != nil {
				return struct{}{}, fault.Seal(c.tellErr)
			}
			c.told = append(c.told, m)
			return struct{}{}, nil
		},
	} {
		env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
	return env
}

func TestBackup_TriesAgainWhatMayPassAndNotWhatAHumanMustMend(t *testing.T) {
	down := fault.New(fault.Retry, "backup/unreachable", errors.New("the place cannot be reached"))
	denied := fault.New(fault.Human, "backup/denied", errors.New("the place denies access"))
	tests := []struct {
		name  string
		fail  func(try int) error
		tries int
		ok    bool
	}{
		{"a service that comes back", func(try int) error {
			if try < 3 {
				return down
			}
			return nil
		}, 3, true},
		{"a service that stays down", func(int) error { return down }, 5, false},
		{"access denied", func(int) error { return denied }, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &cellar{makeFail: tt.fail}
			env := c.env(t)
			env.ExecuteWorkflow(workflows.Backup, ops.BackupInput{})
			require.Equal(t, tt.tries, c.tries)
			require.Equal(t, tt.ok, env.GetWorkflowError() == nil)
			require.Len(t, c.pruned, map[bool]int{true: 1}[tt.ok], "nothing is removed after a backup that failed")
		})
	}
}

func TestBackup_OldOnesThatCannotBeRemovedFailNothing(t *testing.T) {
	c := &cellar{pruneErr: fault.New(fault.Human, "backup/denied", errors.New("objects are locked"))}
	env := c.env(t)
	env.ExecuteWorkflow(workflows.Backup, ops.BackupInput{})
	require.NoError(t, env.GetWorkflowError())
	var res ops.BackupResult
	require.NoError(t, env.GetWorkflowResult(&res))
	require.Contains(t, res.Kept, "objects are locked")
	require.Empty(t, res.Removed)
	require.Equal(t, []string{"schedule"}, c.pruned)

	c = &cellar{}
	env = c.env(t)
	env.ExecuteWorkflow(workflows.Backup, ops.BackupInput{KeepAll: true, Actor: "ann"})
	require.NoError(t, env.GetWorkflowError())
	require.Empty(t, c.pruned)
}

// rehearsed is a drill with one step of each result.
func rehearsed(results ...domain.DrillResult) domain.Drill {
	d := domain.Drill{Kind: "restore"}
	for _, r := range results {
		d.Steps = append(d.Steps, domain.DrillStep{Name: "a step", Result: r, Detail: "as seen"})
	}
	d.Score = d.Grade()
	return d
}

func TestRestoreDrill_AScoreBelowAHundredIsAResultAndAnAlarm(t *testing.T) {
	tests := []struct {
		name  string
		drill domain.Drill
		score int
		want  domain.Severity
	}{
		{"a step that failed", rehearsed(domain.DrillOK, domain.DrillFailed), 50, domain.SeverityHigh},
		{"a step that could not be assessed", rehearsed(domain.DrillOK, domain.DrillNotAssessed), 50, domain.SeverityMedium},
		{"nothing was looked at", rehearsed(), 0, domain.SeverityMedium},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &cellar{drill: tt.drill}
			env := c.env(t)
			env.ExecuteWorkflow(workflows.RestoreDrill, ops.RestoreDrillInput{})
			require.NoError(t, env.GetWorkflowError())
			var d ops.RestoreDrillResult
			require.NoError(t, env.GetWorkflowResult(&d))
			require.Equal(t, tt.score, d.Score)
			value, err := env.QueryWorkflow(ops.QueryResult)
			require.NoError(t, err)
			require.NoError(t, value.Get(&d))
			require.Len(t, d.Steps, len(tt.drill.Steps))
			require.Len(t, c.told, 1)
			require.Equal(t, domain.MessageTrigger, c.told[0].Kind)
			require.Equal(t, tt.want, c.told[0].Severity)
			require.Equal(t, c.told[0].Key, d.Alarm.Key)
		})
	}
}

func TestRestoreDrill_OneThatWentWellIsAChangeAndWakesNobody(t *testing.T) {
	c := &cellar{drill: rehearsed(domain.DrillOK, domain.DrillOK)}
	env := c.env(t)
	env.ExecuteWorkflow(workflows.RestoreDrill, ops.RestoreDrillInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, c.told, 1)
	require.Equal(t, domain.MessageChange, c.told[0].Kind)
	require.Equal(t, "The restore drill went well", c.told[0].Title)
	require.Contains(t, c.told[0].Text, "score 100 of 100")
}

func TestRestoreDrill_OneThatCouldNotBeDoneIsTold(t *testing.T) {
	c := &cellar{drillErr: fault.New(fault.Human, "backup/denied", errors.New("the place denies access"))}
	env := c.env(t)
	env.ExecuteWorkflow(workflows.RestoreDrill, ops.RestoreDrillInput{})
	require.ErrorContains(t, env.GetWorkflowError(), "the place denies access")
	require.Equal(t, "backup/denied", fault.CodeOf(env.GetWorkflowError()))
	require.Len(t, c.told, 1)
	require.Equal(t, domain.SeverityHigh, c.told[0].Severity)
}

// TestRestoreDrill_TheNextGoodRunEndsTheAlarm plays the runs of a schedule, each with what the last one left, as Temporal
// gives it.
func TestRestoreDrill_TheNextGoodRunEndsTheAlarm(t *testing.T) {
	c := &cellar{}
	var last ops.RestoreDrillResult
	var failed error
	runs := []struct {
		name    string
		drill   domain.Drill
		undone  error
		noReply error
		want    domain.MessageKind // Empty: nobody took it.
		seq     int
	}{
		{"well", rehearsed(domain.DrillOK), nil, nil, domain.MessageChange, 1},
		{"badly", rehearsed(domain.DrillFailed), nil, nil, domain.MessageTrigger, 1},
		{"still badly, and not even done", domain.Drill{}, fault.New(fault.Human, "backup/denied", errors.New("denied")), nil, domain.MessageTrigger, 2},
		{"well, and nobody can be told", rehearsed(domain.DrillOK), nil, fault.New(fault.Human, "notify/nobody", errors.New("nobody")), "", 0},
		{"well", rehearsed(domain.DrillOK), nil, nil, domain.MessageResolve, 3},
		{"well", rehearsed(domain.DrillOK), nil, nil, domain.MessageChange, 1},
	}
	key := ""
	for _, r := range runs {
		c.drill, c.drillErr, c.tellErr, c.told = r.drill, r.undone, r.noReply, nil
		env := c.env(t)
		if failed != nil {
			env.SetLastError(failed)
		}
		env.SetLastCompletionResult(last)
		env.ExecuteWorkflow(workflows.RestoreDrill, ops.RestoreDrillInput{})
		var app *temporal.ApplicationError
		if failed = nil; errors.As(env.GetWorkflowError(), &app) {
			failed = app
		} else {
			last = ops.RestoreDrillResult{}
			require.NoError(t, env.GetWorkflowResult(&last))
		}
		if r.want == "" {
			require.Empty(t, c.told, r.name)
			continue
		}
		require.Len(t, c.told, 1, r.name)
		require.Equal(t, r.want, c.told[0].Kind, r.name)
		require.Equal(t, r.seq, c.told[0].Seq, r.name)
		if r.want == domain.MessageChange {
			continue // Its key is its own run's.
		}
		if key == "" {
			key = c.told[0].Key
		}
		require.Equal(t, key, c.told[0].Key, "%s: one alarm from its beginning to its end", r.name)
	}
}
