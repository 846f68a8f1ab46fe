package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// payDay starts every vault's run side by side and follows them to their ends.
func (d *demoRun) payDay(ctx context.Context) error {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		rows []dayRow
		errs []error
	)
	for _, id := range d.stack.Chain.VaultIDs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			row, err := d.payVault(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, fmt.Errorf("vault %s: %w", id, err))
			}
			rows = append(rows, row)
		}()
	}
	wg.Wait()
	slices.SortFunc(rows, func(a, b dayRow) int { return cmp.Or(cmp.Compare(a.Day, b.Day), naturalCompare(a.ID, b.ID)) })
	d.rows = append(d.rows, rows...)
	return errors.Join(errs...)
}

// payVault runs one vault's day. A run that failed gives a row as well: what is known of it counts.
func (d *demoRun) payVault(ctx context.Context, id string) (dayRow, error) {
	behaviour := domain.Behaviour(d.flags.chain.behaviour)
	run, err := startDay(ctx, d.stack.Client, ops.TaskQueue, ops.DailyInput{Vault: id, Actor: "demo"})
	if err != nil {
		return newDayRow(id, behaviour, domain.DayReport{State: domain.UnknownState}), errors.Join(err, context.Cause(ctx))
	}
	report, err := followDay(ctx, d.stack.Client, run, func(s ops.DailyStatus) {
		d.view.update(s)
		if d.flags.killWorker && s.Page >= 1 && s.State == domain.Running {
			d.kill.do(d.stack, d.view.say)
		}
	})
	row := newDayRow(id, behaviour, report)
	if ctx.Err() != nil {
		return row, err
	}
	d.view.update(ops.DailyStatus{
		Vault: id, Day: report.Day, Step: "ended", State: report.State, Reason: report.Reason,
		Page: report.Pages, Pages: report.Pages, Paid: report.Result.Paid, Token: report.Token, Investors: report.Investors,
	})
	return row, err
}

// killOnce kills the worker one time, as a crash would.
type killOnce struct {
	once   sync.Once
	killed atomic.Bool
}

func (k *killOnce) do(s *devstack.Stack, say func(string)) {
	k.once.Do(func() {
		pid := s.Worker.PID()
		if err := s.Worker.Kill(); err != nil {
			say(err.Error())
			return
		}
		k.killed.Store(true)
		say(fmt.Sprintf("killed the worker, process %d, in the middle of a day (%s)", pid, killWorkerFault))
	})
}

func (k *killOnce) done() bool { return k.killed.Load() }
