package receipt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Chain is what verifying needs from Solana.
type Chain interface {
	// Genesis is the chain's genesis hash; empty when no endpoint has told it.
	Genesis() string
	Transaction(ctx context.Context, sig solana.Signature, c rpc.CommitmentType) (*chain.Transaction, bool, error)
}

// VerifyChain holds the receipt against the finalized chain: that it is this chain, that every transaction is there and
// is this vault's on this day, and that the token accounts grew by what the lines say.
func (r Receipt) VerifyChain(ctx context.Context, c Chain) Findings {
	var f Findings
	switch got := c.Genesis(); {
	case got == "":
		f.unknown("chain", "the endpoint does not answer")
		return f
	case got != r.Statement.Genesis:
		f.add("chain", fmt.Errorf("the receipt is of chain %s, and this endpoint serves %s", r.Statement.Genesis, got), "")
		return f
	}
	f.add("chain", nil, "%s", r.Statement.Genesis)
	v := &evidence{receipt: r, paid: map[key]uint64{}}
	if err := v.addresses(); err != nil {
		f.add("transactions", err, "")
		return f
	}
	for _, text := range r.transactions() {
		if unread, err := v.read(ctx, c, text); err != nil {
			if unread {
				f.unknown("transactions", "%v", err)
			} else {
				f.add("transactions", err, "")
			}
			return f
		}
	}
	f.add("transactions", nil, "%d are final and belong to this vault's day", len(v.pages))
	f.add("payments", v.payments(), "every account of the lines grew by what its line says")
	if r.Whole() {
		f.add("totals", v.totals(), "claim, payments and the creator's part are those of the chain")
	}
	return f
}

// key names a token account in a transaction.
type key struct{ signature, account string }

// evidence is what the chain shows of the receipt's transactions.
type evidence struct {
	receipt               Receipt
	vault, program, mint  solana.PublicKey
	treasury, creator     solana.PublicKey
	pages                 []string
	paid                  map[key]uint64 // Growth of token accounts of the mint; the treasury and the pool left out.
	closedBy              string         // Transaction that closed the day.
	claimed, distribution uint64
}

func (v *evidence) addresses() error {
	s := v.receipt.Statement
	for _, one := range []struct {
		name, text string
		into       *solana.PublicKey
	}{{"vault", s.Vault, &v.vault}, {"program", s.Program, &v.program}, {"mint", s.Token.Mint, &v.mint}, {"treasury", s.Treasury, &v.treasury}, {"creator account", s.Creator, &v.creator}} {
		k, err := solana.PublicKeyFromBase58(one.text)
		if err != nil {
			return fmt.Errorf("%s %q: %w", one.name, one.text, err)
		}
		*one.into = k
	}
	owner, err := router.Derive(v.program, v.vault, v.mint, solana.PublicKey{})
	if err != nil {
		return err
	}
	if owner.Treasury != v.treasury {
		return fmt.Errorf("%s is not the treasury of vault %s", v.treasury, v.vault)
	}
	return nil
}

// read takes one transaction in. unread means that the chain could not be asked, which proves nothing.
func (v *evidence) read(ctx context.Context, c Chain, text string) (unread bool, err error) {
	sig, err := solana.SignatureFromBase58(text)
	if err != nil {
		return false, fmt.Errorf("signature %q: %w", text, err)
	}
	tx, found, err := c.Transaction(ctx, sig, rpc.CommitmentFinalized)
	switch {
	case err != nil:
		return true, err
	case !found:
		return false, fmt.Errorf("transaction %s is missing: this endpoint knows no such final transaction. One that keeps the whole history may; if it does not, the receipt is false", text)
	case tx.Err != nil:
		return false, fmt.Errorf("transaction %s failed on the chain and moved nothing: %s", text, tx.Err.Code())
	}
	if err := v.belongs(tx); err != nil {
		return errors.Is(err, errCutLogs), err
	}
	v.pages = append(v.pages, text)
	v.balances(text, tx)
	return false, nil
}

// errCutLogs means that a transaction's logs do not show its day.
var errCutLogs = errors.New("its logs were cut, so they do not show which day it is of")

