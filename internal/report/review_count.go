package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// count sorts a transaction that landed within the window.
func (w *walk) count(tx *chain.Transaction, m distribution.Movement, at time.Time) {
	ours := len(tx.Keys) > 0 && !w.v.Payer.IsZero() && (tx.Keys[0] == w.v.Payer || m.Crank == w.v.Payer)
	line := Line{Signature: tx.Signature.String(), Slot: tx.Slot, At: at, Ours: ours}
	if len(tx.Keys) > 0 {
		line.Signer = tx.Keys[0].String()
	}
	if ours {
		w.out.FeeLamports += tx.Fee
	}
	if m.Cut {
		w.out.Cut++
	}
	switch {
	case tx.Err != nil:
		line.Kind, line.Text = "failed", w.failed(tx)
	case len(m.Pages) > 0:
		line.Kind, line.Text = "page", w.turned(tx, m, at, ours)
	case len(m.Claims) > 0:
		line.Kind, line.Text = "opening", w.opened(m)
	case m.TreasuryIn+m.TreasuryOut > 0:
		w.out.TreasuryIn += m.TreasuryIn
		w.out.TreasuryOut += m.TreasuryOut
		line.Kind, line.Text = "treasury", fmt.Sprintf("moved the treasury by %s in, %s out, without a page", w.out.Token.Format(m.TreasuryIn), w.out.Token.Format(m.TreasuryOut))
	case m.Calls > 0:
		w.out.Nothing++
		line.Kind, line.Text = "nothing", "called the router and did nothing"
	default:
		w.out.Other++
		line.Kind, line.Text = "other", "only names the vault"
	}
	if len(w.out.Transactions) < w.r.Lines {
		w.out.Transactions = append(w.out.Transactions, line)
	}
}

// failed counts by code, never by text. A number above 6000 is the router's only when the router failed.
func (w *walk) failed(tx *chain.Transaction) string {
	e := tx.Err
	one := FailedCode{Code: e.Code(), Count: 1, Newest: tx.Signature.String()}
	foreign := !e.Program.IsZero() && e.Program != w.v.Program
	switch {
	case foreign:
		one.Program = e.Program.String()
		if e.Custom != nil {
			one.Code = fmt.Sprintf("custom/%d", *e.Custom)
		}
	case e.Custom != nil:
		if code, ok := router.CodeOf(*e.Custom); ok {
			one.Name = code.Name()
		}
	}
	for i := range w.out.Failed {
		if have := &w.out.Failed[i]; have.Code == one.Code && have.Program == one.Program {
			have.Count++
			return e.Error()
		}
	}
	w.out.Failed = append(w.out.Failed, one)
	return e.Error()
}

// opened is a claim without a page: the day was opened and nobody could be paid.
func (w *walk) opened(m distribution.Movement) string {
	c := m.Claims[0]
	w.out.BaseFees += c.BaseAmount
	d := w.dayFor(0)
	d.open(c.Timestamp)
	d.flow.Claimed += m.TreasuryIn
	return fmt.Sprintf("opened the day and turned no page, claimed %s", w.out.Token.Format(m.TreasuryIn))
}

// turned is a transaction that turned pages.
func (w *walk) turned(tx *chain.Transaction, m distribution.Movement, at time.Time, ours bool) string {
	r := m.Result
	var d *dayFlow
	for _, page := range slices.Backward(m.Pages) {
		d = w.dayFor(page.PageEnd)
		w.follow(d, page, tx)
		w.out.Pages++
		d.pages++
		d.flow.Logged += domain.Amount(page.TotalDistributed)
		if !ours {
			w.out.Foreign++
			d.foreign++
		}
		ts := page.Timestamp
		if ts == 0 && !at.IsZero() {
			ts = at.Unix() // Its log was cut: near enough to name the day.
			d.blurred = true
		}
		if page.PageStart == 0 {
			d.open(ts)
		}
	}
	for _, c := range m.Claims {
		w.out.BaseFees += c.BaseAmount
	}
	d.flow.Claimed += r.Claimed
	d.flow.Paid += r.Paid
	d.flow.Creator += r.Creator
	if m.Close != nil {
		d.closed = true
		if m.Close.Timestamp > 0 {
			dust := domain.Amount(m.Close.FinalDustAmount)
			d.dustOut = &dust
		}
	}
	if m.Maybe {
		w.out.gap("pages", fmt.Sprintf("%s: its logs are cut and no money moved: it turned a page, or nothing", r.Signature))
	}
	text := fmt.Sprintf("page %d–%d, paid %s", m.Pages[0].PageStart, m.Pages[len(m.Pages)-1].PageEnd, w.out.Token.Format(r.Paid))
	if r.Claimed > 0 {
		text += ", claimed " + w.out.Token.Format(r.Claimed)
	}
	if m.Close != nil {
		text += ", creator " + w.out.Token.Format(r.Creator) + ", closed"
	}
	return text
}
