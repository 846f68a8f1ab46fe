package distribution

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// Evidence is everything that the checks look at. It is collected first, so that every check is evaluated whatever
// another one says (P01).
type Evidence struct {
	Vault     Vault
	Rules     Rules
	View      View
	Manifest  domain.Manifest
	Last      *domain.Manifest // The vault's manifest before this one, if any (P18).
	Endpoints []EndpointView
	Requests  uint64 // Requests that the view took (P07).
	BooksOpen bool   // The chain closed the day that we planned, and our books of it are not finished.
	Flags     []domain.SafetyFlag
	FlagsErr  error     // The flags could not be read: that is "stopped", never "open".
	Wall      time.Time // This machine's clock.
	SlotTime  time.Duration
	Ahead     bool // The day is planned before it is due: what can be claimed so far is a lower bound.
}

// EndpointView is an endpoint's health as the pool judges it (P10–P12).
type EndpointView struct {
	Name      string
	Usable    bool
	Reason    string
	Slot, Lag uint64
	Advancing bool
}

// Evaluate runs all pre-distribution checks, P01 to P21, in the order of the requirements.
func Evaluate(e Evidence) domain.Checks {
	checks := domain.Checks{
		checkTiming(e), checkStreams(e), checkInvalidShare(e), checkDecoding(e), checkReads(e), checkSnapshot(e),
		checkQuarantine(e), checkTreasury(e), checkEndpoints(e), checkNodeHealth(e), checkFreshness(e), checkGate(e),
		checkPayer(e), checkTokenAccounts(e), checkFees(e), checkClock(e), checkUnchanged(e), checkList(e),
		checkTimeLeft(e), checkPageFits(e), checkProgram(e),
	}
	if e.View.Timing().Phase() == domain.PhaseContinue {
		soften(checks)
	}
	return append(domain.Checks{{
		Row: "P01", Name: "all_evaluated", Result: domain.CheckOK,
		Observed: fmt.Sprintf("%d checks evaluated", len(checks)), Threshold: fmt.Sprintf("%d", len(checks)),
	}}, checks...)
}

// ofOpening are the checks that decide whether a day may be opened. Once it is open, refusing to go on for one of them
// would only lose the investors that are left: its list and its terms are frozen.
var ofOpening = []string{"P03", "P04", "P15", "P16", "P18", "P19", "P20"}

// soften turns their failures into warnings.
func soften(checks domain.Checks) {
	for i := range checks {
		if c := &checks[i]; c.Result == domain.CheckFail && slices.Contains(ofOpening, c.Row) {
			c.Result = domain.CheckWarn
		}
	}
}

// verdict is ok or the given result.
func verdict(ok bool, otherwise domain.CheckResult) domain.CheckResult {
	if ok {
		return domain.CheckOK
	}
	return otherwise
}

func checkTiming(e Evidence) domain.Check {
	c := domain.Check{Row: "P02", Name: "timing", Threshold: "a new day is due or the open day has pages left, by the chain's clock"}
	t := e.View.Timing()
	switch t.Phase() {
	case domain.PhaseNewDay:
		c.Result, c.Observed = domain.CheckOK, fmt.Sprintf("due since %s", time.Duration(t.ChainNow-t.Due())*time.Second)
		if t.NeverRun() {
			c.Observed = "never run: due now"
		}
	case domain.PhaseContinue:
		c.Result, c.Observed = domain.CheckOK, fmt.Sprintf("day open at cursor %d", e.View.Progress.PaginationCursor)
	case domain.PhaseBackwards:
		c.Result, c.Observed = domain.CheckFail, fmt.Sprintf("chain clock is %d s before the last opening", t.LastTS-t.ChainNow)
		c.Next = "Wait: the program answers 6002 until its clock has caught up. Look whether the endpoints are of the right network"
	default:
		// Not due is an outcome, not a failure: nothing is wrong with the vault.
		c.Result, c.Observed = domain.CheckOK, fmt.Sprintf("not due: %s to go", t.UntilDue())
	}
	return c
}

// reasons counts refused streams by reason, in a stable order.
func reasons(w View) (invalid int, text string) {
	count := map[streamflow.Reason]int{}
	for _, s := range w.Streams {
		if s.Reason != streamflow.Valid {
			count[s.Reason]++
			invalid++
		}
	}
	var parts []string
	for reason, n := range count {
		parts = append(parts, fmt.Sprintf("%d %s", n, reason))
	}
	slices.Sort(parts)
	return invalid, strings.Join(parts, ", ")
}

func checkStreams(e Evidence) domain.Check {
	invalid, text := reasons(e.View)
	n := len(e.View.Streams)
	c := domain.Check{
		Row: "P03", Name: "streams_valid", Result: verdict(invalid == 0, domain.CheckWarn),
		Observed:  fmt.Sprintf("%d of %d valid", n-invalid, n),
		Threshold: fmt.Sprintf("owner Streamflow, magic, mint %s, not closed, times in order", e.Vault.StreamMint),
	}
	if invalid > 0 {
		c.Observed += ": " + text
		c.Next = "Refused streams are kept out of the pages; look at their owners"
	}
	return c
}

// allowedInvalid is the integer rule behind P04: the percentage rounded up, so that one closed stream does not block a
// small vault, as the document's 0.95·n did.
func allowedInvalid(n, percent int) int { return (n*percent + 99) / 100 }

