package incident

import "github.com/meteora-fee-router/feeops/internal/domain"

// routerRows has every error of the router (CHAIN.md §1). 6002 and 6020 are no incident (S06).
var routerRows = []Row{
	{"router/6000", ClassSettings, medium, "the quote mint is not the policy's", domain.RecoverNothing, "router-6000"},
	{"router/6001", ClassBaseFees, critical, "base fees detected", domain.RecoverNothing, "router-6001"},
	{"router/6002", ClassBenign, none, "the program's 24 hours are not over", domain.RecoverNothing, ""},
	{"router/6003", ClassPolicy, medium, "the daily cap is exceeded", domain.RecoverNothing, "router-6003"},
	{"router/6004", ClassPolicy, medium, "a payout is below the minimum", domain.RecoverNothing, "router-6004"},
	{codeCursor, ClassCursor, high, "the chain's cursor is not the plan's", domain.RecoverCursor, "router-6005"},
	{"router/6006", ClassPolicy, high, "the program's arithmetic overflows", domain.RecoverNothing, "router-6006"},
	{"router/6007", ClassStream, medium, "a stream is not valid", domain.RecoverManifest, "router-6007"},
	{"router/6008", ClassSettings, medium, "an address is not the program's", domain.RecoverNothing, "router-6008"},
	{"router/6009", ClassStream, medium, "a stream locks another mint", domain.RecoverManifest, "router-6009"},
	{"router/6010", ClassStream, medium, "a stream is closed", domain.RecoverManifest, "router-6010"},
	{"router/6011", ClassStream, medium, "a stream's times are not in order", domain.RecoverManifest, "router-6011"},
	{"router/6012", ClassStream, medium, "a stream cannot be read", domain.RecoverManifest, "router-6012"},
	{"router/6013", ClassPosition, medium, "the pool cannot collect quote fees only", domain.RecoverNothing, "router-6013"},
	{"router/6014", ClassPosition, high, "the position belongs to somebody else", domain.RecoverNothing, "router-6014"},
	{"router/6015", ClassPosition, medium, "the position's range is not quote-only", domain.RecoverNothing, "router-6015"},
	{"router/6016", ClassAccounts, medium, "the treasury account is missing or wrong", domain.RecoverNothing, "router-6016"},
	{"router/6017", ClassAccounts, medium, "the creator's account is missing or wrong", domain.RecoverAccounts, "router-6017"},
	{"router/6018", ClassTreasury, high, "the treasury holds less than is owed", domain.RecoverNothing, "router-6018"},
	{"router/6019", ClassPolicy, medium, "the investors' share is not valid", domain.RecoverNothing, "router-6019"},
	{"router/6020", ClassBenign, none, "the day is complete", domain.RecoverNothing, ""},
	{"router/6021", ClassProgram, medium, "the day is not complete", domain.RecoverCursor, "router-6021"},
	{"router/6022", ClassPolicy, medium, "Y0 is not valid", domain.RecoverNothing, "router-6022"},
	{"router/6023", ClassPosition, medium, "the pool's tokens are in another order", domain.RecoverNothing, "router-6023"},
	{"router/6024", ClassProgram, medium, "a call from the program failed", domain.RecoverNothing, "router-6024"},
	{"router/6025", ClassAccounts, medium, "an account could not be made", domain.RecoverNothing, "router-6025"},
	{"router/6026", ClassPolicy, medium, "the share is not within 0..10,000 basis points", domain.RecoverNothing, "router-6026"},
	{"router/6027", ClassPolicy, medium, "the minimum payout is not valid", domain.RecoverNothing, "router-6027"},
	{"router/6028", ClassPolicy, medium, "the total allocation is not valid", domain.RecoverNothing, "router-6028"},
	{"router/6029", ClassPolicy, medium, "the daily cap is not valid", domain.RecoverNothing, "router-6029"},
	{"router/6030", ClassPosition, medium, "the fees could not be claimed", domain.RecoverNothing, "router-6030"},
	{"router/6031", ClassTreasury, high, "the treasury's transfer failed", domain.RecoverNothing, "router-6031"},
	{"router/6032", ClassPosition, medium, "the position's fees cannot be read", domain.RecoverNothing, "router-6032"},
	{"router/6033", ClassSettings, medium, "the vault account is not the policy's", domain.RecoverNothing, "router-6033"},
	{"router/6034", ClassStream, medium, "a stream belongs to another program", domain.RecoverManifest, "router-6034"},
}

