package distribution

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/sender"
)

// Rehearsal is a simulated page held against the plan.
type Rehearsal struct {
	OK     bool
	Reason string
	Code   string
	Units  uint64
	Paid   domain.Amount
	Closes bool
	Replan bool // The list changed since the snapshot: plan again.
}

// Rehearse simulates the page at cursor and refuses a day that would close early, skip or pay anybody but the plan's
// recipients (X21, P16). Nothing is signed.
func (s *Service) Rehearse(ctx context.Context, id string, day domain.Day, hash string, cursor uint32) (Rehearsal, error) {
	v, m, err := s.frozen(ctx, id, day, hash)
	if err != nil {
		return Rehearsal{}, err
	}
	send, err := s.Sender(id)
	if err != nil {
		return Rehearsal{}, err
	}
	page, err := s.pageThatFits(ctx, send, v, m, cursor, m.PageSize)
	if err != nil {
		return Rehearsal{}, err
	}
	keys, err := s.watched(v, m, page.plan)
	if err != nil {
		return Rehearsal{}, err
	}
	before, err := s.Chain.Snapshot(ctx, keys, chain.ReadOptions{Commitment: rpc.CommitmentConfirmed})
	if err != nil {
		return Rehearsal{}, fmt.Errorf("balances before the rehearsal of %s: %w", id, err)
	}
	sim, err := s.simulated(ctx, send, v, page, keys)
	switch {
	case err != nil:
		return Rehearsal{}, err
	case sim.Err != nil && sender.OverLimit(sim.Err.Code(), sim.Units):
		return s.rehearseShorter(ctx, send, v, m, page)
	case sim.Err != nil:
		return refused(sim), nil //nolint:nilerr // What the chain refuses is the answer here, not a failure.
	}
	if err := s.measure(ctx, page, sim.Units, 0); err != nil {
		return Rehearsal{}, err
	}
	r, err := judge(v, m, page, keys, before, sim)
	if err != nil || !r.OK || v.Behaviour != domain.Reference || m.Opening != nil || cursor != 0 {
		return r, err
	}
	return s.judgeExactly(ctx, v, m, page, before, sim, r)
}

// simulated asks what a page would do now. Nothing is signed.
func (s *Service) simulated(ctx context.Context, send Sender, v Vault, p page, keys []solana.PublicKey) (chain.SimResult, error) {
	raw, err := send.Build(ctx, p.Request)
	if err != nil {
		return chain.SimResult{}, fmt.Errorf("build page at cursor %d of %s: %w", p.plan.Cursor, v.ID, err)
	}
	sim, err := s.Chain.Simulate(ctx, raw, keys)
	if err != nil {
		return chain.SimResult{}, fmt.Errorf("rehearse page at cursor %d of %s: %w", p.plan.Cursor, v.ID, err)
	}
	return sim, nil
}

