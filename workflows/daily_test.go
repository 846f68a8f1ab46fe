package workflows_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

// vault is a day that keeps a cursor as the program does and breaks on request. It stands in for the activities.
type vault struct {
	mu sync.Mutex // Guards what activities that run side by side append to: reported, told.

	pages    int
	size     uint32
	cursor   uint32
	state    domain.State // What planning says; Ready unless set.
	due      time.Duration
	hold     time.Duration // After the due time; the chain's clock goes with the environment's then.
	open     bool          // The chain's day was open when the run began.
	flags    []domain.SafetyFlag
	checks   domain.Checks
	rehearse ops.PreflightResult
	fail     map[uint32][]error // By cursor: errors to give before the page is turned.
	after    map[uint32]error   // By cursor: the page is turned, and then the reply is lost.
	shrinks  []uint32           // Page sizes of the first plans; empty: size.
	rollback int                // How many times finality finds the chain gone back to cursor 0.
	result   domain.Reconciliation
	stuckAt  uint32 // A cursor that does not move, whatever is sent; 0 for none.
	sent     []uint32
	saved    []domain.DayReport
	report   ops.ReportInput // What the last report's activity was given.
	planned  int
	tidied   int
	untidy   error // What tidying the lookup tables gives.
	reported []domain.Failure

	began time.Time        // Of the environment.
	clock func() time.Time // Of the environment.

	hash       string        // Of the plan; h unless set.
	judgement  ops.Judgement // What the anomaly gate finds.
	approvals  []ops.ApprovalRecord
	unrecorded error // What recording an approval gives.
	told       []domain.Message
}

func newVault(pages int, size uint32) *vault {
	return &vault{
		pages: pages, size: size, state: domain.Ready, checks: domain.Checks{{Row: "P02", Name: "timing", Result: domain.CheckOK}},
		rehearse: ops.PreflightResult{OK: true}, fail: map[uint32][]error{}, after: map[uint32]error{},
	}
}

