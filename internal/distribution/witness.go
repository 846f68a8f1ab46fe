package distribution

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Witness reads what a stop keeps of a vault and a resume compares: progress, terms and deployment on the chain, and the
// last plan in the books with how far its pages came. It is cheap, two requests a vault: streams and balances are the
// checks' business.
func (s *Service) Witness(ctx context.Context, id string) (domain.Witness, error) {
	v, err := s.vault(id)
	if err != nil {
		return domain.Witness{Vault: id}, err
	}
	snap, err := s.Chain.Snapshot(ctx, []solana.PublicKey{v.Accounts.Policy, v.Accounts.Progress, v.Program}, chain.ReadOptions{Commitment: rpc.CommitmentConfirmed})
	if err != nil {
		return domain.Witness{Vault: id}, fmt.Errorf("read vault %s: %w", id, err)
	}
	policy, progress, err := decodeRouter(v, snap)
	if err != nil {
		return domain.Witness{Vault: id}, err
	}
	program, err := readProgram(ctx, s.Chain, v, snap.Accounts[v.Program], rpc.CommitmentConfirmed)
	if err != nil {
		return domain.Witness{Vault: id}, err
	}
	w := domain.Witness{
		Vault: id, Slot: snap.MinSlot, LastTS: progress.LastDistributionTS, Cursor: progress.PaginationCursor, Complete: progress.DayComplete,
		Policy: wording(terms(policy, progress.CarryOverDust)), Program: build(v.Program.String(), program),
	}
	return w, s.witnessBooks(ctx, v, View{Progress: progress, Program: program}, &w)
}

// witnessBooks adds what the store says.
func (s *Service) witnessBooks(ctx context.Context, v Vault, now View, w *domain.Witness) error {
	m, found, err := s.Store.LatestManifest(ctx, v.ID)
	if err != nil {
		return fmt.Errorf("last plan of %s: %w", v.ID, err)
	}
	if !found {
		return nil
	}
	program := now.Program
	w.Planned, w.Day, w.Manifest, w.PlannedPolicy, w.PlannedProgram = true, m.Day, m.Hash, wording(m.Terms), build(m.Program, m.ProgramState)
	unchanged := !changedProgram(m.ProgramState, program)
	accepted := program != nil && v.Accepted == program.String() // The settings name this deployment: its change was meant.
	if m.Program == v.Program.String() && (unchanged || accepted) {
		w.PlannedProgram = w.Program
	}
	if err := m.Verify(); err != nil {
		w.Corrupt = err.Error()
	}
	if _, w.Opened, err = s.openedManifest(ctx, v, now); err != nil || !w.Opened {
		return err
	}
	w.BooksLeast, w.BooksMost, err = s.booksReach(ctx, v, m)
	return err
}

// booksReach is how far the day's pages came by the books: at least to the end of those that are known to have turned
// something, at most to the end of what landed by our signatures. A page that landed may have found its work done by
// somebody else, with another size.
func (s *Service) booksReach(ctx context.Context, v Vault, m domain.Manifest) (least, most uint32, err error) {
	pages, err := s.Store.Pages(ctx, m.Vault, m.Day)
	if err != nil {
		return 0, 0, fmt.Errorf("pages of %s for %s: %w", m.Vault, m.Day, err)
	}
	intents, err := s.Store.Intents(ctx, m.Vault, m.Day)
	if err != nil {
		return 0, 0, fmt.Errorf("intents of %s for %s: %w", m.Vault, m.Day, err)
	}
	ends := map[string]uint32{}
	for _, i := range intents {
		landed := i.Err == "" && (i.State == domain.IntentConfirmed || i.State == domain.IntentFinalized)
		if i.Kind == domain.IntentPage && landed {
			ends[i.Signature] = endOf(v, i.Raw)
			most = max(most, ends[i.Signature])
		}
	}
	for _, p := range pages {
		end := p.Cursor + 1 // Whoever turned it, it turned one at least.
		if known := ends[p.Signature]; p.Ours && known > end {
			end = known
		}
		least = max(least, end)
	}
	return least, max(least, most), nil
}

// endOf reads from a signed page where it ends; 0 when there is no page in it.
func endOf(v Vault, raw []byte) uint32 {
	tx, err := solana.TransactionFromBytes(raw)
	if err != nil {
		return 0
	}
	for _, in := range tx.Message.Instructions {
		if int(in.ProgramIDIndex) >= len(tx.Message.AccountKeys) || tx.Message.AccountKeys[in.ProgramIDIndex] != v.Program {
			continue
		}
		decoded, err := router.DecodeInstruction(in.Data)
		if args, ok := decoded.(router.DistributeFeesArgs); err == nil && ok && args.Cursor != nil {
			return *args.Cursor + args.PageSize
		}
	}
	return 0
}

// wording is the terms that owners set; carried dust is none of them.
func wording(t domain.Terms) string {
	return fmt.Sprintf("share %d bps, Y0 %s, minimum %s, cap %s", t.ShareBPS, t.Y0, t.MinPayout, limit(t.DailyCap))
}

// build names a program with its deployment and upgrade authority.
func build(program string, state *domain.ProgramState) string {
	if state == nil {
		return program
	}
	return program + " " + state.String()
}
