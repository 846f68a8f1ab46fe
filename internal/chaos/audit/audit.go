// Package audit judges a vault's days from the chain alone: the token balances and the landed transactions of the
// ledger. It shares no code with the payment path. Layouts, validity and arithmetic are written again from CHAIN.md §1
// and §2, with math/big, so that a mistake in one is not a mistake in both.
package audit

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

const daySeconds = 86_400

// Subject is the vault that is judged.
type Subject struct {
	Program, Vault, Policy, Progress solana.PublicKey
	Treasury, Creator, Pool          solana.PublicKey // Token accounts; Pool is the one that fees are claimed from.
	Mint, StreamMint                 solana.PublicKey
	Streams                          []solana.PublicKey // Registered, in order.
	Payer                            solana.PublicKey   // Whose pages are ours.
	SharedMint                       bool               // Other vaults earn the same mint: what a pool earned is known for all together only; see Together.
}

// Auditor has watched a vault since New.
type Auditor struct {
	bank    *bank.Bank
	subject Subject
	slot    uint64
	start   progress
	held    map[solana.PublicKey]uint64 // Token balances at the start.
	supply  uint64                      // Of the quote mint: it grows by what is earned.

	mu    sync.Mutex
	seen  []sight
	moved map[solana.PublicKey]int64 // Base units that somebody else put into accounts since.
}

// sight is what stood in accounts that only hands outside the program change, as of a slot.
type sight struct {
	slot    uint64
	policy  policy
	streams []stream
}

// New begins to watch. Everything that happens later is judged.
func New(b *bank.Bank, s Subject) *Auditor {
	a := &Auditor{bank: b, subject: s, slot: b.Slot(bank.Processed), held: map[solana.PublicKey]uint64{}, moved: map[solana.PublicKey]int64{}}
	account, _ := b.Account(s.Progress, bank.Processed)
	a.start, _ = readProgress(account.Data)
	a.supply = a.minted()
	for _, at := range []solana.PublicKey{s.Treasury, s.Creator, s.Pool} {
		a.held[at] = a.balance(at, bank.Processed)
	}
	a.Observe()
	return a
}

