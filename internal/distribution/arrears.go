package distribution

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// duplicate is the reason of a stream's second mention in the registered list.
const duplicate = "duplicate"

// keepArrears puts everybody who got nothing on a reconciled day on the catch-up list. It may be repeated; a day that is
// reconciled again corrects its own list.
func (s *Service) keepArrears(ctx context.Context, v Vault, m domain.Manifest, outcomes []domain.Outcome) error {
	locked, err := s.weighQuarantined(ctx, v, m)
	if err != nil {
		return err
	}
	if err := s.Store.SaveArrears(ctx, v.ID, m.Day, arrearsOf(m, outcomes, locked)); err != nil {
		return fmt.Errorf("save the catch-up list of %s for %s: %w", v.ID, m.Day, err)
	}
	return nil
}

// weighQuarantined gives what each quarantined stream would have locked at the opening, as the streams of the list are
// weighed: from the account's bytes at the opening's second. Where they cannot be believed any more the plan's weight
// stands, and nil is unknown. Without a readable stream nothing is asked of the chain.
func (s *Service) weighQuarantined(ctx context.Context, v Vault, m domain.Manifest) ([]*domain.Amount, error) {
	locked := make([]*domain.Amount, len(m.Quarantined))
	var keys []solana.PublicKey
	var at []int
	for i, q := range m.Quarantined {
		locked[i] = q.Locked
		if m.Opening == nil || !readable(q.Reason) {
			continue
		}
		key, err := solana.PublicKeyFromBase58(q.Stream)
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: quarantined stream %q: %w", v.ID, q.Stream, err)
		}
		keys, at = append(keys, key), append(at, i)
	}
	if len(keys) == 0 {
		return locked, nil
	}
	snap, err := s.Chain.Snapshot(ctx, keys, chain.ReadOptions{Commitment: rpc.CommitmentConfirmed})
	if err != nil {
		return nil, fmt.Errorf("weigh %d quarantined streams of %s: %w", len(keys), v.ID, err)
	}
	for n, key := range keys {
		a := snap.Accounts[key]
		stream, reason := streamflow.Check(a.Owner, streamPrograms, a.Data, v.StreamMint)
		if a.Exists && (reason == streamflow.Valid || readable(string(reason))) {
			locked[at[n]] = asIfValid(stream, m.Quarantined[at[n]].Reason, m.Opening.TS)
		}
	}
	return locked, nil
}

// arrearsOf lists who got nothing on a day and what it would have been: quarantined streams by the counterfactual day,
// those whose page was never reached or whose transfer was not made by the plan's exact amounts. A wrong amount is no
// arrear but an incident. locked are the quarantined streams' weights.
func arrearsOf(m domain.Manifest, outcomes []domain.Outcome, locked []*domain.Amount) []domain.Arrear {
	arrear := func(stream, recipient string, reason domain.Reason, would *domain.Amount, note string) domain.Arrear {
		return domain.Arrear{
			Vault: m.Vault, Day: m.Day, Stream: stream, Recipient: recipient, Reason: reason, Would: would,
			Token: m.Token, State: domain.ArrearOpen, Note: note,
		}
	}
	var out []domain.Arrear
	seen := map[string]bool{}
	for _, o := range outcomes {
		if o.Index < 0 || o.Paid > 0 || o.Planned == 0 || seen[o.Stream] {
			continue // Left out of the list, paid, or nothing was due to him.
		}
		seen[o.Stream] = true
		out = append(out, arrear(o.Stream, o.Recipient, o.Reason, &o.Planned, skipped(o.Reason)))
	}
	would, err := counterfactual(m, locked)
	unknown := 0
	for i, q := range m.Quarantined {
		if locked[i] == nil && q.Reason != duplicate {
			unknown++
		}
	}
	for i, q := range m.Quarantined {
		if q.Reason == duplicate || seen[q.Stream] {
			continue // Its first mention is on the list, or stands here already.
		}
		seen[q.Stream] = true
		note := q.Reason
		switch {
		case err != nil:
			note += fmt.Sprintf("; the amount cannot be computed: %v", err)
		case would[i] == nil:
			note += "; the account's bytes tell no amount"
		case q.Reason == string(streamflow.WrongMint):
			note += "; its tokens are of another mint, counted as if of the right one"
		}
		if would[i] != nil && unknown > 0 {
			note += fmt.Sprintf("; computed without %d quarantined streams that could not be weighed", unknown)
		}
		out = append(out, arrear(q.Stream, knownRecipient(q), domain.ReasonQuarantined, would[i], note))
	}
	return out
}

