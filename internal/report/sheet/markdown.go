package sheet

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markdown writes the sheet as GitHub-flavoured Markdown. Charts are left out: their figures stand in the tables.
func (s Sheet) Markdown() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", inline(s.Title))
	if s.Verdict.Text != "" {
		fmt.Fprintf(&b, "**%s**\n\n", inline(s.Verdict.Text))
	}
	for _, f := range s.Facts {
		fmt.Fprintf(&b, "- %s: %s\n", block(f.Name), inline(f.Value))
	}
	for _, part := range s.Sections {
		fmt.Fprintf(&b, "\n## %s\n", inline(part.Title))
		for _, text := range part.Text {
			fmt.Fprintf(&b, "\n%s\n", block(text))
		}
		for _, t := range part.Tables {
			t.markdown(&b)
		}
		if len(part.Items) > 0 {
			b.WriteByte('\n')
		}
		for _, item := range part.Items {
			item.markdown(&b)
		}
	}
	return []byte(b.String())
}

func (i Item) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "- **%s** %s\n", inline(i.Label), inline(i.Text))
	if i.Evidence != "" {
		fmt.Fprintf(b, "  - Evidence: %s\n", inline(i.Evidence))
	}
	if i.Next != "" {
		fmt.Fprintf(b, "  - Next: %s\n", inline(i.Next))
	}
}

func (t Table) markdown(b *strings.Builder) {
	if t.Title != "" {
		fmt.Fprintf(b, "\n### %s\n", inline(t.Title))
	}
	if len(t.Rows) == 0 {
		fmt.Fprintf(b, "\n%s\n", block(t.Empty))
		return
	}
	b.WriteString("\n|")
	for _, c := range t.Columns {
		fmt.Fprintf(b, " %s |", inline(c.Name))
	}
	b.WriteString("\n|")
	for _, c := range t.Columns {
		if c.Right {
			b.WriteString("---:|")
		} else {
			b.WriteString("---|")
		}
	}
	rows, more := t.Shown()
	for _, row := range rows {
		b.WriteString("\n|")
		for _, c := range row {
			fmt.Fprintf(b, " %s |", c.markdown())
		}
	}
	b.WriteByte('\n')
	if more > 0 {
		fmt.Fprintf(b, "\n%d more rows; JSON has all.\n", more)
	}
}

func (c Cell) markdown() string {
	if href := safeLink(c.Link); href != "" {
		return fmt.Sprintf("[%s](<%s>)", inline(c.Text), href)
	}
	return inline(c.Text)
}

// safeLink gives an http(s) address with everything escaped, or nothing.
func safeLink(link string) string {
	u, err := url.Parse(Clean(link))
	if link == "" || err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	return strings.NewReplacer("<", "%3C", ">", "%3E", " ", "%20", "|", "%7C", "\\", "%5C", `"`, "%22").Replace(u.String())
}

// block is inline for a text that stands at the beginning of a line, where more means something.
func block(s string) string {
	out := inline(s)
	first, _ := utf8.DecodeRuneInString(out)
	switch {
	case strings.ContainsRune("+-=", first):
		return `\` + out
	case unicode.IsDigit(first):
		digits := strings.TrimLeftFunc(out, unicode.IsDigit)
		if rest := strings.TrimLeft(digits, ".)"); rest != digits {
			return out[:len(out)-len(digits)] + `\` + digits
		}
	}
	return out
}

// inline escapes what would be markup, an entity or a link that readers' programs make by themselves.
func inline(s string) string {
	s = strings.TrimSpace(Clean(s))
	var b strings.Builder
	runes := []rune(s)
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	for i, r := range runes {
		switch {
		case strings.ContainsRune("\\`*[]<>|~&@$#", r),
			r == '_' && !(word(i-1) && word(i+1)), // Within a word it means nothing, and names stay readable.
			r == ':' && strings.HasPrefix(string(runes[i:min(i+3, len(runes))]), "://"),
			r == '.' && i >= 3 && strings.EqualFold(string(runes[i-3:i]), "www"):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