// programRows are errors of Anchor, of the runtime and of other programs. What nobody knows is at least medium, and
// nothing tries it again by itself (S07).
var programRows = []Row{
	{"anchor/3012", ClassAccounts, medium, "a token account is missing", domain.RecoverAccounts, "account-missing"},
	{"anchor/*", ClassProgram, medium, "the program refuses an account", domain.RecoverNothing, "program-error"},
	{"router/*", ClassProgram, medium, "an unknown error of the router", domain.RecoverNothing, "program-error"},
	{"program/*", ClassProgram, medium, "an unknown error of another program", domain.RecoverNothing, "program-error"},
	{"custom/*", ClassProgram, medium, "an unknown program error", domain.RecoverNothing, "program-error"},
	{"ix/ComputationalBudgetExceeded", ClassTx, medium, "a page needs too much compute", domain.RecoverNothing, "sender-more_units"},
	{"ix/InsufficientFunds", ClassPayer, medium, "the fee payer has too little SOL", domain.RecoverNothing, "payer-low"},
	{"ix/*", ClassProgram, medium, "an instruction failed", domain.RecoverNothing, "program-error"},
	{"tx/BlockhashNotFound", ClassTx, low, "a blockhash was too old", domain.RecoverEndpoint, ""},
	{"tx/AccountInUse", ClassTx, low, "an account was in use", domain.RecoverNothing, ""},
	{"tx/WouldExceedMaxBlockCostLimit", ClassTx, low, "blocks are full", domain.RecoverNothing, ""},
	{"tx/WouldExceedMaxAccountCostLimit", ClassTx, low, "blocks are full for an account", domain.RecoverNothing, ""},
	{"tx/WouldExceedAccountDataBlockLimit", ClassTx, low, "blocks are full of new accounts", domain.RecoverNothing, ""},
	{"tx/ClusterMaintenance", ClassNetwork, low, "the cluster is under maintenance", domain.RecoverNothing, ""},
	{"tx/ResourceExhausted", ClassTx, low, "a node is out of resources", domain.RecoverEndpoint, ""},
	{"tx/AlreadyProcessed", ClassTx, low, "a transaction had landed already", domain.RecoverCursor, ""},
	{"tx/AccountNotFound", ClassPayer, medium, "the fee payer has no SOL", domain.RecoverNothing, "payer-low"},
	{"tx/InsufficientFundsForFee", ClassPayer, medium, "the fee payer has too little SOL", domain.RecoverNothing, "payer-low"},
	{"tx/InsufficientFundsForRent", ClassPayer, medium, "the fee payer has too little SOL", domain.RecoverNothing, "payer-low"},
	{"tx/logs", ClassCorrupt, high, "a transaction cannot be understood", domain.RecoverNothing, "corruption"},
	{"tx/treasury", ClassSecurity, critical, "the treasury lost money that nobody got", domain.RecoverNothing, "security"},
	{"tx/not_served", ClassNetwork, low, "a confirmed transaction is not served yet", domain.RecoverEndpoint, ""},
	{"tx/*", ClassTx, medium, "the transaction is refused", domain.RecoverNothing, "program-error"},
}

