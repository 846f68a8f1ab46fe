package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"
	"go.temporal.io/sdk/client"
	"go.yaml.in/yaml/v3"

	"github.com/meteora-fee-router/feeops/internal/chaos/audit"
	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// Run is one run of the laboratory.
type Run struct {
	plan *Plan
	lab  *Lab
	dir  string
	id   string // Of the vault; unique among the runs that share a Temporal server.
	tell func(format string, args ...any)

	node     *localnet.Node
	vault    localnet.Vault
	net      *proxy.Proxy
	nodes    []string // URLs of the node's endpoints behind the proxy.
	urls     []string // URLs of the proxy.
	rules    []*proxy.Rule
	auditor  *audit.Auditor
	wire     *witness
	server   *ownServer
	client   client.Client
	address  string // Of Temporal, for the worker and the CLI.
	workers  []*devstack.Worker
	mu       sync.Mutex
	troubles []string                        // Of steps that run beside the day.
	checks   []func() error                  // Of what a scenario meant to do; asked before the verdict.
	beside   []func() error                  // Ends what a scenario has started.
	reborn   func(ctx context.Context) error // Done before a dead worker starts again.
	calm     chan struct{}                   // Closed when a stuck day's cause is gone.
}

// build starts everything but the worker.
func (r *Run) build(ctx context.Context) error {
	p := r.plan
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return fmt.Errorf("make the run's directory: %w", err)
	}
	genesis := time.Now().Add(p.Skew)
	if p.Spec.LastDistribution == 1 { // Due for a minute.
		p.Spec.LastDistribution = genesis.Unix() - 86_460
	}
	node, err := localnet.Start(context.WithoutCancel(ctx), localnet.Options{SlotDuration: p.Slot, GenesisTime: genesis, Seed: p.Spec.Seed})
	if err != nil {
		return err
	}
	r.node = node
	p.Spec.ID = r.id
	if r.vault, err = node.AddVault(p.Spec); err != nil {
		return err
	}
	node.Slots(40) // Past the chain's first finalized slots, in which nothing can be asked about the past.
	r.net = proxy.New(r.vault.ProgramID.String())
	for range p.Endpoints {
		if _, err := r.endpoint(); err != nil {
			return err
		}
	}
	if err := r.temporal(ctx); err != nil {
		return err
	}
	r.auditor = audit.New(node.Bank(), r.subject())
	for _, f := range p.arm {
		if err := f(r); err != nil {
			return err
		}
	}
	r.wire = newWitness(r)
	r.net.Watch(r.wire.see)
	return r.writeSettings()
}

// endpoint adds a node's endpoint with a proxy before it.
func (r *Run) endpoint() (string, error) {
	upstream := r.node.URL()
	if len(r.nodes) > 0 {
		var err error
		if upstream, err = r.node.Endpoint(); err != nil {
			return "", err
		}
	}
	url, err := r.net.Serve(upstream)
	if err != nil {
		return "", err
	}
	r.nodes = append(r.nodes, upstream)
	r.urls = append(r.urls, url)
	return url, nil
}

func (r *Run) subject() audit.Subject {
	v := r.vault
	return audit.Subject{
		Program: v.ProgramID, Vault: v.Vault, Policy: v.Addresses.Policy, Progress: v.Addresses.Progress, Treasury: v.Addresses.Treasury,
		Creator: v.Addresses.Creator, Pool: v.PoolVault, Mint: v.QuoteMint, StreamMint: v.StreamMint, Streams: v.Streams, Payer: v.Payer.PublicKey(),
	}
}

