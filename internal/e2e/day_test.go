package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

// stopped is the switch of the operations document.
func stopped(s *config.Settings) { s.Safety.EmergencyStop = true }

func TestX02_SecondRunOfAVaultIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3))
	before := w.ledger("v")
	run := w.start("v")
	_, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{
		ID: ops.DailyID(w.slug("v")), TaskQueue: w.settings.Temporal.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.DailyDistribution, ops.DailyInput{Vault: w.slug("v")})
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	require.ErrorAs(t, err, &started)
	w.audited("v", before, w.end(run))
	require.Len(t, w.turned("v", before.slot), 4)
}

func TestX06_DayTwoPaysFromCursorZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 21, BelowMinimum: 1}))
	before := w.ledger("v")
	require.Zero(t, before.progress.LastDistributionTS, "the first day ever")
	first := w.audited("v", before, w.pay("v"))
	require.NotZero(t, first.Dust)

	w.nextDay()
	before = w.ledger("v")
	require.NotZero(t, before.progress.PaginationCursor, "yesterday's cursor stands at its end")
	report := w.pay("v")
	second := w.audited("v", before, report)
	require.NotZero(t, second.Paid)
	require.Equal(t, domain.Amount(first.Dust), report.Result.DustIn, "the dust of day 1 is paid out on day 2")
	turned := w.turned("v", before.slot)
	require.Zero(t, *turned[0].args.Cursor)
	w.ours(w.vault("v"), turned)
}

func TestX07_PagesFollowThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 11}), pageSize(4))
	before := w.ledger("v")
	report := w.pay("v")
	w.audited("v", before, report)
	require.Equal(t, 3, report.Pages)
	var got []uint32
	for _, c := range w.turned("v", before.slot) {
		require.EqualValues(t, 4, c.args.PageSize, "the last page is short in accounts, not in size")
		got = append(got, *c.args.Cursor)
	}
	require.Equal(t, []uint32{0, 4, 8}, got)
	pages, err := w.store().Pages(context.Background(), w.slug("v"), report.Day)
	require.NoError(t, err)
	require.Len(t, pages, 3)
}

func TestX14_EveryCallCarriesItsCursor(t *testing.T) {
	t.Parallel()
	// Drops make the sender sign pages again: those calls count as well.
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(2))
	w.node.SetFault(localnet.Fault{Name: "drop", PerMille: 300})
	before := w.ledger("v")
	w.audited("v", before, w.pay("v"))
	calls := w.calls("v", before.slot)
	require.GreaterOrEqual(t, len(calls), 6)
	for _, c := range calls {
		require.NotNil(t, c.args.Cursor, "an absent cursor runs unguarded: %s", c.signature)
	}
}

func TestX19_CloseIsVerified(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 5}))
	before := w.ledger("v")
	report := w.pay("v")
	got := w.audited("v", before, report)
	require.NotZero(t, report.CloseSlot)
	require.NotZero(t, got.Creator)
	require.Equal(t, report.Result.DustOut, report.Result.Residual, "the treasury holds the dust and no more")
	final := w.ledgerAt("v", bank.Finalized)
	require.True(t, final.progress.DayComplete, "the run ends after the close is finalized, not before")
}

func TestX12_TerminalStatesDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 4}))
	before := w.ledger("v")
	w.audited("v", before, w.pay("v"))
	again := w.pay("v")
	require.Equal(t, domain.NotDue, again.State, "a second run on the same day is not due, and no failure (X03)")
	require.Contains(t, again.Reason, "next day in")
	require.Len(t, w.turned("v", before.slot), 1)
}

func TestDailyCapIsPaidToItsLimit(t *testing.T) {
	t.Parallel()
	limit := uint64(5_000_000)
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 20, DailyCap: &limit}), pageSize(6))
	before := w.ledger("v")
	report := w.pay("v")
	got := w.audited("v", before, report)
	require.LessOrEqual(t, got.Paid, limit)
	require.NotZero(t, got.Dust)
	outcomes, err := w.store().Outcomes(context.Background(), w.slug("v"), report.Day)
	require.NoError(t, err)
	capped := 0
	for _, o := range outcomes {
		if o.Reason == domain.ReasonCapped {
			capped++
		}
	}
	require.NotZero(t, capped, "who got nothing because of the cap is told so")
}

func TestInvestorsOfEveryKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 40, ClosedStreams: 2, MissingATAs: 3, BelowMinimum: 2, DuplicateRecipients: 8}), pageSize(9))
	before := w.ledger("v")
	report := w.pay("v")
	w.audited("v", before, report)
	require.Equal(t, 2, report.Result.Quarantined)
	outcomes, err := w.store().Outcomes(context.Background(), w.slug("v"), report.Day)
	require.NoError(t, err)
	require.Len(t, outcomes, 40, "an outcome for everybody, also for nothing")
	count := map[domain.Reason]int{}
	for _, o := range outcomes {
		count[o.Reason]++
	}
	require.Equal(t, 2, count[domain.ReasonQuarantined])
	require.Equal(t, 2, count[domain.ReasonBelowMinimum])
	require.Zero(t, count[domain.ReasonMismatch])
}