// senderRows are what the sender and the signer say. Payer and treasury are apart: one needs SOL, the other has lost
// money (S06).
var senderRows = []Row{
	{"account_missing", ClassAccounts, medium, "a token account is missing", domain.RecoverAccounts, "account-missing"},
	{"account_frozen", ClassAccounts, medium, "a recipient's account is frozen", domain.RecoverManifest, "account-frozen"},
	{"payer_low", ClassPayer, medium, "the fee payer has too little SOL", domain.RecoverNothing, "payer-low"},
	{"payer_budget", ClassPayer, medium, "the fee payer has spent its daily fees", domain.RecoverNothing, "payer-budget"},
	{"treasury_low", ClassTreasury, high, "the treasury holds less than is owed", domain.RecoverNothing, "treasury-low"},
	{"more_units", ClassTx, medium, "a page needs too much compute", domain.RecoverNothing, "sender-more_units"},
	{"stopped", ClassBenign, none, "a stop is in force", domain.RecoverNothing, ""},
	{"sender/unsettled", ClassTx, low, "a signature may still land", domain.RecoverNothing, ""},
	{"sender/expired", ClassTx, low, "a signature has expired", domain.RecoverNothing, ""},
	{"sender/store", ClassStore, medium, "the store does not take signatures", domain.RecoverNothing, "sender-store"},
	{"sender/busy", ClassTx, low, "another worker holds the vault", domain.RecoverNothing, ""},
	{"sender/bug", ClassDefect, high, "the sender was asked for what cannot be", domain.RecoverNothing, "sender-bug"},
	{"sender/fee_cap", ClassSettings, medium, "the fee cap is below the base fee", domain.RecoverNothing, "sender-fee_cap"},
	{"sender/too_large", ClassTx, medium, "a page does not fit a transaction", domain.RecoverManifest, "sender-too_large"},
	{"signer/broken", ClassSecurity, critical, "the signer's signature is not of its key", domain.RecoverNothing, "security"},
	{"signer/refused", ClassSecurity, critical, "the signing policy refused a message", domain.RecoverNothing, "security"},
	{"signer/key", ClassSigner, medium, "the key cannot be used", domain.RecoverNothing, "signer-key"},
	{"signer/denied", ClassSigner, high, "the key service does not let the worker sign", domain.RecoverNothing, "signer-key"},
	{"signer/rotated", ClassSigner, high, "the key service holds another key", domain.RecoverNothing, "signer-key"},
	{"signer/tls", ClassSigner, high, "the key service's certificate is not accepted", domain.RecoverNothing, "signer-key"},
	{"signer/sealed", ClassSigner, medium, "the key service is sealed", domain.RecoverNothing, "signer-key"},
	{"signer/unreachable", ClassSigner, low, "the key service does not answer", domain.RecoverNothing, ""},
	{"signer/throttled", ClassSigner, low, "the key service limits us", domain.RecoverNothing, ""},
	{"signer/spend", ClassPayer, high, "the fee payer has reached its cap of spending", domain.RecoverNothing, "payer-budget"},
	{"signer/ledger", ClassStore, medium, "what the key spends cannot be recorded", domain.RecoverNothing, "sender-store"},
}

// chainRows are the endpoints.
var chainRows = []Row{
	{"rpc/all_down", ClassNetwork, medium, "no endpoint answers", domain.RecoverEndpoint, "rpc-all_down"},
	{"rpc/429", ClassNetwork, low, "the endpoints limit us", domain.RecoverEndpoint, ""},
	{"rpc/unavailable", ClassNetwork, low, "an endpoint does not answer", domain.RecoverEndpoint, ""},
	{"rpc/behind", ClassNetwork, low, "the endpoints are behind", domain.RecoverEndpoint, ""},
	{"rpc/refused", ClassNetwork, medium, "the endpoints refuse the request", domain.RecoverEndpoint, "rpc-refused"},
	{"rpc/lost", ClassNetwork, low, "a reply was lost", domain.RecoverEndpoint, ""},
	{"table/changed", ClassTx, low, "a lookup table was changed by somebody else", domain.RecoverNothing, ""},
	{"table/not_served", ClassNetwork, low, "a lookup table is not served yet", domain.RecoverEndpoint, ""},
	{"history/incomplete", ClassNetwork, medium, "the history has gaps", domain.RecoverEndpoint, "history-incomplete"},
	{"opening/not_served", ClassNetwork, low, "the opening is not served yet", domain.RecoverEndpoint, ""},
	{"finality/waiting", ClassNetwork, low, "finality is slow", domain.RecoverNothing, ""},
	{"finality/slow", ClassNetwork, low, "finality is slow", domain.RecoverNothing, ""},
	{"not_due_yet", ClassBenign, none, "by a node's clock the day is not due", domain.RecoverNothing, ""},
}

