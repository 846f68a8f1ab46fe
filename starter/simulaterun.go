package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/chaos/audit"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// simulation is one run of simulate.
type simulation struct {
	cli      *cli
	flags    simulateFlags
	stack    *devstack.Stack
	chain    *localChain
	view     progress
	auditors map[string]*audit.Auditor
	kill     killOnce
	approved int // Anomalies.
}

// audited lets an auditor watch every vault from the beginning.
func audited(l *localChain) map[string]*audit.Auditor {
	out := map[string]*audit.Auditor{}
	for _, v := range l.vaults {
		out[v.ID] = audit.New(l.node.Bank(), audit.Subject{
			Program: v.ProgramID, Vault: v.Vault, Policy: v.Addresses.Policy, Progress: v.Addresses.Progress, Treasury: v.Addresses.Treasury,
			Creator: v.Addresses.Creator, Pool: v.PoolVault, Mint: v.QuoteMint, StreamMint: v.StreamMint, Streams: v.Streams, Payer: v.Payer.PublicKey(), SharedMint: true,
		})
	}
	return out
}

func (s *simulation) now() time.Time {
	return time.Unix(s.chain.node.Bank().UnixTime(bank.Confirmed), 0).UTC()
}

// run simulates the days one after the other.
func (s *simulation) run(ctx context.Context) error {
	ctx, cancel := s.stack.Watch(ctx)
	defer cancel()
	for day := range s.flags.days {
		if day > 0 {
			if err := s.until(ctx, s.nextMorning()); err != nil {
				return err
			}
		}
		if err := s.day(ctx, day); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return fmt.Errorf("day %d, %s: %w", day+1, s.now().Format(time.DateOnly), err)
		}
	}
	return nil
}

// nextMorning is a little later than this one, so that every vault's 24 hours are surely over.
func (s *simulation) nextMorning() time.Time {
	latest := int64(0)
	for _, v := range s.chain.vaults {
		if p, err := v.Progress(s.chain.node.Bank(), bank.Confirmed); err == nil {
			latest = max(latest, p.LastDistributionTS)
		}
	}
	return time.Unix(latest+domain.DaySeconds+30, 0)
}

