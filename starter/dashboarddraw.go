package main

import (
	"fmt"
	"image/color"
	"strings"
	"time"
	"unicode"

	"charm.land/lipgloss/v2"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// barWidth is the length of a progress bar.
const barWidth = 8

// drawDashboard draws within so many columns, at least 40, and so many lines; 0 lines is all of it. Every state has a
// mark and a word, so that nothing is lost without colours.
func drawDashboard(d domain.Dashboard, width, height, scroll int, colors bool) string {
	p := painter{width: width, colors: colors}
	p.head(d)
	alerts := p.alerts(d)
	vaults := p.vaults(d, scroll, height-len(p.lines)-len(alerts)-3, height)
	p.lines = append(append(p.lines, vaults...), alerts...)
	if height > 0 && len(p.lines) > height {
		p.lines = p.lines[:height] // A very low screen shows the head and what comes first.
	}
	return strings.Join(p.lines, "\n")
}

type painter struct {
	width  int
	colors bool
	lines  []string
}

// paint cuts a line to the width and colours it.
func (p painter) paint(line string, c color.Color) string {
	line = strings.TrimRight(clip(printable(line), p.width), " ")
	if !p.colors || c == nil {
		return line
	}
	return lipgloss.NewStyle().Foreground(c).Render(line)
}

// printable takes out what would move the cursor or begin a line of its own: names and errors come from elsewhere.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}

func (p *painter) head(d domain.Dashboard) {
	counts := []string{}
	for _, s := range domain.States() {
		if n := d.States[s]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, stateWord(s)))
		}
	}
	p.lines = append(p.lines, p.paint(fmt.Sprintf("feeops dashboard   %d vaults: %s", len(d.Vaults), strings.Join(counts, ", ")), nil))
	switch {
	case d.Sampled.IsZero():
		p.lines = append(p.lines, p.paint("NO DATA: the watch has not looked yet. Is a worker running? feeops doctor", lipgloss.Yellow))
	case d.Stale:
		p.lines = append(p.lines, p.paint(fmt.Sprintf("STALE: the newest look is of %s, %s old: states are unknown", stampZ(d.Sampled), shortAge(d.At.Sub(d.Sampled))), lipgloss.Red))
	default:
		p.lines = append(p.lines, p.paint(fmt.Sprintf("last look %s (%s ago), %d of %d vaults read", stampZ(d.Sampled), shortAge(d.At.Sub(d.Sampled)), d.Read, d.Total), nil))
	}
	if d.Error != "" {
		p.lines = append(p.lines, p.paint("not read: "+d.Error, lipgloss.Yellow))
	}
	p.lines = append(p.lines, "")
}

// vaults draws the table, as many lines as there is room for.
func (p painter) vaults(d domain.Dashboard, scroll, room, height int) []string {
	if len(d.Vaults) == 0 {
		return nil
	}
	rows := d.Vaults
	hidden := 0
	if height > 0 {
		rows = rows[min(scroll, len(rows)-1):]
		if most := max(1, room); len(rows) > most {
			hidden = len(rows) - most
			rows = rows[:most]
		}
	}
	out := []string{p.paint(fmt.Sprintf("  %-12s %-9s %-8s %7s %14s  %-14s %7s", "VAULT", "STATE", "PROGRESS", "DONE", "TREASURY", "NEXT DAY", "LOST IN"), nil)}
	for _, v := range rows {
		row := vaultRow(v)
		if p.width >= rowWidth+alertRoom && len(v.Alerts) > 0 {
			row += "  ! " + strings.Join(v.Alerts, ", ")
		}
		out = append(out, p.paint(row, stateColor(v.State)))
	}
	switch {
	case hidden > 0:
		out = append(out, p.paint(fmt.Sprintf("  … %d more below", hidden), nil))
	case height > 0 && scroll > 0:
		out = append(out, p.paint(fmt.Sprintf("  … %d more above", scroll), nil))
	}
	return append(out, "")
}

// rowWidth is what a vault's line needs; on a wider screen its open alerts stand behind it.
const (
	rowWidth  = 80
	alertRoom = 16
)

func vaultRow(v domain.DashboardVault) string {
	done := "?"
	if v.Done != nil {
		done = fmt.Sprintf("%d/%d", *v.Done, v.Of)
	}
	return fmt.Sprintf("%s %-12s %-9s %s %7s %14s  %-14s %7s", stateMark(v.State), clip(v.Vault, 12), clip(stateWord(v.State), 9), bar(v.Percent), clip(done, 7), treasuryText(v), nextDay(v), lostIn(v))
}