// storeRows are the database.
var storeRows = []Row{
	{"store/locked", ClassStore, medium, "the database is locked", domain.RecoverNothing, "store-locked"},
	{"store/full", ClassStore, medium, "the disk is full", domain.RecoverNothing, "store-full"},
	{"store/read_only", ClassStore, medium, "the database cannot be written", domain.RecoverNothing, "store-read_only"},
	{"store/not_a_database", ClassCorrupt, high, "the file is not a database", domain.RecoverNothing, "store-corrupt"},
	{"store/corrupt", ClassCorrupt, high, "the database is damaged", domain.RecoverNothing, "store-corrupt"},
	{"store/newer", ClassSettings, medium, "the database is of a newer feeops", domain.RecoverNothing, "store-newer"},
	{"store/unreachable", ClassStore, medium, "the database cannot be reached", domain.RecoverNothing, "store-unreachable"},
	{"store/login", ClassStore, medium, "the database refuses the login", domain.RecoverNothing, "store-unreachable"},
	{"store/no_database", ClassStore, medium, "there is no such database", domain.RecoverNothing, "store-unreachable"},
	{"store/denied", ClassStore, medium, "the database denies what is needed", domain.RecoverNothing, "store-unreachable"},
	{"store/audit", ClassSecurity, critical, "the audit log was changed", domain.RecoverNothing, "security"},
	{"store/refused", ClassDefect, medium, "the store refused a change", domain.RecoverNothing, "store-refused"},
}

// planRows are the frozen plan and the vault's accounts.
var planRows = []Row{
	{"manifest/missing", ClassStore, medium, "the day's plan is gone", domain.RecoverManifest, "manifest-missing"},
	{"manifest/changed", ClassCorrupt, high, "the day's plan is another one", domain.RecoverNothing, "corruption"},
	{"manifest/corrupt", ClassCorrupt, high, "the day's plan was changed in the store", domain.RecoverNothing, "corruption"},
	{"manifest/unproved", ClassCorrupt, high, "the plan that was made again is not the day's", domain.RecoverNothing, "corruption"},
	{"manifest/opened", ClassCorrupt, high, "a plan was opened before its day", domain.RecoverNothing, "corruption"},
	{"manifest/cursor", ClassCursor, high, "no page of the plan begins at the cursor", domain.RecoverCursor, "manifest-cursor"},
	{"intent/signature", ClassCorrupt, high, "a stored signature is none", domain.RecoverNothing, "corruption"},
	{"run/foreign_id", ClassSettings, medium, "a day was started under an id of somebody's choice", domain.RecoverNothing, "vault-settings"},
	{"fleet/too_large", ClassSettings, medium, "more vaults than one fleet run can carry", domain.RecoverNothing, "vault-settings"},
	{"vault/unknown", ClassSettings, medium, "the vault is not in the settings", domain.RecoverNothing, "vault-settings"},
	{"vault/progress_bad", ClassCorrupt, high, "the progress account cannot be understood", domain.RecoverCursor, "vault-account"},
	{"vault/policy_bad", ClassCorrupt, high, "the policy account cannot be understood", domain.RecoverNothing, "vault-account"},
	{"vault/*", ClassSettings, medium, "an account of the vault is not as the settings say", domain.RecoverEndpoint, "vault-settings"},
	{"investor/unknown", ClassBenign, none, "no such investor", domain.RecoverNothing, ""},
	{"preflight/cursor", ClassCursor, high, "the page would move the cursor elsewhere", domain.RecoverCursor, "preflight"},
	{"preflight/closes_early", ClassBooks, high, "the page would close the day early", domain.RecoverManifest, "preflight"},
	{"preflight/stays_open", ClassBooks, high, "the last page would not close the day", domain.RecoverManifest, "preflight"},
	{"preflight/amount", ClassBooks, high, "the page would pay another amount", domain.RecoverManifest, "preflight"},
	{"preflight/compute", ClassTx, high, "the page needs more compute than a transaction may use", domain.RecoverNothing, "preflight"},
	{"preflight/behaviour", ClassSettings, medium, "the program behaves otherwise than set", domain.RecoverNothing, "preflight"},
}

