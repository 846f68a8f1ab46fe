package distribution

import (
	"context"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// signatureFee is the base fee of a transaction with one signature, in lamports (CHAIN.md §4).
const signatureFee = 5_000

// tokenAccountRent is the rent-exempt minimum of a 165-byte token account, in lamports.
const tokenAccountRent = 2_039_280

// checkTreasury compares what the treasury must still pay with what it holds. Before the opening nothing is owed from
// it but carried dust; on a continuation everything unpaid must be there (P09).
func checkTreasury(e Evidence) domain.Check {
	c := domain.Check{Row: "P09", Name: "treasury", Threshold: "exists, right mint, not frozen, holds what is still owed"}
	t := e.View.Treasury
	owed := e.owed()
	switch {
	case !t.Exists:
		c.Result, c.Observed, c.Next = domain.CheckFail, "no account at "+t.Address.String(), "Create the treasury token account of the position owner"
	case !t.Valid || t.Owner != e.Vault.Accounts.PositionOwner:
		c.Result, c.Observed = domain.CheckFail, "not a token account of the quote mint owned by the position owner"
	case t.Frozen:
		c.Result, c.Observed, c.Next = domain.CheckFail, "frozen", "Ask the mint's freeze authority"
	default:
		c.Result = verdict(t.Amount >= uint64(owed), domain.CheckFail)
		c.Observed = fmt.Sprintf("holds %d, owes %d base units", t.Amount, owed)
	}
	return c
}

// owed is what the treasury must hold now for the open day to be paid in full.
func (e Evidence) owed() domain.Amount {
	if e.View.Timing().Phase() != domain.PhaseContinue || e.Vault.Behaviour == domain.Published {
		return e.Manifest.Terms.DustIn
	}
	o := e.Manifest.Opening
	if o == nil {
		return 0 // The day's figures are not known here; the reconciliation will.
	}
	total := o.Pool + o.Creator
	return total - min(total, domain.Amount(e.View.Progress.CurrentDayDistributed))
}

func checkPayer(e Evidence) domain.Check {
	need := e.fees()
	have := e.View.PayerLamports
	c := domain.Check{
		Row: "P14", Name: "fee_payer", Observed: fmt.Sprintf("%s holds %d lamports", e.Vault.Payer, have),
		Threshold: fmt.Sprintf("%d lamports for this day and %d in reserve", need, e.Rules.PayerReserve),
		Result:    verdict(have >= need+e.Rules.PayerReserve, domain.CheckWarn),
	}
	switch {
	case e.Vault.Payer.IsZero():
		c.Result, c.Observed, c.Next = domain.CheckUnknown, "the fee payer's key cannot be read here", "Look from the worker's machine, or set signer.keypair_path"
		return c
	case have < need:
		c.Result = domain.CheckFail
	}
	if c.Result != domain.CheckOK {
		c.Next = "Send SOL to the fee payer"
	}
	return c
}

// fees estimates a day's cost in lamports, doubled for transactions that must be signed again.
func (e Evidence) fees() uint64 {
	pages := uint64(len(e.Manifest.Pages))
	perPage := uint64(signatureFee) + e.Rules.UnitPriceCap*1_400_000/1_000_000
	var rent uint64
	for _, entry := range e.Manifest.Entries {
		if entry.NeedsATA {
			rent += tokenAccountRent + signatureFee
		}
	}
	return 2*pages*perPage + rent
}

// Reports are the days that were paid, newest first.
type Reports interface {
	Reports(ctx context.Context, vault string, limit int) ([]domain.DayReport, error)
}

const (
	runwayDays  = 7                // Reported days that the average is taken of.
	runwayReads = 2 * runwayDays   // Reports read of each vault: some know no fee.
	runwayAge   = 10 * time.Minute // How long a payer's cost is believed; a fleet checks 200 vaults in one minute.
)

// Funded is a service whose fee-payer check also says how many days the balance lasts (P14).
type Funded struct {
	*Service
	reports  Reports
	warnDays uint64

	mu    sync.Mutex
	costs map[solana.PublicKey]Cost
}

// NewFunded makes one. A runway of less than warnDays warns; 0 never does.
func NewFunded(s *Service, r Reports, warnDays uint64) *Funded {
	return &Funded{Service: s, reports: r, warnDays: warnDays, costs: map[solana.PublicKey]Cost{}}
}

// Check evaluates and stores every pre-distribution check of a planned day, the runway included.
func (f *Funded) Check(ctx context.Context, id string, day domain.Day, hash string) (domain.Checks, error) {
	v, m, err := f.frozen(ctx, id, day, hash)
	if err != nil {
		return nil, err
	}
	e, err := f.evidence(ctx, v, &m)
	if err != nil {
		return nil, err
	}
	checks := f.Evaluate(ctx, e)
	if err := f.Store.SaveChecks(ctx, id, day, checks); err != nil {
		return nil, fmt.Errorf("save checks of %s for %s: %w", id, day, err)
	}
	return checks, nil
}

// Evaluate is the function of that name with the runway in P14. Reports that cannot be read keep no day from being paid:
// the balance itself was judged already.
func (f *Funded) Evaluate(ctx context.Context, e Evidence) domain.Checks {
	checks := Evaluate(e)
	for i := range checks {
		if checks[i].Row == "P14" && !e.Vault.Payer.IsZero() {
			cost, err := f.Cost(ctx, e.Vault.Payer)
			checks[i] = cost.Judge(checks[i], e.View.PayerLamports, f.warnDays, err)
		}
	}
	return checks
}

// Cost is what a fee payer really spent on fees, in lamports, on the newest reported days of all its vaults together.
type Cost struct {
	Vaults int    // That share the payer.
	Days   uint64 // With a known fee, at most 7; 0 is no data.
	Spent  uint64 // On those days.

	read time.Time
}

// Cost reads a payer's reports. A report without a fee says that none is known, not that the day was free.
func (f *Funded) Cost(ctx context.Context, payer solana.PublicKey) (Cost, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.costs[payer]; ok && f.Now().Sub(known.read).Abs() < runwayAge {
		return known, nil
	}
	cost := Cost{read: f.Now()}
	fees := map[domain.Day]uint64{}
	for id, v := range f.Vaults {
		if v.Payer != payer {
			continue
		}
		cost.Vaults++
		list, err := f.reports.Reports(ctx, id, runwayReads)
		if err != nil {
			return Cost{}, fmt.Errorf("reports of %s: %w", id, err)
		}
		for _, r := range list {
			if r.FeeLamports > 0 {
				fees[r.Day] += r.FeeLamports
			}
		}
	}
	days := slices.Sorted(maps.Keys(fees))
	for _, day := range days[max(0, len(days)-runwayDays):] {
		cost.Days++
		cost.Spent += fees[day]
	}
	f.costs[payer] = cost
	return cost, nil
}

// Lasts is for how many whole days a balance pays at that cost; known is false without data.
func (c Cost) Lasts(lamports uint64) (days uint64, known bool) {
	if c.Days == 0 || c.Spent == 0 {
		return 0, false
	}
	hi, lo := bits.Mul64(lamports, c.Days)
	if hi >= c.Spent {
		return ^uint64(0), true
	}
	days, _ = bits.Div64(hi, lo, c.Spent)
	return days, true
}

// Judge adds the runway to a fee-payer check. It only makes the result worse, and never worse than a warning.
func (c Cost) Judge(check domain.Check, lamports, warnDays uint64, err error) domain.Check {
	check.Threshold += fmt.Sprintf("; lasts %d days", warnDays)
	days, known := c.Lasts(lamports)
	switch {
	case err != nil:
		check.Observed += fmt.Sprintf("; runway not assessed: %v", err)
		return check
	case !known:
		check.Observed += "; runway: no data, no reported day with a fee"
		return check
	}
	check.Observed += fmt.Sprintf("; lasts %d days at %d lamports a day (average of %d reported days, %d vaults of this payer)", days, c.Spent/c.Days, c.Days, c.Vaults)
	if days < warnDays && check.Result == domain.CheckOK {
		check.Result, check.Next = domain.CheckWarn, "Send SOL to the fee payer before it runs dry"
	}
	return check
}

func checkTokenAccounts(e Evidence) domain.Check {
	c := domain.Check{Row: "P15", Name: "token_accounts", Threshold: "creator's account ready; investors' accounts not frozen, missing ones are created first"}
	missing, bad := 0, 0
	for _, entry := range e.Manifest.Entries {
		if entry.NeedsATA {
			missing++
		}
	}
	for _, view := range e.View.Recipients {
		if view.Exists && (!view.Valid || view.Frozen) {
			bad++
		}
	}
	creator := e.View.CreatorToken
	switch {
	case e.Vault.Decimals != nil && *e.Vault.Decimals != e.View.Decimals:
		c.Result, c.Observed = domain.CheckFail, fmt.Sprintf("the quote mint has %d decimals, the settings say %d", e.View.Decimals, *e.Vault.Decimals)
		c.Next = "Another mint was meant, or quote_decimals is wrong: correct quote_mint or quote_decimals of the vault"
	case !creator.Exists:
		c.Result, c.Observed, c.Next = domain.CheckWarn, "creator's token account is missing", "It is created before the first page"
	case !creator.Valid || creator.Frozen:
		c.Result, c.Observed, c.Next = domain.CheckFail, "creator's token account cannot receive", "The closing page would fail: let the creator repair it"
	case bad > 0:
		c.Result, c.Observed = domain.CheckFail, fmt.Sprintf("%d investors' token accounts are frozen or of another mint", bad)
		c.Next = "A page with such an account fails as a whole: thaw it before the day is opened"
	case missing > 0:
		c.Result, c.Observed = domain.CheckWarn, fmt.Sprintf("%d investors have no token account yet", missing)
		c.Next = "They are created before the first page, at the fee payer's cost"
	default:
		c.Result, c.Observed = domain.CheckOK, "all present"
	}
	return c
}

// checkFees refuses to open a day without fees: it would use up the vault's 24 hours and never complete (C12), and a
// day with base fees, which the program refuses with 6001.
func checkFees(e Evidence) domain.Check {
	w := e.View
	c := domain.Check{
		Row: "P16", Name: "claimable_fees", Observed: fmt.Sprintf("quote %d, base %d base units", w.Quote, w.Base),
		Threshold: fmt.Sprintf("quote at least %d, base 0", max(1, e.Rules.MinClaimable)), Result: domain.CheckOK,
	}
	switch {
	case w.Timing().Phase() != domain.PhaseNewDay:
		c.Threshold = "not needed: no day is opened"
	case w.Base > 0:
		c.Result, c.Code, c.Next = domain.CheckFail, "router/6001", "Base fees make the program refuse the day (6001): the position must collect quote fees only"
	case e.Ahead && e.fewFees():
		c.Result, c.Next = domain.CheckWarn, "Too few so far; they go on accruing until the day is opened"
	case e.fewFees():
		c.Result, c.Next = domain.CheckFail, "Wait for fees: an empty day would use up the vault's 24 hours"
	}
	return c
}

// fewFees is true when a day opened now would claim less than the settings want.
func (e Evidence) fewFees() bool { return e.View.Quote < uint64(max(1, e.Rules.MinClaimable)) }

func checkClock(e Evidence) domain.Check {
	drift := e.Wall.Unix() - e.View.ChainTime
	if drift < 0 {
		drift = -drift
	}
	c := domain.Check{
		Row: "P17", Name: "clock_drift", Observed: fmt.Sprintf("%s between this machine and the chain", time.Duration(drift)*time.Second),
		Threshold: fmt.Sprintf("at most %s", time.Duration(e.Rules.ClockSkewWarn)*time.Second), Result: verdict(drift <= e.Rules.ClockSkewWarn, domain.CheckWarn),
	}
	if c.Result != domain.CheckOK {
		c.Next = "The chain's clock decides; set this machine's"
	}
	return c
}
