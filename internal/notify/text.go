package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// ellipsis ends a text that was cut.
const ellipsis = "…"

// Cut shortens a text to at most limit UTF-16 units, which is how the services count, and never splits a character.
// What was cut ends with an ellipsis.
func Cut(s string, limit int) string {
	if Units(s) <= limit {
		return s
	}
	if limit < 1 {
		return ""
	}
	left := limit - 1
	for i, r := range s {
		if left -= width(r); left < 0 {
			return s[:i] + ellipsis
		}
	}
	return s
}

// Units counts UTF-16 units.
func Units(s string) int {
	n := 0
	for _, r := range s {
		n += width(r)
	}
	return n
}

func width(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// Plain drops what can change how a text is shown although it is no text: control characters, terminal escapes, marks
// that turn the direction of writing, broken encoding. Lines and tabs stay.
func Plain(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == utf8.RuneError, r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// Line is Plain on one line: a hostile name must not begin a line of its own.
func Line(s string) string { return strings.Join(strings.Fields(Plain(s)), " ") }

// Mark is how a message's state is shown everywhere: a word, a sign, a colour as 0xRRGGBB.
type Mark struct {
	Word  string
	Sign  string
	Color uint32
}

// Mark gives the look of a message.
func (m Message) Mark() Mark {
	switch m.Kind {
	case Resolve:
		return Mark{"RESOLVED", "✅", 0x2da44e}
	case Acknowledge:
		return Mark{"ACKNOWLEDGED", "👀", 0x8250df}
	case Info:
		return Mark{"INFO", "ℹ️", 0x6e7781}
	case Change:
		return Mark{"CHANGE", "🔧", 0x6e7781}
	case Trigger, Update:
	}
	switch m.Severity {
	case domain.SeverityCritical:
		return Mark{"CRITICAL", "🔴", 0xda3633}
	case domain.SeverityHigh:
		return Mark{"HIGH", "🟠", 0xf0883e}
	case domain.SeverityMedium:
		return Mark{"MEDIUM", "🟡", 0xd29922}
	case domain.SeverityLow:
		return Mark{"LOW", "🔵", 0x2f81f7}
	default:
		return Mark{"UNKNOWN SEVERITY", "⚪", 0x6e7781} // It is told all the same.
	}
}

// Headline says in one line what it is: "CRITICAL · alpha · Distribution stuck".
func (m Message) Headline() string {
	parts := []string{m.Mark().Word}
	if v := Line(m.Vault); v != "" {
		parts = append(parts, v)
	}
	if t := Line(m.Title); t != "" {
		parts = append(parts, t)
	}
	return strings.Join(parts, " · ")
}

// Facts are the fields and what else identifies the message, without empty ones.
func (m Message) Facts() []Field {
	out := make([]Field, 0, len(m.Fields)+3)
	for _, f := range m.Fields {
		if f = (Field{Name: Line(f.Name), Value: strings.TrimSpace(Plain(f.Value))}); f.Name != "" && f.Value != "" {
			out = append(out, f)
		}
	}
	for _, f := range []Field{{Name: "Day", Value: string(m.Day)}, {Name: "Team", Value: m.Team}, {Name: "Incident", Value: m.Incident}, {Name: "Alert", Value: m.Alert}} {
		if f.Value = Line(f.Value); f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

// maxURL is how long an address may be; one that is cut would lead elsewhere, and a longer one crowds out the message.
const maxURL = 2000

// SafeLinks are the links that lead to a web page. Others are dropped: a link can be a script.
func (m Message) SafeLinks() []Link {
	var out []Link
	for _, l := range m.Links {
		url := strings.TrimSpace(l.URL)
		lower := strings.ToLower(url)
		if len(url) > maxURL || !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") || strings.ContainsFunc(url, func(r rune) bool {
			return r <= ' ' || r > unicode.MaxASCII || strings.ContainsRune("<>\"'|\\^`{}()", r)
		}) {
			continue
		}
		text := Line(l.Text)
		if text == "" {
			text = "Link"
		}
		out = append(out, Link{Text: Cut(text, 80), URL: url})
	}
	return out
}

// Label is what a button says.
func Label(a Action) string {
	switch a.Name {
	case ActionAcknowledge:
		return "Acknowledge"
	case ActionMute:
		return "Mute 1 h"
	case ActionPause:
		return "Pause vault"
	case ActionStop:
		return "Stop all"
	case ActionExplain:
		return "Explain"
	default:
		return Cut(Line(a.Name), 40)
	}
}