func (v *vault) register(env *testsuite.TestWorkflowEnvironment) {
	for name, f := range map[string]any{
		ops.CheckGate.Name: func(context.Context, string) (ops.GateResult, error) {
			return ops.GateResult{Open: len(v.flags) == 0, Flags: v.flags}, nil
		},
		ops.PlanDay.Name: func(_ context.Context, id string) (ops.Plan, error) {
			v.planned++
			if v.planned <= len(v.shrinks) {
				v.size = v.shrinks[v.planned-1]
			}
			p := ops.Plan{Vault: id, Day: "2026-11-23", Hash: cmp.Or(v.hash, "h"), State: v.state, Pages: v.pages, PageSize: v.size, Investors: v.pages * int(v.size), Cursor: v.cursor, Continued: v.open}
			if v.state == domain.NotDue {
				p.Timing = domain.Timing{ChainNow: 1_000_000, LastTS: 1_000_000 - domain.DaySeconds + int64(v.due/time.Second), Complete: true}
				if v.hold > 0 {
					p.Timing.LastTS, p.Hold = v.began.Unix()-domain.DaySeconds+int64(v.due/time.Second), v.began.Add(v.due+v.hold).Unix()
					p.Timing.ChainNow = v.clock().Unix()
					if p.Timing.ChainNow >= p.Timing.Due() {
						p.State, p.Hold = domain.Ready, 0
					}
					return p, nil
				}
				if v.planned > 1 {
					p.State = domain.Ready
				}
			}
			return p, nil
		},
		ops.RunChecks.Name: func(context.Context, ops.DayRef) (ops.ChecksResult, error) {
			return ops.ChecksResult{Checks: v.checks}, nil
		},
		ops.EnsureAccounts.Name: func(context.Context, ops.DayRef) (ops.AccountsResult, error) { return ops.AccountsResult{}, nil },
		ops.Preflight.Name: func(context.Context, ops.PageInput) (ops.PreflightResult, error) {
			if v.rehearse.Replan && v.planned > max(1, len(v.shrinks)) {
				return ops.PreflightResult{OK: true}, nil
			}
			return v.rehearse, nil
		},
		ops.SendPage.Name:   v.sendPage,
		ops.FixOpening.Name: func(context.Context, ops.DayRef) (ops.OpeningResult, error) { return ops.OpeningResult{TS: 1}, nil },
		ops.AwaitFinality.Name: func(context.Context, ops.DayRef) (ops.FinalityResult, error) {
			if v.rollback > 0 {
				v.rollback--
				v.cursor = 0
				return ops.FinalityResult{Cursor: 0, Lost: []string{"sig"}}, nil
			}
			return ops.FinalityResult{Complete: true, Cursor: v.cursor}, nil
		},
		ops.Reconcile.Name: func(context.Context, ops.DayRef) (ops.ReconcileResult, error) {
			return ops.ReconcileResult{Result: v.result, CloseSlot: 9, FirstSlot: 3}, nil
		},
		ops.TidyTables.Name: func(context.Context, ops.DayRef) (ops.TidyResult, error) {
			v.tidied++
			return ops.TidyResult{}, fault.Seal(v.untidy)
		},
		ops.JudgePlan.Name: func(context.Context, ops.DayRef) (ops.Judgement, error) { return v.judgement, nil },
		ops.RecordApproval.Name: func(_ context.Context, r ops.ApprovalRecord) (struct{}, error) {
			v.approvals = append(v.approvals, r)
			return struct{}{}, fault.Seal(v.unrecorded)
		},
		ops.TellPeople.Name: func(_ context.Context, m domain.Message) (ops.TellAnswer, error) {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.told = append(v.told, m)
			return ops.TellAnswer{}, nil
		},
		ops.ReportFailure.Name: func(_ context.Context, f domain.Failure) (ops.ReportResult, error) {
			v.mu.Lock() // Reports run beside the day, and beside each other.
			defer v.mu.Unlock()
			v.reported = append(v.reported, f)
			return ops.ReportResult{}, nil
		},
		ops.SaveReport.Name: func(_ context.Context, in ops.ReportInput) (ops.SaveResult, error) {
			v.saved, v.report = append(v.saved, in.Report), in
			return ops.SaveResult{Requests: 12}, nil
		},
	} {
		env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

// sendPage does what the real one promises: it believes the chain's cursor, and repeats nothing that is done.
func (v *vault) sendPage(_ context.Context, in ops.PageInput) (ops.PageResult, error) {
	if len(v.flags) > 0 {
		return ops.PageResult{}, fault.Seal(coded(fault.Wait, "stopped")) // The gate is asked before every send.
	}
	if errs := v.fail[in.Cursor]; len(errs) > 0 {
		v.fail[in.Cursor] = errs[1:]
		return ops.PageResult{}, fault.Seal(errs[0])
	}
	if v.stuckAt > 0 && in.Cursor == v.stuckAt {
		return ops.PageResult{Cursor: v.cursor}, nil
	}
	if in.Cursor == v.cursor {
		v.sent = append(v.sent, in.Cursor)
		v.cursor += v.size
	}
	if err := v.after[in.Cursor]; err != nil {
		delete(v.after, in.Cursor)
		return ops.PageResult{}, fault.Seal(err)
	}
	return ops.PageResult{Cursor: v.cursor, Ours: true, Paid: 10, Closed: int(v.cursor) >= v.pages*int(v.size), Slot: 5, SentSlot: 3}, nil
}

// newSuite keeps the test environment's own log out of the way.
func newSuite() *testsuite.WorkflowTestSuite {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return &suite
}

func run(t *testing.T, v *vault, in ops.DailyInput, steer ...func(*testsuite.TestWorkflowEnvironment)) (domain.DayReport, error) {
	t.Helper()
	suite := newSuite()
	env := suite.NewTestWorkflowEnvironment()
	v.register(env)
	for _, s := range steer {
		s(env)
	}
	in.Vault = "v1"
	env.ExecuteWorkflow(workflows.DailyDistribution, in)
	require.True(t, env.IsWorkflowCompleted())
	var report domain.DayReport
	err := env.GetWorkflowError()
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.HasDetails() {
		require.NoError(t, app.Details(&report), "a failed day carries its report")
	} else if err == nil {
		require.NoError(t, env.GetWorkflowResult(&report))
	}
	return report, err
}

func coded(kind fault.Kind, code string) error { return fault.New(kind, code, errors.New(code)) }

func TestDaily_PaysEveryPageOnceInOrder(t *testing.T) {
	v := newVault(3, 15)
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{0, 15, 30}, v.sent)
	require.Equal(t, uint64(12), report.Requests)
	require.Len(t, v.saved, 1)
}

// X06: a new day starts at cursor 0 even though the chain still shows yesterday's end. The plan says where to start.
func TestX06_NewDayStartsAtCursorZero(t *testing.T) {
	v := newVault(2, 20)
	_, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, uint32(0), v.sent[0])
}

