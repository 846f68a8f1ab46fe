package drill

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.yaml.in/yaml/v3"

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// slotOf is a fraction of a real slot: how fast a stop is does not depend on it, and what was in the air is settled
// sooner, so that the next sample can begin. With many vaults the processors have better things to do.
func slotOf(running int) time.Duration {
	if running > 20 {
		return 100 * time.Millisecond
	}
	return 40 * time.Millisecond
}

// lab is the stack of a drill.
type lab struct {
	o      Options
	queue  string
	vaults []string
	keys   map[string]ed25519.PrivateKey

	node     *localnet.Node
	wire     *proxy.Proxy
	temporal *devstack.Temporal
	client   client.Client
	store    *store.Store
	workers  []*devstack.Worker

	mu   sync.Mutex
	sent []time.Time // When transactions crossed the wire.
}

// build starts everything. What was started is in the lab also when it fails.
func build(ctx context.Context, o Options) (*lab, error) {
	l := &lab{o: o, queue: "drill", keys: map[string]ed25519.PrivateKey{}}
	if l.o.Slot == 0 {
		l.o.Slot = slotOf(o.Running)
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"the local chain", l.startChain}, {"Temporal", l.startTemporal}, {"the settings", l.writeSettings}, {"the workers", l.startWorkers},
	} {
		if err := step.do(ctx); err != nil {
			return l, fmt.Errorf("start %s: %w", step.name, err)
		}
	}
	return l, nil
}

// startChain makes vaults with so many investors, paid one by one, that their days outlast the drill.
func (l *lab) startChain(ctx context.Context) error {
	node, err := localnet.Start(context.WithoutCancel(ctx), localnet.Options{SlotDuration: l.o.Slot, Seed: 1})
	if err != nil {
		return err
	}
	l.node = node
	var made []localnet.Vault
	for i := range l.o.Running {
		v, err := node.AddVault(localnet.VaultSpec{ID: fmt.Sprintf("drill-%d", i+1), Investors: 20 + 8*l.o.Samples})
		if err != nil {
			return fmt.Errorf("vault %d: %w", i+1, err)
		}
		made, l.vaults = append(made, v), append(l.vaults, v.ID)
	}
	node.Slots(40) // Past the first finalized slots, in which nothing can be asked about the past.
	l.wire = proxy.New(made[0].ProgramID.String())
	l.wire.Watch(func(c proxy.Call) {
		if c.Method == "sendTransaction" {
			l.mu.Lock()
			l.sent = append(l.sent, time.Now())
			l.mu.Unlock()
		}
	})
	return localnet.WriteVaults(l.path("vaults.json"), made)
}

func (l *lab) startTemporal(ctx context.Context) error {
	binary, err := devstack.TemporalBinary(ctx, l.o.Tell)
	if err != nil {
		return err
	}
	if l.temporal, err = devstack.StartTemporal(ctx, devstack.TemporalOptions{Binary: binary, DBFile: l.path("temporal.db"), Dir: l.o.Dir}); err != nil {
		return err
	}
	l.client, err = l.temporal.Dial()
	return err
}

// delay keeps a steady stream of sends, a dozen a second over all vaults, that two processors can carry.
func (l *lab) delay() time.Duration {
	return max(time.Second, time.Duration(l.o.Running)*80*time.Millisecond)
}

func (l *lab) writeSettings(context.Context) error {
	url, err := l.wire.Serve(l.node.URL())
	if err != nil {
		return err
	}
	var people []map[string]any
	for _, name := range []string{"first", "second"} {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		l.keys[name] = private
		people = append(people, map[string]any{"name": name, "roles": []string{"approver"}, "public_key": operator.FormatKey(public)})
	}
	for i := range l.o.Workers {
		body, err := yaml.Marshal(map[string]any{
			"network": "localnet", "genesis_hash": l.node.Bank().Genesis().String(),
			"rpc": map[string]any{
				"endpoints": []map[string]any{{"name": "local", "url": url, "ws_url": l.node.WSURL(), "requests_per_second": 0}},
				"slot_time": l.o.Slot.String(), "poll_interval": (2 * l.o.Slot).String(), "request_timeout": "5s",
			},
			"temporal":  map[string]any{"address": l.temporal.Address, "namespace": devstack.Namespace, "task_queue": l.queue},
			"store":     map[string]any{"dsn": "file:feeops.db"},
			"worker":    map[string]any{"listen": "127.0.0.1:0", "drain_timeout": "3s", "identity": fmt.Sprintf("drill worker %d", i+1)},
			"log":       map[string]any{"level": "warn"},
			"schedules": map[string]any{"stop_drill": map[string]any{"enabled": false}},
			"operators": people,
			"distribution": map[string]any{
				"page_size": 1, "delay_between_pages": l.delay().String(), "lookup_tables": "off", "max_fee_lamports_per_day": 0,
			},
			"vaults_file": "vaults.json",
		})
		if err != nil {
			return err
		}
		if err := os.WriteFile(l.config(i), body, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) startWorkers(ctx context.Context) error {
	for i := range l.o.Workers {
		w, err := devstack.Supervise(ctx, devstack.WorkerOptions{
			Command: append(append([]string{}, l.o.Worker...), "--config", l.config(i)), Env: devstack.Environment(l.o.Env),
			LogFile: l.path(fmt.Sprintf("worker-%d.log", i+1)), Tell: l.o.Tell, Grace: 13 * time.Second,
		})
		if err != nil {
			return err
		}
		l.workers = append(l.workers, w)
	}
	if err := l.switched(ctx); err != nil {
		return err
	}
	var err error
	l.store, err = store.Open(ctx, "file:"+l.path("feeops.db"))
	return err
}

func (l *lab) path(name string) string { return filepath.Join(l.o.Dir, name) }

func (l *lab) config(i int) string { return l.path(fmt.Sprintf("feeops-%d.yaml", i+1)) }

// sends counts the transactions of the ten seconds before a moment, finds the last one of all, and counts those after the
// gate had closed.
func (l *lab) sends(began, closed time.Time) (before int, last time.Time, late int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.sent {
		if at.After(last) {
			last = at
		}
		if at.After(closed) {
			late++
		}
		if at.Before(began) && at.After(began.Add(-10*time.Second)) {
			before++
		}
	}
	return before, last, late
}

// close ends everything that was started, in reverse order.
func (l *lab) close() error {
	var errs []error
	gone, cancel := context.WithCancel(context.Background())
	cancel() // Nothing of it is worth draining.
	for _, w := range l.workers {
		errs = append(errs, w.Stop(gone))
	}
	if l.store != nil {
		errs = append(errs, l.store.Close())
	}
	if l.client != nil {
		l.client.Close()
	}
	if l.temporal != nil {
		errs = append(errs, l.temporal.Stop(context.Background()))
	}
	if l.wire != nil {
		errs = append(errs, l.wire.Close())
	}
	if l.node != nil {
		errs = append(errs, l.node.Close())
	}
	return errors.Join(errs...)
}
