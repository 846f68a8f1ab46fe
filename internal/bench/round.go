package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// tracedDays is how many histories of a round are read; with a thousand vaults reading all would take longer than paying.
const tracedDays = 20

// pay has every vault's day paid and measures it. Its error says which days are not complete and equal to the chain; the
// figures of the others stand beside it.
func (l *lab) pay(ctx context.Context, number int) (*Round, error) {
	ctx, cancel := l.stack.Watch(ctx)
	defer cancel()
	slots := l.watchSlots()
	defer slots.end()
	asked, began := l.requests(), time.Now()
	run, err := l.stack.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: ops.FleetID(domain.Day(fmt.Sprintf("bench-%d", number))), TaskQueue: ops.TaskQueue,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, ops.FleetDistribution, ops.FleetInput{Actor: "bench"})
	if err != nil {
		return nil, fmt.Errorf("start the fleet: %w", err)
	}
	var fleet ops.FleetReport
	if err := run.Get(ctx, &fleet); err != nil {
		return nil, errors.Join(fmt.Errorf("the fleet's run: %w", err), context.Cause(ctx))
	}
	took := time.Since(began)
	asked = l.requests() - asked
	reports, err := l.store.LatestReports(ctx)
	if err != nil {
		return nil, err
	}
	days, failed := pick(fleet, reports)
	r := summarize(days, took, slots.at(lastClose(days)).Sub(began), asked)
	return &r, errors.Join(failed, l.traceDays(ctx, days, &r))
}

// pick takes the reports of the fleet's days. A day that is not complete, or differs from the chain, is no figure.
func pick(fleet ops.FleetReport, reports map[string]domain.DayReport) (days []domain.DayReport, err error) {
	bad := 0
	for _, row := range fleet.Rows {
		d, found := reports[row.Vault]
		if found && d.Day == row.Day && d.State == domain.Complete && d.Result.Clean() {
			days = append(days, d)
			continue
		}
		if bad++; bad == 1 {
			err = fmt.Errorf("%s of %s is %s, %d mismatches: %s", row.Vault, row.Day, row.State, d.Result.Mismatches, row.Reason)
		}
	}
	if bad > 1 {
		err = fmt.Errorf("%w, and %d other vaults", err, bad-1)
	}
	return days, err
}

// summarize makes a round's figures.
func summarize(days []domain.DayReport, took, closed time.Duration, asked uint64) Round {
	r := Round{Complete: len(days), Seconds: took.Seconds(), Closed: max(closed, 0).Seconds()}
	var long, slots []float64
	var requests, fees uint64
	investors := 0
	for _, d := range days {
		r.Pages += d.Pages
		investors += d.Investors
		requests += d.Requests
		fees += d.FeeLamports
		long = append(long, ms(d.EndedAt.Sub(d.StartedAt)))
		if d.Pages > 0 && d.CloseSlot >= d.FirstSlot {
			slots = append(slots, float64(d.CloseSlot-d.FirstSlot)/float64(d.Pages))
		}
	}
	if closed > 0 {
		r.PagesPerSecond = float64(r.Pages) / closed.Seconds()
		r.InvestorsPerSecond = float64(investors) / closed.Seconds()
	}
	r.DayP50, r.DayP99, r.SlotsPerPage = median(long), deref(percentile(long, 99)), median(slots)
	r.Requests, r.NodeRequests = per(float64(requests), len(days)), per(float64(asked), len(days))
	r.FeeLamports, r.PerInvestor = per(float64(fees), len(days)), per(float64(fees), investors)
	return r
}

// lastClose is the slot that closed the last of the days.
func lastClose(days []domain.DayReport) (slot uint64) {
	for _, d := range days {
		slot = max(slot, d.CloseSlot)
	}
	return slot
}

// traceDays reads some of the days' histories, spread over the fleet.
func (l *lab) traceDays(ctx context.Context, days []domain.DayReport, r *Round) error {
	var gaps []float64
	for i := 0; i < len(days); i += max(len(days)/tracedDays, 1) {
		t, err := trace(ctx, l.stack.Client, days[i].WorkflowID, days[i].RunID)
		if err != nil {
			return err
		}
		gaps = append(gaps, t.gaps...)
		r.Events = max(r.Events, float64(t.events))
		r.HistoryKiB = max(r.HistoryKiB, float64(t.bytes)/1024)
	}
	r.Orchestration, r.OrchestrationP99 = percentile(gaps, 50), percentile(gaps, 99)
	return nil
}
