// Package namespace makes a Temporal namespace fit for the operations: that it exists, keeps histories long enough and
// knows the search attributes. It looks first, and changes only what is missing.
package namespace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Want is what a namespace must have.
type Want struct {
	Name      string
	Retention time.Duration // Of ended runs, at least.
}

// Part is one thing that a namespace needs.
type Part struct {
	Name string
	Seen string
	Next string                      // What a person does, where this program may not.
	Make func(context.Context) error // Makes it so; nil when it is met or only a person can.

	Met     bool // Nothing needs doing.
	Unknown bool // The server did not let us look.
}

// Parts looks at all that a namespace needs. An error means that the server did not answer.
func Parts(ctx context.Context, c client.Client, w Want) ([]Part, error) {
	got, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: w.Name})
	var missing *serviceerror.NamespaceNotFound
	switch {
	case errors.As(err, &missing):
		all := Part{Name: "search attributes", Seen: "none: there is no namespace", Next: nextAttributes(w.Name, ops.SearchAttributes())}
		all.Make = func(ctx context.Context) error { return addAttributes(ctx, c, w.Name, ops.SearchAttributes()) }
		return []Part{newNamespace(c, w), all}, nil
	case err != nil:
		return nil, fmt.Errorf("describe namespace %s: %w", w.Name, err)
	}
	there := Part{Name: "namespace", Seen: w.Name, Met: true}
	return []Part{there, retention(c, w, got.GetConfig()), attributes(ctx, c, w)}, nil
}

// Ensure makes what is missing, in order. It is done when the server knows all of it.
func Ensure(ctx context.Context, c client.Client, w Want) error {
	parts, err := Parts(ctx, c, w)
	if err != nil {
		return err
	}
	for _, p := range parts {
		switch {
		case p.Make != nil:
			if err := p.Make(ctx); err != nil {
				return err
			}
		case !p.Met:
			return fmt.Errorf("%s of namespace %s: %s. %s", p.Name, w.Name, p.Seen, p.Next)
		}
	}
	return nil
}

func newNamespace(c client.Client, w Want) Part {
	return Part{
		Name: "namespace", Seen: fmt.Sprintf("there is no namespace %q", w.Name),
		Next: fmt.Sprintf("feeops setup makes it. On Temporal Cloud: tcld namespace create --namespace %s --retention-days %d …, with temporal.namespace and temporal.address as tcld shows them.", w.Name, days(w.Retention)),
		Make: func(ctx context.Context) error {
			_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
				Namespace: w.Name, Description: "Operations of the Meteora Fee Router", WorkflowExecutionRetentionPeriod: durationpb.New(w.Retention),
			})
			var exists *serviceerror.NamespaceAlreadyExists
			if err != nil && !errors.As(err, &exists) { // Somebody else was quicker.
				return fmt.Errorf("register namespace %s: %w", w.Name, err)
			}
			return nil
		},
	}
}

// retention is never shortened: histories that somebody keeps for longer would be deleted.
func retention(c client.Client, w Want, config *namespace.NamespaceConfig) Part {
	has := config.GetWorkflowExecutionRetentionTtl().AsDuration()
	p := Part{Name: "retention", Seen: fmt.Sprintf("histories of ended runs are kept for %d days", days(has)), Met: has >= w.Retention}
	if p.Met {
		return p
	}
	p.Seen += fmt.Sprintf(", %d are wanted (temporal.retention)", days(w.Retention))
	p.Next = fmt.Sprintf("feeops setup makes it so. On Temporal Cloud: tcld namespace retention set --namespace %s --retention-days %d", w.Name, days(w.Retention))
	p.Make = func(ctx context.Context) error {
		_, err := c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: w.Name, Config: &namespace.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(w.Retention)},
		})
		if err != nil {
			return fmt.Errorf("set the retention of namespace %s: %w", w.Name, err)
		}
		return nil
	}
	return p
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

func attributes(ctx context.Context, c client.Client, w Want) Part {
	p := Part{Name: "search attributes"}
	lacking, wrong, err := lacks(ctx, c, w.Name)
	switch {
	case err != nil:
		p.Unknown, p.Seen, p.Next = true, "cannot be looked up: "+err.Error(), nextAttributes(w.Name, ops.SearchAttributes())
	case len(wrong) > 0:
		p.Seen = "not keywords: " + strings.Join(wrong, ", ")
		p.Next = "A type cannot be changed. Remove them (temporal operator search-attribute remove --name NAME) when nothing else uses them, and run feeops setup again; or use another namespace."
	case len(lacking) > 0:
		p.Seen, p.Next = "missing: "+strings.Join(lacking, ", "), nextAttributes(w.Name, lacking)
		p.Make = func(ctx context.Context) error { return addAttributes(ctx, c, w.Name, lacking) }
	default:
		p.Seen, p.Met = fmt.Sprintf("all %d are registered", len(ops.SearchAttributes())), true
	}
	return p
}

func nextAttributes(name string, lacking []string) string {
	return fmt.Sprintf("feeops setup makes them. By hand: temporal operator search-attribute create --namespace %s --type Keyword%s; on Temporal Cloud: tcld namespace search-attributes add --namespace %s%s",
		name, each(" --name %s", lacking), name, each(" --sa %s=Keyword", lacking))
}

func each(format string, names []string) string {
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, format, n)
	}
	return b.String()
}

// lacks names the search attributes that are missing and those of another type.
func lacks(ctx context.Context, c client.Client, name string) (lacking, wrong []string, err error) {
	got, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: name})
	if err != nil {
		return asked(ctx, c, name, err)
	}
	for _, a := range ops.SearchAttributes() {
		switch has, ok := got.GetCustomAttributes()[a]; {
		case !ok:
			lacking = append(lacking, a)
		case has != enums.INDEXED_VALUE_TYPE_KEYWORD:
			wrong = append(wrong, fmt.Sprintf("%s is %s", a, has))
		}
	}
	return lacking, wrong, nil
}

// asked finds out by searching, where listing is not allowed, as on Temporal Cloud: a search for an attribute that does
// not exist is refused.
func asked(ctx context.Context, c client.Client, name string, why error) (lacking, wrong []string, err error) {
	for _, a := range ops.SearchAttributes() {
		_, err := c.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: name, Query: a + ` = "none"`})
		var bad *serviceerror.InvalidArgument
		switch {
		case errors.As(err, &bad):
			lacking = append(lacking, a)
		case err != nil:
			return nil, nil, errors.Join(why, err)
		}
	}
	return lacking, nil, nil
}

// addAttributes registers the search attributes and waits until the server knows them. A fresh namespace is "not found"
// until the server's caches have seen it.
func addAttributes(ctx context.Context, c client.Client, name string, lacking []string) error {
	want := map[string]enums.IndexedValueType{}
	for _, a := range lacking {
		want[a] = enums.INDEXED_VALUE_TYPE_KEYWORD
	}
	for {
		_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: name, SearchAttributes: want})
		var exists *serviceerror.AlreadyExists
		var missing *serviceerror.NamespaceNotFound
		if err != nil && !errors.As(err, &exists) && !errors.As(err, &missing) {
			return fmt.Errorf("register search attributes %s in namespace %s: %w", strings.Join(slices.Sorted(maps.Keys(want)), ", "), name, err)
		}
		if missing == nil {
			if left, wrong, err := lacks(ctx, c, name); err == nil && len(left)+len(wrong) == 0 {
				return nil
			}
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("the search attributes of namespace %s do not become known: %w", name, err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