// until moves the clocks of chain and worker forward, and waits until clients see it.
func (s *simulation) until(ctx context.Context, to time.Time) error {
	if jump := to.Sub(s.now()); jump > 0 {
		s.chain.node.AdvanceClock(jump)
	}
	for s.now().Before(to) {
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return moveClock(s.flags.chain.clockFile, s.now())
}

// day is a morning, a distribution and an evening, and what else its date asks for.
func (s *simulation) day(ctx context.Context, n int) error {
	date := s.now()
	s.view.say(fmt.Sprintf("day %d of %d: %s", n+1, s.flags.days, date.Format("Monday, 2006-01-02")))
	if date.Day() == 1 {
		if err := s.routine(ctx, ops.MonthlyReview); err != nil {
			return err
		}
	}
	if err := s.routine(ctx, ops.MorningCheck); err != nil {
		return err
	}
	trouble := s.flags.trouble && n == s.flags.days/3
	approved := (<-chan error)(nil)
	if s.flags.anomaly && n == anomalyDay {
		var err error
		if approved, err = s.anomaly(ctx); err != nil {
			return err
		}
	}
	if err := s.distribute(ctx, trouble, n == s.flags.days/2); err != nil {
		return err
	}
	if approved != nil {
		if err := <-approved; err != nil {
			return err
		}
	}
	if s.flags.worsePages && n == s.flags.trialDay() {
		if err := s.worsePages(ctx); err != nil {
			return err
		}
	}
	if err := s.until(ctx, date.Truncate(24*time.Hour).Add(20*time.Hour)); err != nil {
		return err
	}
	if err := s.routine(ctx, ops.EveningReport); err != nil {
		return err
	}
	if date.Weekday() == time.Sunday {
		return s.routine(ctx, ops.WeeklyMaintenance)
	}
	return nil
}

// routine runs a routine as its schedule would at the simulated time. Its verdict is the reports' matter; it must end.
func (s *simulation) routine(ctx context.Context, name string) error {
	at := s.now()
	var out ops.RoutineResult
	if err := s.start(ctx, name, name+"/"+at.Format(time.RFC3339), ops.RoutineInput{At: at, Actor: "simulate"}, &out); err != nil {
		return err
	}
	for _, step := range out.Steps {
		if step.Verdict == ops.VerdictFail && step.Files == nil {
			return fmt.Errorf("%s: %s: %s", name, step.Name, step.Seen)
		}
	}
	return nil
}

func (s *simulation) start(ctx context.Context, name, id string, in, out any) error {
	run, err := s.stack.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: ops.TaskQueue, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, name, in)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	if err := run.Get(ctx, out); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// distribute pays the fleet's day. With trouble the first vault's payer is empty at first: its day fails, and is paid when
// the payer is filled again.
func (s *simulation) distribute(ctx context.Context, trouble, kill bool) error {
	victim := s.chain.vaults[0]
	var before uint64
	if trouble {
		s.view.say("the fee payer of " + victim.ID + " is empty")
		if err := localAdmin(ctx, s.stack.RPC, "localnet_setLamports", []any{victim.Payer.PublicKey().String(), "900000"}, &before); err != nil {
			return err
		}
	}
	report, err := s.fleet(ctx, nil, kill && s.flags.killWorker)
	if err != nil || !trouble {
		return errors.Join(err, unfinished(report, ""))
	}
	if err := unfinished(report, victim.ID); err != nil {
		return err
	}
	var empty uint64
	if err := localAdmin(ctx, s.stack.RPC, "localnet_setLamports", []any{victim.Payer.PublicKey().String(), fmt.Sprint(before)}, &empty); err != nil {
		return err
	}
	s.view.say("it is filled again, and the day is started once more")
	report, err = s.fleet(ctx, []string{victim.ID}, false)
	return errors.Join(err, unfinished(report, ""))
}

func (s *simulation) fleet(ctx context.Context, vaults []string, kill bool) (ops.FleetReport, error) {
	if kill {
		go func() {
			if wait(ctx, time.Second) == nil {
				s.kill.do(s.stack, s.view.say)
			}
		}()
	}
	var report ops.FleetReport
	id := ops.FleetID(domain.DayOf(s.now().Unix()))
	return report, s.start(ctx, ops.FleetDistribution, id, ops.FleetInput{Vaults: vaults, Actor: "simulate"}, &report)
}

// unfinished names vaults whose day is not complete, but for the one that was to fail, which must have.
func unfinished(r ops.FleetReport, victim string) error {
	var errs []error
	for _, row := range r.Rows {
		switch {
		case row.Vault == victim && row.State == domain.Complete:
			errs = append(errs, fmt.Errorf("%s was to fail, and is complete", row.Vault))
		case row.Vault != victim && row.State != domain.Complete:
			errs = append(errs, fmt.Errorf("%s is %s: %s", row.Vault, row.State, row.Reason))
		}
	}
	return errors.Join(errs...)
}

// collect copies the reports out of the stack's directory, which ends with it.
func (s *simulation) collect() ([]string, error) {
	from := filepath.Join(s.stack.Dir, "reports")
	entries, err := os.ReadDir(from)
	if err != nil {
		return nil, fmt.Errorf("the reports: %w", err)
	}
	if err := os.MkdirAll(s.flags.out, 0o700); err != nil {
		return nil, fmt.Errorf("the reports: %w", err)
	}
	out := []string{}
	for _, e := range entries {
		body, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("the reports: %w", err)
		}
		path := filepath.Join(s.flags.out, e.Name())
		if err := os.WriteFile(path, body, 0o600); err != nil {
			return nil, fmt.Errorf("the reports: %w", err)
		}
		out = append(out, path)
	}
	return out, nil
}