// Observe must be called after policy or streams were changed by hand: later transactions are judged by what stands
// there now.
func (a *Auditor) Observe() {
	now := sight{slot: a.bank.Slot(bank.Processed)}
	account, _ := a.bank.Account(a.subject.Policy, bank.Processed)
	now.policy, _ = readPolicy(account.Data)
	for _, at := range a.subject.Streams {
		account, exists := a.bank.Account(at, bank.Processed)
		now.streams = append(now.streams, readStream(account, exists, a.subject.StreamMint))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = append(a.seen, now)
	for _, s := range now.streams {
		at := a.ata(s.recipient)
		if _, known := a.held[at]; !known && s.valid {
			a.held[at] = a.balance(at, bank.Processed)
		}
	}
}

// Moved tells that somebody outside the program put tokens into an account, or took them out.
func (a *Auditor) Moved(account solana.PublicKey, amount int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.moved[account] += amount
}

func (a *Auditor) ata(wallet solana.PublicKey) solana.PublicKey {
	at, _, err := solana.FindProgramAddress([][]byte{wallet[:], solana.TokenProgramID[:], a.subject.Mint[:]}, solana.SPLAssociatedTokenAccountProgramID)
	if err != nil {
		return solana.PublicKey{}
	}
	return at
}

func (a *Auditor) balance(at solana.PublicKey, c bank.Commitment) uint64 {
	account, exists := a.bank.Account(at, c)
	amount, _ := token(account, exists)
	return amount
}

// minted is the quote mint's supply.
func (a *Auditor) minted() uint64 {
	account, _ := a.bank.Account(a.subject.Mint, bank.Processed)
	if len(account.Data) < 44 {
		return 0
	}
	return u64(account.Data, 36)
}

// in is what transactions of a slot saw.
func (a *Auditor) in(slot uint64) sight {
	out := a.seen[0]
	for _, s := range a.seen {
		if s.slot < slot {
			out = s
		}
	}
	return out
}

// Day is one day as the chain shows it.
type Day struct {
	Opened                                  int64
	Complete                                bool
	Investors                               int
	Claimed, Paid, Creator, DustIn, DustOut uint64
	Foreign                                 int // Pages that somebody else turned.
	Pages                                   int
	Unreached                               int // Investors of pages that were never turned and who had something to get.
}

// Verdict is the auditor's word.
type Verdict struct {
	Days         []Day
	PaidTwice    int
	Missed       int // Reached by a page and got nothing of what they should.
	Wrong        int
	Conservation int // Sums that do not add up.
	Unguarded    int // Pages of ours without a cursor: a repeated send of one can pay again.
	Ours         []string
	Notes        []string
}

// Clean is true when nothing was paid twice, missed or wrong, and the sums add up.
func (v Verdict) Clean() bool {
	return v.PaidTwice == 0 && v.Missed == 0 && v.Wrong == 0 && v.Conservation == 0 && v.Unguarded == 0
}

func (v *Verdict) note(format string, args ...any) {
	v.Notes = append(v.Notes, fmt.Sprintf(format, args...))
}

// ledger is the recomputation under way.
type ledger struct {
	*Verdict

	state          progress
	days           []*day
	want           map[solana.PublicKey]uint64   // All that an account should have got.
	parts          map[solana.PublicKey][]uint64 // The single payments of it.
	foreign, pages map[*day]int
}

// Judge recomputes every day from the landed transactions, and holds the result against the balances of the chain's
// newest state. Call it when nothing can land any more.
func (a *Auditor) Judge() Verdict {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := &ledger{
		Verdict: &Verdict{}, state: a.start, want: map[solana.PublicKey]uint64{}, parts: map[solana.PublicKey][]uint64{},
		foreign: map[*day]int{}, pages: map[*day]int{},
	}
	records := a.bank.SignaturesFor(a.subject.Progress, solana.Signature{}, solana.Signature{}, math.MaxInt, bank.Processed)
	for _, r := range slices.Backward(records) {
		if r.Slot <= a.slot || r.Err != nil {
			continue
		}
		if size, cursor, ok := call(r, a.subject); ok {
			a.replay(l, r, size, cursor)
		}
	}
	a.investors(l)
	a.sums(l)
	return *l.Verdict
}

// replay runs the documented program on one landed call and compares the money that it moved.
func (a *Auditor) replay(l *ledger, r *bank.Record, size uint32, cursor *uint32) {
	ours := r.Keys[0] == a.subject.Payer
	if ours {
		l.Ours = append(l.Ours, r.Signature.String())
		if cursor == nil {
			l.Unguarded++
			l.note("%s: our page has no cursor", r.Signature)
		}
	}
	now, seen := r.BlockTime, a.in(r.Slot)
	claimed := uint64(0)
	if l.state.last == 0 || now >= l.state.last+daySeconds {
		claimed = a.claimed(r)
		d := &day{opened: now}
		for _, s := range seen.streams {
			if s.valid {
				d.list = append(d.list, entry{a.ata(s.recipient), s.recipient, s.locked(now)})
			}
		}
		d.open(seen.policy, claimed, l.state.dust)
		l.days = append(l.days, d)
		l.state.last, l.state.cursor, l.state.complete = now, 0, false
	}
	var d *day
	if len(l.days) > 0 {
		d = l.days[len(l.days)-1]
	}
	want, creator := map[solana.PublicKey]uint64{}, uint64(0)
	if d != nil && !d.dead && !d.complete && (cursor == nil || *cursor == d.cursor) {
		var list []payment
		list, creator = d.turn(seen.policy, size)
		for _, p := range list {
			want[p.ata] += p.amount
			l.want[p.ata] += p.amount
			l.parts[p.ata] = append(l.parts[p.ata], p.amount)
		}
		l.pages[d]++
		if !ours {
			l.foreign[d]++
		}
		l.state.cursor, l.state.complete = d.cursor, d.complete
		if d.complete {
			l.state.dust = d.dustOut
		}
	}
	if creator > 0 {
		want[a.subject.Creator] += creator
		l.want[a.subject.Creator] += creator
	}
	a.compare(l, r, want, claimed)
}

// claimed is what came into the treasury in the opening call: what it kept and what it handed on. The pool is not among
// the call's accounts; the day's sums hold it against this figure.
func (a *Auditor) claimed(r *bank.Record) uint64 {
	pre, post := inTx(r, a.subject.Treasury)
	out := uint64(0)
	for _, t := range r.PostTokens {
		if at := r.Keys[t.AccountIndex]; t.Mint == a.subject.Mint && at != a.subject.Treasury {
			before, after := inTx(r, at)
			out += after - before
		}
	}
	return post + out - pre
}

func inTx(r *bank.Record, account solana.PublicKey) (pre, post uint64) {
	for _, t := range r.PreTokens {
		if r.Keys[t.AccountIndex] == account {
			pre = t.Amount
		}
	}
	for _, t := range r.PostTokens {
		if r.Keys[t.AccountIndex] == account {
			post = t.Amount
		}
	}
	return pre, post
}

// compare holds a transaction's token movements against what it should have moved.
func (a *Auditor) compare(l *ledger, r *bank.Record, want map[solana.PublicKey]uint64, claimed uint64) {
	out := uint64(0)
	for _, t := range r.PostTokens {
		at := r.Keys[t.AccountIndex]
		if t.Mint != a.subject.Mint || at == a.subject.Treasury {
			continue
		}
		pre, post := inTx(r, at)
		if post-pre != want[at] {
			l.note("%s: %s moved by %d base units, want %d", r.Signature, at, int64(post-pre), want[at])
		}
		out += post - pre
		delete(want, at)
	}
	for at, amount := range want {
		if amount > 0 {
			l.note("%s: %s got nothing, want %d", r.Signature, at, amount)
		}
	}
	if pre, post := inTx(r, a.subject.Treasury); pre+claimed != post+out {
		l.Conservation++
		l.note("%s: the treasury had %d, claimed %d, paid %d and has %d", r.Signature, pre, claimed, out, post)
	}
}

// investors compares the growth of every account with what it should have got. Only this decides.
func (a *Auditor) investors(l *ledger) {
	for at, before := range a.held {
		if at == a.subject.Treasury || at == a.subject.Pool {
			continue
		}
		got := int64(a.balance(at, bank.Processed)-before) - a.moved[at]
		want := int64(l.want[at])
		switch {
		case got == want:
			continue
		case got > want && repeats(uint64(got-want), l.parts[at], l.want[at]):
			l.PaidTwice++
		case got < want && (got <= 0 || repeats(uint64(want-got), l.parts[at], l.want[at])):
			l.Missed++
		default:
			l.Wrong++
		}
		l.note("%s got %d base units instead of %d", at, got, want)
	}
}

// repeats is true when a difference is one of the payments, or some of them: then it is one too many or one too few.
func repeats(difference uint64, parts []uint64, all uint64) bool {
	if difference == 0 {
		return false
	}
	return difference == all || slices.Contains(parts, difference)
}

// sums checks that what came in is what went out and what stayed, for every complete day and for the treasury.
func (a *Auditor) sums(l *ledger) {
	for _, d := range l.days {
		out := Day{
			Opened: d.opened, Complete: d.complete, Investors: len(d.list), Claimed: d.claimed, Paid: d.paid, DustIn: d.dustIn,
			Foreign: l.foreign[d], Pages: l.pages[d],
		}
		if d.complete {
			out.Creator, out.DustOut = d.creator, d.dustOut
			if d.claimed+d.dustIn != d.paid+d.creator+d.dustOut {
				l.Conservation++
				l.note("day %d: claimed %d + dust %d is not paid %d + creator %d + dust %d", d.opened, d.claimed, d.dustIn, d.paid, d.creator, d.dustOut)
			}
		}
		for _, p := range d.unreached(a.in(math.MaxUint64).policy) {
			if p.amount > 0 {
				out.Unreached++
			}
		}
		l.Days = append(l.Days, out)
	}
	account, _ := a.bank.Account(a.subject.Progress, bank.Processed)
	end, ok := readProgress(account.Data)
	if !ok || end.last != l.state.last || end.complete != l.state.complete || end.dust != l.state.dust || end.cursor != l.state.cursor && len(l.days) > 0 && !l.days[len(l.days)-1].dead {
		l.Conservation++
		l.note("the progress account says %+v, the transactions lead to %+v", end, l.state)
	}
	pool := int64(a.held[a.subject.Pool]) + a.moved[a.subject.Pool] + int64(a.minted()-a.supply)
	stayed := int64(a.held[a.subject.Treasury]) + a.moved[a.subject.Treasury]
	for _, d := range l.days {
		pool -= int64(d.claimed)
		stayed += int64(d.claimed) - int64(d.paid)
		if d.complete {
			stayed -= int64(d.creator)
		}
	}
	if now := int64(a.balance(a.subject.Pool, bank.Processed)); now != pool && !a.subject.SharedMint {
		l.Conservation++
		l.note("the pool holds %d base units, the claims leave %d", now, pool)
	}
	if now := int64(a.balance(a.subject.Treasury, bank.Processed)); now != stayed {
		l.Conservation++
		l.note("the treasury holds %d base units, the days leave %d", now, stayed)
	}
}