func TestX10_LostReplyIsNotPaidTwice(t *testing.T) {
	v := newVault(2, 15)
	v.after[0] = coded(fault.Unknown, "rpc/lost")
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{0, 15}, v.sent)
}

// X11: a page that only a human can help keeps the day open, and it goes on when told to.
func TestX11_StuckDayStaysOpenAndGoesOnAtResume(t *testing.T) {
	v := newVault(2, 15)
	v.fail[15] = []error{coded(fault.Human, "router/6007")}
	var during ops.DailyStatus
	report, err := run(t, v, ops.DailyInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			value, err := env.QueryWorkflow(ops.QueryStatus)
			require.NoError(t, err)
			require.NoError(t, value.Get(&during))
			env.SignalWorkflow(ops.SignalResume, ops.Order{Actor: "ada", Reason: "thawed"})
		}, time.Minute)
	})
	require.NoError(t, err)
	require.Equal(t, domain.Stuck, during.State)
	require.Contains(t, during.Reason, "router/6007")
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{0, 15}, v.sent)
}

// X13: what a human must decide is not retried when nothing is open yet: the day ends as failed, with its report.
func TestX13_FatalFailureBeforeTheOpeningEndsTheDay(t *testing.T) {
	v := newVault(1, 15)
	v.fail[0] = []error{coded(fault.Human, "router/6001")}
	report, err := run(t, v, ops.DailyInput{})
	require.Error(t, err)
	require.Equal(t, domain.Failed, report.State)
	require.Empty(t, v.sent)
	require.Equal(t, domain.Failed, v.saved[0].State)
}

func TestX13_NetworkFailuresAreRetried(t *testing.T) {
	v := newVault(1, 15)
	v.fail[0] = []error{coded(fault.Retry, "rpc/unavailable"), coded(fault.Unknown, "x"), coded(fault.Retry, "rpc/429")}
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{0}, v.sent)
}

func TestX05_StopEndsTheDayBetweenPages(t *testing.T) {
	v := newVault(3, 15)
	v.fail[15] = []error{coded(fault.Wait, "stopped")}
	report, err := run(t, v, ops.DailyInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(ops.SignalStop, ops.Order{Actor: "ada", Reason: "looks odd"}) }, 3*time.Second)
	})
	require.NoError(t, err)
	require.Equal(t, domain.Stopped, report.State)
	require.Contains(t, report.Reason, "stopped by ada: looks odd")
	require.Equal(t, []uint32{0}, v.sent)
}

func TestPauseHoldsAndResumeGoesOn(t *testing.T) {
	v := newVault(2, 15)
	var during ops.DailyStatus
	report, err := run(t, v, ops.DailyInput{Actor: "bob"}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(ops.SignalPause, ops.Order{Actor: "ada", Reason: "lunch"}) }, 0)
		env.RegisterDelayedCallback(func() {
			value, err := env.QueryWorkflow(ops.QueryStatus)
			require.NoError(t, err)
			require.NoError(t, value.Get(&during))
			require.Empty(t, v.sent)
			env.SignalWorkflow(ops.SignalResume, ops.Order{Actor: "ada"})
		}, time.Hour)
	})
	require.NoError(t, err)
	require.Equal(t, domain.Paused, during.State)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, "bob", v.report.Actor)
	require.Len(t, v.report.Orders, 2, "who told the run what is for the audit log")
	require.Equal(t, ops.Order{Actor: "ada", Reason: "lunch"}, v.report.Orders[0].Order)
	require.Equal(t, []string{ops.SignalPause, ops.SignalResume}, []string{v.report.Orders[0].Name, v.report.Orders[1].Name})
	require.Equal(t, time.Hour, v.report.Orders[1].At.Sub(v.report.Orders[0].At))
}

