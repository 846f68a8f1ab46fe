package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/internal/store"
)

// maxRefusals bounds what waits for the audit log: somebody who sends wrong approvals all day must not fill the memory.
const maxRefusals = 256

// refusals writes refused updates into the audit log. An update that its validator refuses leaves no trace in the
// workflow's history, and who tried to lift a stop must be known (S11). It looks only: it changes nothing that the
// workflow does, and does nothing at all while a history is replayed.
type refusals struct {
	interceptor.WorkerInterceptorBase

	audit interface {
		Audit(context.Context, store.AuditEntry) error
	}
	log     *slog.Logger
	now     func() time.Time
	queue   chan store.AuditEntry
	dropped atomic.Int64
	wg      sync.WaitGroup
	end     chan struct{}
}

func newRefusals(lc fx.Lifecycle, db *store.Store, clock Clock, log *slog.Logger) *refusals {
	r := &refusals{audit: db, log: log, now: clock, queue: make(chan store.AuditEntry, maxRefusals), end: make(chan struct{})}
	lc.Append(fx.StartStopHook(r.start, r.stop))
	return r
}

func (r *refusals) start() {
	r.wg.Go(func() {
		for {
			select {
			case e := <-r.queue:
				r.write(e)
			case <-r.end:
				r.drain()
				return
			}
		}
	})
}

// stop writes what still waits. The workers have ended before it.
func (r *refusals) stop() {
	close(r.end)
	r.wg.Wait()
}

func (r *refusals) drain() {
	for {
		select {
		case e := <-r.queue:
			r.write(e)
		default:
			return
		}
	}
}

func (r *refusals) write(e store.AuditEntry) {
	if n := r.dropped.Swap(0); n > 0 {
		e.Detail += fmt.Sprintf(" (and %d more that came too fast)", n)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := r.audit.Audit(ctx, e); err != nil {
		r.log.Error("a refusal is not in the audit log", "action", e.Action, "subject", e.Subject, "actor", e.Actor, "detail", e.Detail, "error", err)
	}
}

// note hands a refusal over without ever waiting: it is called from workflow code.
func (r *refusals) note(workflowID string, in *interceptor.UpdateInput, err error) {
	e := store.AuditEntry{At: r.now().UTC(), Actor: claimed(in.Args), Action: "update.refused", Subject: workflowID, Detail: short(in.Name+": "+reasonOf(err), 500)}
	select {
	case r.queue <- e:
	default:
		r.dropped.Add(1)
	}
}

func reasonOf(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	return err.Error()
}

// claimed is who the update says it is from. Nobody has proved that; the entry says so.
func claimed(args []any) string {
	var who struct {
		Actor    string `json:"actor"`
		Operator string `json:"operator"`
		Approval struct {
			Operator string `json:"operator"`
		} `json:"approval"`
	}
	if len(args) > 0 {
		body, err := bodyOf(args[0])
		if err != nil || json.Unmarshal(body, &who) != nil {
			return "nobody that can be read"
		}
	}
	for _, name := range []string{who.Operator, who.Approval.Operator, who.Actor} {
		if name != "" {
			return short("somebody as "+name, 100)
		}
	}
	return "nobody named"
}

func bodyOf(arg any) ([]byte, error) {
	if raw, ok := arg.(converter.RawValue); ok {
		return raw.Payload().GetData(), nil
	}
	return json.Marshal(arg) //nolint:wrapcheck // Only whether it can be read matters.
}

func short(text string, n int) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, " ")), " ")
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// InterceptWorkflow looks at the updates of every workflow.
func (r *refusals) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &refused{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, r: r}
}

type refused struct {
	interceptor.WorkflowInboundInterceptorBase

	r *refusals
}

// ValidateUpdate notes what a validator refuses. Temporal never validates while it replays.
func (i *refused) ValidateUpdate(ctx workflow.Context, in *interceptor.UpdateInput) error {
	err := i.Next.ValidateUpdate(ctx, in)
	if err != nil && !workflow.IsReplaying(ctx) {
		i.r.note(workflow.GetInfo(ctx).WorkflowExecution.ID, in, err)
	}
	return err //nolint:wrapcheck // An interceptor changes nothing.
}

// ExecuteUpdate notes what a handler refuses, such as a checklist that does not pass. An update that is given up because
// its worker goes away was not refused.
func (i *refused) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	out, err := i.Next.ExecuteUpdate(ctx, in)
	if err != nil && !workflow.IsReplaying(ctx) && !temporal.IsCanceledError(err) {
		i.r.note(workflow.GetInfo(ctx).WorkflowExecution.ID, in, err)
	}
	return out, err //nolint:wrapcheck // An interceptor changes nothing.
}
