package distribution

import (
	"context"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// RebuiltDay is a past day as the chain alone shows it. Who was paid how much is exact; what was planned is lost, so
// nothing is reconciled and the state is complete_unreconciled at best.
type RebuiltDay struct {
	Report   domain.DayReport    `json:"report"`
	Known    bool                `json:"known"` // The store has finished books of it: nothing is written.
	Pages    []domain.PageResult `json:"-"`
	Outcomes []domain.Outcome    `json:"-"`
}

// Gap is what the history does not show. Day is empty when it is not known which day it belongs to.
type Gap struct {
	Day domain.Day `json:"day,omitempty"`
	Why string     `json:"why"`
}

// Rebuilt is the history of a vault as the chain gives it, oldest day first.
type Rebuilt struct {
	Vault   string       `json:"vault"`
	Since   time.Time    `json:"since"`
	Reaches *time.Time   `json:"reaches"` // Oldest transaction that an endpoint serves in the window; nil: none.
	Days    []RebuiltDay `json:"days"`
	Gaps    []Gap        `json:"gaps"`
	Newest  domain.Day   `json:"newest,omitempty"` // The chain's newest day: a run makes its books, with its plan.
}

// PastBooks are where rebuilt days are put.
type PastBooks interface {
	SavePage(ctx context.Context, p domain.PageResult) error
	SaveOutcomes(ctx context.Context, vault string, day domain.Day, o []domain.Outcome) error
	SaveReport(ctx context.Context, r domain.DayReport) error
}

// Past reads the days of a vault from a time on from the finalized chain, but for the newest one, whose plan a run can
// still prove. It writes nothing. A transaction that no endpoint serves is a gap and no error: the others still count.
func (s *Service) Past(ctx context.Context, id string, since time.Time) (Rebuilt, error) {
	v, err := s.vault(id)
	if err != nil {
		return Rebuilt{}, err
	}
	now, err := readVault(ctx, s.Chain, v, rpc.CommitmentConfirmed)
	if err != nil {
		return Rebuilt{}, err
	}
	out := Rebuilt{Vault: id, Since: since.UTC(), Days: []RebuiltDay{}, Gaps: []Gap{}}
	if now.Progress.LastDistributionTS > 0 {
		out.Newest = domain.DayOf(now.Progress.LastDistributionTS)
	}
	v.Token.Decimals = now.Decimals
	all, err := s.past(ctx, v, since.Unix(), &out)
	if err != nil {
		return out, err
	}
	for _, pages := range daysOf(all) {
		day, why := rebuiltDay(v, pages)
		switch {
		case day.Report.Day == out.Newest && day.Report.Day != "":
			continue
		case why != "":
			out.Gaps = append(out.Gaps, Gap{day.Report.Day, why})
			continue
		}
		old, found, err := s.Store.Report(ctx, id, day.Report.Day)
		if err != nil {
			return out, fmt.Errorf("report of %s for %s: %w", id, day.Report.Day, err)
		}
		day.Known = found && (old.State == domain.Complete || old.State == domain.CompleteUnreconciled)
		if day.Known {
			day.Report = old
		}
		out.Days = append(out.Days, day)
	}
	out.missingDates()
	return out, nil
}

// past reads every transaction on the progress account since a time that turned a page, oldest first.
func (s *Service) past(ctx context.Context, v Vault, since int64, out *Rebuilt) ([]turned, error) {
	var all []turned
	var before solana.Signature
	for {
		batch, err := s.Chain.SignaturesFor(ctx, v.Accounts.Progress, before, solana.Signature{}, historyPage)
		if err != nil {
			return nil, fmt.Errorf("signatures of the progress account of %s: %w", v.ID, err)
		}
		for _, info := range batch {
			before = info.Signature
			if info.BlockTime != nil { // A null block time is not old (D15).
				if *info.BlockTime < since {
					return reversed(all), nil
				}
				at := time.Unix(*info.BlockTime, 0).UTC()
				out.Reaches = &at
			}
			if info.Err != nil {
				continue
			}
			tx, found, err := s.Chain.Transaction(ctx, info.Signature, rpc.CommitmentFinalized)
			if err == nil && !found {
				err = fmt.Errorf("no endpoint serves it as finalized")
			}
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err != nil {
				out.Gaps = append(out.Gaps, Gap{Why: fmt.Sprintf("transaction %s in slot %d cannot be read: %v", info.Signature, info.Slot, err)})
				continue
			}
			got, err := read(v, "", tx)
			if err != nil {
				out.Gaps = append(out.Gaps, Gap{Why: fmt.Sprintf("transaction %s in slot %d is not understood: %v", info.Signature, info.Slot, err)})
				continue
			}
			if got.page != nil {
				all = append(all, got)
			}
		}
		if len(batch) < historyPage {
			return reversed(all), nil
		}
	}
}

// Rebuild writes the books of days that the store does not know, each whole and its report last: one that was interrupted
// is written again. It gives the days that it wrote.
func (s *Service) Rebuild(ctx context.Context, books PastBooks, r Rebuilt) ([]domain.Day, error) {
	var done []domain.Day
	for _, d := range r.Days {
		if d.Known {
			continue
		}
		for _, p := range d.Pages {
			if err := books.SavePage(ctx, p); err != nil {
				return done, fmt.Errorf("rebuild %s of %s: %w", d.Report.Day, r.Vault, err)
			}
		}
		if err := books.SaveOutcomes(ctx, r.Vault, d.Report.Day, d.Outcomes); err != nil {
			return done, fmt.Errorf("rebuild %s of %s: %w", d.Report.Day, r.Vault, err)
		}
		if err := books.SaveReport(ctx, d.Report); err != nil {
			return done, fmt.Errorf("rebuild %s of %s: %w", d.Report.Day, r.Vault, err)
		}
		done = append(done, d.Report.Day)
	}
	return done, nil
}
