package report

import (
	"context"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"golang.org/x/sync/errgroup"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Chain is what the event review needs from Solana.
type Chain interface {
	Snapshot(ctx context.Context, keys []solana.PublicKey, o chain.ReadOptions) (chain.Snapshot, error)
	SignaturesFor(ctx context.Context, address solana.PublicKey, before, until solana.Signature, limit int) ([]chain.SigInfo, error)
	Transaction(ctx context.Context, sig solana.Signature, c rpc.CommitmentType) (*chain.Transaction, bool, error)
	BlockTime(ctx context.Context, slot uint64) (unix int64, known bool, err error)
}

// DayBooks is what the event review holds the chain against.
type DayBooks interface {
	BookedDays(ctx context.Context, vault string, first, last domain.Day) ([]domain.BookedDay, error)
}

// Reviewer reads what the chain recorded of vaults (D13–D24). It keeps sums, not transactions: a vault with ten thousand
// of them takes no more memory than one with ten.
type Reviewer struct {
	Chain  Chain
	Books  DayBooks
	AtOnce int // Transactions read at the same time; 0 takes 8.
	Page   int // Signatures of one request; 0 takes the 1,000 that a node gives at most (D14).
	Lines  int // Newest transactions of each vault that are kept for the report.
}

// Span says what of a vault is reviewed: a window; with Latest the day that the chain opened last; with Day the on-chain
// day of that name, which the books must know. A day is reviewed from its opening on, for 24 hours or until now.
type Span struct {
	Window Window
	Latest bool
	Day    domain.Day
}

// Review is what the chain recorded of the vaults.
type Review struct {
	Window   Window     `json:"window"`
	Latest   bool       `json:"latest_day,omitempty"` // Each vault's own last day instead of the window.
	Day      domain.Day `json:"day,omitempty"`        // Each vault's day of that name instead of the window.
	Verdict  Verdict    `json:"verdict"`
	Complete bool       `json:"complete"` // Nothing is missing of any vault (D18).
	Totals   []MintFlow `json:"totals"`   // By mint: amounts of different mints are never added.
	Vaults   []Reviewed `json:"vaults"`
	Advice   []Advice   `json:"findings"`
}

// vaultsAtOnce bounds how many vaults are reviewed side by side; the pool's own limits hold beside it.
const vaultsAtOnce = 4

// Review reads the vaults. It never fails: what cannot be read is a gap, and the review is incomplete.
func (r *Reviewer) Review(ctx context.Context, vaults []distribution.Vault, names func(id string) string, span Span) Review {
	out := Review{Window: span.Window, Latest: span.Latest, Day: span.Day, Verdict: OK, Complete: true, Vaults: make([]Reviewed, len(vaults)), Totals: []MintFlow{}}
	var group errgroup.Group
	group.SetLimit(vaultsAtOnce)
	for i, v := range vaults {
		group.Go(func() error {
			out.Vaults[i] = r.vault(ctx, v, span)
			out.Vaults[i].Name = names(v.ID)
			return nil
		})
	}
	_ = group.Wait() // Each vault keeps its own gaps.
	for i := range out.Vaults {
		v := &out.Vaults[i]
		out.Complete = out.Complete && v.Complete
		out.Advice = append(out.Advice, v.advice()...)
		if v.verdict().worse(out.Verdict) {
			out.Verdict = v.verdict()
		}
		if err := addFlow(&out.Totals, v.Token, v.Flow); err != nil {
			v.gap("sums", err.Error())
			out.Complete, out.Verdict = false, Fail
		}
	}
	out.Advice = sorted(out.Advice)
	return out
}

// vault reviews one vault.
func (r *Reviewer) vault(ctx context.Context, v distribution.Vault, span Span) Reviewed {
	w := &walk{r: r, v: v, window: span.Window, out: Reviewed{ID: v.ID, Behaviour: v.Behaviour, Token: v.Token, Complete: true, Days: []ReviewedDay{}, Failed: []FailedCode{}, Missing: []string{}, Gaps: []Gap{}}}
	if err := w.look(ctx); err != nil {
		w.out.gap("state", fmt.Sprintf("the vault's state cannot be read: %v", err))
		if span.Latest {
			return w.out // Without it nobody knows where the day begins.
		}
	}
	if opened, ok := w.dayOf(ctx, span); ok && opened == nil {
		return w.out
	} else if ok {
		from := time.Unix(*opened, 0)
		w.window = NewWindow("day opened "+from.UTC().Format(time.RFC3339), from, from.Add(time.Duration(domain.DaySeconds)*time.Second), span.Window.Seen, span.Window.loc)
	}
	w.out.From, w.out.To = w.window.From, w.window.To
	w.list(ctx)
	w.finish(ctx)
	return w.out
}

// dayOf is when the day was opened that a span names; false when the span is a window. A day that nobody knows is nil, with
// a note or a gap that says so.
func (w *walk) dayOf(ctx context.Context, span Span) (*int64, bool) {
	switch {
	case span.Latest && w.progress.LastDistributionTS == 0:
		w.out.Note = "never run: there is no day to review"
		return nil, true
	case span.Latest:
		return &w.progress.LastDistributionTS, true
	case span.Day == "":
		return nil, false
	}
	list, err := w.r.Books.BookedDays(ctx, w.v.ID, span.Day, span.Day)
	if err != nil {
		w.out.gap("books", fmt.Sprintf("the books cannot be read: %v", err))
		return nil, true
	}
	for _, b := range list {
		if b.Day == span.Day && b.Opened != nil {
			return b.Opened, true
		}
	}
	w.out.gap("opening", fmt.Sprintf("the books know no opening of day %s: give a window with --date or --hours", span.Day))
	return nil, true
}

// Gap is something that the review could not see.
type Gap struct {
	Kind string `json:"kind"` // state, list, order, pages, opening, books, transaction, sums
	Text string `json:"text"`
}

// FailedCode counts failed transactions by decoded code (D23).
type FailedCode struct {
	Code    string `json:"code"`              // Such as router/6005.
	Name    string `json:"name,omitempty"`    // In the program's interface.
	Program string `json:"program,omitempty"` // When it is not the router.
	Count   int    `json:"count"`
	Newest  string `json:"newest"` // A signature.
}

// Flow is money that moved, in base units, by token-balance deltas; Logged is what the program's events say the
// investors got, which is no money (C16).
type Flow struct {
	Claimed domain.Amount `json:"claimed"`
	Paid    domain.Amount `json:"paid"`
	Creator domain.Amount `json:"creator"`
	Logged  domain.Amount `json:"logged"`
}

func (f *Flow) add(o Flow) error {
	for _, pair := range []struct {
		to *domain.Amount
		of domain.Amount
	}{{&f.Claimed, o.Claimed}, {&f.Paid, o.Paid}, {&f.Creator, o.Creator}, {&f.Logged, o.Logged}} {
		sum, err := pair.to.Add(pair.of)
		if err != nil {
			return fmt.Errorf("sum what moved: %w", err)
		}
		*pair.to = sum
	}
	return nil
}

// MintFlow is the flow of one mint.
type MintFlow struct {
	Token       domain.Token  `json:"token"`
	Distributed domain.Amount `json:"distributed"` // Investors and creators (D24).
	Flow
}

func addFlow(list *[]MintFlow, token domain.Token, f Flow) error {
	for i := range *list {
		if t := &(*list)[i]; t.Token.Mint == token.Mint {
			if err := t.add(f); err != nil {
				return err
			}
			return t.sum()
		}
	}
	*list = append(*list, MintFlow{Token: token, Flow: f})
	return (*list)[len(*list)-1].sum()
}

func (t *MintFlow) sum() (err error) {
	t.Distributed, err = t.Paid.Add(t.Creator)
	return err
}

// Line is one transaction of the review.
type Line struct {
	Signature string    `json:"signature"`
	Slot      uint64    `json:"slot"`
	At        time.Time `json:"at,omitzero"` // Zero: no node knows.
	Kind      string    `json:"kind"`        // page, opening, failed, nothing, treasury, other
	Text      string    `json:"text"`
	Signer    string    `json:"signer,omitempty"`
	Ours      bool      `json:"ours"`
}

// Reviewed is what the chain recorded of one vault.
type Reviewed struct {
	ID        string           `json:"id"`
	Name      string           `json:"name,omitempty"`
	Behaviour domain.Behaviour `json:"behaviour"`
	Token     domain.Token     `json:"token"`
	From      time.Time        `json:"from,omitzero"`
	To        time.Time        `json:"to,omitzero"`
	Note      string           `json:"note,omitempty"`

	Complete bool     `json:"complete"`
	Gaps     []Gap    `json:"gaps"`
	Missing  []string `json:"missing"` // Signatures that are listed and that no endpoint serves (D18).

	Signatures   int           `json:"signatures"` // Listed in the window.
	Pages        int           `json:"pages"`
	Foreign      int           `json:"foreign_pages"` // Of them turned by somebody else (X25).
	Failed       []FailedCode  `json:"failed"`
	Nothing      int           `json:"nothing"` // Calls that succeeded and did nothing (C07).
	Other        int           `json:"other"`   // Only name the vault.
	NotFinal     int           `json:"not_final"`
	NoTime       int           `json:"without_time"` // Counted, although no node knows when they landed.
	Cut          int           `json:"cut_logs"`     // Read by call and balances.
	FeeLamports  uint64        `json:"fee_lamports"` // Of our own transactions, failed ones too.
	BaseFees     uint64        `json:"base_fees"`    // Must be 0 (D20).
	TreasuryIn   domain.Amount `json:"treasury_in"`  // Came without a page.
	TreasuryOut  domain.Amount `json:"treasury_out"`
	Flow         Flow          `json:"flow"`
	Distributed  domain.Amount `json:"distributed"`
	Days         []ReviewedDay `json:"days"` // Oldest first.
	Transactions []Line        `json:"transactions,omitempty"`

	// Findings are what stands out in the transactions themselves.
	Findings []Advice `json:"-"`
}

func (v *Reviewed) gap(kind, text string) {
	v.Complete = false
	v.Gaps = append(v.Gaps, Gap{kind, text})
}
