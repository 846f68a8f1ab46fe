package audit

import (
	"math/big"

	"github.com/gagliardetto/solana-go"
)

func big64(v uint64) *big.Int { return new(big.Int).SetUint64(v) }

// part is floor(a·b/c), exactly.
func part(a, b, c uint64) uint64 {
	if c == 0 {
		return 0
	}
	v := new(big.Int).Mul(big64(a), big64(b))
	return v.Div(v, big64(c)).Uint64()
}

// entry is one investor of a day's list.
type entry struct {
	ata    solana.PublicKey
	who    solana.PublicKey
	locked uint64
}

// day is a reference day as CHAIN.md §1 describes it, recomputed.
type day struct {
	opened          int64
	claimed, dustIn uint64
	list            []entry
	total           uint64 // Locked.
	pool, creator   uint64
	paid            uint64 // To investors so far.
	dustOut         uint64
	cursor          uint32
	size            uint32 // Of the last page.
	complete        bool
	dead            bool // Nothing to pay or nobody to pay: it never completes.
}

func (d *day) open(p policy, claimed, dust uint64) {
	d.claimed, d.dustIn = claimed, dust
	for _, e := range d.list {
		d.total += e.locked
	}
	share := min(p.share, part(d.total, 10_000, p.y0))
	fromClaim := part(claimed, share, 10_000)
	d.pool, d.creator = fromClaim+dust, claimed-fromClaim
	d.dead = len(d.list) == 0 || claimed+dust == 0
}

// payment is what one account gets from one page.
type payment struct {
	ata    solana.PublicKey
	amount uint64
}

// page computes what the page from..to pays, in the order of first appearance, with what was paid before it.
func (d *day) page(p policy, from, to int, before uint64) (out []payment, sum uint64) {
	at := map[solana.PublicKey]int{}
	locked := []uint64{}
	for _, e := range d.list[from:to] {
		i, seen := at[e.who]
		if !seen {
			at[e.who] = len(out)
			out, locked = append(out, payment{ata: e.ata}), append(locked, e.locked)
			continue
		}
		locked[i] += e.locked
	}
	for i := range out {
		raw := part(d.pool, part(locked[i], 1_000_000, d.total), 1_000_000)
		if raw >= p.minPayout {
			out[i].amount = raw
		}
		sum += out[i].amount
	}
	if p.cap == nil {
		return out, sum
	}
	left := *p.cap - min(*p.cap, before)
	if sum <= left {
		return out, sum
	}
	k, capped := part(left, 1_000_000, sum), uint64(0)
	for i := range out {
		out[i].amount = part(out[i].amount, k, 1_000_000)
		capped += out[i].amount
	}
	return out, capped
}

// turn pays the page at the cursor and closes the day behind the last.
func (d *day) turn(p policy, size uint32) (payments []payment, creator uint64) {
	from := min(int(d.cursor), len(d.list))
	to := min(from+int(size), len(d.list))
	payments, sum := d.page(p, from, to, d.paid)
	d.paid += sum
	d.cursor, d.size = d.cursor+size, size
	if int(d.cursor) >= len(d.list) {
		d.complete, d.dustOut = true, d.pool-d.paid
		return payments, d.creator
	}
	return payments, 0
}

// unreached is what the pages that were never turned would have paid, had they followed in the size of the last one.
func (d *day) unreached(p policy) (out []payment) {
	if d.dead {
		return nil
	}
	size, paid := int(max(d.size, 1)), d.paid
	for at := int(d.cursor); at < len(d.list); at += size {
		list, sum := d.page(p, at, min(at+size, len(d.list)), paid)
		out, paid = append(out, list...), paid+sum
	}
	return out
}
