package distribution

import (
	"context"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/sender"
)

// pageKey names what a page's transaction does: two signatures with one key must never both be in the air.
func pageKey(cursor uint32) string { return fmt.Sprintf("page/%d", cursor) }

// page is a call that is ready to be sent: its request, and how many investors it really holds.
type page struct {
	sender.Request

	size uint32 // page_size of the call.
	plan domain.PagePlan
}

// pageThatFits builds the call of size investors at cursor with the lookup tables that shorten it. When the tables hold
// less than the plan counted on, the page gets shorter until it fits: the program takes pages of any size, and the amounts
// follow from the cuts that were made. A published day cannot be cut (X21).
func (s *Service) pageThatFits(ctx context.Context, send Sender, v Vault, m domain.Manifest, cursor, size uint32) (page, error) {
	for ; ; size-- {
		r, err := s.pageRequest(ctx, v, m, cursor, size)
		if err != nil {
			return page{}, err
		}
		_, err = send.Build(ctx, r)
		switch {
		case err == nil:
			return page{Request: r, size: size, plan: pageAt(m, cursor, size)}, nil
		case fault.CodeOf(err) != sender.CodeTooLarge || !m.Tables || v.Behaviour == domain.Published || size <= 1:
			return page{}, fmt.Errorf("build page at cursor %d of %s: %w", cursor, v.ID, err)
		}
	}
}

// pageRequest builds the call of size investors at cursor.
func (s *Service) pageRequest(ctx context.Context, v Vault, m domain.Manifest, cursor, size uint32) (sender.Request, error) {
	if int(cursor) >= len(m.Entries) {
		return sender.Request{}, fault.Newf(fault.Human, "manifest/cursor", "vault %s: cursor %d: %w of %d entries", v.ID, cursor, errNoSuchPage, len(m.Entries)).
			WithNext("The chain's list is longer than the manifest: compare the registered streams with the settings")
	}
	remaining, err := remaining(v, m, pageAt(m, cursor, size))
	if err != nil {
		return sender.Request{}, err
	}
	r := sender.Request{
		Vault: v.ID, Day: m.Day, Kind: domain.IntentPage, Key: pageKey(cursor),
		Instructions: []solana.Instruction{v.call(cursor, size, remaining)},
	}
	if !m.Tables {
		return r, nil
	}
	r.Tables, err = s.tablesFor(ctx, v, remaining)
	return r, err
}

// pageAt is the page of size investors that starts at cursor, which need not be a planned one: a stranger may have turned
// a page of another size, and stopping there would lose everybody behind it.
func pageAt(m domain.Manifest, cursor, size uint32) domain.PagePlan {
	at := min(int(cursor), len(m.Entries))
	return domain.PagePlan{Cursor: cursor, Count: min(int(size), len(m.Entries)-at)}
}

// remaining lists a page's accounts as the vault's program wants them: the page's pairs, or all streams (CHAIN.md §1).
func remaining(v Vault, m domain.Manifest, plan domain.PagePlan) ([]*solana.AccountMeta, error) {
	if v.Behaviour == domain.Published {
		streams := make([]solana.PublicKey, len(m.Entries))
		for i, e := range m.Entries {
			key, err := solana.PublicKeyFromBase58(e.Stream)
			if err != nil {
				return nil, fmt.Errorf("manifest of %s: entry %d: stream %q: %w", v.ID, i, e.Stream, err)
			}
			streams[i] = key
		}
		return router.PublishedRemaining(streams), nil
	}
	payees := make([]router.Payee, 0, plan.Count)
	for _, e := range m.Entries[plan.Cursor : int(plan.Cursor)+plan.Count] {
		stream, err := solana.PublicKeyFromBase58(e.Stream)
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: entry %d: stream %q: %w", v.ID, e.Index, e.Stream, err)
		}
		ata, err := solana.PublicKeyFromBase58(e.ATA)
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: entry %d: token account %q: %w", v.ID, e.Index, e.ATA, err)
		}
		payees = append(payees, router.Payee{Stream: stream, ATA: ata})
	}
	return router.ReferenceRemaining(payees), nil
}

// tablesFor picks the vault's tables that hold any of a page's accounts.
func (s *Service) tablesFor(ctx context.Context, v Vault, metas []*solana.AccountMeta) (map[solana.PublicKey]solana.PublicKeySlice, error) {
	tables, err := s.Store.Tables(ctx, v.ID)
	if err != nil {
		return nil, fmt.Errorf("lookup tables of %s: %w", v.ID, err)
	}
	wanted := map[solana.PublicKey]bool{}
	for _, meta := range metas {
		wanted[meta.PublicKey] = true
	}
	out := map[solana.PublicKey]solana.PublicKeySlice{}
	for _, t := range tables {
		if !t.Active || !v.owns(t) {
			continue
		}
		keys, err := parseKeys(t.Addresses)
		if err != nil {
			return nil, fmt.Errorf("lookup table %s of %s: %w", t.Address, v.ID, err)
		}
		if slices.ContainsFunc(keys, func(k solana.PublicKey) bool { return wanted[k] }) {
			address, err := solana.PublicKeyFromBase58(t.Address)
			if err != nil {
				return nil, fmt.Errorf("lookup table %q of %s: %w", t.Address, v.ID, err)
			}
			out[address] = keys
		}
	}
	return out, nil
}

func parseKeys(in []string) (solana.PublicKeySlice, error) {
	out := make(solana.PublicKeySlice, len(in))
	for i, s := range in {
		key, err := solana.PublicKeyFromBase58(s)
		if err != nil {
			return nil, fmt.Errorf("address %q: %w", s, err)
		}
		out[i] = key
	}
	return out, nil
}
