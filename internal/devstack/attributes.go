package devstack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/ops"
)

// addSearchAttributes registers the operations' search attributes in a namespace and waits until they are known. A
// fresh namespace is "not found" until the server's caches have seen it.
func addSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	want := map[string]enums.IndexedValueType{}
	for _, name := range ops.SearchAttributes() {
		want[name] = enums.INDEXED_VALUE_TYPE_KEYWORD
	}
	for {
		_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: want})
		var exists *serviceerror.AlreadyExists
		if err == nil || errors.As(err, &exists) {
			return nil
		}
		var missing *serviceerror.NamespaceNotFound
		if !errors.As(err, &missing) {
			return fmt.Errorf("register search attributes in namespace %s: %w", namespace, err)
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("namespace %s does not become known: %w", namespace, err)
		}
	}
}
