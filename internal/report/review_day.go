package report

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Words for how a day's sums stand.
const (
	sumsExact   = "exact"
	sumsDiffer  = "differ"
	sumsUnknown = "unknown"      // Something of the day was not seen.
	sumsOpen    = "open"         // The day is not closed yet.
	sumsNot     = "not promised" // The published program does not conserve.

	booksEqual   = "equal"
	booksDiffer  = "differ"
	booksNotMade = "not made"
	booksNone    = "none"
	booksUnknown = "unknown"
)

// ReviewedDay is one on-chain day as the window shows it.
type ReviewedDay struct {
	Day     domain.Day `json:"day,omitempty"` // Its name in the books; empty: they do not know it.
	Opened  *int64     `json:"opened"`        // Chain time; null: opened before the window.
	Pages   int        `json:"pages"`
	Foreign int        `json:"foreign_pages"`
	Closed  bool       `json:"closed"`
	Whole   bool       `json:"whole"` // From its opening on without a gap.
	Flow
	DustIn  *domain.Amount `json:"dust_in"`  // Null: not known.
	DustOut *domain.Amount `json:"dust_out"` // Null: not closed, or not known.
	// Sums says whether claimed + dust in = paid + creator + dust out; Difference is what is left, in base units (D24).
	Sums        string   `json:"sums"`
	Difference  string   `json:"difference,omitempty"`
	Books       string   `json:"books"` // equal, differ, not made, none, unknown
	Differences []string `json:"differences,omitempty"`
}

// dayFlow is a day in the making, filled from its newest page backwards.
type dayFlow struct {
	opened  *int64
	pages   int
	foreign int
	closed  bool
	gap     bool
	blurred bool // Its opening's second is not exact.
	flow    Flow
	dustOut *domain.Amount
	first   uint32 // Where its oldest page so far begins.
	last    uint32 // Where its newest page ends.
}

func (d *dayFlow) open(ts int64) { d.opened = &ts }

// dayFor is the day that an older page belongs to: the one being filled, until its opening was seen.
func (w *walk) dayFor(end uint32) *dayFlow {
	if n := len(w.days); n > 0 && w.days[n-1].opened == nil {
		return w.days[n-1]
	}
	d := &dayFlow{first: end, last: end}
	w.days = append(w.days, d)
	return d
}

// follow notes a page that does not lead to the one after it.
func (w *walk) follow(d *dayFlow, page router.InvestorPayoutPage, tx *chain.Transaction) {
	switch {
	case page.PageEnd < d.first:
		d.gap = true
		w.out.gap("pages", fmt.Sprintf("pages from cursor %d to %d after %s are not in the list", page.PageEnd, d.first, tx.Signature))
	case page.PageEnd > d.first && d.pages > 0:
		w.out.Findings = append(w.out.Findings, Advice{
			Rule: "review/page_twice", Severity: domain.SeverityCritical, Vault: w.v.ID, Text: "a page was turned twice on one day",
			Evidence: fmt.Sprintf("%s turned %d–%d, and a later page began at %d", tx.Signature, page.PageStart, page.PageEnd, d.first), Next: "feeops stop --reason 'page turned twice'",
		})
	}
	d.first = page.PageStart
}

// finish joins days with what the books say, and looks for what must have been there.
func (w *walk) finish(ctx context.Context) {
	if n := len(w.days); n > 0 && w.days[n-1].opened == nil && !w.reached && w.out.Complete {
		w.out.gap("opening", "the node's list ends before the opening of the oldest day: it was cut")
	}
	if !w.reached && len(w.days) > 0 && w.days[len(w.days)-1].opened != nil && w.out.Note == "" && !w.oldest.IsZero() {
		w.out.Note = "the list ends within the window: the node knows nothing of this vault before " + w.oldest.UTC().Format(time.RFC3339)
	}
	w.tail()
	booked, err := w.booked(ctx)
	if err != nil {
		w.out.gap("books", fmt.Sprintf("the books cannot be read: %v", err))
	}
	for i, d := range slices.Backward(w.days) {
		day := w.day(d, i, booked, err)
		if sumErr := w.out.Flow.add(d.flow); sumErr != nil {
			w.out.gap("sums", sumErr.Error())
		}
		w.out.Days = append(w.out.Days, day)
	}
	if w.out.Distributed, err = w.out.Flow.Paid.Add(w.out.Flow.Creator); err != nil {
		w.out.gap("sums", err.Error())
	}
	w.unseen(booked)
	slices.SortStableFunc(w.out.Failed, func(a, b FailedCode) int { return b.Count - a.Count })
}

// tail looks for pages after the newest one: the progress account was read before the list, so the list must reach its
// cursor.
func (w *walk) tail() {
	if len(w.days) == 0 || w.chainNow >= w.window.To.Unix() {
		return
	}
	d, p := w.days[0], w.progress
	if d.opened != nil && *d.opened == p.LastDistributionTS && d.last < p.PaginationCursor {
		d.gap = true
		w.out.gap("pages", fmt.Sprintf("pages from cursor %d to %d of the open day are not in the list", d.last, p.PaginationCursor))
	}
}

