package distribution

import (
	"context"
	"strings"

	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Standing is where a vault's day stands, as an operator reads it in the morning (D06–D12).
type Standing struct {
	Vault      string
	State      domain.State
	Reason     string
	Day        domain.Day // The day that the progress belongs to.
	Timing     domain.Timing
	Cursor     uint32
	Entries    int // Streams of the settings.
	Percent    int // Of the day named, clamped to 0–100; 0 when a new day may start (D07).
	Treasury   TokenView
	Payer      uint64 // Lamports.
	PayerKnown bool   // The fee payer's address is known here.
	Claimable  domain.Amount
	Token      domain.Token
	Slot       uint64
	Live       bool  // A run of this vault is under way.
	Hold       int64 // Unix seconds until which a scheduled run would wait on purpose; 0: it would not, or the policy was not read.
}

// Standing reads one vault. A failed read is the state unknown with its reason, never a zero (D08, D11).
func (s *Service) Standing(ctx context.Context, id string) Standing {
	v, err := s.vault(id)
	if err != nil {
		return Standing{Vault: id, State: domain.UnknownState, Reason: err.Error()}
	}
	w, err := readVault(ctx, s.Chain, v, rpc.CommitmentConfirmed)
	if err != nil {
		return Standing{Vault: id, State: domain.UnknownState, Reason: err.Error(), Token: v.Token, Entries: len(v.Streams)}
	}
	flags, err := s.Flags(ctx, id)
	if err != nil {
		flags = []domain.SafetyFlag{{Kind: domain.SafetyStop, Actor: "store", Reason: err.Error()}}
	}
	last, found, err := s.lastReport(ctx, v, w)
	if err != nil {
		return Standing{Vault: id, State: domain.UnknownState, Reason: err.Error(), Token: v.Token, Entries: len(v.Streams)}
	}
	var report *domain.DayReport
	if found {
		report = &last
	}
	return stand(v, w, s.Rules, flags, report)
}

// lastReport is the report of the day that the chain opened last.
func (s *Service) lastReport(ctx context.Context, v Vault, w View) (domain.DayReport, bool, error) {
	m, found, err := s.openedManifest(ctx, v, w)
	if err != nil || !found {
		return domain.DayReport{}, false, err
	}
	report, reported, err := s.Store.Report(ctx, v.ID, m.Day)
	if err == nil && !reported {
		report = domain.DayReport{Vault: v.ID, Day: m.Day, State: domain.Failed} // Planned by us, and no run came to its end.
	}
	return report, true, err
}

// stand judges a view. Flags come first, then a new day before the old day's figures, so that yesterday's end never
// reads as today's (D10, M19).
func stand(v Vault, w View, r Rules, flags []domain.SafetyFlag, report *domain.DayReport) Standing {
	token := v.Token
	token.Decimals = w.Decimals
	t := w.Timing()
	out := Standing{
		Vault: v.ID, Day: t.Day(), Timing: t, Cursor: w.Progress.PaginationCursor, Entries: len(v.Streams), Treasury: w.Treasury,
		Payer: w.PayerLamports, PayerKnown: !v.Payer.IsZero(), Claimable: domain.Amount(w.Quote), Token: token, Slot: w.MaxSlot,
	}
	phase := t.Phase()
	if phase == domain.PhaseNewDay {
		out.Cursor = 0 // The stored one is still yesterday's end (D07, X06).
	}
	if phase != domain.PhaseNewDay && len(v.Streams) > 0 {
		out.Percent = min(100, int(uint64(out.Cursor)*100/uint64(len(v.Streams))))
	}
	claimable, treasury := domain.Amount(w.Quote), domain.Amount(w.Treasury.Amount)
	out.State, out.Reason = domain.Look{
		Timing: t, Behaviour: v.Behaviour, Cursor: out.Cursor, Claimable: &claimable, MinClaimable: r.MinClaimable, Treasury: &treasury,
		Distributed: domain.Amount(w.Progress.CurrentDayDistributed), Cap: (*domain.Amount)(w.Policy.DailyCap), Flags: flags, Report: report,
	}.Judge()
	if out.State == domain.Complete {
		out.Percent = 100
		if report == nil {
			out.Reason = "closed on the chain; the books here know nothing of it"
		}
		if out.Hold = r.Hold(w); out.Hold > 0 {
			out.Reason = strings.TrimPrefix(out.Reason+"; the next day is "+r.Reset.Text(t, out.Hold), "; ")
		}
	}
	return out
}

// Hold is until when a scheduled run waits on purpose. A policy account that was not read may have a cap, so that nothing
// is known then.
func (r Rules) Hold(w View) int64 {
	if w.Policy.Vault.IsZero() {
		return 0
	}
	return r.Reset.Hold(w.Timing(), (*domain.Amount)(w.Policy.DailyCap))
}

// Join puts a live run's own word over what the chain alone can say.
func (s Standing) Join(state domain.State, reason string) Standing {
	s.Live = true
	if s.State != domain.Stopped && s.State != domain.Isolated {
		s.State, s.Reason = state, reason
	}
	return s
}

// booksOpen is true for a day that the chain has closed and whose report is missing or unfinished: a run would not pay
// anything, it would make the books.
func (s *Service) booksOpen(ctx context.Context, v Vault, w View) (bool, error) {
	if w.Timing().Phase() != domain.PhaseComplete {
		return false, nil
	}
	report, found, err := s.lastReport(ctx, v, w)
	return found && report.State != domain.Complete && report.State != domain.CompleteUnreconciled, err
}
