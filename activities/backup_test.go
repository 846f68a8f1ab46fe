package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// cellar keeps archives by name and breaks on request.
type cellar struct {
	fail   error
	made   []string
	actor  string
	before time.Time
}

func (c *cellar) Make(context.Context, func()) (backup.Made, error) {
	if c.fail != nil {
		return backup.Made{}, c.fail
	}
	c.made = append(c.made, "main-1")
	return backup.Made{Label: backup.Label{ID: "main-1", Bytes: 7, SHA256: "ab"}, Place: "file:x", Rows: 3, Files: 1, Took: 2 * time.Second}, nil
}

func (c *cellar) Prune(_ context.Context, actor string) ([]string, error) {
	c.actor = actor
	return []string{"main-0"}, c.fail
}

func (c *cellar) Drill(_ context.Context, before time.Time) (domain.Drill, error) {
	c.before = before
	return domain.Drill{Kind: "restore", Score: 100}, c.fail
}

func TestBackups_SayWhatWasMadeAndKeepTheKindOfAFailure(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	c := &cellar{}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	for name, f := range activities.NewBackups(c, func() time.Time { return now }).Names() {
		env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
	value, err := env.ExecuteActivity(ops.MakeBackup.Name, ops.BackupInput{})
	require.NoError(t, err)
	var made ops.BackupResult
	require.NoError(t, value.Get(&made))
	require.Equal(t, ops.BackupResult{Archive: "main-1", Place: "file:x", Bytes: 7, Rows: 3, Files: 1, SHA256: "ab", TookMS: 2000}, made)
	_, err = env.ExecuteActivity(ops.PruneBackups.Name, ops.PruneInput{Actor: "ann"})
	require.NoError(t, err)
	require.Equal(t, "ann", c.actor)
	_, err = env.ExecuteActivity(ops.RehearseRestore.Name, ops.RestoreDrillInput{OlderThanHours: 24})
	require.NoError(t, err)
	require.Equal(t, now.Add(time.Second-24*time.Hour), c.before)

	c.fail = fault.New(fault.Human, "backup/denied", errors.New("the place denies access"))
	for name, in := range map[string]any{ops.MakeBackup.Name: ops.BackupInput{}, ops.PruneBackups.Name: ops.PruneInput{}, ops.RehearseRestore.Name: ops.RestoreDrillInput{}} {
		_, err := env.ExecuteActivity(name, in)
		require.Equal(t, fault.Human, fault.KindOf(err), name)
		require.Equal(t, "backup/denied", fault.CodeOf(err), name)
	}
}
