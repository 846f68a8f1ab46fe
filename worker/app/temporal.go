package app

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/interceptor"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/workflows"
)

var temporalModule = fx.Module("temporal",
	fx.Provide(newClient, newWorker, activities.NewDistribution),
	fx.Invoke(func(lc fx.Lifecycle, w worker.Worker) { lc.Append(fx.StartStopHook(w.Start, w.Stop)) }),
)

// ClientOptions joins the settings with Temporal's own environment (TLS, API key), for the worker and for every command.
func ClientOptions(s config.Settings, log *slog.Logger, metrics client.MetricsHandler) (client.Options, error) {
	// A profile's file counts only when it is named: one that an operator has for other work must not decide where
	// payments are run.
	_, file := os.LookupEnv("TEMPORAL_CONFIG_FILE")
	_, profile := os.LookupEnv("TEMPORAL_PROFILE")
	o, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{DisableFile: !file && !profile})
	if err != nil {
		return o, fmt.Errorf("the TEMPORAL_* variables: %w", err)
	}
	o.HostPort, o.Namespace, o.Identity = s.Temporal.Address, s.Temporal.Namespace, s.Worker.Identity
	o.Logger, o.MetricsHandler = temporallog.NewStructuredLogger(log), metrics
	return o, nil
}

func newClient(lc fx.Lifecycle, s config.Settings, log *slog.Logger, metrics client.MetricsHandler) (client.Client, error) {
	o, err := ClientOptions(s, log, metrics)
	if err != nil {
		return nil, fault(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, o)
	if err != nil {
		return nil, fault(fmt.Errorf("temporal at %s, namespace %s, cannot be reached: %w. Check temporal.address, and that the server runs", o.HostPort, o.Namespace, err))
	}
	lc.Append(fx.StopHook(c.Close))
	return c, nil
}

type workerParams struct {
	fx.In

	Settings     config.Settings
	Client       client.Client
	Store        *store.Store
	Distribution *activities.Distribution
	Books        *activities.Books
	Monitor      *activities.Monitor
	Incidents    *activities.Incidents
	Backups      *activities.Backups
	Registry     *prometheus.Registry
	Log          *slog.Logger
	Shutdown     fx.Shutdowner
}

func newWorker(p workerParams) (worker.Worker, error) {
	versions, err := deployment(p.Settings)
	if err != nil {
		return nil, err
	}
	w := worker.New(p.Client, p.Settings.Temporal.TaskQueue, worker.Options{
		DeploymentOptions: versions,
		WorkerStopTimeout: p.Settings.Worker.DrainTimeout,
		Interceptors:      []interceptor.WorkerInterceptor{newRecorder(p.Store, p.Registry, p.Log), &retries{random: rand.Float64}},
		OnFatalError: func(err error) {
			p.Log.Error("the worker cannot go on", "error", err)
			if err := p.Shutdown.Shutdown(fx.ExitCode(1)); err != nil {
				p.Log.Error("shutdown", "error", err)
			}
		},
	})
	workflows.Register(w)
	for _, names := range []map[string]any{p.Distribution.Names(), p.Books.Names(), p.Monitor.Names(), p.Incidents.Names(), p.Backups.Names()} {
		for name, f := range names {
			w.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
		}
	}
	return w, nil
}
