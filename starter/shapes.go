package main

import (
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/receipt"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// shapes are what commands print with --json: one type for each form that a command's result has. What is not here prints
// no object of its own, and notJSON says why.
func shapes() map[string][]any {
	deed := []any{deedResult{}}
	return map[string][]any{
		"demo": {demoResult{}}, "dev": {devResult{}}, "localnet": {localnetStarted{}}, "chaos": {chaosResult{}, []scenarioRow{}}, "bench": {benchResult{}}, "simulate": {simulateResult{}},
		"distribute": {distributeResult{}}, "status": {statusResult{}}, "dashboard": {domain.Dashboard{}}, "checks": {checksResult{}},
		"approve-plan": {approveResult{}, operator.Approval{}}, "explain": {explainResult{}}, "catchup": {catchupResult{}}, "catchup settle": {settleResult{}},
		"stop": {stopResult{}}, "isolate": {stopResult{}}, "release": {ops.ReleaseAnswer{}, safety.Back{}},
		"resume request": {ops.ResumeAnswer{}}, "resume approve": {ops.ResumeAnswer{}, operator.Approval{}}, "resume status": {statusOfSafety{}},
		"operator keygen": {keygenResult{}}, "operator list": {operatorsListed{}},
		"incident list": {incidentList{}}, "incident show": {incidentView{}}, "incident verify": {evidenceVerified{}}, "incident postmortem": {postmortemDraft{}}, "incident open": {openResult{}},
		"incident ack": deed, "incident assign": deed, "incident escalate": deed, "incident investigate": deed, "incident link": deed, "incident mitigate": deed,
		"incident note": deed, "incident reopen": deed, "incident resolve": deed,
		"drill stop": {drillResult{}}, "drill incident": {incidentDrillResult{}}, "drill restore": {restoreDrilled{}}, "drill disaster": {disasterResult{}}, "drill recovery": {recoveryResult{}},
		"alerts list": {alertsResult{}}, "alerts ack": {signalled{}}, "alerts test": {replayResult{}}, "mute": {signalled{}}, "mute list": {mutesResult{}}, "mute end": {signalled{}},
		"report morning": {report.Morning{}}, "report events": {report.Review{}}, "report daily": {report.Daily{}}, "report weekly": {report.Weekly{}}, "report monthly": {report.Monthly{}},
		"report investor": {report.Investor{}}, "report performance": {report.Performance{}}, "notify test": {notifyTest{}},
		"audit list": {auditEntries{}}, "audit verify": {auditVerification{}}, "audit keygen": {auditKey{}}, "audit review": {auditReviewed{}, auditSignedOff{}},
		"receipt show": {receipt.Receipt{}}, "receipt make": {receipt.Receipt{}}, "receipt verify": {receiptVerification{}}, "signer check": {payersChecked{}}, "codec serve": {codecServed{}},
		"backup create": {backupMade{}}, "backup list": {backupsListed{}}, "backup verify": {backupChecked{}}, "backup restore": {backupChecked{}}, "backup prune": {backupsPruned{}}, "backup keygen": {backupKey{}}, "books rebuild": {rebuildResult{}},
		"schedule apply": {applyResult{}}, "schedule list": {schedulesResult{}}, "schedule pause": {steerResult{}}, "schedule resume": {steerResult{}}, "schedule trigger": {steerResult{}}, "schedule backfill": {steerResult{}},
		"rpc rank": {rankResult{}}, "page-size list": {pageSizesResult{}}, "page-size approve": {pageSizeResult{}}, "page-size back": {pageSizeResult{}},
		"setup": {setupResult{}}, "deployment show": {deploymentView{}}, "deployment promote": {deploymentView{}}, "ready": {readyView{}},
		"config validate": {validation{}}, "config show": {config.Settings{}}, "doctor": {diagnosis{}}, "version": {versionInfo{}}, "schema": {schemasListed{}},
	}
}

// notJSON are commands whose --json is no result of theirs, with the reason.
func notJSON() map[string]string {
	const aScript = "it prints a script for the shell"
	return map[string]string{
		"worker":        "it runs until it is ended, and logs to standard error",
		"audit head":    "it prints the signed head, which is JSON without --json too",
		"config schema": "it prints a JSON schema without --json too",

		"completion bash":       aScript,
		"completion fish":       aScript,
		"completion powershell": aScript,
		"completion zsh":        aScript,
	}
}
