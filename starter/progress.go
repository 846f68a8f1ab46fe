package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// progress shows one line per vault while days are paid.
type progress interface {
	say(line string)        // A message that stays.
	update(ops.DailyStatus) // A vault's new state.
	close()
}

// newProgress shows a live view on a terminal and plain lines elsewhere. With --json standard output is the result's.
func (c *cli) newProgress() progress {
	if c.json || !isTerminal(c.stdout) {
		w := c.stdout
		if c.json {
			w = c.stderr
		}
		return &plainProgress{w: w, seen: map[string]string{}}
	}
	return newLiveProgress(c.stdout, c.colored())
}

// plainProgress prints a line when something changed.
type plainProgress struct {
	mu   sync.Mutex
	w    io.Writer
	seen map[string]string
}

func (p *plainProgress) say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.w, line)
}

func (p *plainProgress) update(s ops.DailyStatus) {
	key := fmt.Sprint(s.Day, s.State, s.Step, s.Page, s.Reason)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen[s.Vault] == key {
		return
	}
	p.seen[s.Vault] = key
	fmt.Fprintln(p.w, vaultLine(s, time.Now()))
}

func (p *plainProgress) close() {}

// vaultLine is a vault's state in one line of at most 100 columns.
func vaultLine(s ops.DailyStatus, now time.Time) string {
	line := fmt.Sprintf("%-10s %-10s %-10s %-16s page %2d/%-2d  paid %20s", clip(s.Vault, 10), s.Day, clip(string(s.State), 10), clip(s.Step, 16), s.Page, s.Pages, s.Token.Format(s.Paid))
	if eta, ok := estimate(s, now); ok {
		line += fmt.Sprintf("  ETA %s", eta)
	}
	if s.Reason != "" && len(line)+3 < width {
		line += "  " + clip(s.Reason, width-len(line)-2)
	}
	return line
}

// estimate is how long the pages that are left will take, at the pace so far. Nothing is known before the first page.
func estimate(s ops.DailyStatus, now time.Time) (time.Duration, bool) {
	left := s.Pages - s.Page
	if s.Page <= 0 || left <= 0 || s.PagesAt.IsZero() || s.State != domain.Running {
		return 0, false
	}
	elapsed := now.Sub(s.PagesAt)
	return (elapsed / time.Duration(s.Page) * time.Duration(left)).Round(time.Second), elapsed > 0
}

func clip(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	if most < 1 {
		return ""
	}
	return string(r[:most-1]) + "…"
}

// sortedStatuses keeps the lines of a live view in one order.
func sortedStatuses(all map[string]ops.DailyStatus) []ops.DailyStatus {
	out := make([]ops.DailyStatus, 0, len(all))
	for _, s := range all {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b ops.DailyStatus) int { return naturalCompare(a.Vault, b.Vault) })
	return out
}

// naturalCompare puts demo-2 before demo-10.
func naturalCompare(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