// skipped says in words why a stream of the list got nothing.
func skipped(r domain.Reason) string {
	switch r {
	case domain.ReasonNotReached:
		return "the day ended before his page"
	case domain.ReasonNoTransfer:
		return "the published program logs the transfer and does not make it"
	default:
		return "his page was turned and paid him nothing"
	}
}

// knownRecipient leaves out a recipient that no bytes named.
func knownRecipient(q domain.Quarantined) string {
	if q.Recipient == (solana.PublicKey{}).String() {
		return ""
	}
	return q.Recipient
}

// retestArrears looks at a vault's unsettled arrears when a new day is planned and stores what it found. The program
// cannot pay them; the state tells people who is back.
func (s *Service) retestArrears(ctx context.Context, v Vault, w View, day domain.Day) error {
	all, err := s.Store.Arrears(ctx, v.ID)
	if err != nil {
		return fmt.Errorf("catch-up list of %s: %w", v.ID, err)
	}
	reread, unread := s.rereadLost(ctx, v, all)
	if reread {
		if all, err = s.Store.Arrears(ctx, v.ID); err != nil {
			return fmt.Errorf("catch-up list of %s: %w", v.ID, err)
		}
	}
	all = slices.DeleteFunc(all, func(a domain.Arrear) bool { return unread[a.Day] && a.Reason == domain.ReasonNotReached })
	tested := retest(all, v, w, day)
	if len(tested) == 0 {
		return nil
	}
	if err := s.Store.SaveRetests(ctx, tested); err != nil {
		return fmt.Errorf("test the catch-up list of %s for %s: %w", v.ID, day, err)
	}
	return nil
}

// rereadLost reconciles each lost day once more before its arrears are tested for the first time: our run gave it up a
// while before its deadline, and until then a stranger could still turn pages of it. Whoever was paid so leaves the
// list; otherwise somebody might pay him again by hand. A day that cannot be read now is tested another time and does
// not hold up the new one.
func (s *Service) rereadLost(ctx context.Context, v Vault, all []domain.Arrear) (reread bool, unread map[domain.Day]bool) {
	unread = map[domain.Day]bool{}
	seen := map[domain.Day]bool{}
	for _, a := range all {
		if a.Reason != domain.ReasonNotReached || a.State == domain.ArrearSettled || a.RetestedOn != "" || seen[a.Day] {
			continue
		}
		seen[a.Day] = true
		m, found, err := s.Store.Manifest(ctx, v.ID, a.Day)
		if err == nil && !found {
			err = errors.New("its manifest is not in the store")
		}
		if err == nil {
			_, _, err = s.Books(ctx, v.ID, a.Day, m.Hash)
		}
		if err != nil {
			s.Log.Warn("a lost day could not be read again: its catch-up list is not tested now", "vault", v.ID, "day", a.Day, "error", err)
			unread[a.Day] = true
			continue
		}
		reread = true
	}
	return reread, unread
}

// retest gives the arrears that a test on a day changes: all unsettled ones once a day, and again when a stream's state
// changed since.
func retest(all []domain.Arrear, v Vault, w View, day domain.Day) []domain.Arrear {
	now := map[string]streamflow.Reason{}
	for _, s := range w.Streams {
		now[s.Key.String()] = s.Reason
	}
	var out []domain.Arrear
	for _, a := range all {
		if a.State == domain.ArrearSettled {
			continue
		}
		was := a
		reason, registered := now[a.Stream]
		a.RetestedOn = day
		switch {
		case !registered:
			a.State, a.Retest = domain.ArrearOpen, "not registered any more"
		case reason != streamflow.Valid:
			a.State, a.Retest = domain.ArrearOpen, string(reason)
		case v.Behaviour == domain.Published:
			a.State, a.Retest = domain.ArrearOpen, "valid, and the published program pays no investor"
		default:
			a.State, a.Retest = domain.ArrearEligible, "valid"
		}
		if a != was {
			out = append(out, a)
		}
	}
	return out
}