// dayRows are ends and waits of a day that no fault code says.
var dayRows = []Row{
	{"day_lost", ClassLost, high, "the day cannot be paid to its end", domain.RecoverNothing, "day-lost"},
	{"day/unreconciled", ClassBooks, high, "the books do not equal the chain", domain.RecoverNothing, "day-unreconciled"},
	{"day/books", ClassBooks, high, "the books could not be made", domain.RecoverEndpoint, "day-unreconciled"},
	{"day/stalled", ClassCursor, high, "pages are sent and the cursor does not move", domain.RecoverCursor, "day-stalled"},
	{"day/rehearsal", ClassBooks, high, "the rehearsal refuses the day", domain.RecoverManifest, "preflight"},
}

// checkRows are the pre-distribution checks that can refuse a day (P01–P21), for the reasons without a code of their own.
var checkRows = []Row{
	{"check/P02", ClassNetwork, medium, "the chain's clock is before the last opening", domain.RecoverEndpoint, "check-P02"},
	{"check/P04", ClassStream, medium, "too many streams are not valid", domain.RecoverManifest, "check-P04"},
	{"check/P06", ClassNetwork, medium, "not everything could be read", domain.RecoverEndpoint, "rpc-all_down"},
	{"check/P09", ClassTreasury, high, "the treasury does not hold what is owed", domain.RecoverNothing, "treasury-low"},
	{"check/P10", ClassNetwork, medium, "no endpoint is usable", domain.RecoverEndpoint, "rpc-all_down"},
	{"check/P12", ClassNetwork, medium, "no endpoint is fresh", domain.RecoverEndpoint, "rpc-all_down"},
	{"check/P13", ClassBenign, none, "a stop is in force", domain.RecoverNothing, ""},
	{"check/P14", ClassPayer, medium, "the fee payer has too little SOL", domain.RecoverNothing, "payer-low"},
	{"check/P15", ClassAccounts, medium, "a token account is missing, wrong or frozen", domain.RecoverAccounts, "check-P15"},
	{"check/P16", ClassPolicy, low, "there are too few fees to open a day", domain.RecoverNothing, ""},
	{"check/P18", ClassSecurity, critical, "the program is another one", domain.RecoverNothing, "security"},
	{"check/P19", ClassSettings, medium, "the investor list is not right", domain.RecoverNothing, "check-P19"},
	{"check/P20", ClassLost, medium, "the time to the deadline does not suffice", domain.RecoverNothing, "day-lost"},
	{"check/P21", ClassSettings, medium, "a page does not fit a transaction", domain.RecoverNothing, "sender-too_large"},
	{"check/C16", ClassSettings, medium, "the program does not pay investors", domain.RecoverNothing, "check-C16"},
	{"check/*", ClassUnknown, medium, "a check refuses the day", domain.RecoverNothing, "unclassified"},
}