// A paid day stays a paid day when its lookup tables cannot be tidied, and a day that is not complete leaves them alone.
func TestTidy_TablesNeverChangeTheEndOfADay(t *testing.T) {
	v := newVault(1, 15)
	v.untidy = coded(fault.Human, "payer_low")
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, 1, v.tidied)

	v = newVault(1, 15)
	v.result = domain.Reconciliation{Missed: 1}
	_, err = run(t, v, ops.DailyInput{})
	require.Error(t, err)
	require.Zero(t, v.tidied)
}

// X12: stopped, not due, no fees and complete are four different ends.
func TestX12_EndsAreDistinct(t *testing.T) {
	tests := []struct {
		name string
		give func(*vault)
		want domain.State
	}{
		{"not due is an outcome", func(v *vault) { v.state, v.due = domain.NotDue, time.Hour }, domain.NotDue},
		{"a day without fees is not opened", func(v *vault) { v.state = domain.NoFees }, domain.NoFees},
		{"a closed gate stops before anything is read", func(v *vault) {
			v.flags = []domain.SafetyFlag{{Kind: domain.SafetyStop, Reason: "drill", Actor: "ada"}}
		}, domain.Stopped},
		{"complete", func(*vault) {}, domain.Complete},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVault(1, 15)
			tt.give(v)
			report, err := run(t, v, ops.DailyInput{})
			require.NoError(t, err)
			require.Equal(t, tt.want, report.State)
		})
	}
}

// X03: a run that comes too early ends well, says when to come again and sends nothing.
func TestX03_NotDueIsAnOutcomeAndNoFailure(t *testing.T) {
	v := newVault(2, 15)
	v.state, v.due = domain.NotDue, time.Hour
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.NotDue, report.State)
	require.Empty(t, v.sent)
	require.Equal(t, domain.NotDue, v.saved[0].State)
}

// P02: asked to wait, the run sleeps until the chain's due time and plans again then.
func TestP02_WaitsUntilDueAndPlansAgain(t *testing.T) {
	v := newVault(1, 15)
	v.state, v.due = domain.NotDue, 20*time.Hour
	var began, ended time.Time
	report, err := run(t, v, ops.DailyInput{WaitDue: true}, func(env *testsuite.TestWorkflowEnvironment) { began = env.Now() })
	require.NoError(t, err)
	ended = report.EndedAt
	require.Equal(t, domain.Complete, report.State)
	require.GreaterOrEqual(t, ended.Sub(began), 20*time.Hour)
	require.Equal(t, 2, v.planned)
}

// A vault that has drifted waits on purpose, says what it cost, and a person can end the wait once the day is due.
func TestDriftReset_WaitsOnPurposeAndSaysWhatItCost(t *testing.T) {
	tests := []struct {
		name    string
		in      ops.DailyInput
		resumes []time.Duration
		lasts   time.Duration // Until the plan that is paid; 0: the run ends as not due.
		held    time.Duration
	}{
		{"until the wanted time", ops.DailyInput{WaitDue: true}, nil, 11 * time.Hour, 8 * time.Hour},
		{"a person ends the wait", ops.DailyInput{WaitDue: true}, []time.Duration{5 * time.Hour}, 5 * time.Hour, 2 * time.Hour},
		{"not before it is due", ops.DailyInput{WaitDue: true}, []time.Duration{time.Hour}, 11 * time.Hour, 8 * time.Hour},
		{"a run that does not wait ends", ops.DailyInput{}, nil, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVault(1, 15)
			v.state, v.due, v.hold = domain.NotDue, 3*time.Hour, 8*time.Hour
			report, err := run(t, v, tt.in, func(env *testsuite.TestWorkflowEnvironment) {
				v.began, v.clock = env.Now(), env.Now
				for _, at := range tt.resumes {
					env.RegisterDelayedCallback(func() { env.SignalWorkflow(ops.SignalResume, ops.Order{Actor: "ada"}) }, at)
				}
			})
			require.NoError(t, err)
			if tt.lasts == 0 {
				require.Equal(t, domain.NotDue, report.State)
				require.Empty(t, v.sent)
				return
			}
			require.Equal(t, domain.Complete, report.State)
			require.InDelta(t, tt.lasts.Seconds(), report.EndedAt.Sub(v.began).Seconds(), 10)
			require.InDelta(t, tt.held.Seconds(), float64(report.Held), 10)
		})
	}
}