// writeSettings writes feeops.yaml for a chain that is ten times as fast as a real one.
func (r *Run) writeSettings() error {
	if err := localnet.WriteVaults(r.path("vaults.json"), []localnet.Vault{r.vault}); err != nil {
		return err
	}
	var endpoints []map[string]any
	for i, url := range r.urls {
		e := map[string]any{"name": fmt.Sprintf("rpc-%d", i+1), "url": url, "requests_per_second": 0}
		if r.plan.WS && i == 0 {
			e["ws_url"] = r.node.WSURL()
		}
		endpoints = append(endpoints, e)
	}
	slot := r.plan.Slot
	for i := range r.plan.Workers {
		body, err := yaml.Marshal(map[string]any{
			"network": "localnet", "genesis_hash": r.node.Bank().Genesis().String(),
			"rpc": map[string]any{
				"endpoints": endpoints, "slot_time": slot.String(), "poll_interval": (2 * slot).String(),
				"rebroadcast_interval": (10 * slot).String(), "request_timeout": "2s",
			},
			"temporal": map[string]any{"address": r.address, "namespace": devstack.Namespace, "task_queue": r.id},
			"store":    map[string]any{"dsn": "file:feeops.db"},
			"worker":   map[string]any{"listen": "127.0.0.1:0", "drain_timeout": "3s", "identity": fmt.Sprintf("%s worker %d", r.id, i+1)},
			"log":      map[string]any{"level": "info"},
			"monitor":  map[string]any{"enabled": false}, // The runs share a namespace, and it knows one watch only.
			// The laboratory is about the payment path: what an incident would stop, it wants to see go on.
			"incidents": map[string]any{"respond": false},
			"schedules": map[string]any{"stop_drill": map[string]any{"enabled": false}}, // Runs share a server, and last for seconds.
			"distribution": map[string]any{
				"page_size": r.plan.PageSize, "delay_between_pages": r.plan.Delay.String(),
				// One bad stream of a dozen is more than the usual five per cent.
				"max_invalid_streams_percent": 40,
			},
			"vaults_file": "vaults.json",
		})
		if err != nil {
			return fmt.Errorf("write the run's settings: %w", err)
		}
		if err := os.WriteFile(r.config(i), body, 0o600); err != nil {
			return fmt.Errorf("write the run's settings: %w", err)
		}
	}
	return nil
}

func (r *Run) path(name string) string { return filepath.Join(r.dir, name) }

func (r *Run) config(i int) string { return r.path(fmt.Sprintf("feeops-%d.yaml", i+1)) }

func (r *Run) store() string { return r.path("feeops.db") }

// startWorkers starts the worker processes and waits until the first takes tasks.
func (r *Run) startWorkers(ctx context.Context) error {
	for i := range r.plan.Workers {
		w, err := devstack.Supervise(ctx, devstack.WorkerOptions{
			Command: append(append([]string{}, r.lab.o.Worker...), "--config", r.config(i), "--clock-moved-by", r.path("clock")), Env: devstack.Environment(r.lab.o.Env),
			LogFile: r.path(fmt.Sprintf("worker-%d.log", i+1)), Tell: func(line string) { r.tell("%s", line) }, Grace: time.Second,
			Sleep: func(ctx context.Context, d time.Duration) error {
				if r.reborn != nil {
					if err := r.reborn(ctx); err != nil {
						return err
					}
				}
				return pause(ctx, d)
			},
		})
		if err != nil {
			return err
		}
		r.workers = append(r.workers, w)
	}
	return nil
}

// close ends everything that the run has started. The directory stays when the run is kept.
func (r *Run) close(keep bool) error {
	var errs []error
	gone, cancel := context.WithCancel(context.Background())
	cancel() // A worker that is done with is killed: it has nothing to lose.
	for _, w := range r.workers {
		errs = append(errs, w.Stop(gone))
	}
	for _, f := range r.beside {
		errs = append(errs, f())
	}
	if r.net != nil {
		errs = append(errs, r.net.Close())
	}
	if r.client != nil {
		r.client.Close()
	}
	if r.server != nil {
		errs = append(errs, r.server.stop())
	}
	if r.node != nil {
		errs = append(errs, r.node.Close())
	}
	if !keep {
		errs = append(errs, os.RemoveAll(r.dir))
	}
	return errors.Join(errs...)
}

// kill ends a worker as a crash does; its supervisor starts it again.
func (r *Run) kill(worker int) {
	if err := r.workers[worker%len(r.workers)].Kill(); err != nil {
		r.tell("%v", err)
		return
	}
	r.tell("killed worker %d", worker%len(r.workers)+1)
}

// trouble notes what a step of the run could not do.
func (r *Run) trouble(what string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.troubles = append(r.troubles, what+": "+err.Error())
}

// rule adds a rule to the wire.
func (r *Run) rule(rule *proxy.Rule) *proxy.Rule {
	r.rules = append(r.rules, rule)
	return r.net.Add(rule)
}

// bank is the ledger.
func (r *Run) bank() *bank.Bank { return r.node.Bank() }

// change alters an account outside any transaction, as its owner or another program would.
func (r *Run) change(key solana.PublicKey, f func(data []byte) []byte) error {
	account, exists := r.bank().Account(key, bank.Processed)
	if !exists {
		return fmt.Errorf("change account %s: it does not exist", key)
	}
	changed := account.Clone()
	changed.Data = f(changed.Data)
	r.bank().SetAccount(key, *changed)
	r.auditor.Observe()
	return nil
}

// until waits for a condition, looked at once a slot.
func (r *Run) until(ctx context.Context, what string, condition func() bool) error {
	for !condition() {
		if err := pause(ctx, r.plan.Slot/2); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