// booked are the days of the books by the chain's time of their opening.
func (w *walk) booked(ctx context.Context) (map[int64]domain.BookedDay, error) {
	first, last := w.window.Days()
	list, err := w.r.Books.BookedDays(ctx, w.v.ID, first, last)
	if err != nil {
		return nil, err
	}
	out := map[int64]domain.BookedDay{}
	for _, b := range list {
		if b.Opened != nil {
			out[*b.Opened] = b
		}
	}
	return out, nil
}

// unseen names days that the books or the chain itself know and the list does not show.
func (w *walk) unseen(booked map[int64]domain.BookedDay) {
	seen := func(ts int64) bool {
		return slices.ContainsFunc(w.days, func(d *dayFlow) bool {
			return d.opened != nil && (*d.opened == ts || d.blurred && *d.opened-ts < 60 && ts-*d.opened < 60)
		})
	}
	for ts, b := range booked {
		if w.window.HoldsTime(ts) && !seen(ts) {
			w.out.gap("opening", fmt.Sprintf("the books know day %s, opened %s, and the list does not show it", b.Day, time.Unix(ts, 0).UTC().Format(time.RFC3339)))
		}
	}
	last := w.progress.LastDistributionTS
	if _, inBooks := booked[last]; last > 0 && !inBooks && w.window.HoldsTime(last) && !seen(last) && w.progress.PaginationCursor > 0 {
		w.out.gap("opening", fmt.Sprintf("the chain opened a day at %s, and the list does not show it", time.Unix(last, 0).UTC().Format(time.RFC3339)))
	}
}

// day judges one day.
func (w *walk) day(d *dayFlow, at int, booked map[int64]domain.BookedDay, booksErr error) ReviewedDay {
	out := ReviewedDay{Opened: d.opened, Pages: d.pages, Foreign: d.foreign, Closed: d.closed, Flow: d.flow, DustOut: d.dustOut, Whole: d.opened != nil && !d.gap && w.out.Complete}
	var b *domain.BookedDay
	if d.opened != nil {
		if found, ok := w.match(d, booked); ok {
			b, out.Day = &found, found.Day
		}
	}
	if at+1 < len(w.days) && w.days[at+1].closed {
		out.DustIn = w.days[at+1].dustOut // What the day before left over.
	}
	if at == 0 && d.closed && out.DustOut == nil && w.progress.DayComplete && d.opened != nil && w.progress.LastDistributionTS == *d.opened {
		dust := domain.Amount(w.progress.CarryOverDust)
		out.DustOut = &dust
	}
	report := (*domain.DayReport)(nil)
	if b != nil {
		report = b.Report
	}
	if report != nil && b.Closed() && out.DustIn == nil {
		out.DustIn = &report.Result.DustIn
	}
	out.judgeSums(w.v.Behaviour)
	switch {
	case booksErr != nil || d.opened == nil:
		out.Books = booksUnknown
	case b == nil:
		out.Books = booksNone
	case !b.Closed():
		out.Books = booksNotMade
	default:
		out.compare(report.Result.Figures)
	}
	return out
}

func (w *walk) match(d *dayFlow, booked map[int64]domain.BookedDay) (domain.BookedDay, bool) {
	if b, ok := booked[*d.opened]; ok || !d.blurred {
		return b, ok
	}
	for ts, b := range booked {
		if ts-*d.opened < 60 && *d.opened-ts < 60 {
			return b, true
		}
	}
	return domain.BookedDay{}, false
}

func (d *ReviewedDay) judgeSums(b domain.Behaviour) {
	switch {
	case b == domain.Published:
		d.Sums = sumsNot
	case !d.Closed:
		d.Sums = sumsOpen
	case !d.Whole || d.DustIn == nil || d.DustOut == nil:
		d.Sums = sumsUnknown
	default:
		left := difference([]domain.Amount{d.Claimed, *d.DustIn}, []domain.Amount{d.Paid, d.Creator, *d.DustOut})
		if d.Sums, d.Difference = sumsExact, ""; left != "0" {
			d.Sums, d.Difference = sumsDiffer, left
		}
	}
}

// difference is what came in minus what went out, which may be of either sign and larger than one amount.
func difference(in, out []domain.Amount) string {
	sum := new(big.Int)
	for _, a := range in {
		sum.Add(sum, new(big.Int).SetUint64(uint64(a)))
	}
	for _, a := range out {
		sum.Sub(sum, new(big.Int).SetUint64(uint64(a)))
	}
	return sum.String()
}

// compare holds a day against its books, figure by figure.
func (d *ReviewedDay) compare(books domain.Figures) {
	d.Books = booksEqual
	if !d.Whole {
		d.Books = booksUnknown
		return
	}
	for _, f := range []struct {
		name         string
		chain, books *domain.Amount
	}{
		{"claimed", &d.Claimed, &books.Claimed},
		{"paid", &d.Paid, &books.Paid},
		{"creator", &d.Creator, &books.Creator},
		{"dust in", d.DustIn, &books.DustIn},
		{"dust out", d.DustOut, &books.DustOut},
	} {
		if f.chain != nil && *f.chain != *f.books {
			d.Books = booksDiffer
			d.Differences = append(d.Differences, fmt.Sprintf("%s: chain %s, books %s base units", f.name, *f.chain, *f.books))
		}
	}
}
