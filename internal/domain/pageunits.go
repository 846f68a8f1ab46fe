package domain

import "time"

// PageUnits is what one page of a vault took of a transaction's compute limit, rehearsed or landed. Its zero value says
// that nothing was measured, and bounds nothing.
type PageUnits struct {
	Vault     string    `json:"vault"`
	Investors uint32    `json:"investors"` // On the page.
	Units     uint64    `json:"units"`     // Compute units that it took.
	Over      uint32    `json:"over"`      // A page of so many took more than the limit; 0: none is known.
	At        time.Time `json:"at"`
}

// Fit is the largest page whose compute stays within room, by this measure; 0 when nothing was measured. What the call
// itself takes counts as if its investors took it: a larger page takes less for each of them, never more, so that the
// answer errs on the small side and comes closer each time that a page of it is measured. Where a page is known that did
// not fit, and the measure would allow it, only the size that was measured counts.
func (u PageUnits) Fit(room uint64) uint32 {
	if u.Investors == 0 || u.Units == 0 {
		return 0
	}
	each := (u.Units-1)/uint64(u.Investors) + 1
	size := uint32(min(max(room/each, 1), MaxPageSize))
	if u.Over > 0 && size >= u.Over {
		return min(u.Investors, max(u.Over-1, 1))
	}
	return size
}