func TestP01_FailedCheckRefusesTheDayWithItsFigures(t *testing.T) {
	v := newVault(1, 15)
	v.checks = append(v.checks, domain.Check{Row: "P14", Name: "fee_payer", Result: domain.CheckFail, Observed: "3 lamports", Threshold: "10,000"})
	report, err := run(t, v, ops.DailyInput{})
	require.Error(t, err)
	require.Equal(t, domain.Failed, report.State)
	require.Contains(t, report.Reason, "P14 fee_payer is fail: 3 lamports. Wanted: 10,000")
	require.Empty(t, v.sent)
}

// P06: an unknown answer is asked for once more and never taken for ok.
func TestP06_UnknownCheckRefusesTheDay(t *testing.T) {
	v := newVault(1, 15)
	v.checks = domain.Checks{{Row: "P06", Name: "reads_known", Result: domain.CheckUnknown}}
	report, err := run(t, v, ops.DailyInput{})
	require.Error(t, err)
	require.Equal(t, domain.Failed, report.State)
	require.Empty(t, v.sent)
}

func TestX21_RehearsalThatWouldCloseTheDayEarlyIsRefused(t *testing.T) {
	v := newVault(3, 15)
	v.rehearse = ops.PreflightResult{Reason: "page 1 of 3 would close the day"}
	report, err := run(t, v, ops.DailyInput{})
	require.Error(t, err)
	require.Equal(t, domain.Failed, report.State)
	require.Empty(t, v.sent)
}

// X26: a list that changed before the opening is planned once more; after it the manifest stands.
func TestX26_ChangedListIsPlannedAgainBeforeTheOpening(t *testing.T) {
	v := newVault(1, 15)
	v.rehearse = ops.PreflightResult{Reason: "6007", Replan: true}
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, 2, v.planned)
}

// U-P3: a page that needs too much compute is planned anew as long as the pages get shorter, and no longer.
func TestUP3_PagesThatNeedTooMuchComputeArePlannedShorterUntilTheyFit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		code    string
		shrinks []uint32
		planned int
		state   domain.State
	}{
		{"they get shorter", "preflight/compute", []uint32{15, 10, 6, 3}, 5, domain.Complete},
		{"they do not", "preflight/compute", []uint32{15, 15, 6, 3}, 2, domain.Failed},
		{"another reason is planned anew once", "router/6007", []uint32{15, 10, 6, 3}, 2, domain.Failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVault(1, 3)
			v.shrinks, v.rehearse = tt.shrinks, ops.PreflightResult{Code: tt.code, Reason: "too much compute", Replan: true}
			report, _ := run(t, v, ops.DailyInput{})
			require.Equal(t, tt.state, report.State)
			require.Equal(t, tt.planned, v.planned)
		})
	}
}

func TestRollbackGoesBackToTheChainsCursor(t *testing.T) {
	v := newVault(2, 15)
	v.rollback = 1
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{0, 15, 0, 15}, v.sent)
}

func TestX19_UnreconciledDayIsNotComplete(t *testing.T) {
	v := newVault(1, 15)
	v.result = domain.Reconciliation{Missed: 1, Notes: []string{"somebody got nothing"}}
	report, err := run(t, v, ops.DailyInput{})
	require.Error(t, err)
	require.Equal(t, domain.CompleteUnreconciled, report.State)
}

func TestX22_LostDayEndsAndSaysSo(t *testing.T) {
	v := newVault(3, 15)
	v.fail[15] = []error{coded(fault.Human, "day_lost")}
	report, err := run(t, v, ops.DailyInput{})
	require.Error(t, err)
	require.Equal(t, domain.Failed, report.State)
	require.Equal(t, []uint32{0}, v.sent)
}