// safetyRows are the safety switch. What it refuses is audited; a run that is not told to stop stands before a closed gate.
var safetyRows = []Row{
	{"refused/*", ClassBenign, none, "the safety switch refuses it", domain.RecoverNothing, ""},
	{"safety/runs", ClassNetwork, low, "runs were not told to stop; their gate is closed", domain.RecoverNothing, ""},
	{"drill/slow", ClassDefect, medium, "a stop would take longer than a second", domain.RecoverNothing, "drill-stop"},
	{"drill/unseen", ClassDefect, medium, "a drill was not seen at the gate", domain.RecoverNothing, "drill-stop"},
}

// channelRows are failures of telling people. They move no money; a channel that is down is an alert's business.
var channelRows = []Row{
	{"notify/*", ClassChannel, low, "a message cannot be told", domain.RecoverNothing, ""},
	{"slack/*", ClassChannel, low, "Slack does not take messages", domain.RecoverNothing, ""},
	{"discord/*", ClassChannel, low, "Discord does not take messages", domain.RecoverNothing, ""},
	{"pagerduty/*", ClassChannel, low, "PagerDuty does not take messages", domain.RecoverNothing, ""},
	{"email/*", ClassChannel, low, "the mail server does not take messages", domain.RecoverNothing, ""},
	{"webhook/*", ClassChannel, low, "a webhook does not take messages", domain.RecoverNothing, ""},
	{"console/*", ClassChannel, low, "the console does not take messages", domain.RecoverNothing, ""},
	{"heartbeat/*", ClassChannel, low, "the heartbeat is not heard", domain.RecoverNothing, ""},
}

// backupRows are backups that cannot be made or read. The alert backup_failed tells of a newest one that is bad or old.
var backupRows = []Row{
	{"backup/tampered", ClassSecurity, medium, "an archive was changed after it was made", domain.RecoverNothing, "backup-tampered"},
	{"backup/unsigned", ClassSecurity, medium, "an archive that no known key signed", domain.RecoverNothing, "backup-tampered"},
	{"backup/*", ClassSettings, low, "a backup cannot be made or read", domain.RecoverNothing, ""},
}

// alertRows are the alerts that open incidents. Each has the class that a run which fails by the same thing has, so that
// both belong to one incident. How grave it is the alert says.
var alertRows = []Row{
	{"alert/deadline_30m", ClassDeadline, low, "half an hour to the deadline", domain.RecoverNothing, ""},
	{"alert/day_lost", ClassLost, low, "a day was lost", domain.RecoverNothing, ""},
	{"alert/base_fee_detected", ClassBaseFees, low, "base fees in the position", domain.RecoverNothing, ""},
	{"alert/program_upgraded", ClassSecurity, low, "the router program has changed", domain.RecoverNothing, ""},
	{"alert/reconcile_mismatch", ClassBooks, low, "the books differ from the chain", domain.RecoverNothing, ""},
	{"alert/rpc_all_down", ClassNetwork, low, "no endpoint is usable", domain.RecoverNothing, ""},
	{"alert/audit_broken", ClassSecurity, low, "the audit log was changed", domain.RecoverNothing, ""},
}

// otherRows are stated failures and the unknown. The last row is that of every code that stands nowhere.
var otherRows = []Row{
	{"incident/refused", ClassBenign, none, "the incident cannot be changed so", domain.RecoverNothing, ""},
	{"incident/unknown", ClassBenign, none, "there is no such incident", domain.RecoverNothing, ""},
	{"security/*", ClassSecurity, critical, "a security signal", domain.RecoverNothing, "security"},
	{"alert/*", ClassStated, low, "an alert", domain.RecoverNothing, ""},
	{"manual", ClassStated, low, "opened by hand", domain.RecoverNothing, "manual"},
	{"unclassified", ClassUnknown, medium, "an error that nobody classified", domain.RecoverNothing, "unclassified"},
}
