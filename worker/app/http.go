package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var httpModule = fx.Module("http", fx.Invoke(serve))

// serve offers the page for people, and /healthz, /readyz and /metrics, on the settings' address, which is loopback unless
// they say otherwise. What services call lies beside them.
func serve(lc fx.Lifecycle, s config.Settings, r *prometheus.Registry, p *chain.Pool, db *store.Store, called hooks, page webPage, log *slog.Logger) {
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, req *http.Request) { answer(w, ready(req.Context(), p, db)) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	for path, h := range called {
		mux.Handle("POST "+path, h)
	}
	if page != nil {
		mux.Handle("/", page)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second, MaxHeaderBytes: 16 << 10}
	lc.Append(fx.StartStopHook(
		func(ctx context.Context) error {
			l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Worker.Listen)
			if err != nil {
				return fault(fmt.Errorf("health and metrics cannot listen on %s: %w. Set worker.listen to a free address; a second worker needs another one, or port 0", s.Worker.Listen, err))
			}
			log.Info("page, health and metrics", "address", l.Addr().String())
			go func() {
				if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
					log.Error("health and metrics ended", "error", err)
				}
			}()
			return nil
		},
		server.Shutdown,
	))
}

// ready says what keeps the worker from paying.
func ready(ctx context.Context, p *chain.Pool, db *store.Store) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := db.Ping(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	for _, h := range p.Health() {
		if h.Usable {
			return nil
		}
	}
	return errors.New("no RPC endpoint is usable")
}

func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	body := map[string]any{"ok": err == nil}
	if err != nil {
		body["error"] = err.Error()
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(body) // A reader that hangs up early gets nothing, and nothing is lost.
}
