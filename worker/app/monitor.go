package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/monitor"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/heartbeat"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var monitorModule = fx.Module("monitor",
	fx.Provide(
		newMonitor, newJudge, newWatch, newGauges,
		fx.Annotate(newPeople, fx.As(new(activities.People))),
	),
	fx.Invoke(registerGauges),
)

// watchModule starts the watch. It comes after the worker, which it needs.
var watchModule = fx.Module("watch", fx.Invoke(startWatch))

// watchAgain is how often a worker makes sure that the watch runs: somebody may have ended it by hand.
const watchAgain = 5 * time.Minute

type monitorParams struct {
	fx.In

	Settings config.Settings
	Pool     *chain.Pool
	Store    *store.Store
	Senders  *senders
	Channels *notify.Dispatcher
	Buttons  *buttons
	Client   client.Client
	Clock    Clock
	Log      *slog.Logger
}

func newMonitor(p monitorParams) (*monitor.Monitor, error) {
	all, err := Vaults(p.Settings, p.Senders.payer)
	if err != nil {
		return nil, fault(err)
	}
	channels := &channelStates{names: p.Channels.Names(), store: p.Store, buttons: p.Buttons, now: p.Clock}
	sources := &sources{settings: p.Settings, client: p.Client, pool: p.Pool, store: p.Store, keys: p.Senders, now: p.Clock}
	return monitor.New(monitor.Params{
		Chain: p.Pool, Store: p.Store, Vaults: watched(p.Settings, all), MinClaimable: p.Settings.Distribution.MinClaimable,
		Stopped: func() bool { return p.Settings.Safety.EmergencyStop }, Now: p.Clock, Log: p.Log,
		Sources: monitor.Sources{
			Runs: sources.runs, Endpoints: sources.endpoints, Workers: sources.workers, Channels: channels.read, Signers: sources.signers, Audit: sources.audit, Backup: sources.backup,
		},
	}), nil
}

// watched are the enabled vaults in the order of the settings.
func watched(s config.Settings, all map[string]distribution.Vault) []monitor.Vault {
	var out []monitor.Vault
	for _, c := range s.Vaults {
		v, enabled := all[c.ID]
		if !enabled {
			continue
		}
		out = append(out, monitor.Vault{
			ID: v.ID, Behaviour: v.Behaviour, Token: v.Token, Streams: len(v.Streams), Program: v.Program, QuoteMint: v.QuoteMint, Position: v.Position,
			Policy: v.Accounts.Policy, Progress: v.Accounts.Progress, Treasury: v.Accounts.Treasury, Payer: v.Payer,
		})
	}
	return out
}

// Limits turns settings into what the alerts' conditions look at.
func Limits(s config.Settings) alert.Limits {
	m, d := s.Monitor, s.Distribution
	return alert.Limits{
		Stale: m.StaleAfter, Stuck: m.StuckAfter, Overdue: m.OverdueAfter, Reset: s.Reset(), Repeat: m.RepeatAfter, MaxMute: m.MaxMute, ClockSkew: d.ClockSkewWarn,
		MinClaimable: d.MinClaimable, PayerReserve: uint64(d.PayerReserveLamports), Workers: int(m.Workers),
	}
}

func newJudge(s config.Settings, db *store.Store, now Clock) *monitor.Judge {
	limits := Limits(s)
	retention := store.DefaultRetention()
	retention.Keep = s.Monitor.Keep
	var known []string
	for _, v := range s.Vaults {
		if v.Enabled {
			known = append(known, v.ID)
		}
	}
	return monitor.NewJudge(monitor.JudgeParams{
		Store: db, Engine: alert.New(alert.Catalogue(), limits, linksOf(s)), Limits: limits, Retention: retention, Known: known, Now: now,
	})
}