// watched are the accounts whose state before and after tells what a page does: progress, treasury, creator, and the
// page's token accounts.
func (s *Service) watched(v Vault, m domain.Manifest, plan domain.PagePlan) ([]solana.PublicKey, error) {
	keys := []solana.PublicKey{v.Accounts.Progress, v.Accounts.Treasury, v.Accounts.Creator}
	seen := map[string]bool{}
	for _, e := range m.Entries[plan.Cursor : int(plan.Cursor)+plan.Count] {
		if seen[e.ATA] {
			continue
		}
		seen[e.ATA] = true
		key, err := solana.PublicKeyFromBase58(e.ATA)
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: entry %d: token account %q: %w", v.ID, e.Index, e.ATA, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// refused explains a simulation that failed.
func refused(sim chain.SimResult) Rehearsal {
	r := Rehearsal{Units: sim.Units, Code: sim.Err.Code()}
	r.Reason = fmt.Sprintf("the program refuses the page: %s", sim.Err)
	if sim.Err.Custom != nil {
		code := router.Code(*sim.Err.Custom)
		r.Replan = code == router.CodeStreamflowValidationFailed || code == router.CodeInvalidStreamflowAccountOwner || code == router.CodeAccountNotInitialized
	}
	return r
}

// judge compares the simulated end state with the plan.
func judge(v Vault, m domain.Manifest, p page, keys []solana.PublicKey, before chain.Snapshot, sim chain.SimResult) (Rehearsal, error) {
	r := Rehearsal{Units: sim.Units}
	end := p.plan.Cursor + p.size
	after := make(map[solana.PublicKey]chain.Account, len(sim.Accounts))
	for _, a := range sim.Accounts {
		after[a.Key] = a
	}
	at := after[v.Accounts.Progress]
	progress, err := router.DecodeProgress(at.Owner, v.Program, at.Data)
	if err != nil {
		return r, vaultFault(v, "progress_bad", fmt.Errorf("rehearsed progress: %w", err), "")
	}
	r.Closes = progress.DayComplete
	last := int(end) >= len(m.Entries)
	for _, key := range keys[3:] {
		gained := grown(before.Accounts[key], after[key], key, v.QuoteMint)
		if key == v.Accounts.Creator && r.Closes {
			gained -= min(gained, creatorShare(m)) // He is an investor too; his part as the creator is no payout.
		}
		r.Paid += gained
	}
	creator := grown(before.Accounts[v.Accounts.Creator], after[v.Accounts.Creator], v.Accounts.Creator, v.QuoteMint)
	was := before.Accounts[v.Accounts.Progress]
	earlier, err := router.DecodeProgress(was.Owner, v.Program, was.Data)
	if err != nil {
		return r, vaultFault(v, "progress_bad", fmt.Errorf("progress before the rehearsal: %w", err), "")
	}
	distributed := earlier.CurrentDayDistributed
	if p.plan.Cursor == 0 {
		distributed = 0 // The account still shows yesterday's sum; the opening begins a new one.
	}
	planned, err := plannedFor(m, p.plan, distributed)
	if err != nil {
		return r, vaultFault(v, "arithmetic", err, "")
	}
	switch {
	case progress.PaginationCursor != end:
		r.Code, r.Reason = "preflight/cursor", fmt.Sprintf("the cursor would go to %d, not %d: the page would turn nothing or skip investors", progress.PaginationCursor, end)
	case r.Closes && !last:
		r.Code, r.Reason = "preflight/closes_early", fmt.Sprintf("page 1 of %d would close the day and pay the creator %d: later investors would get nothing (X21)", len(m.Pages), creator)
	case !r.Closes && last:
		r.Code, r.Reason = "preflight/stays_open", "the last page would not close the day"
	case v.Behaviour == domain.Reference && !near(r.Paid, planned):
		r.Code, r.Reason, r.Replan = "preflight/amount", fmt.Sprintf("the page would pay %d base units, the plan says %d", r.Paid, planned), true
	case v.Behaviour == domain.Published && r.Paid != 0:
		r.Code, r.Reason = "preflight/behaviour", fmt.Sprintf("the page would pay %d base units, and the published program pays investors nothing: check behaviour in the settings", r.Paid)
	default:
		r.OK = true
	}
	return r, nil
}

// creatorShare is what the close pays the creator: exact once the day is open.
func creatorShare(m domain.Manifest) domain.Amount {
	if m.Opening != nil {
		return m.Opening.Creator
	}
	return m.Creator
}

// near allows for the seconds between the snapshot and the rehearsal, in which streams go on vesting: one per cent.
// The amounts are exact from the opening on, and the reconciliation allows nothing.
func near(a, b domain.Amount) bool {
	if a < b {
		a, b = b, a
	}
	return a-b <= a/100
}

// grown is what a token account gained.
func grown(before, after chain.Account, key, mint solana.PublicKey) domain.Amount {
	was, is := tokenView(before, key, mint), tokenView(after, key, mint)
	if is.Amount <= was.Amount {
		return 0
	}
	return domain.Amount(is.Amount - was.Amount)
}
