package app

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/interceptor"
	temporallog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/codec"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

// The switch comes before the runs and goes after them: while anything can be sent, it can be stopped.
var temporalModule = fx.Module("temporal",
	fx.Provide(newClient, newRecorder, newWorkers, activities.NewDistribution),
	fx.Invoke(func(lc fx.Lifecycle, w workers, s *Switch) {
		lc.Append(fx.StartStopHook(w.safety.Start, w.safety.Stop))
		lc.Append(fx.StartStopHook(s.Start, s.Stop))
		lc.Append(fx.StartStopHook(w.main.Start, w.main.Stop))
	}),
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
	return o, Encrypted(s, &o)
}

// Encrypted makes a client encrypt and decrypt with the settings' keys. Without keys it still says clearly what it
// cannot read.
func Encrypted(s config.Settings, o *client.Options) error {
	c, err := NewCodec(s)
	if err != nil {
		return err
	}
	o.DataConverter, o.FailureConverter = c.Converters()
	return nil
}

// NewCodec has the settings' keys.
func NewCodec(s config.Settings) (*codec.Codec, error) {
	keys := make([]codec.Key, len(s.Temporal.Encryption.Keys))
	for i, k := range s.Temporal.Encryption.Keys {
		b, err := k.Bytes()
		if err != nil {
			return nil, err
		}
		keys[i] = codec.Key{ID: k.ID, Bytes: b}
	}
	return codec.New(keys)
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
	Distribution *activities.Distribution
	Books        *activities.Books
	Monitor      *activities.Monitor
	Incidents    *activities.Incidents
	Routines     *activities.Routines
	Gate         *activities.Gate
	Backups      *activities.Backups
	Safety       *activities.Safety
	Recorder     *recorder
	Refusals     *refusals
	Log          *slog.Logger
	Shutdown     fx.Shutdowner
}

// workers are the pollers of this process: those of the runs, and the switch's own.
type workers struct{ main, safety worker.Worker }

func newWorkers(p workerParams) (workers, error) {
	versions, err := deployment(p.Settings)
	if err != nil {
		return workers{}, err
	}
	queue := p.Settings.Temporal.TaskQueue
	options := worker.Options{
		DeploymentOptions: versions,
		WorkerStopTimeout: p.Settings.Worker.DrainTimeout,
		Interceptors:      []interceptor.WorkerInterceptor{p.Recorder, &retries{random: rand.Float64}, p.Refusals},
		OnFatalError: func(err error) {
			p.Log.Error("the worker cannot go on", "error", err)
			if err := p.Shutdown.Shutdown(fx.ExitCode(1)); err != nil {
				p.Log.Error("shutdown", "error", err)
			}
		},
	}
	busy := options
	busy.WorkflowTaskPollerBehavior, busy.ActivityTaskPollerBehavior = manyPollers(), manyPollers()
	out := workers{main: worker.New(p.Client, queue, busy)}
	options.WorkerStopTimeout = safetyDrain
	out.safety = worker.New(p.Client, ops.SafetyQueue(queue), options)
	workflows.Register(out.main)
	workflows.RegisterSafety(out.safety)
	register(out.main, p.Distribution.Names(), p.Books.Names(), p.Monitor.Names(), p.Incidents.Names(), p.Routines.Names(), p.Gate.Names(), p.Safety.Names(), p.Backups.Names())
	register(out.safety, p.Safety.Names(), map[string]any{ops.TellPeople.Name: p.Monitor.Tell})
	return out, nil
}

// manyPollers lets the worker ask for more tasks at once while there are many. With the SDK's two, a fleet of a hundred
// vaults waits for polls and not for work: each poll takes as long as the server needs to store that the task was taken.
func manyPollers() worker.PollerBehavior {
	return worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{InitialNumberOfPollers: 4, MinimumNumberOfPollers: 2, MaximumNumberOfPollers: 32})
}

// safetyDrain is short: the switch's activities may all be begun again, by any worker.
const safetyDrain = 2 * time.Second

func register(w worker.Worker, all ...map[string]any) {
	for _, names := range all {
		for name, f := range names {
			w.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
		}
	}
}
