package namespace_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/namespace"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// cloud is a client of a server that lets nobody manage namespaces, as Temporal Cloud's does.
func cloud(t *testing.T) client.Client {
	t.Helper()
	refuse := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if strings.Contains(method, "OperatorService") || strings.HasSuffix(method, "/RegisterNamespace") || strings.HasSuffix(method, "/UpdateNamespace") {
			return status.Error(codes.PermissionDenied, "not here")
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	}
	c, err := client.NewLazyClient(client.Options{
		HostPort: devstack.ForTest(t).Address, ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(refuse)}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestParts_WhereListingIsNotAllowedTheyAreSearchedFor(t *testing.T) {
	own, w := dial(t), namespace.Want{Name: "cloudy", Retention: day}
	require.NoError(t, namespace.Ensure(t.Context(), own, w))
	c := cloud(t)
	for name, p := range parts(t, c, w) {
		require.True(t, p.Met, "%s: %s", name, p.Seen)
	}
	_, err := own.OperatorService().RemoveSearchAttributes(t.Context(), &operatorservice.RemoveSearchAttributesRequest{Namespace: w.Name, SearchAttributes: []string{ops.AttrIncident}})
	require.NoError(t, err)
	var p namespace.Part
	require.Eventually(t, func() bool { p = parts(t, c, w)["search attributes"]; return !p.Met }, longest, often)
	require.Equal(t, "missing: "+ops.AttrIncident, p.Seen)
	require.Contains(t, p.Next, "tcld namespace search-attributes add --namespace cloudy --sa "+ops.AttrIncident+"=Keyword")
	require.ErrorContains(t, namespace.Ensure(t.Context(), c, w), "not here")
	w.Name = "not-there"
	require.ErrorContains(t, namespace.Ensure(t.Context(), c, w), "register namespace not-there")
}
