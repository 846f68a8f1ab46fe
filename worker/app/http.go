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
	"github.com/meteora-fee-router/feeops/internal/httpguard"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var httpModule = fx.Module("http", fx.Invoke(serve))

// serve offers the page for people, and /healthz, /readyz and /metrics, on the settings' address, which is loopback unless
// they say otherwise. What services call lies beside them.
func serve(lc fx.Lifecycle, s config.Settings, r *prometheus.Registry, p *chain.Pool, db *store.Store, keys *senders, called hooks, page webPage, clock Clock, log *slog.Logger) error {
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, req *http.Request) { answer(w, ready(req.Context(), p, db, keys, clock())) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	if page != nil {
		mux.Handle("/", page)
	}
	// A public worker is reached by names that it does not know: a container's, a balancer's.
	pages, err := httpguard.Handler(mux, httpguard.Options{Loopback: !s.Worker.AllowPublic})
	if err != nil {
		return fault(err)
	}
	all := http.NewServeMux()
	all.Handle("/", pages)
	for path, h := range called { // Reached through a proxy with its name, and signed by who calls.
		guarded, err := httpguard.Handler(h, httpguard.Options{})
		if err != nil {
			return fault(err)
		}
		all.Handle("POST "+path, guarded)
	}
	server := httpguard.Server(all)
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
	return nil
}

// ready says what keeps the worker from paying.
func ready(ctx context.Context, p *chain.Pool, db *store.Store, keys *senders, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := db.Ping(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := keys.unreachable(ctx, now); err != nil {
		return err
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
