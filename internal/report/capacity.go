package report

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Words for when a limit is reached.
const (
	limitReached = "reached"
	limitSoon    = "in "
	limitNever   = "not at the present trend"
	limitFar     = "not within 10 years at the present trend"
)

// Limit is one thing that can run out (O03). Used, Most and Before are measured; nothing here is a guess.
type Limit struct {
	Name     string `json:"name"`
	Unit     string `json:"unit"`
	Used     string `json:"used"`
	Most     string `json:"limit"`
	Share    string `json:"share"`
	Before   string `json:"used_before"`
	Reached  string `json:"reached"` // When, if it goes on as from the window before to this one.
	Evidence string `json:"evidence"`
}

// Bounds are limits that the settings and the machine set.
type Bounds struct {
	RequestsPerSecond uint64                 // Of all endpoints together; 0: no limit is set.
	DeadlineMargin    time.Duration          // No page begins later than this before the day is lost.
	FreeDisk          func() (uint64, error) // Bytes free where the store is; nil: nobody looks.
}

// limitOf extrapolates in a straight line, in windows of the same length.
func limitOf(name, unit string, used, most, before figure, w Window, evidence string) Limit {
	l := Limit{Name: name, Unit: unit, Used: used.text(), Most: most.text(), Share: noData, Before: before.text(), Reached: trendInsufficient, Evidence: evidence}
	if used.known && most.known {
		l.Share = shareText(used.value, most.value)
	}
	switch {
	case used.known && most.known && used.value >= most.value:
		l.Reached = limitReached
	case !used.known || !most.known || !before.known:
	case used.value <= before.value:
		l.Reached = limitNever
	default:
		step := used.value - before.value
		months := (most.value - used.value + step - 1) / step
		l.Reached = limitFar
		if months <= 120 {
			l.Reached = fmt.Sprintf(limitSoon+"%s at the present trend, %s", plural(int(months), "month"), w.To.AddDate(0, int(months), -1).Format("2006-01"))
		}
	}
	return l
}

// usage is what one window used.
type usage struct {
	Workload
	lines     []DayLine
	busiest   figure // RPC requests of the busiest hour.
	busiestAt time.Time
}

// heaviest is the day that needs most of its window: pages × the vault's own p95 page time.
func (u usage) heaviest() (ms figure, evidence string) {
	pace := map[string]time.Duration{}
	for _, p := range u.Paces {
		pace[p.Vault] = *p.P95
	}
	for _, l := range u.lines {
		if p, ok := pace[l.Vault]; ok && l.Pages > 0 {
			if need := uint64(p.Milliseconds()) * uint64(l.Pages); !ms.known || need > ms.value {
				ms, evidence = known(need), fmt.Sprintf("%s on %s: %s × %s (p95)", l.Vault, l.Day, plural(l.Pages, "page"), duration(p))
			}
		}
	}
	return ms, evidence
}

// capacity says how much of each limit is used, and when it is reached.
func capacity(w Window, now, before usage, v domain.Volume, b Bounds, disk figure, diskNote string) []Limit {
	need, evidence := now.heaviest()
	needBefore, _ := before.heaviest()
	window := uint64(domain.DaySeconds)*1_000 - uint64(b.DeadlineMargin.Milliseconds())
	out := []Limit{limitOf("pages within the day's 24 hours", "ms", need, known(window), needBefore, w, orNoData(need, evidence))}

	most := known(b.RequestsPerSecond * 3_600)
	evidence = fmt.Sprintf("hour of %s UTC against %d requests a second", now.busiestAt.UTC().Format("2006-01-02 15:04"), b.RequestsPerSecond)
	if b.RequestsPerSecond == 0 {
		most, evidence = figure{}, "no endpoint has a limit in the settings"
	}
	out = append(out, limitOf("RPC requests of the busiest hour", "requests", now.busiest, most, before.busiest, w, orNoData(now.busiest, evidence)))

	store := Limit{Name: "store", Unit: "bytes", Used: fmt.Sprint(v.Bytes), Most: noData, Share: noData, Before: noData, Reached: trendInsufficient, Evidence: diskNote}
	if v.VaultDays > 0 {
		each := v.Bytes / uint64(v.VaultDays)
		grown := each * uint64(len(now.lines))
		store.Evidence = fmt.Sprintf("%s hold %s, %s each; this window added %s", size(v.Bytes), plural(v.VaultDays, "vault-day"), size(each), size(grown))
		if disk.known {
			was := figure{v.Bytes - min(v.Bytes, grown), len(before.lines) > 0}
			store = limitOf("store", "bytes", known(v.Bytes), known(v.Bytes+disk.value), was, w, store.Evidence+"; "+size(disk.value)+" are free on its disk")
		}
		if disk.known && grown == 0 {
			store.Reached = limitNever
		}
	}
	return append(out, store)
}

func orNoData(f figure, text string) string {
	if !f.known {
		return "no data: nothing was measured in this window"
	}
	return text
}