func TestX23_OneVaultsFailureIsAnothersRow(t *testing.T) {
	suite := newSuite()
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflow(workflows.FleetDistribution)
	env.RegisterActivityWithOptions(func(context.Context, ops.ListInput) (ops.ListResult, error) {
		return ops.ListResult{Vaults: []string{"good", "bad"}}, nil
	}, activity.RegisterOptions{Name: ops.ListVaults.Name})
	env.RegisterWorkflow(workflows.DailyDistribution)
	env.OnWorkflow(workflows.DailyDistribution, mock.Anything, ops.DailyInput{Vault: "good"}).Return(domain.DayReport{Vault: "good", Day: "2026-11-23", State: domain.Complete}, nil)
	env.OnWorkflow(workflows.DailyDistribution, mock.Anything, ops.DailyInput{Vault: "bad"}).Return(domain.DayReport{}, fmt.Errorf("no such mint"))
	env.ExecuteWorkflow(workflows.FleetDistribution, ops.FleetInput{})
	require.NoError(t, env.GetWorkflowError())
	var report ops.FleetReport
	require.NoError(t, env.GetWorkflowResult(&report))
	require.Equal(t, domain.Complete, report.Rows[0].State)
	require.Equal(t, domain.Failed, report.Rows[1].State)
	require.Contains(t, report.Rows[1].Reason, "no such mint")
}

// X05: a stop that comes while an activity's retries go on is seen when they are used up, not hours later.
func TestX05_StopIsSeenBetweenRetries(t *testing.T) {
	v := newVault(2, 15)
	for range 500 {
		v.fail[15] = append(v.fail[15], coded(fault.Retry, "rpc/all_down"))
	}
	var stopped time.Time
	report, err := run(t, v, ops.DailyInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			stopped = env.Now()
			env.SignalWorkflow(ops.SignalStop, ops.Order{Actor: "ada", Reason: "provider is down"})
		}, 90*time.Second)
	})
	require.NoError(t, err)
	require.Equal(t, domain.Stopped, report.State)
	require.Less(t, report.EndedAt.Sub(stopped), time.Minute)
	require.Equal(t, []uint32{0}, v.sent)
}

// X11: an open day outlasts an outage of the network, however long the activity's own retries are.
func TestX11_OpenDayOutlastsAnOutage(t *testing.T) {
	v := newVault(2, 15)
	for range 60 {
		v.fail[15] = append(v.fail[15], coded(fault.Retry, "rpc/all_down"))
	}
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{0, 15}, v.sent)
}

// A day that nobody opened may be given up: nothing is lost by it, and a person learns of it.
func TestDayThatIsNotOpenGivesUpAfterAnHour(t *testing.T) {
	v := newVault(1, 15)
	for range 5_000 {
		v.fail[0] = append(v.fail[0], coded(fault.Retry, "rpc/all_down"))
	}
	report, err := run(t, v, ops.DailyInput{})
	require.Error(t, err)
	require.Equal(t, domain.Failed, report.State)
	require.Contains(t, report.Reason, "rpc/all_down")
	require.Empty(t, v.sent)
}

// A page that is reported done and moves nothing is noticed, and a person is asked.
func TestPageThatMovesNothingIsNoticed(t *testing.T) {
	v := newVault(2, 15)
	v.stuckAt = 15
	var during ops.DailyStatus
	report, err := run(t, v, ops.DailyInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			value, err := env.QueryWorkflow(ops.QueryStatus)
			require.NoError(t, err)
			require.NoError(t, value.Get(&during))
			v.stuckAt = 0
			env.SignalWorkflow(ops.SignalResume, ops.Order{Actor: "ada"})
		}, 5*time.Minute)
	})
	require.NoError(t, err)
	require.Equal(t, domain.Stuck, during.State)
	require.Contains(t, during.Reason, "does not move")
	require.Equal(t, domain.Complete, report.State)
}

// A store that was lost in the middle of a day costs a new plan, not the day.
func TestLostPlanIsMadeAgainFromTheChain(t *testing.T) {
	v := newVault(2, 15)
	v.fail[15] = []error{coded(fault.Human, "manifest/missing")}
	report, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{0, 15}, v.sent)
	require.Equal(t, 2, v.planned)
}

