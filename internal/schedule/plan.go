package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// Kind is what is to be done with a schedule.
type Kind string

// Kinds of changes.
const (
	Same    Kind = "same"
	Create  Kind = "create"
	Update  Kind = "update"
	Delete  Kind = "delete"  // It bears our mark, and the settings do not have it any more.
	Foreign Kind = "foreign" // It has our name and somebody else's mark, or none: it is left alone.
)

// Change is one schedule's difference between settings and server.
type Change struct {
	ID    string `json:"id"`
	Kind  Kind   `json:"kind"`
	Parts []Part `json:"parts,omitempty"` // What differs.
	Note  string `json:"note,omitempty"`

	want Definition
}

// Part is one thing that differs.
type Part struct {
	Name string `json:"name"`
	Is   string `json:"is"`
	Want string `json:"want"`
}

// Book is a server's schedules as one deployment sees them.
type Book struct {
	Client client.ScheduleClient
	Queue  string // Task queue: the deployment that the mark names.
	Defs   []Definition
}

// Plan compares server and settings, and changes nothing.
func (b Book) Plan(ctx context.Context) ([]Change, error) {
	var out []Change
	for _, d := range b.Defs {
		c, err := b.compare(ctx, d)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	gone, err := b.gone(ctx)
	return append(out, gone...), err
}

func (b Book) compare(ctx context.Context, d Definition) (Change, error) {
	c := Change{ID: d.ID, Kind: Same, want: d}
	is, found, err := b.describe(ctx, d.ID)
	if err != nil {
		return c, err
	}
	want := d.facets(b.Queue)
	if !found {
		c.Kind = Create
		for _, f := range want {
			c.Parts = append(c.Parts, Part{Name: f.name, Want: f.value})
		}
		return c, nil
	}
	if owner := markOf(is.Memo); owner != b.Queue {
		c.Kind, c.Note = Foreign, fmt.Sprintf("a schedule of this name was made by %s; it is left alone. Delete or rename it there, or use another namespace", ownerText(owner))
		return c, nil
	}
	have := describedFacets(is)
	for i, f := range want {
		if have[i].value != f.value {
			c.Kind, c.Parts = Update, append(c.Parts, Part{f.name, have[i].value, f.value})
		}
	}
	return c, nil
}

func ownerText(owner string) string {
	if owner == "" {
		return "somebody else"
	}
	return "the deployment of task queue " + owner
}

// describedFacets are those of a schedule as the server has it.
func describedFacets(d *client.ScheduleDescription) []facet {
	spec, policy := client.ScheduleSpec{}, &client.SchedulePolicies{}
	if d.Schedule.Spec != nil {
		spec = *d.Schedule.Spec
	}
	if d.Schedule.Policy != nil {
		policy = d.Schedule.Policy
	}
	action, ok := d.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok {
		action = &client.ScheduleWorkflowAction{Workflow: "none"}
	}
	input := ""
	for _, arg := range action.Args {
		if p, ok := arg.(*commonpb.Payload); ok {
			input += string(p.GetData())
		}
	}
	return facetsOf(spec, action, input, policy)
}

// gone are the schedules with our mark that the settings do not have.
func (b Book) gone(ctx context.Context) ([]Change, error) {
	list, err := b.Client.List(ctx, client.ScheduleListOptions{PageSize: 100})
	if err != nil {
		return nil, fmt.Errorf("list the schedules: %w", err)
	}
	var out []Change
	for list.HasNext() {
		e, err := list.Next()
		if err != nil {
			return nil, fmt.Errorf("list the schedules: %w", err)
		}
		if markOf(e.Memo) == b.Queue && !slices.ContainsFunc(b.Defs, func(d Definition) bool { return d.ID == e.ID }) {
			out = append(out, Change{ID: e.ID, Kind: Delete, Note: "the settings do not have it, or switch it off"})
		}
	}
	return out, nil
}

// describe reads a schedule; false when there is none of that id.
func (b Book) describe(ctx context.Context, id string) (*client.ScheduleDescription, bool, error) {
	d, err := b.Client.GetHandle(ctx, id).Describe(ctx)
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("describe schedule %s: %w", id, err)
	}
	return d, true, nil
}

// markOf is the deployment that a schedule belongs to; empty when it bears no mark of ours.
func markOf(memo *commonpb.Memo) string {
	payload := memo.GetFields()[markKey]
	var owner string
	if payload == nil || converter.GetDefaultDataConverter().FromPayload(payload, &owner) != nil {
		return ""
	}
	return owner
}

// Apply makes one change. A paused schedule stays paused, and its note stays. What was changed by somebody else since the
// plan was made is not overwritten unless it still bears our mark.
func (b Book) Apply(ctx context.Context, c Change) error {
	h := b.Client.GetHandle(ctx, c.ID)
	var err error
	switch c.Kind {
	case Create:
		_, err = b.Client.Create(ctx, c.want.options(b.Queue))
	case Update:
		err = h.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			if markOf(in.Description.Memo) != b.Queue {
				return nil, errForeign
			}
			s, spec := in.Description.Schedule, c.want.spec()
			s.Spec, s.Action = &spec, c.want.action(b.Queue)
			s.Policy = &client.SchedulePolicies{Overlap: c.want.overlap(), CatchupWindow: c.want.CatchUp}
			return &client.ScheduleUpdate{Schedule: &s}, nil
		}})
	case Delete:
		if _, err = b.Own(ctx, c.ID); err == nil {
			err = h.Delete(ctx)
		}
	case Same, Foreign:
	}
	if err != nil {
		return fmt.Errorf("%s schedule %s: %w", c.Kind, c.ID, err)
	}
	return nil
}

var errForeign = errors.New("it does not bear this deployment's mark, so it is left alone")

// ErrNone says that the server has no such schedule.
var ErrNone = errors.New("the server has no such schedule: make it with feeops schedule apply")

// Own gives a schedule of this deployment to steer. Somebody else's is refused.
func (b Book) Own(ctx context.Context, id string) (client.ScheduleHandle, error) {
	d, found, err := b.describe(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, fmt.Errorf("schedule %s: %w", id, ErrNone)
	case markOf(d.Memo) != b.Queue:
		return nil, fmt.Errorf("schedule %s: %w", id, errForeign)
	}
	return b.Client.GetHandle(ctx, id), nil
}
