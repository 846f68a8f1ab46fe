package bench

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"

	"github.com/meteora-fee-router/feeops/internal/ops"
)

// traced is what a day's history tells of its cost.
type traced struct {
	events, bytes int
	gaps          []float64 // Milliseconds from a page's end to the next one's start: all that is not the page itself.
}

// trace reads one run's history.
func trace(ctx context.Context, c client.Client, id, run string) (traced, error) {
	var t tracer
	iter := c.GetWorkflowHistory(ctx, id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iter.HasNext() {
		e, err := iter.Next()
		if err != nil {
			return traced{}, fmt.Errorf("history of %s: %w", id, err)
		}
		t.add(e)
	}
	return t.traced, nil
}

// tracer takes a history's events in their order.
type tracer struct {
	traced

	pages map[int64]bool // Scheduled events of SendPage.
	ended time.Time      // Of the page before.
}

func (t *tracer) add(e *history.HistoryEvent) {
	t.events++
	t.bytes += proto.Size(e)
	switch {
	case e.GetActivityTaskScheduledEventAttributes() != nil:
		if e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == ops.SendPage.Name {
			if t.pages == nil {
				t.pages = map[int64]bool{}
			}
			t.pages[e.GetEventId()] = true
		}
	case t.pages[e.GetActivityTaskStartedEventAttributes().GetScheduledEventId()]:
		if !t.ended.IsZero() {
			t.gaps = append(t.gaps, ms(e.GetEventTime().AsTime().Sub(t.ended)))
		}
	case t.pages[e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()]:
		t.ended = e.GetEventTime().AsTime()
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
