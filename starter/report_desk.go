package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gagliardetto/solana-go/rpc"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// reportDesk is what a report reads. The store must be there; a chain that is not is a source that could not be read.
type reportDesk struct {
	*report.Reporter

	settings config.Settings
	store    *store.Store
	pool     *chain.Pool // Nil: no endpoint can be used.
	vaults   map[string]distribution.Vault
	temporal client.Client
	now      time.Time // The chain's time, or the machine's when the chain cannot be asked.
	zone     *time.Location
}

// openReports opens the desk. withChain says whether the report looks at the chain at all.
func (c *cli) openReports(ctx context.Context, withChain bool) (*reportDesk, error) {
	s, err := c.settings()
	if err != nil {
		return nil, err
	}
	d := &reportDesk{settings: s, now: time.Now()}
	if d.zone, err = zoneOf(s); err != nil {
		return nil, err
	}
	if d.store, err = store.Open(ctx, s.Store.DSN.Reveal()); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	p := report.Params{
		Books: d.store, Alerts: report.AlertFeed(d.store), Incidents: report.IncidentFeed(d.store),
		Zone: d.zone, Now: time.Now, UI: s.Temporal.UIURL, Namespace: s.Temporal.Namespace,
	}
	for _, v := range s.Vaults {
		if v.Enabled {
			p.Vaults = append(p.Vaults, report.Vault{ID: v.ID, Name: v.Name})
		}
	}
	if withChain {
		if p.Fleet, p.FleetErr, err = c.openFleet(ctx, d); err != nil {
			return nil, errors.Join(err, d.close(ctx))
		}
		if d.temporal, err = dialTemporal(s); err != nil {
			return nil, errors.Join(err, d.close(ctx))
		}
		p.Runs = d.runs
	}
	d.Reporter = report.New(p)
	return d, nil
}

// openFleet opens the chain. unread is why it cannot be read, which ends no report; err is a mistake in the settings.
func (c *cli) openFleet(ctx context.Context, d *reportDesk) (fleet report.Fleet, unread, err error) {
	log := c.logger("error", d.settings.Log.Format)
	pool, err := chain.New(app.PoolOptions(d.settings, log))
	if err != nil {
		return nil, nil, usageError("%w", err)
	}
	service, err := newService(d.settings, pool, d.store, log)
	if err != nil {
		return nil, nil, errors.Join(err, pool.Stop(ctx))
	}
	d.vaults = service.Vaults
	if err := app.StartPool(ctx, d.settings, pool); err != nil {
		return nil, fmt.Errorf("no RPC endpoint can be used: %w", err), pool.Stop(ctx)
	}
	d.pool = pool
	if clock, err := pool.Clock(ctx, rpc.CommitmentConfirmed); err == nil {
		d.now = time.Unix(clock.UnixTime, 0)
	}
	return distribution.NewFleet(service, d.store), nil, nil
}

func (d *reportDesk) close(ctx context.Context) error {
	var err error
	if d.temporal != nil {
		d.temporal.Close()
	}
	if d.pool != nil {
		err = d.pool.Stop(context.WithoutCancel(ctx))
	}
	return errors.Join(err, d.store.Close())
}

// chosen are the named vaults, or all enabled ones.
func (d *reportDesk) chosen(names []string) ([]string, error) {
	known := make([]string, 0, len(d.Vaults))
	for _, v := range d.Vaults {
		known = append(known, v.ID)
	}
	if len(names) == 0 {
		return known, nil
	}
	for _, name := range names {
		if v, ok := d.settings.Vault(name); !ok || !v.Enabled {
			return nil, usageError("vault %q is not in the settings, or not enabled; known are %v", name, known)
		}
	}
	return names, nil
}

// review reads the chain's events of vaults.
func (d *reportDesk) review(ctx context.Context, ids []string, span report.Span, lines int) report.Review {
	var list []distribution.Vault
	for _, id := range ids {
		list = append(list, d.vaults[id])
	}
	name := func(id string) string { v, _ := d.settings.Vault(id); return v.Name }
	return (&report.Reviewer{Chain: d.pool, Books: d.store, Lines: lines}).Review(ctx, list, name, span)
}

// runs lists the runs that are under way, all with one question: asking each vault's run would take a thousand.
func (d *reportDesk) runs(ctx context.Context) (map[string]report.Run, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out := map[string]report.Run{}
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: d.settings.Temporal.Namespace, Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", ops.DailyDistribution),
	}
	for {
		page, err := d.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("unreachable at %s: runs under way are not known", d.settings.Temporal.Address)
		}
		for _, e := range page.GetExecutions() {
			vault, ours := strings.CutPrefix(e.GetExecution().GetWorkflowId(), ops.DailyID(""))
			if ours {
				out[vault] = report.Run{State: stateOf(e), Since: e.GetStartTime().AsTime()}
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return out, nil
		}
	}
}

// stateOf is a run's own word, as its search attribute has it.
func stateOf(e *workflow.WorkflowExecutionInfo) domain.State {
	var state domain.State
	payload := e.GetSearchAttributes().GetIndexedFields()[ops.AttrState]
	if payload == nil || converter.GetDefaultDataConverter().FromPayload(payload, &state) != nil || state == "" {
		return domain.Running
	}
	return state
}