func newWatch(s config.Settings, m *monitor.Monitor, h *heartbeat.Heartbeat, j *monitor.Judge, p activities.People, i *activities.Incidents, log *slog.Logger) *activities.Monitor {
	return activities.NewMonitor(activities.MonitorParams{
		Looker: &beating{Looker: m, heart: h, log: log}, Judge: j, People: p, Incidents: i, Intervals: intervals(s), Log: log,
	})
}

func intervals(s config.Settings) ops.Intervals {
	seconds := func(d time.Duration) int { return int(d / time.Second) }
	return ops.Intervals{Metrics: seconds(s.Monitor.MetricsInterval), Rules: seconds(s.Monitor.RulesInterval), Dashboard: seconds(s.Monitor.DashboardInterval)}
}

// linksOf leads from an episode to its runbook, its vault's run and its vault on the chain.
func linksOf(s config.Settings) func(domain.Episode) []domain.MessageLink {
	addresses := map[string]string{}
	for _, v := range s.Vaults {
		addresses[v.ID] = v.Vault
	}
	return func(e domain.Episode) []domain.MessageLink {
		var out []domain.MessageLink
		if base := s.Monitor.RunbooksURL; base != "" {
			out = append(out, domain.MessageLink{Text: "Runbook", URL: joinURL(base, e.Alert+".md")})
		}
		if ui := s.Temporal.UIURL; ui != "" {
			id := ops.MonitorID
			if e.Vault != "" {
				id = ops.DailyID(e.Vault)
			}
			out = append(out, domain.MessageLink{Text: "Run", URL: joinURL(ui, "namespaces", s.Temporal.Namespace, "workflows", id)})
		}
		if address := addresses[e.Vault]; address != "" && s.Network != "localnet" {
			out = append(out, domain.MessageLink{Text: "Vault", URL: joinURL("https://explorer.solana.com", "address", address) + "?cluster=" + s.Network})
		}
		return out
	}
}

// startWatch starts the one FleetMonitor, or finds it running, and makes sure now and then that it still does.
func startWatch(lc fx.Lifecycle, s config.Settings, c client.Client, log *slog.Logger) {
	if !s.Monitor.Enabled {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	lc.Append(fx.StartStopHook(
		func() {
			go func() {
				defer close(done)
				for wait := time.Duration(0); sleep(ctx, wait) == nil; {
					wait = watchAgain
					if err := ensureWatch(ctx, s, c, log); err != nil && ctx.Err() == nil {
						log.Error("the watch could not be started; it is tried again", "error", err)
						wait = 15 * time.Second
					}
				}
			}()
		},
		func(stop context.Context) error {
			cancel()
			select {
			case <-done:
				return nil
			case <-stop.Done():
				return fmt.Errorf("the watch's keeper did not end in time: %w", stop.Err())
			}
		},
	))
}

func ensureWatch(ctx context.Context, s config.Settings, c client.Client, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: ops.MonitorID, TaskQueue: s.Temporal.TaskQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            "Watches the fleet and tells people",
	}, ops.FleetMonitor, ops.MonitorInput{Intervals: intervals(s)})
	if err != nil {
		return fmt.Errorf("start %s: %w", ops.MonitorID, err)
	}
	d, err := c.DescribeWorkflowExecution(ctx, run.GetID(), "")
	if err != nil {
		return fmt.Errorf("describe %s: %w", ops.MonitorID, err)
	}
	if queue := d.GetExecutionConfig().GetTaskQueue().GetName(); queue != s.Temporal.TaskQueue {
		log.Warn("the watch runs on another task queue: this worker takes no part in it. End it with 'temporal workflow terminate --workflow-id "+ops.MonitorID+"' if that queue has no workers", "queue", queue)
	}
	return nil
}

// signerPaths are the key files of the enabled vaults' fee payers, each once.
func signerPaths(s config.Settings) []string {
	var out []string
	seen := map[string]bool{}
	for _, v := range s.Vaults {
		path := v.KeypairPath
		if path == "" {
			path = s.Signer.KeypairPath
		}
		if v.Enabled && path != "" && !seen[path] {
			seen[path] = true
			out = append(out, path)
		}
	}
	return out
}
