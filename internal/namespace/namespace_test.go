package namespace_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/namespace"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

func TestMain(m *testing.M) { os.Exit(devstack.Main(m)) }

const (
	day     = 24 * time.Hour
	longest = 30 * time.Second
	often   = 50 * time.Millisecond
)

func dial(t *testing.T) client.Client {
	t.Helper()
	c, err := devstack.ForTest(t).Dial()
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func parts(t *testing.T, c client.Client, w namespace.Want) map[string]namespace.Part {
	t.Helper()
	list, err := namespace.Parts(t.Context(), c, w)
	require.NoError(t, err)
	out := map[string]namespace.Part{}
	for _, p := range list {
		out[p.Name] = p
	}
	return out
}

func describe(t *testing.T, c client.Client, name string) time.Duration {
	t.Helper()
	got, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: name})
	require.NoError(t, err)
	return got.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
}

func TestEnsure_MakesWhatIsMissingOnceAndNeverShortens(t *testing.T) {
	c, w := dial(t), namespace.Want{Name: "fresh", Retention: 3 * day}
	before := parts(t, c, w)
	require.Len(t, before, 2)
	for _, p := range before {
		require.False(t, p.Met)
		require.NotEmpty(t, p.Next)
	}
	_, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: w.Name})
	var missing *serviceerror.NamespaceNotFound
	require.ErrorAs(t, err, &missing, "looking makes nothing")

	require.NoError(t, namespace.Ensure(t.Context(), c, w))
	for name, p := range parts(t, c, w) {
		require.True(t, p.Met, "%s: %s", name, p.Seen)
		require.Nil(t, p.Make)
	}
	require.Equal(t, 3*day, describe(t, c, w.Name))
	require.NoError(t, namespace.Ensure(t.Context(), c, w), "again")

	w.Retention = 5 * day
	require.Contains(t, parts(t, c, w)["retention"].Seen, "kept for 3 days, 5 are wanted")
	require.NoError(t, namespace.Ensure(t.Context(), c, w))
	require.Equal(t, 5*day, describe(t, c, w.Name))
	w.Retention = day
	require.NoError(t, namespace.Ensure(t.Context(), c, w))
	require.Equal(t, 5*day, describe(t, c, w.Name), "histories that somebody keeps are not deleted")
}

func TestParts_NameWhatIsMissingAndWhatIsWrong(t *testing.T) {
	c, w := dial(t), namespace.Want{Name: "partial", Retention: day}
	require.NoError(t, namespace.Ensure(t.Context(), c, w))
	_, err := c.OperatorService().RemoveSearchAttributes(t.Context(), &operatorservice.RemoveSearchAttributesRequest{Namespace: w.Name, SearchAttributes: []string{ops.AttrDay, ops.AttrState}})
	require.NoError(t, err)
	var p namespace.Part
	require.Eventually(t, func() bool { p = parts(t, c, w)["search attributes"]; return !p.Met }, longest, often)
	require.Equal(t, "missing: "+ops.AttrDay+", "+ops.AttrState, p.Seen)
	require.Contains(t, p.Next, "--name "+ops.AttrDay)
	require.Contains(t, p.Next, "--sa "+ops.AttrState+"=Keyword")

	_, err = c.OperatorService().AddSearchAttributes(t.Context(), &operatorservice.AddSearchAttributesRequest{
		Namespace: w.Name, SearchAttributes: map[string]enums.IndexedValueType{ops.AttrDay: enums.INDEXED_VALUE_TYPE_INT},
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { p = parts(t, c, w)["search attributes"]; return p.Make == nil }, longest, often)
	require.Equal(t, "not keywords: "+ops.AttrDay+" is Int", p.Seen)
	require.ErrorContains(t, namespace.Ensure(t.Context(), c, w), "A type cannot be changed")
}

func TestParts_ADeadServerIsAnError(t *testing.T) {
	c, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = namespace.Parts(ctx, c, namespace.Want{Name: "any", Retention: day})
	require.ErrorContains(t, err, "describe namespace any")
}
