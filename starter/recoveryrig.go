package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.yaml.in/yaml/v3"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// recoveryRig is a deployment out of this program's own processes, whose host may be destroyed. The chain, the keys, the
// settings and the place of backups lie elsewhere and stay.
type recoveryRig struct {
	c        *cli
	dir      string
	self     string
	binary   string // Of Temporal's development server.
	server   string // PostgreSQL; empty: SQLite.
	database string // The one on the server that is the store now.
	hosts    int
	dsn      string

	chain    *localChain
	temporal *devstack.Temporal
	workers  []*devstack.Worker
	archive  string
	lostAt   time.Time
	rto      *int64
	days     []recoveryDay
}

const (
	recoverySlot      = 100 * time.Millisecond // A quarter of a real one.
	recoveryNamespace = "recovery"             // Not the one that the development server makes: setup does.
	recoveryGrace     = 15 * time.Second
)

func newRecoveryRig(ctx context.Context, c *cli, dir, server string) (*recoveryRig, error) {
	r := &recoveryRig{c: c, dir: dir, server: server}
	var err error
	if r.self, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find this program, to start workers: %w", err)
	}
	if r.binary, err = devstack.TemporalBinary(ctx, func(line string) { c.say("%s", line) }); err != nil {
		return nil, err
	}
	f := demoChain()
	f.investors, f.slotMS = 24, int(recoverySlot/time.Millisecond)
	if r.chain, err = startChain(ctx, f, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	if err = os.MkdirAll(r.elsewhere(""), 0o700); err == nil {
		err = r.chain.write(r.elsewhere("vaults.json"))
	}
	if err == nil {
		err = r.writeSettings("")
	}
	if err != nil {
		return nil, errors.Join(err, r.chain.stop(ctx))
	}
	return r, nil
}

func (r *recoveryRig) kind() string {
	if r.server != "" {
		return store.KindPostgres
	}
	return store.KindSQLite
}

func (r *recoveryRig) elsewhere(name string) string { return filepath.Join(r.dir, "elsewhere", name) }

// host is the directory that stands for the host of now.
func (r *recoveryRig) host() string { return filepath.Join(r.dir, fmt.Sprintf("host-%d", r.hosts)) }

// writeSettings writes the file that configuration management would bring to every host.
func (r *recoveryRig) writeSettings(recipient string) error {
	s := map[string]any{
		"network": "localnet", "genesis_hash": r.chain.genesis, "vaults_file": r.elsewhere("vaults.json"),
		"rpc": map[string]any{
			"endpoints": []map[string]any{{"name": "local", "url": r.chain.rpc, "ws_url": r.chain.ws, "requests_per_second": 0}},
			"slot_time": recoverySlot.String(), "poll_interval": (2 * recoverySlot).String(),
		},
		"temporal":     map[string]any{"namespace": recoveryNamespace},
		"worker":       map[string]any{"listen": "127.0.0.1:0", "drain_timeout": "5s"},
		"distribution": map[string]any{"page_size": 3},
		"log":          map[string]any{"level": "warn"},
	}
	if recipient != "" {
		s["audit"] = map[string]any{"key_path": r.elsewhere("audit.key")}
		s["backup"] = map[string]any{"place": "file:" + r.elsewhere("backups"), "recipients": []string{recipient}}
	}
	body, err := yaml.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(r.elsewhere("feeops.yaml"), body, 0o600)
}

// env is the environment of a process on the host of now.
func (r *recoveryRig) env(more ...string) []string {
	out := append(devstack.Environment(r.c.env), "FEEOPS_STORE__DSN="+r.dsn, "FEEOPS_REPORTS__DIR="+filepath.Join(r.host(), "reports"),
		"FEEOPS_INCIDENTS__EVIDENCE_DIR="+filepath.Join(r.host(), "incidents"))
	if r.temporal != nil {
		out = append(out, "FEEOPS_TEMPORAL__ADDRESS="+r.temporal.Address)
	}
	for _, kv := range r.c.env {
		if strings.HasPrefix(kv, "PGPASSWORD=") { // Of the server that the store is made on.
			out = append(out, kv)
		}
	}
	return append(out, more...)
}

