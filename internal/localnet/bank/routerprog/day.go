package routerprog

import (
	"encoding/binary"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// The day account is local only. It is owned by the router program, so atomicity and rollback hold for it
// as for any account; its rent comes from nowhere, because no real account pays for it.
//
// Layout: tag 8, opened i64, claimed, dust in, locked total, eligible bps, from claim, pool, creator: u64,
// count u32; then per stream: stream 32, recipient 32, locked u64.
const (
	dayHead  = 8 + 8 + 7*8 + 4
	dayEntry = 32 + 32 + 8
)

// dayTag marks the account for people who list the program's accounts.
const dayTag = "localday"

// day is an open reference day.
type day struct {
	opened          int64  // chain clock, seconds
	claimed, dustIn uint64 // base units of the quote mint
	opening         router.Opening
	entries         []byte
}

// dayStream is one stream of the day's list, with the amount that was locked at the opening.
type dayStream struct {
	stream solana.PublicKey
	share  router.Share
}

func (d *day) len() int { return len(d.entries) / dayEntry }

func (d *day) at(i int) (out dayStream) {
	b := d.entries[i*dayEntry:]
	copy(out.stream[:], b)
	copy(out.share.Recipient[:], b[32:])
	out.share.Locked = binary.LittleEndian.Uint64(b[64:])
	return out
}

// add appends a stream.
func (d *day) add(s dayStream) {
	d.entries = append(append(d.entries, s.stream[:]...), s.share.Recipient[:]...)
	d.entries = binary.LittleEndian.AppendUint64(d.entries, s.share.Locked)
}

// empty says that there is nobody to pay or nothing to pay with: then the day stays open.
func (d *day) empty() bool { return d.len() == 0 || d.claimed == 0 && d.dustIn == 0 }

// save writes the day into its account.
func (d *day) save(c *vm.Call, address solana.PublicKey) {
	b := append(make([]byte, 0, dayHead+len(d.entries)), dayTag...)
	b = binary.LittleEndian.AppendUint64(b, uint64(d.opened))
	o := d.opening
	for _, v := range [...]uint64{d.claimed, d.dustIn, o.LockedTotal, o.EligibleBPS, o.FromClaim, o.Pool, o.Creator} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = append(binary.LittleEndian.AppendUint32(b, uint32(d.len())), d.entries...)
	account := c.Hidden(address)
	account.Owner, account.Data, account.Lamports = c.Program, b, vm.MinimumRent(len(b))
}

// loadDay reads the account of the day that was opened at that time. Without one, for instance because
// the progress account was written by hand, the list is empty.
func loadDay(c *vm.Call, address solana.PublicKey, opened int64) *day {
	account := c.Read(address)
	if account == nil || len(account.Data) < dayHead || string(account.Data[:8]) != dayTag {
		return &day{}
	}
	var v [8]uint64
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(account.Data[8+8*i:])
	}
	if int64(v[0]) != opened {
		return &day{}
	}
	return &day{
		opened: opened, claimed: v[1], dustIn: v[2], entries: account.Data[dayHead:],
		opening: router.Opening{LockedTotal: v[3], EligibleBPS: v[4], FromClaim: v[5], Pool: v[6], Creator: v[7]},
	}
}