// belongs sees that a transaction turned a page of this vault within this day: another day's payment is no proof.
func (v *evidence) belongs(tx *chain.Transaction) error {
	events, cut, err := router.ParseEvents(tx.Logs, v.program)
	if err != nil {
		return fmt.Errorf("transaction %s: %w", tx.Signature, err)
	}
	s, turned := v.receipt.Statement, false
	for _, e := range events {
		var vault solana.PublicKey
		var at int64
		switch event := e.Event.(type) {
		case router.InvestorPayoutPage:
			vault, at = event.Vault, event.Timestamp
		case router.CreatorPayoutDayClosed:
			vault, at = event.Vault, event.Timestamp
			if vault == v.vault {
				v.closedBy = tx.Signature.String()
			}
		default:
			continue
		}
		if vault != v.vault {
			continue
		}
		if at < s.OpenedAt || at >= s.OpenedAt+domain.DaySeconds {
			return fmt.Errorf("transaction %s is of another day: the chain's clock said %d, and the day began at %d", tx.Signature, at, s.OpenedAt)
		}
		turned = true
		if tx.Signature.String() == s.Opening && at != s.OpenedAt {
			return fmt.Errorf("transaction %s did not open the day: the chain's clock said %d, and the receipt says %d", tx.Signature, at, s.OpenedAt)
		}
	}
	switch {
	case turned:
		return nil
	case cut:
		return fmt.Errorf("transaction %s: %w", tx.Signature, errCutLogs)
	}
	return fmt.Errorf("transaction %s turned no page of vault %s", tx.Signature, v.vault)
}

// balances adds up what a transaction moved. What the treasury kept and handed on is what was claimed.
func (v *evidence) balances(text string, tx *chain.Transaction) {
	var out, treasury int64
	for _, d := range tx.TokenDeltas {
		if d.Mint != v.mint {
			continue
		}
		grown := int64(d.Post) - int64(d.Pre)
		switch {
		case d.Account == v.treasury:
			treasury = grown
		case grown > 0:
			out += grown
			v.paid[key{text, d.Account.String()}] = uint64(grown)
		}
	}
	v.claimed += uint64(out + treasury)
	v.distribution += uint64(out)
}

// payments holds the lines against the growth of their accounts. The creator may be an investor too: the part that
// closed the day is not his line's.
func (v *evidence) payments() error {
	want := map[key]domain.Amount{}
	var order []key
	for _, l := range v.receipt.lines() {
		if l.Signature == "" || l.Account == "" {
			continue
		}
		k := key{l.Signature, l.Account}
		if _, seen := want[k]; !seen {
			order = append(order, k)
		}
		want[k] += l.Paid
	}
	for _, k := range order {
		got, should := v.paid[k], uint64(want[k])
		if k.account == v.creator.String() && k.signature == v.closedBy {
			should += uint64(v.receipt.Statement.Figures.Creator)
		}
		if got != should {
			return fmt.Errorf("account %s grew by %d base units in transaction %s, and the receipt says %d", k.account, got, k.signature, should)
		}
	}
	return nil
}

// totals holds the sums against the chain and finds money that is on no line.
func (v *evidence) totals() error {
	f := v.receipt.Statement.Figures
	lines := map[key]bool{}
	for _, l := range v.receipt.Lines {
		lines[key{l.Signature, l.Account}] = true
	}
	for k := range v.paid {
		if !lines[k] && k.account != v.creator.String() {
			return fmt.Errorf("transaction %s paid %d base units to %s, who is on no line", k.signature, v.paid[k], k.account)
		}
	}
	if paid := v.distribution - min(v.distribution, uint64(f.Creator)); paid != uint64(f.Paid) {
		return fmt.Errorf("the transactions paid %d base units beside the creator's part, and the receipt says %s", paid, f.Paid)
	}
	if v.claimed != uint64(f.Claimed) {
		return fmt.Errorf("the transactions claimed %d base units, and the receipt says %s", v.claimed, f.Claimed)
	}
	if !slices.ContainsFunc(v.receipt.Statement.Pages, func(p Page) bool { return p.Signature == v.closedBy }) {
		return errors.New("none of the transactions closed the day")
	}
	return nil
}