// run runs one of this program's commands as a process of its own and gives what it prints.
func (r *recoveryRig) run(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*rigPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.self, append([]string{"--config", r.elsewhere("feeops.yaml")}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &stdout, &stderr, r.env()
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("feeops %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()+stdout.String()))
	}
	return stdout.String(), nil
}

// freshHost is an empty directory, an empty Temporal server and an empty database or none yet.
func (r *recoveryRig) freshHost(ctx context.Context) (err error) {
	r.hosts++
	if err := os.MkdirAll(r.host(), 0o700); err != nil {
		return err
	}
	if r.temporal, err = devstack.StartTemporal(ctx, devstack.TemporalOptions{Binary: r.binary, DBFile: filepath.Join(r.host(), "temporal.db"), Dir: r.host()}); err != nil {
		return err
	}
	r.dsn = "file:" + filepath.Join(r.host(), "feeops.db")
	if r.server == "" {
		return nil
	}
	u, err := url.Parse(r.server)
	if err != nil {
		return usageError("--postgres: want postgres://USER@HOST:PORT/DATABASE") // It may hold a password.
	}
	name := fmt.Sprintf("feeops_recovery_%d_%d", os.Getpid(), r.hosts)
	if err := r.onServer(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	u.Path, r.database = "/"+name, name
	r.dsn = u.String()
	return nil
}

func (r *recoveryRig) onServer(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, r.server)
	if err != nil {
		return usageError("--postgres: the server cannot be reached with this address, role and password") // The error may quote the address.
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// startWorkers starts two worker processes and returns when both wait for tasks.
func (r *recoveryRig) startWorkers(ctx context.Context) (string, error) {
	for _, name := range []string{"one", "two"} {
		w, err := devstack.Supervise(ctx, devstack.WorkerOptions{
			Command: []string{r.self, "worker", "--config", r.elsewhere("feeops.yaml")}, Env: r.env("FEEOPS_WORKER__IDENTITY=" + name),
			LogFile: filepath.Join(r.host(), "worker-"+name+".log"), Tell: func(string) {}, Grace: recoveryGrace,
		})
		if err != nil {
			return "", err
		}
		r.workers = append(r.workers, w)
	}
	ctx, cancel := context.WithTimeout(ctx, rigPatience)
	defer cancel()
	err := r.withTemporal(func(tc client.Client) error {
		for {
			seen := map[string]bool{}
			d, err := tc.DescribeTaskQueue(ctx, ops.TaskQueue, enums.TASK_QUEUE_TYPE_ACTIVITY)
			for _, p := range d.GetPollers() {
				seen[p.GetIdentity()] = true
			}
			if err == nil && seen["one"] && seen["two"] {
				return nil
			}
			for _, w := range r.workers {
				if failure := w.Failure(); failure != nil {
					return failure
				}
			}
			if wait(ctx, recoverySlot) != nil {
				return fmt.Errorf("the workers do not come up, see %s: %w", r.host(), cmp.Or(err, context.Cause(ctx)))
			}
		}
	})
	if err == nil && !r.lostAt.IsZero() {
		ms := time.Since(r.lostAt).Milliseconds()
		r.rto = &ms
	}
	return "processes of their own on one store", err
}

func (r *recoveryRig) withTemporal(f func(client.Client) error) error {
	tc, err := client.NewLazyClient(client.Options{HostPort: r.temporal.Address, Namespace: recoveryNamespace, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer tc.Close()
	return f(tc)
}

// pagesByWorker counts the pages of the newest runs by who sent them.
func (r *recoveryRig) pagesByWorker(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	return out, r.withTemporal(func(tc client.Client) error {
		for _, v := range r.chain.vaults {
			pages := map[int64]bool{}
			history := tc.GetWorkflowHistory(ctx, ops.DailyID(v.ID), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
			for history.HasNext() {
				e, err := history.Next()
				if err != nil {
					return err
				}
				if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
					pages[e.GetEventId()] = a.GetActivityType().GetName() == ops.SendPage.Name
				}
				if a := e.GetActivityTaskStartedEventAttributes(); a != nil && pages[a.GetScheduledEventId()] {
					out[a.GetIdentity()]++
				}
			}
		}
		return nil
	})
}

// destroy kills what runs on the host without a word and deletes all that it has.
func (r *recoveryRig) destroy(ctx context.Context) error {
	gone, cancel := context.WithCancel(ctx)
	cancel() // Nothing is drained.
	var err error
	for _, w := range r.workers {
		err = errors.Join(err, w.Stop(gone))
	}
	r.workers = nil
	if r.temporal != nil {
		err = errors.Join(err, r.temporal.Stop(ctx))
		r.temporal = nil
	}
	if r.database != "" {
		err = errors.Join(err, r.onServer(ctx, "DROP DATABASE "+r.database+" WITH (FORCE)"))
		r.database = ""
	}
	if r.hosts > 0 {
		err = errors.Join(err, os.RemoveAll(r.host()))
	}
	return err
}

func (r *recoveryRig) close(ctx context.Context) error {
	return errors.Join(r.destroy(ctx), r.chain.stop(ctx))
}
