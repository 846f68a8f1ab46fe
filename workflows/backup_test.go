package workflows_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
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
			return domain.Drill{Kind: "restore", Score: 87, Steps: []domain.DrillStep{{Name: "a key opens it", Result: domain.DrillNotAssessed}}}, nil
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

func TestRestoreDrill_AScoreBelowAHundredIsAResult(t *testing.T) {
	env := (&cellar{}).env(t)
	env.ExecuteWorkflow(workflows.RestoreDrill, ops.RestoreDrillInput{})
	require.NoError(t, env.GetWorkflowError())
	var d domain.Drill
	require.NoError(t, env.GetWorkflowResult(&d))
	require.Equal(t, 87, d.Score)
	value, err := env.QueryWorkflow(ops.QueryResult)
	require.NoError(t, err)
	require.NoError(t, value.Get(&d))
	require.Equal(t, domain.DrillNotAssessed, d.Steps[0].Result)
}