// bar is a progress bar that needs no colour; unknown is not empty.
func bar(percent *int) string {
	if percent == nil {
		return strings.Repeat("?", barWidth)
	}
	full := *percent * barWidth / 100
	return strings.Repeat("█", full) + strings.Repeat("·", barWidth-full)
}

// treasuryText has three answers (D08) and fits its column; --json has every digit.
func treasuryText(v domain.DashboardVault) string {
	if v.Treasury.State != domain.BalanceValue {
		return string(v.Treasury.State)
	}
	token := v.Token
	token.Symbol = ""
	text := token.Format(v.Treasury.Amount)
	if len(text) <= 14 {
		return text
	}
	whole, _, _ := strings.Cut(text, ".")
	return clip(whole, 14)
}

// nextDay is signed (M20): a day that is overdue says by how much, and one that never ran is not overdue (D12).
func nextDay(v domain.DashboardVault) string {
	switch {
	case v.Stale || v.UntilDue == nil:
		return "unknown"
	case v.NeverRun:
		return "now, first day"
	}
	until := time.Duration(*v.UntilDue) * time.Second
	switch {
	case until > 0:
		return "in " + hoursMinutes(until)
	case until > -time.Minute:
		return "now"
	default:
		return "overdue " + hoursMinutes(-until)
	}
}

func lostIn(v domain.DashboardVault) string {
	if v.Stale || v.Left == nil {
		return "-"
	}
	if *v.Left <= 0 {
		return "lost"
	}
	return hoursMinutes(time.Duration(*v.Left) * time.Second)
}

// hoursMinutes writes 3h05m, and seconds below a minute.
func hoursMinutes(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
}

func shortAge(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%ds", max(0, d/time.Second))
	}
	return hoursMinutes(d)
}

func stampZ(t time.Time) string { return t.UTC().Format(time.DateTime + "Z") }

// shownAlerts is how many open alerts stand under the table.
const shownAlerts = 6

func (p painter) alerts(d domain.Dashboard) []string {
	out := []string{p.paint(fmt.Sprintf("OPEN ALERTS (%d)", d.OpenAll), nil)}
	for i, a := range d.Open {
		if i == shownAlerts {
			out = append(out, p.paint(fmt.Sprintf("  … %d more: feeops alerts list", d.OpenAll-shownAlerts), nil))
			break
		}
		note := ""
		switch {
		case a.By != "":
			note = " (" + a.By + ")"
		case a.Muted:
			note = " (muted)"
		}
		out = append(out, p.paint(fmt.Sprintf("  %-8s %6s  %s %s%s: %s", a.Severity, shortAge(d.At.Sub(a.Opened)), a.Subject, a.Alert, note, a.Detail), severityColor(a.Severity)))
	}
	if len(d.Recent) > 0 {
		out = append(out, p.paint("LAST HOUR", nil))
		for _, a := range d.Recent {
			out = append(out, p.paint(fmt.Sprintf("  %sZ %-8s %-12s %s %s", a.Opened.UTC().Format(time.TimeOnly), a.Severity, a.State, a.Subject, a.Alert), nil))
		}
	}
	for _, m := range d.Mutes {
		out = append(out, p.paint(fmt.Sprintf("  %s: %s %s until %s by %s: %s", m.Kind, orAll(m.Vault), orAll(m.Alert), stampZ(m.Until), m.Actor, m.Reason), lipgloss.Yellow))
	}
	return out
}

func orAll(s string) string {
	if s == "" {
		return "all"
	}
	return s
}

// stateWord is a state in at most nine letters.
func stateWord(s domain.State) string {
	switch s {
	case domain.NeverRun:
		return "never run"
	case domain.NotDue:
		return "not due"
	case domain.NoFees:
		return "no fees"
	case domain.WaitingApproval:
		return "approval"
	case domain.CompleteUnreconciled:
		return "mismatch"
	default:
		return string(s)
	}
}

// stateMark is one sign a state, for eyes that skim (M17).
func stateMark(s domain.State) string {
	switch s {
	case domain.Complete:
		return "✓"
	case domain.Running:
		return "»"
	case domain.Ready, domain.NeverRun:
		return "●"
	case domain.NotDue, domain.NoFees, domain.Capped, domain.WaitingApproval:
		return "…"
	case domain.Paused:
		return "‖"
	case domain.Stopped, domain.Isolated:
		return "■"
	case domain.UnknownState:
		return "?"
	default:
		return "!"
	}
}

func severityColor(s domain.Severity) color.Color {
	switch s {
	case domain.SeverityCritical, domain.SeverityHigh:
		return lipgloss.Red
	case domain.SeverityMedium:
		return lipgloss.Yellow
	default:
		return nil
	}
}
