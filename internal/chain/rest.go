package chain

import "time"

// rest is a time in which nobody is asked. It is kept as a length from a moment on: when the machine's clock jumps, by a
// day or by a second, it ends early rather than late.
type rest struct {
	from   time.Time
	length time.Duration
}

// left is how long it still lasts; 0 when it is over.
func (r rest) left(now time.Time) time.Duration {
	return max(0, r.length-now.Sub(r.from).Abs())
}
