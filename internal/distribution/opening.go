package distribution

import (
	"context"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// FixOpening makes the day's figures exact: the first page fixed the claim and the moment at which the streams were
// weighed. It is stored once and may be called again. An opening that was rolled back and landed again, at another
// second and with another claim, is worked out anew.
func (s *Service) FixOpening(ctx context.Context, id string, day domain.Day, hash string) (domain.Opening, error) {
	v, m, err := s.frozen(ctx, id, day, hash)
	if err != nil {
		return domain.Opening{}, err
	}
	t, err := s.tick(ctx, v, rpc.CommitmentConfirmed, 0)
	if err != nil {
		return domain.Opening{}, err
	}
	if m.Opening != nil && m.Opening.TS == t.progress.LastDistributionTS {
		return *m.Opening, nil
	}
	if m.Opening != nil {
		if err := s.Store.ClearOpening(ctx, id, day); err != nil {
			return domain.Opening{}, fmt.Errorf("take back the opening of %s for %s: %w", id, day, err)
		}
		m.Opening = nil
	}
	first, err := s.openingPage(ctx, v, m, t.progress)
	if err != nil {
		return domain.Opening{}, err
	}
	shares, err := s.weigh(ctx, v, m, t.progress.LastDistributionTS)
	if err != nil {
		return domain.Opening{}, err
	}
	figures, err := compute(dayTerms(m.Behaviour, m.Terms, first.Claimed), shares, m.Pages)
	if err != nil {
		return domain.Opening{}, vaultFault(v, "arithmetic", err, "")
	}
	o := domain.Opening{
		TS: t.progress.LastDistributionTS, Slot: first.Slot, Signature: first.Signature, Claimed: first.Claimed,
		Pool: domain.Amount(figures.opening.Pool), Creator: domain.Amount(figures.opening.Creator),
		LockedTotal: domain.Amount(figures.opening.LockedTotal), Expected: figures.expected,
	}
	for _, share := range shares {
		o.Locked = append(o.Locked, domain.Amount(share.Locked))
	}
	if err := s.Store.SetOpening(ctx, id, day, o); err != nil {
		return o, fmt.Errorf("save opening of %s for %s: %w", id, day, err)
	}
	return o, nil
}

// openingPage finds the transaction that opened the day: the page at cursor 0 of our books, or, when somebody else
// opened it or the books are lost, the one in the chain's history.
func (s *Service) openingPage(ctx context.Context, v Vault, m domain.Manifest, p router.Progress) (domain.PageResult, error) {
	pages, err := s.Store.Pages(ctx, v.ID, m.Day)
	if err != nil {
		return domain.PageResult{}, fmt.Errorf("pages of %s for %s: %w", v.ID, m.Day, err)
	}
	for _, page := range pages {
		if page.Cursor != 0 {
			continue
		}
		// It is read again: after a rollback the same signature may have claimed another amount, or be gone for good
		// while another one opened the day.
		sig, err := solana.SignatureFromBase58(page.Signature)
		if err != nil {
			return domain.PageResult{}, fault.Newf(fault.Human, "intent/signature", "signature %q: %w", page.Signature, err)
		}
		tx, found, err := s.Chain.Transaction(ctx, sig, rpc.CommitmentConfirmed)
		if err != nil {
			return domain.PageResult{}, fmt.Errorf("opening transaction %s of %s: %w", page.Signature, v.ID, err)
		}
		if !found {
			continue
		}
		got, err := read(v, m.Day, tx)
		if err != nil {
			return domain.PageResult{}, err
		}
		if got.page != nil && got.page.PageStart == 0 && isDay([]turned{got}, p.LastDistributionTS, true) {
			return got.result, nil
		}
	}
	history, err := s.history(ctx, v, m, p.LastDistributionTS)
	if err != nil {
		return domain.PageResult{}, err
	}
	for _, page := range history {
		if page.Cursor == 0 {
			return page.PageResult, nil
		}
	}
	return domain.PageResult{}, fault.Newf(fault.Retry, "opening/not_served", "vault %s: no endpoint serves the transaction that opened the day at %s yet",
		v.ID, time.Unix(p.LastDistributionTS, 0).UTC().Format(time.RFC3339))
}

// weigh reads the day's streams and gives what was locked at the opening.
func (s *Service) weigh(ctx context.Context, v Vault, m domain.Manifest, ts int64) ([]router.Share, error) {
	keys := make([]solana.PublicKey, len(m.Entries))
	for i, e := range m.Entries {
		key, err := solana.PublicKeyFromBase58(e.Stream)
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: entry %d: stream %q: %w", v.ID, i, e.Stream, err)
		}
		keys[i] = key
	}
	snap, err := s.Chain.Snapshot(ctx, keys, chain.ReadOptions{Commitment: rpc.CommitmentConfirmed})
	if err != nil {
		return nil, fmt.Errorf("weigh streams of %s: %w", v.ID, err)
	}
	shares := make([]router.Share, len(keys))
	for i, key := range keys {
		a := snap.Accounts[key]
		recipient, err := solana.PublicKeyFromBase58(m.Entries[i].Recipient)
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: entry %d: recipient %q: %w", v.ID, i, m.Entries[i].Recipient, err)
		}
		shares[i].Recipient = recipient
		stream, reason := streamflow.Check(a.Owner, streamPrograms, a.Data, v.StreamMint)
		if reason == streamflow.Valid {
			shares[i].Locked = stream.Locked(ts)
		} else {
			// Closed after the opening: the program keeps the weight of the opening, and so does the plan, which is
			// exact when no period ended between the snapshot and the opening.
			shares[i].Locked = uint64(m.Entries[i].Locked)
		}
	}
	return shares, nil
}
