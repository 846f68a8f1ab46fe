package alert

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// short writes a duration for people: 45s, 12m, 3h05m, 2d03h. Seconds matter only while there are few.
func short(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%s%ds", sign, d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%s%dm", sign, d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%s%dh%02dm", sign, d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%s%dd%02dh", sign, d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

// stamp writes a time, always in one zone (M18).
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

func unix(ts int64) string { return stamp(time.Unix(ts, 0)) }

// investors is how many the list has, as far as it is known.
func investors(v *domain.VaultSample) string {
	if v.Books != nil && v.Books.Investors != nil {
		return fmt.Sprint(*v.Books.Investors)
	}
	if v.Streams > 0 {
		return fmt.Sprint(v.Streams)
	}
	return "an unknown number"
}
