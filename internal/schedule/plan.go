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
	"go.temporal.io/sdk/temporal"
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

// Text is the change in one line.
func (c Change) Text() string {
	if c.Kind == Create {
		return "the server does not have it"
	}
	text := c.Note
	for _, p := range c.Parts {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%s is %s, the settings say %s", p.Name, p.Is, p.Want)
	}
	return text
}

// Book is a server's schedules as one deployment sees them.
type Book struct {
	Client client.ScheduleClient
	Queue  string // Task queue: the deployment that the mark names.
	Defs   []Definition
	Off    []Definition // Those that the settings know and switch off: only their ids and workflows count.
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

// Ensure makes the absent schedules that a worker may make, and gives what else differs: that is shown to people first.
func (b Book) Ensure(ctx context.Context) ([]Change, error) {
	plan, err := b.Plan(ctx)
	if err != nil {
		return nil, err
	}
	var left []Change
	for _, c := range plan {
		switch {
		case c.Kind == Same:
		case c.Kind == Create && c.want.Kept:
			if err := b.Apply(ctx, c); err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) { // Another worker was quicker.
				return nil, err
			}
		default:
			left = append(left, c)
		}
	}
	return left, nil
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
	if owner := d.ownerOf(is, b.Queue); owner != b.Queue {
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
	for _, d := range b.Off { // Described, not only listed: lists of the server are a moment behind, and older marks are missing.
		is, found, err := b.describe(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		if found && d.ownerOf(is, b.Queue) == b.Queue {
			out = append(out, Change{ID: d.ID, Kind: Delete, Note: noteGone, want: d})
		}
	}
	for list.HasNext() {
		e, err := list.Next()
		if err != nil {
			return nil, fmt.Errorf("list the schedules: %w", err)
		}
		known := func(d Definition) bool { return d.ID == e.ID }
		if markOf(e.Memo) == b.Queue && !slices.ContainsFunc(b.Defs, known) && !slices.ContainsFunc(b.Off, known) {
			out = append(out, Change{ID: e.ID, Kind: Delete, Note: noteGone})
		}
	}
	return out, nil
}

const noteGone = "the settings do not have it, or switch it off"

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

// ownerOf is the deployment that a schedule of this name belongs to. Those that workers make bore no mark in earlier
// versions: one that starts the same workflow on the same task queue is this deployment's.
func (d Definition) ownerOf(is *client.ScheduleDescription, queue string) string {
	owner := markOf(is.Memo)
	if a, ok := is.Schedule.Action.(*client.ScheduleWorkflowAction); ok && owner == "" && d.Kept && a.TaskQueue == queue && a.Workflow == d.Workflow {
		return queue
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
			if c.want.ownerOf(&in.Description, b.Queue) != b.Queue {
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
	case b.definition(id).ownerOf(d, b.Queue) != b.Queue:
		return nil, fmt.Errorf("schedule %s: %w", id, errForeign)
	}
	return b.Client.GetHandle(ctx, id), nil
}

// definition is what the settings know of an id; an empty one when that is nothing.
func (b Book) definition(id string) Definition {
	for _, list := range [][]Definition{b.Defs, b.Off} {
		for _, d := range list {
			if d.ID == id {
				return d
			}
		}
	}
	return Definition{}
}
