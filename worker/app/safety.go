package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/safety/host"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var safetyModule = fx.Module("safety",
	fx.Provide(
		fx.Annotate(newHost, fx.As(new(activities.SwitchHost))),
		activities.NewSafety, newRefusals, newSwitch,
	),
)

type hostParams struct {
	fx.In

	Settings config.Settings
	Client   client.Client
	Pool     *chain.Pool
	Store    *store.Store
	Service  *distribution.Service
	Senders  *senders
	Witness  *witness
	Clock    Clock
	Log      *slog.Logger
}

func newHost(p hostParams) (*host.Host, error) {
	s := p.Settings
	evidence, err := filepath.Abs(s.EvidenceDir())
	if err != nil {
		return nil, fault(fmt.Errorf("directory of evidence: %w", err))
	}
	return host.New(host.Params{
		Store: p.Store, Chain: p.Pool, Roster: s.Roster(), Evidence: host.Folder{Dir: evidence}, Now: p.Clock, Log: p.Log,
		Vaults: named(s), Runs: &runs{client: p.Client, queue: s.Temporal.TaskQueue},
		Scene: func(ctx context.Context) (any, []string) {
			b := incident.Collect(ctx, p.Witness.system(), incident.KindSnapshot, incident.Subject{}, redactor(s), p.Clock)
			return b.Parts, b.Unknown
		},
		Settle: func(ctx context.Context, vault string) error {
			one, err := p.Senders.of(vault)
			if err != nil {
				return err
			}
			_, err = one.Settle(ctx, vault)
			return err //nolint:wrapcheck // The sender's errors name vault and signature.
		},
		Sources: safety.Sources{
			Vaults: Enabled(s), Store: p.Store.Ping, Flights: p.Store.Flights, Witness: p.Service.Witness, Signer: p.Senders.reachable,
			Endpoints: func() []safety.Endpoint { return judged(p.Pool) }, Settings: s.Hash(), Emergency: s.Safety.EmergencyStop,
			Criticals: func(ctx context.Context) ([]string, error) { return criticals(ctx, p.Store) },
		},
	}), nil
}

// criticals are the open critical incidents, without those that only an alert calls so: a stop that lasts lets deadlines
// pass, and the alerts about those must not keep it in force.
func criticals(ctx context.Context, db *store.Store) ([]string, error) {
	open, err := db.Incidents(ctx, store.IncidentFilter{Open: true})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, i := range open {
		if i.Response() == domain.ResponseCritical {
			out = append(out, fmt.Sprintf("%s (%s)", i.ID, i.Title))
		}
	}
	return out, nil
}

// named are the ids of all vaults.
func named(s config.Settings) []string {
	var ids []string
	for _, v := range s.Vaults {
		ids = append(ids, v.ID)
	}
	return ids
}

// Enabled are the ids of the vaults that are paid, in the order of the settings.
func Enabled(s config.Settings) []string {
	var ids []string
	for _, v := range s.Vaults {
		if v.Enabled {
			ids = append(ids, v.ID)
		}
	}
	return ids
}

func judged(p *chain.Pool) []safety.Endpoint {
	var out []safety.Endpoint
	for _, h := range p.Health() {
		out = append(out, safety.Endpoint{Name: h.Name, Usable: h.Usable, Advancing: h.Advancing, Reason: h.Reason})
	}
	return out
}

// reachable says whether a vault's fee payer can sign, with the key that this worker started with: it is opened anew where
// it lies, and signs a message that no chain takes.
func (s *senders) reachable(ctx context.Context, vault string) error {
	key, err := s.reopen(ctx, vault)
	if err != nil {
		return err
	}
	if key.PublicKey() != s.keys[vault] {
		return fmt.Errorf("the key of vault %s is %s now, and the worker started with %s", vault, key.PublicKey(), s.keys[vault])
	}
	return signer.Probe(ctx, key)
}

// runs are the distributions as the switch reaches them.
type runs struct {
	client client.Client
	queue  string
}

// Stop signals a vault's run; false when there is none.
func (r *runs) Stop(ctx context.Context, vault, reason, actor string) (bool, error) {
	err := r.client.SignalWorkflow(ctx, ops.DailyID(vault), "", ops.SignalStop, ops.Order{Reason: reason, Actor: actor})
	var absent *serviceerror.NotFound
	if errors.As(err, &absent) {
		return false, nil
	}
	return err == nil, err //nolint:wrapcheck // The caller names the vault.
}

// Running is true while a vault has a run.
func (r *runs) Running(ctx context.Context, vault string) (bool, error) {
	e, err := r.client.DescribeWorkflowExecution(ctx, ops.DailyID(vault), "")
	var absent *serviceerror.NotFound
	if errors.As(err, &absent) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the run of %s: %w", vault, err)
	}
	return e.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// Drill sends the switch an order that stops nothing.
func (r *runs) Drill(ctx context.Context, id string) error {
	return r.client.SignalWorkflow(ctx, ops.SwitchID(r.queue), "", ops.SignalDrill, ops.DrillOrder{ID: id}) //nolint:wrapcheck // The caller says what was signalled.
}
