package alert

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// everyVault is what nobody could pay in time.
const everyVault = "what the open days have still to pay, else the fees that wait, of all vaults as last seen"

// Catalogue is every alert there is (N11). docs/alerts.md is written from it.
func Catalogue() []Rule {
	return []Rule{
		{
			ID: "distribution_failed", Severity: domain.SeverityHigh, Title: "Distribution failed",
			When: "the vault's newest run ended as failed, and no later run is under way", Ends: "a later run ends otherwise",
			Next: "feeops checks VAULT", AtRisk: "what the open day has still to pay, else the fees that wait",
			vault: failed, detail: failedDetail, risk: money,
		},
		{
			ID: "distribution_stuck", Severity: domain.SeverityHigh, Title: "Distribution stuck",
			When: "the day is open with work left, and the chain's cursor has not moved for 30 minutes of the chain's clock, whether a run retries or none is there; not while stopped, paused, isolated, capped or without fees",
			Ends: "the cursor moves or the day is complete", Weaker: []string{"distribution_failed"},
			Next: "feeops status VAULT", AtRisk: "what the open day has still to pay",
			vault: stuck, detail: stuckDetail, risk: owed,
		},
		{
			ID: "distribution_overdue", Severity: domain.SeverityHigh, Title: "Distribution overdue",
			When: "a new day has been due for more than an hour of the chain's clock, with fees to claim, and nobody holds the vault; a vault that never ran is not overdue",
			Ends: "the day is opened", Quiet: time.Minute,
			Next: "feeops checks VAULT", AtRisk: "the fees that wait to be claimed",
			vault: overdue, detail: overdueDetail, risk: waiting,
		},
		{
			ID: "treasury_empty", Severity: domain.SeverityHigh, Title: "Treasury empty while money is owed",
			When: "the open day owes more than nothing and the treasury holds nothing", Ends: "the treasury holds something or nothing is owed", Hold: 2 * time.Minute, Quiet: time.Minute,
			Next: "feeops status VAULT", AtRisk: "what the open day has still to pay",
			vault: treasuryEmpty, detail: treasuryDetail, risk: owed,
		},
		{
			ID: "deadline_2h", Severity: domain.SeverityHigh, Title: "Two hours to the deadline",
			When: "the day is open with work left and its deadline is at most 2 hours away by the chain's clock", Ends: "the day is complete, or lost",
			Next: "feeops distribute VAULT --dry-run", AtRisk: "what the open day has still to pay",
			vault: deadline(2 * time.Hour), detail: deadlineDetail, risk: owed, over: deadlineOver,
		},
		{
			ID: "deadline_30m", Severity: domain.SeverityCritical, Title: "Half an hour to the deadline",
			When: "the same with at most 30 minutes", Ends: "the day is complete, or lost", Weaker: []string{"deadline_2h"},
			Next: "feeops distribute VAULT --dry-run", AtRisk: "what the open day has still to pay",
			vault: deadline(30 * time.Minute), detail: deadlineDetail, risk: owed, over: deadlineOver,
			Incident: "half an hour is left to save a day's money, and whoever saves it must be the only one who tries",
		},
		{
			ID: "day_lost", Severity: domain.SeverityCritical, Title: "Day lost", Event: true,
			When: "a day reached its deadline before it was complete", Ends: "somebody takes it over, or a day later",
			Weaker: []string{"deadline_2h", "deadline_30m", "distribution_stuck", "distribution_failed", "treasury_empty"},
			Next:   "feeops catchup VAULT", AtRisk: "what the day had still to pay",
			vault: dayLost, detail: lostDetail, risk: lostMoney, mark: lostMark,
			Incident: "investors get nothing for a day: somebody decides what becomes of it, and writes it down",
		},
		{
			ID: "payer_low", Severity: domain.SeverityMedium, Title: "Fee payer runs low",
			When: "the fee payer holds less than twice distribution.payer_reserve_lamports; high below it", Ends: "it holds twice the reserve again", Quiet: time.Minute,
			Next: "feeops checks VAULT", AtRisk: "the fees that wait to be claimed",
			vault: payerLow, detail: payerDetail, risk: money, worse: payerWorse, cause: payerOf,
		},
		{
			ID: "base_fee_detected", Severity: domain.SeverityCritical, Title: "Base fees in the position",
			When: "the honorary position holds base fees: no day can be opened (6001)", Ends: "it holds none", Weaker: []string{"distribution_overdue"},
			Next: "feeops checks VAULT", AtRisk: "the fees that wait to be claimed",
			vault: baseFee, detail: baseFeeDetail, risk: waiting,
			Incident: "no day can be opened until the owner of the position has claimed them: it takes people outside",
		},
		{
			ID: "foreign_crank", Severity: domain.SeverityMedium, Title: "Somebody else turned a page", Event: true,
			When: "the chain moved and none of our signatures did it", Ends: "somebody takes it over, or a day later",
			Next: "feeops status VAULT", AtRisk: "none: whoever turns a page pays the same investors",
			vault: foreignCrank, detail: foreignDetail, mark: foreignMark,
		},
		{
			ID: "policy_changed", Severity: domain.SeverityHigh, Title: "Policy changed", Event: true,
			When: "the bytes of the policy account are not those of the sample before", Ends: "somebody takes it over, or a day later",
			Next: "feeops checks VAULT", AtRisk: "the fees that wait to be claimed",
			vault: policyChanged, detail: policyDetail, risk: waiting, mark: policyMark,
		},
		{
			ID: "program_upgraded", Severity: domain.SeverityCritical, Title: "Router program changed", Event: true,
			When: "the router program has another loader, deployment slot or upgrade authority than before", Ends: "somebody takes it over, or a day later",
			Next: "feeops stop --reason 'the router program was upgraded'", AtRisk: "what the open day has still to pay, else the fees that wait",
			vault: programUpgraded, detail: programDetail, risk: money, mark: programMark, cause: programOf,
			Incident: "nobody knows what the new program does with the money: it is read before anything is sent",
		},
		{
			ID: "stream_quarantined", Severity: domain.SeverityMedium, Title: "Streams in quarantine",
			When: "the newest plan leaves registered streams out", Ends: "a plan without any",
			Next: "feeops catchup VAULT", AtRisk: "what they would have got, as far as it is known",
			vault: quarantined, detail: quarantinedDetail, risk: quarantinedMoney,
		},
		{
			ID: "reconcile_mismatch", Severity: domain.SeverityHigh, Title: "Books differ from the chain",
			When: "a closed day's books are missing or differ from the chain; critical when somebody was paid twice or wrongly", Ends: "its books are made and equal the chain", Hold: 2 * time.Minute,
			Next: "feeops status VAULT", AtRisk: "what the day's report says was missed, wrong or paid twice",
			vault: mismatch, detail: mismatchDetail, worse: mismatchWorse,
			Incident: "when critical: somebody was paid twice or wrongly, and the same may happen tomorrow",
		},
		{
			ID: "capped_day", Severity: domain.SeverityLow, Title: "Daily cap reached",
			When: "the day has paid its investors the policy's daily cap", Ends: "the next day",
			Next: "feeops status VAULT", AtRisk: "none: what the cap leaves stays in the treasury",
			vault: capped, detail: cappedDetail,
		},
		{
			ID: "no_fee_day", Severity: domain.SeverityLow, Title: "No fees to distribute",
			When: "a day is due with less than distribution.min_claimable to claim, or was opened without fees", Ends: "fees come in, or the next day", Hold: 10 * time.Minute, Quiet: time.Minute,
			Next: "feeops status VAULT", AtRisk: "none: there is nothing to claim",
			vault: noFees, detail: noFeesDetail,
		},
		{
			ID: "rpc_degraded", Severity: domain.SeverityMedium, Title: "RPC endpoint out of use",
			When: "an endpoint is not usable", Ends: "all are usable", Hold: 5 * time.Minute, Quiet: 2 * time.Minute,
			Next: "feeops doctor", AtRisk: "none while another endpoint is usable", fleet: rpcDegraded,
		},
		{
			ID: "rpc_all_down", Severity: domain.SeverityCritical, Title: "No RPC endpoint is usable",
			When: "no endpoint is usable: nothing can be paid or seen", Ends: "one is usable", Hold: time.Minute, Quiet: time.Minute,
			Weaker: []string{"rpc_degraded", "monitor_stale"},
			Next:   "feeops doctor", AtRisk: everyVault,
			fleet: rpcAllDown, all: true,
			Incident: "every deadline passes unseen: somebody holds it until an endpoint is back",
		},
		{
			ID: "clock_skew", Severity: domain.SeverityMedium, Title: "Clocks differ",
			When: "this machine's clock and the chain's differ by more than distribution.clock_skew_warn", Ends: "they agree", Hold: 2 * time.Minute, Quiet: 2 * time.Minute,
			Next: "feeops doctor", AtRisk: "none: the chain's clock decides what is due", fleet: clockSkew,
		},
		{
			ID: "monitor_stale", Severity: domain.SeverityHigh, Title: "The watch is blind",
			When: "for more than monitor.stale_after not every vault could be read, or no sample was taken", Ends: "every vault is read",
			Next: "feeops doctor", AtRisk: everyVault,
			fleet: monitorStale, all: true,
		},
		{
			ID: "channel_down", Severity: domain.SeverityHigh, Title: "Channel down",
			When: "a channel does not take messages, or Slack's buttons do nothing for more than 5 minutes", Ends: "it takes them, or is connected again", Quiet: time.Minute,
			Next: "feeops notify test", AtRisk: "none by itself: what it does not tell may cost a day", fleet: channelDown,
		},
		{
			ID: "worker_down", Severity: domain.SeverityHigh, Title: "Worker down",
			When: "fewer workers ask Temporal for work than monitor.workers", Ends: "there are enough", Hold: 2 * time.Minute, Quiet: time.Minute,
			Next: "feeops doctor", AtRisk: everyVault,
			fleet: workerDown, all: true,
		},
		{
			ID: "backup_failed", Severity: domain.SeverityMedium, Title: "Backup failed",
			When: "the newest backup failed or is too old", Ends: "a backup succeeds",
			Next: "feeops doctor", AtRisk: "none: the chain has it all; books and audit log may be lost", fleet: backupFailed,
		},
		{
			ID: "audit_broken", Severity: domain.SeverityCritical, Title: "Audit log was changed",
			When: "the audit log's hash chain does not fit", Ends: "it fits, from a restored copy",
			Next: "feeops audit verify", AtRisk: "none by itself: what was done can no longer be proved", fleet: auditBroken,
			Incident: "what was done cannot be proved any more: evidence is taken before anybody mends it",
		},
		{
			ID: "signer_unreachable", Severity: domain.SeverityHigh, Title: "Signer out of reach",
			When: "a fee payer's key cannot be used: a page that has to be signed would wait", Ends: "it can be used", Hold: time.Minute, Quiet: time.Minute,
			Next: "feeops doctor", AtRisk: everyVault,
			fleet: signerUnreachable, all: true,
		},
	}
}
