package report

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

const (
	unknown = "unknown"
	noData  = "no data"
)

// hours writes a length of time with one decimal, rounded down; what is shorter than six minutes in minutes, so that
// nothing late reads as "0.0 h".
func hours(d time.Duration) string {
	if d < 6*time.Minute {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	tenths := int64(d / (6 * time.Minute))
	return fmt.Sprintf("%d.%d h", tenths/10, tenths%10)
}

// dueIn is signed (D06): how long until the next day may open, or by how much it is overdue.
func dueIn(t domain.Timing) string {
	left := t.UntilDue()
	switch {
	case t.NeverRun():
		return "now (first day)"
	case left > 0:
		return "in " + hours(left)
	default:
		return "overdue " + hours(-left)
	}
}

// duration writes how long something took: milliseconds below a second, tenths below a minute, then minutes.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%d.%d s", d/time.Second, d%time.Second/(100*time.Millisecond))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
}

// shareText writes part of whole in per cent with two decimals, rounded down; without a whole there is no share.
func shareText(part, whole uint64) string {
	if whole == 0 {
		return noData
	}
	hundredths := share(part, whole, 10_000)
	return fmt.Sprintf("%d.%02d %%", hundredths/100, hundredths%100)
}

// share is part·of/whole, rounded down; part must not exceed whole by more than a factor that fits.
func share(part, whole, of uint64) uint64 {
	hi, lo := bits.Mul64(part, of)
	if whole == 0 || hi >= whole {
		return ^uint64(0)
	}
	out, _ := bits.Div64(hi, lo, whole)
	return out
}

// size writes bytes in binary units.
func size(b uint64) string {
	names := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	n, tenths := 0, b*10
	for tenths >= 10*1024 && n < len(names)-1 {
		tenths /= 1024
		n++
	}
	if n == 0 {
		return fmt.Sprintf("%d B", b)
	}
	return fmt.Sprintf("%d.%d %s", tenths/10, tenths%10, names[n])
}

// sol writes lamports as SOL with all decimals.
func sol(lamports uint64) string {
	return domain.Token{Symbol: "SOL", Decimals: 9}.Format(domain.Amount(lamports))
}

// plural writes a number with its thing.
func plural(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "y") && !strings.HasSuffix(thing, "day"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(thing, "y"))
	default:
		return fmt.Sprintf("%d %ss", n, thing)
	}
}

// moment writes a time to the second with its zone.
func moment(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(loc).Format("2006-01-02 15:04:05 -0700")
}