func TestNotDueWaitsForTheChainsClock(t *testing.T) {
	t.Parallel()
	w := newChain(t, nil)
	now := w.node.Bank().UnixTime(bank.Processed)
	w.addVault(localnet.VaultSpec{ID: "v", Investors: 4, LastDistribution: now - domain.DaySeconds + 12, DustIn: 777, NoFees: true})
	require.NoError(t, w.node.AccrueFees(w.slug("v"), 50_000_000, 0))
	w.startWorker()
	require.Equal(t, domain.NotDue, w.pay("v").State)
	before := w.ledger("v")
	run, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: ops.DailyID(w.slug("v")), TaskQueue: w.settings.Temporal.TaskQueue},
		workflows.DailyDistribution, ops.DailyInput{Vault: w.slug("v"), WaitDue: true})
	require.NoError(t, err)
	report := w.end(run)
	w.audited("v", before, report)
	require.Equal(t, domain.Amount(777), report.Result.DustIn)
}

// With distribution.drift_reset a vault that is due far from the wanted time waits after it is due, says so, and is paid
// like any other when a person ends the wait.
func TestDriftReset_ADueVaultWaitsOnPurpose(t *testing.T) {
	t.Parallel()
	w := newChain(t, nil, with(func(s *config.Settings) {
		s.Distribution.DriftReset.At, s.Distribution.DriftReset.After = time.Now().UTC().Add(-12*time.Hour).Format("15:04"), 6*time.Hour
	}))
	now := w.node.Bank().UnixTime(bank.Processed)
	w.addVault(localnet.VaultSpec{ID: "v", Investors: 4, LastDistribution: now - domain.DaySeconds + 3_600, NoFees: true})
	require.NoError(t, w.node.AccrueFees(w.slug("v"), 50_000_000, 0))
	w.startWorker()
	before := w.ledger("v")
	run, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: ops.DailyID(w.slug("v")), TaskQueue: w.settings.Temporal.TaskQueue},
		workflows.DailyDistribution, ops.DailyInput{Vault: w.slug("v"), WaitDue: true})
	require.NoError(t, err)
	status := w.state(run, domain.NotDue)
	require.Contains(t, status.Reason, "drift_reset")
	w.advance(time.Hour + time.Minute)
	w.signal(run, ops.SignalResume, "pay now")
	report := w.end(run)
	w.audited("v", before, report)
	require.GreaterOrEqual(t, report.Held, int64(60))
	require.Less(t, report.Held, int64(1_800))
}

func TestDaysThatMustNotBeOpened(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		spec   localnet.VaultSpec
		change change
		state  domain.State
		reason string
	}{
		{"no fees", localnet.VaultSpec{Investors: 4, NoFees: true}, nil, domain.NoFees, "empty day would use up the 24 hours"},
		{"base fees", localnet.VaultSpec{Investors: 4, BaseFees: 500}, nil, domain.Failed, "6001"},
		{"frozen investor", localnet.VaultSpec{Investors: 6, FrozenATAs: 1}, nil, domain.Failed, "frozen"},
		{"fee payer without money", localnet.VaultSpec{Investors: 4, PayerLamports: 900_000}, nil, domain.Failed, "Send SOL"},
		{"too many closed streams", localnet.VaultSpec{Investors: 20, ClosedStreams: 4}, nil, domain.Failed, "4 of 20 invalid"},
		{"EMERGENCY_STOP", localnet.VaultSpec{Investors: 4}, with(stopped), domain.Stopped, "EMERGENCY_STOP"},
		{"published program", localnet.VaultSpec{Investors: 4, Behaviour: "published"}, nil, domain.Failed, "published_unpaid_investors"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var changes []change
			if tt.change != nil {
				changes = append(changes, tt.change)
			}
			w := newWorld(t, specs(tt.spec), changes...)
			before := w.ledger("v")
			report := w.pay("v")
			require.Equal(t, tt.state, report.State, report.Reason)
			require.Contains(t, report.Reason, tt.reason)
			require.Equal(t, before.progress, w.ledger("v").progress, "the chain's day was not touched")
			require.Empty(t, w.calls("v", 0))
			require.Zero(t, w.node.Requests()["sendTransaction"], "nothing left")
		})
	}
}

func TestP15_AMissingCreatorAccountIsMadeFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 4}))
	w.node.Bank().DeleteAccount(w.vault("v").Addresses.Creator)
	before := w.ledger("v")
	w.audited("v", before, w.pay("v"))
}

func TestC06_ADayThatReachesItsDeadlineIsLostAndTheNextIsClean(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
	before := w.ledger("v")
	_, resume := w.paused("v", 3)
	turned := len(w.turned("v", before.slot))
	w.nextDay()
	report := resume()
	require.Equal(t, domain.Failed, report.State)
	require.Contains(t, report.Reason, "24 hours are over")
	require.Len(t, w.turned("v", before.slot), turned, "no page opened the next day by mistake")
	require.Equal(t, 12-3*turned, report.Result.Missed, "who got nothing is counted")
	before = w.ledger("v")
	w.audited("v", before, w.pay("v"))
}

func TestC06_NoPageBeginsShortlyBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
	before := w.ledger("v")
	_, resume := w.paused("v", 3)
	turned := len(w.turned("v", before.slot))
	w.advance(time.Duration(domain.DaySeconds-60) * time.Second)
	report := resume()
	require.Equal(t, domain.Failed, report.State)
	require.Contains(t, report.Reason, "could open the next day")
	require.Len(t, w.turned("v", before.slot), turned)
}