func checkInvalidShare(e Evidence) domain.Check {
	invalid, _ := reasons(e.View)
	n := len(e.View.Streams)
	allowed := allowedInvalid(n, e.Rules.MaxInvalidPercent)
	c := domain.Check{
		Row: "P04", Name: "invalid_share", Result: verdict(n > 0 && invalid <= allowed && invalid < n, domain.CheckFail),
		Observed: fmt.Sprintf("%d of %d invalid", invalid, n), Threshold: fmt.Sprintf("at most %d (%d%%, rounded up), at least one valid", allowed, e.Rules.MaxInvalidPercent),
	}
	if c.Result == domain.CheckFail {
		c.Next = "Correct the vault's stream list or raise distribution.max_invalid_streams_percent"
	}
	return c
}

func checkDecoding(e Evidence) domain.Check {
	short := 0
	for _, s := range e.View.Streams {
		if s.Reason == streamflow.TooShort || s.Reason == streamflow.NoMagic {
			short++
		}
	}
	return domain.Check{
		Row: "P05", Name: "streams_decoded", Result: verdict(short == 0, domain.CheckWarn),
		Observed: fmt.Sprintf("%d of %d decoded in full", len(e.View.Streams)-short, len(e.View.Streams)), Threshold: "every account decoded, not only present",
	}
}

func checkReads(e Evidence) domain.Check {
	return domain.Check{
		Row: "P06", Name: "reads_known", Result: verdict(len(e.View.Streams) == len(e.Vault.Streams), domain.CheckUnknown),
		Observed: fmt.Sprintf("%d of %d streams read", len(e.View.Streams), len(e.Vault.Streams)), Threshold: "every stream read: a failed read is not an invalid stream",
	}
}

func checkSnapshot(e Evidence) domain.Check {
	spread := e.View.MaxSlot - e.View.MinSlot
	return domain.Check{
		Row: "P07", Name: "snapshot", Result: verdict(spread <= 32, domain.CheckWarn),
		Observed:  fmt.Sprintf("slots %d–%d, %d requests", e.View.MinSlot, e.View.MaxSlot, e.Requests),
		Threshold: "100 accounts a request, at most 32 slots apart",
	}
}

func checkQuarantine(e Evidence) domain.Check {
	c := domain.Check{
		Row: "P08", Name: "quarantine", Result: verdict(len(e.Manifest.Quarantined) == 0, domain.CheckWarn),
		Observed: "none", Threshold: "no registered stream left out",
	}
	if n := len(e.Manifest.Quarantined); n > 0 {
		first := e.Manifest.Quarantined[0]
		c.Observed = fmt.Sprintf("%d left out, first: %s (%s)", n, first.Stream, first.Reason)
	}
	return c
}

func checkEndpoints(e Evidence) domain.Check {
	usable := 0
	var why []string
	for _, p := range e.Endpoints {
		if p.Usable {
			usable++
		} else {
			why = append(why, p.Name+": "+p.Reason)
		}
	}
	c := domain.Check{
		Row: "P10", Name: "rpc_available", Observed: fmt.Sprintf("%d of %d endpoints usable", usable, len(e.Endpoints)), Threshold: "at least one; two to compare",
		Result: verdict(usable == len(e.Endpoints), domain.CheckWarn),
	}
	if usable == 0 {
		c.Result = domain.CheckUnknown // Endpoints rest and come back; the day asks again before it gives up.
	}
	if len(why) > 0 {
		c.Observed += " (" + strings.Join(why, "; ") + ")"
		c.Next = "Look at the endpoint or replace it in rpc.endpoints"
	}
	return c
}

func checkNodeHealth(e Evidence) domain.Check {
	still := 0
	for _, p := range e.Endpoints {
		if p.Usable && !p.Advancing {
			still++
		}
	}
	return domain.Check{
		Row: "P11", Name: "rpc_advancing", Result: verdict(still == 0, domain.CheckWarn),
		Observed: fmt.Sprintf("%d usable endpoints stand still", still), Threshold: "0: getHealth alone is not believed",
	}
}

func checkFreshness(e Evidence) domain.Check {
	var lag uint64
	for _, p := range e.Endpoints {
		if p.Usable {
			lag = max(lag, p.Lag)
		}
	}
	return domain.Check{
		Row: "P12", Name: "rpc_fresh", Result: verdict(len(e.Endpoints) > 0, domain.CheckUnknown),
		Observed: fmt.Sprintf("usable endpoints at most %d slots behind the newest", lag), Threshold: "the pool leaves out what lags more than rpc.max_slot_lag",
	}
}

func checkGate(e Evidence) domain.Check {
	c := domain.Check{Row: "P13", Name: "safety_gate", Result: domain.CheckOK, Observed: "open", Threshold: "no stop, isolation or pause; flags readable"}
	switch {
	case e.FlagsErr != nil:
		c.Result, c.Observed, c.Next = domain.CheckFail, "unreadable: "+e.FlagsErr.Error(), "Repair the store: an unreadable flag counts as stopped"
	case len(e.Flags) > 0:
		f := e.Flags[0]
		c.Result, c.Observed = domain.CheckFail, fmt.Sprintf("%s by %s: %s", f.Kind, f.Actor, f.Reason)
		c.Next = "Lift the stop when its reason is gone"
	}
	return c
}
