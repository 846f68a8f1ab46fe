package distribution

import "github.com/meteora-fee-router/feeops/internal/domain"

// flow is what moved through a treasury: in, kept, out. The sides are kept apart, because a difference of two amounts does
// not fit a signed number when a token has many decimals.
type flow struct{ kept, left, out domain.Amount }

// treasury notes the treasury's balance before and after.
func (f *flow) treasury(before, after uint64) {
	if after >= before {
		f.kept += domain.Amount(after - before)
	} else {
		f.left += domain.Amount(before - after)
	}
}

// paid notes what somebody else's account gained.
func (f *flow) paid(a domain.Amount) { f.out += a }

// claimed is what came in: what the treasury kept and what went out, less what it gave of its own. lost is what it gave
// that nobody got. The sums are of one mint's tokens, of which there are fewer than 2^64.
func (f *flow) claimed() (in, lost domain.Amount) {
	if have := f.kept + f.out; have >= f.left {
		return have - f.left, 0
	}
	return 0, f.left - f.kept - f.out
}
