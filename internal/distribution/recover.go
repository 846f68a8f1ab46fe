package distribution

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// witness is what the chain's own transactions say of a day whose plan is lost: who stood at which place of its list.
type witness struct {
	places  map[int]router.Payee
	wallets map[solana.PublicKey]solana.PublicKey // Token account to owner, where a balance told it.
	ours    bool                                  // One of the pages at least is signed with the vault's own key.
	claimed domain.Amount
	paid    domain.Amount
}

// witnessed reads the pages that were turned since the day was opened at ts. Pages that another program called, or
// that belong to a published day, say nothing of the list.
func (s *Service) witnessed(ctx context.Context, v Vault, ts int64) (witness, error) {
	w := witness{places: map[int]router.Payee{}, wallets: map[solana.PublicKey]solana.PublicKey{}}
	pages, _, err := s.dayOnChain(ctx, v, domain.DayOf(ts), ts, nil)
	for _, t := range pages {
		w.ours = w.ours || t.crank == v.Payer
		w.claimed, w.paid = w.claimed+t.result.Claimed, w.paid+t.result.Paid
		for _, p := range t.result.Payouts {
			if wallet, err := solana.PublicKeyFromBase58(p.Recipient); err == nil && !wallet.IsZero() {
				w.wallets[solana.MustPublicKeyFromBase58(p.ATA)] = wallet
			}
		}
		if v.Behaviour == domain.Published {
			continue
		}
		for _, page := range t.pages {
			for i, payee := range t.payees(page.PageStart) {
				w.places[int(page.PageStart)+i] = payee
			}
		}
	}
	return w, err
}

// asOpened is the view as it was when the day was opened: what has been earned since belongs to the next day, and
// streams that were valid then stay on the list. A turned page proves that; so does a stream that was cancelled later.
func (w witness) asOpened(v Vault, now View, opened int64) (View, error) {
	then := now
	then.Quote, then.ChainTime = 0, opened
	then.Progress.LastDistributionTS = opened - domain.DaySeconds
	then.Streams = append([]StreamView(nil), now.Streams...)
	then.Recipients = make(map[solana.PublicKey]TokenView, len(now.Recipients))
	for key, view := range now.Recipients {
		then.Recipients[key] = view
	}
	paid := map[solana.PublicKey]solana.PublicKey{}
	for _, p := range w.places {
		paid[p.Stream] = p.ATA
	}
	for i := range then.Streams {
		s := &then.Streams[i]
		ata, proved := paid[s.Key]
		if s.Reason == streamflow.Closed && (proved || s.Stream.CanceledAt > opened) {
			s.Reason, s.Stream.Closed = streamflow.Valid, false
		}
		if s.Reason != streamflow.Valid {
			continue
		}
		if wallet, known := w.wallets[ata]; proved && known {
			s.Stream.Recipient = wallet // A stream that was transferred since still paid its old recipient.
		}
		if _, seen := then.Recipients[s.Stream.Recipient]; seen {
			continue
		}
		own, err := router.ATA(s.Stream.Recipient, v.QuoteMint, solana.TokenProgramID)
		if err != nil {
			return then, vaultFault(v, "ata", fmt.Errorf("token account of %s: %w", s.Stream.Recipient, err), "")
		}
		then.Recipients[s.Stream.Recipient] = TokenView{Address: own, Exists: true, Valid: true, Owner: s.Stream.Recipient}
	}
	return then, nil
}

// proves holds a plan that was made again against the accounts of the pages that are turned already: the pages to come
// follow the same list, or none is sent.
func (w witness) proves(v Vault, m domain.Manifest) error {
	for at, p := range w.places {
		switch {
		case at >= len(m.Entries):
			return unproved(v, m, fmt.Sprintf("entry %d of the chain's list is %s, and the plan ends at %d", at, p.Stream, len(m.Entries)))
		case m.Entries[at].Stream != p.Stream.String() || m.Entries[at].ATA != p.ATA.String():
			return unproved(v, m, fmt.Sprintf("entry %d was paid as stream %s to %s, and the plan has %s to %s", at, p.Stream, p.ATA, m.Entries[at].Stream, m.Entries[at].ATA))
		}
	}
	return nil
}

func unproved(v Vault, m domain.Manifest, why string) error {
	return fault.Newf(fault.Human, "manifest/unproved", "vault %s: the plan for %s is lost, and what was made again from the chain is not the day's list: %s", v.ID, m.Day, why).
		WithNext("Compare the vault's streams in the settings with the registered list, restore the store from a backup, or let the day go on by hand")
}

// rebuild plans a day that the chain has opened already and that the store does not know: the list as it was at the
// opening, proved by the pages that are turned, and the claim from the opening's transaction.
func (s *Service) rebuild(ctx context.Context, v Vault, w View, seen witness) (domain.Manifest, error) {
	opened := w.Progress.LastDistributionTS
	v, _, err := s.ordered(ctx, v, false)
	if err != nil {
		return domain.Manifest{}, err
	}
	then, err := seen.asOpened(v, w, opened)
	if err != nil {
		return domain.Manifest{}, err
	}
	if w.Progress.DayComplete {
		if then, err = seen.beforeClose(v, then, s.Rules, opened); err != nil {
			return domain.Manifest{}, err
		}
	}
	m, err := Plan(v, then, s.Rules, opened)
	if err != nil {
		return m, err
	}
	if err := seen.proves(v, m); err != nil {
		return m, err
	}
	if m, err = s.Store.SaveManifest(ctx, m); err != nil {
		return m, fmt.Errorf("freeze manifest of %s for %s: %w", v.ID, m.Day, err)
	}
	o, err := s.FixOpening(ctx, v.ID, m.Day, m.Hash)
	m.Opening = &o
	return m, err
}

// beforeClose gives a closed day's view the dust that came into it. The close has overwritten that figure; it follows
// from what was claimed, what the investors got and what was carried over.
func (w witness) beforeClose(v Vault, then View, r Rules, opened int64) (View, error) {
	out := then.Progress.CarryOverDust
	then.Progress.CarryOverDust, then.Quote = 0, uint64(w.claimed)
	m, err := Plan(v, then, r, opened)
	if err != nil {
		return then, err
	}
	if v.Behaviour == domain.Published {
		return then, nil // Its dust is never paid to anybody.
	}
	came, fromClaim := uint64(w.paid)+out, uint64(m.Pool)
	if came < fromClaim {
		return then, unproved(v, m, fmt.Sprintf("the investors' part of the claim is %d base units, and only %d were paid or carried over", fromClaim, came))
	}
	then.Progress.CarryOverDust = came - fromClaim
	return then, nil
}
