package app

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.uber.org/fx"
)

var metricsModule = fx.Module("metrics", fx.Provide(newRegistry, newSDKMetrics))

func newRegistry() *prometheus.Registry { return prometheus.NewRegistry() }

// newSDKMetrics gives the Temporal SDK's own metrics on the same page.
func newSDKMetrics(lc fx.Lifecycle, r *prometheus.Registry) (client.MetricsHandler, error) {
	exporter, err := otelprom.New(otelprom.WithRegisterer(r), otelprom.WithoutScopeInfo())
	if err != nil {
		return nil, fault(fmt.Errorf("metrics of the Temporal SDK: %w", err))
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))
	lc.Append(fx.StopHook(provider.Shutdown))
	return opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{Meter: provider.Meter("temporal-sdk-go")}), nil
}