// kinds are the reports of a run, in their order.
func (v *vault) kinds() (out []string) {
	for _, f := range v.reported {
		out = append(out, string(f.Kind)+" "+f.Code)
	}
	return out
}

// S01: a day that waits says so once, and says that it goes on.
func TestS01_StuckDayIsReportedOnceAndItsGoingOnToo(t *testing.T) {
	v := newVault(2, 15)
	for range 4 {
		v.fail[15] = append(v.fail[15], coded(fault.Human, "router/6007"))
	}
	_, err := run(t, v, ops.DailyInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"stuck router/6007", "recovered ", "recovered "}, v.kinds(), "once when it goes on, once when it is complete")
	first := v.reported[0]
	require.Equal(t, "v1", first.Vault)
	require.Equal(t, domain.Day("2026-11-23"), first.Day)
	require.EqualValues(t, 15, *first.Cursor)
	require.EqualValues(t, 15, first.PageSize)
	require.NotEmpty(t, first.RunID)
	require.NotEqual(t, v.reported[1].Key, v.reported[2].Key, "each report has its own key")
}

func TestS01_HowADayEndsIsReportedByCode(t *testing.T) {
	tests := []struct {
		name string
		give func(*vault)
		want []string
	}{
		{"a program error", func(v *vault) { v.fail[0] = []error{coded(fault.Human, "router/6001")} }, []string{"failed router/6001"}},
		{"a check", func(v *vault) {
			v.checks = append(v.checks, domain.Check{Row: "P14", Name: "fee_payer", Result: domain.CheckFail})
		}, []string{"failed check/P14"}},
		{"a check with a code of its own", func(v *vault) {
			v.checks = append(v.checks, domain.Check{Row: "P16", Name: "claimable_fees", Result: domain.CheckFail, Code: "router/6001"})
		}, []string{"failed router/6001"}},
		{"a rehearsal", func(v *vault) { v.rehearse = ops.PreflightResult{Code: "preflight/closes_early"} }, []string{"failed preflight/closes_early"}},
		{"a lost day", func(v *vault) { v.fail[15] = []error{coded(fault.Human, "day_lost")} }, []string{"lost day_lost"}},
		{"books that differ", func(v *vault) { v.result = domain.Reconciliation{Missed: 1} }, []string{"unreconciled day/unreconciled"}},
		{"a page that moves nothing", func(v *vault) { v.stuckAt = 15 }, []string{"stuck day/stalled"}},
		{"the chain's clock backwards", func(v *vault) { v.state = domain.Failed }, []string{"failed check/P02"}},
		{"not due is no failure", func(v *vault) { v.state, v.due = domain.NotDue, time.Hour }, nil},
		{"stopped is no failure", func(v *vault) { v.flags = []domain.SafetyFlag{{Kind: domain.SafetyStop}} }, nil},
		{"a complete day says so", func(*vault) {}, []string{"recovered "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVault(3, 15)
			tt.give(v)
			_, _ = run(t, v, ops.DailyInput{}, func(env *testsuite.TestWorkflowEnvironment) {
				env.RegisterDelayedCallback(func() { env.SignalWorkflow(ops.SignalStop, ops.Order{Actor: "ada"}) }, time.Hour)
			})
			require.Equal(t, tt.want, v.kinds())
		})
	}
}

func TestS11_AGateThatStaysClosedForADayDoesNotFillTheHistory(t *testing.T) {
	v := newVault(4, 15)
	v.open, v.cursor = true, 15
	asked := 0
	began := time.Now()
	report, err := run(t, v, ops.DailyInput{}, func(env *testsuite.TestWorkflowEnvironment) {
		env.SetStartTime(began)
		env.OnActivity(ops.SendPage.Name, mock.Anything, mock.Anything).Return(func(ctx context.Context, in ops.PageInput) (ops.PageResult, error) {
			if env.Now().Sub(began) < 22*time.Hour {
				asked++
				return ops.PageResult{}, fault.Seal(coded(fault.Wait, "stopped"))
			}
			return v.sendPage(ctx, in)
		})
	})
	require.NoError(t, err)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{15, 30, 45}, v.sent)
	require.Greater(t, asked, 50, "it goes on asking")
	require.Less(t, asked, 500, "each time is about ten events of the history")
}
