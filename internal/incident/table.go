package incident

import (
	"strings"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Class is what a failure is about. Failures of one class have one cause, whatever vault they hit, and are correlated.
type Class string

// Classes. Those of unknown errors are refined by the code, because two unknown errors have nothing to do with each other.
const (
	ClassBenign   Class = "benign"           // Nothing is wrong: not due, complete, stopped.
	ClassBaseFees Class = "base_fees"        // The position earns base fees: no day can open.
	ClassSecurity Class = "security"         // Somebody or something did what must not be.
	ClassCorrupt  Class = "corruption"       // Books, plan or accounts are not what they were.
	ClassCursor   Class = "cursor"           // The chain's page is not the plan's.
	ClassBooks    Class = "unreconciled"     // Paid otherwise than planned.
	ClassLost     Class = "day_lost"         // The 24 hours are over.
	ClassDeadline Class = "deadline"         // They will be soon.
	ClassTreasury Class = "treasury_short"   // The vault's money is not where it should be.
	ClassPayer    Class = "payer_short"      // The fee payer has too little SOL.
	ClassStream   Class = "stream"           // An investor's stream is not valid.
	ClassAccounts Class = "token_accounts"   // A token account is missing, wrong or frozen.
	ClassPolicy   Class = "policy"           // The terms in the policy account do not work.
	ClassPosition Class = "position"         // The honorary position or its pool.
	ClassProgram  Class = "program"          // Another error of a program.
	ClassTx       Class = "transaction"      // The transaction itself: size, compute, fees, blockhash.
	ClassNetwork  Class = "network"          // Endpoints do not answer, or answer late.
	ClassStore    Class = "store"            // The database does not take or give.
	ClassSigner   Class = "signer"           // The key cannot be used.
	ClassSettings Class = "settings"         // What the settings ask for cannot be.
	ClassDefect   Class = "defect"           // A defect of feeops.
	ClassChannel  Class = "channel"          // A channel to people does not take messages.
	ClassStated   Class = domain.CauseStated // Said by a person or an alert.
	ClassUnknown  Class = "unclassified"     // Nobody thought of it.
	ClassPageSize Class = "page_size"        // 6005 for another reason than the cursor.
)

// Row is one line of the classification (S01–S10).
type Row struct {
	Code     string          // Exact, or a prefix that ends with "/*".
	Class    Class           //
	Severity domain.Severity // Of one vault alone; "" is no incident.
	Title    string          // For people, of one vault.
	Recovery domain.Recovery // What code can do about it.
	Runbook  string          // File in docs/runbooks without .md; needed from medium on.
}

// Response follows from the severity.
func (r Row) Response() domain.Response { return r.Severity.Response() }

const (
	none     = domain.Severity("")
	low      = domain.SeverityLow
	medium   = domain.SeverityMedium
	high     = domain.SeverityHigh
	critical = domain.SeverityCritical
)

// Table is the whole classification. No text of an error decides anything (S04).
func Table() []Row {
	var all []Row
	for _, part := range [][]Row{routerRows, programRows, senderRows, chainRows, storeRows, planRows, dayRows, checkRows, safetyRows, channelRows, backupRows, alertRows, otherRows} {
		all = append(all, part...)
	}
	return all
}

// Look finds the row of a code: the exact one, else the longest prefix, else the one of unknown codes.
func Look(code string) Row {
	best := otherRows[len(otherRows)-1]
	for _, r := range Table() {
		prefix, isPrefix := strings.CutSuffix(r.Code, "*")
		switch {
		case r.Code == code:
			return r
		case isPrefix && strings.HasPrefix(code, prefix) && (len(prefix) > len(best.Code) || best.Class == ClassUnknown):
			best = r
		}
	}
	return best
}

// alertPrefix stands before the id of an alert that became an incident.
const alertPrefix = "alert/"

// Page sizes that the program takes (C08). 6005 also refuses others, and then the cursor is not to blame (S05).
const minPageSize, maxPageSize = 1, domain.MaxPageSize

const codeCursor = "router/6005"

// Verdict is a failure's row, refined by what the failure itself knows.
type Verdict struct {
	Row

	Cause string // Equal causes are correlated across vaults (S02).
}

// Classify judges a failure by its code and its context.
func Classify(f domain.Failure) Verdict {
	row := Look(f.Code)
	if alert, ok := strings.CutPrefix(f.Code, alertPrefix); ok {
		if f.Kind == domain.FailureStated {
			row = Look(alertPrefix + "*") // A person says so: only a person ends it.
		}
		row.Runbook = alert // The catalogue of alerts has one for each.
	}
	switch {
	case f.Code == "" && f.Kind != domain.FailureStated:
		row = byKind(f.Kind)
	case f.Code == codeCursor && f.PageSize != 0 && (f.PageSize < minPageSize || f.PageSize > maxPageSize):
		row = Row{Code: codeCursor, Class: ClassPageSize, Severity: medium, Title: "the program refuses the page size", Runbook: "router-6005"}
	}
	switch {
	case row.Severity == none && (f.Kind == domain.FailureStated || f.Kind == domain.FailureAlert):
		row.Severity = low // Somebody said so: it is an incident, however small.
	case row.Severity == none:
		return Verdict{Row: row, Cause: string(row.Class)}
	case f.Kind == domain.FailureLost, f.Kind == domain.FailureUnreconciled:
		row.Severity = more(row.Severity, high) // Somebody did not get his money, whatever the reason.
	}
	row.Severity = more(row.Severity, f.Severity)
	return Verdict{Row: row, Cause: cause(row, f)}
}

// byKind is for a failure that carries no code: its kind is all that is known of it.
func byKind(k domain.FailureKind) Row {
	switch k {
	case domain.FailureLost:
		return Look("day_lost")
	case domain.FailureUnreconciled:
		return Look("day/unreconciled")
	}
	return Look("unclassified")
}

// cause keeps unknown errors apart from each other.
func cause(r Row, f domain.Failure) string {
	if strings.HasSuffix(r.Code, "*") || r.Class == ClassUnknown || r.Class == ClassStated {
		if f.Code != "" {
			return string(r.Class) + ":" + f.Code
		}
	}
	return string(r.Class)
}

// more is the greater of two severities.
func more(a, b domain.Severity) domain.Severity {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}
