package email

import (
	"bytes"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

const (
	maxSubject = 200
	maxText    = 256 << 10
	maxFiles   = 8 << 20
)

// compose makes the mail. The text part says all that the HTML part says.
func (c *Channel) compose(m notify.Message, before notify.Ref, to []string) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.FromFormat("feeops", c.o.From); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	if err := msg.To(to...); err != nil {
		return nil, fmt.Errorf("receivers: %w", err)
	}
	msg.Subject(subject(m))
	msg.SetMessageIDWithValue(c.messageID(m))
	msg.SetDateWithValue(m.At)
	msg.SetUserAgent("feeops")
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // Out-of-office programs do not answer.
	if before != "" {
		thread := "<" + string(before) + ">"
		msg.SetGenHeader(mail.HeaderInReplyTo, thread)
		msg.SetGenHeader(mail.HeaderReferences, thread)
	}
	if m.Kind == notify.Trigger && m.Severity.Rank() >= domain.SeverityHigh.Rank() {
		msg.SetImportance(mail.ImportanceHigh)
	}
	v := newView(m)
	var html bytes.Buffer
	if err := page().Execute(&html, v); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	msg.SetBodyString(mail.TypeTextPlain, v.plain())
	msg.AddAlternativeString(mail.TypeTextHTML, html.String())
	size := 0
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if size += len(m.Files[name]); size > maxFiles {
			break // Most servers refuse more, and then the mail as a whole.
		}
		msg.AttachReadSeeker(notify.Cut(notify.Line(name), 100), bytes.NewReader(m.Files[name]))
	}
	return msg, nil
}

// subject is what people scan: "[CRITICAL] alpha: Distribution stuck".
func subject(m notify.Message) string {
	text := "[" + m.Mark().Word + "] "
	if v := notify.Line(m.Vault); v != "" {
		text += v + ": "
	}
	return notify.Cut(text+notify.Line(m.Title), maxSubject)
}

// view is what both parts of a mail show.
type view struct {
	Word, Color, Title, Vault string
	Lines                     []string
	Facts                     []notify.Field
	Links                     []notify.Link
	Key                       string
	Seq                       int
	At                        string
}

func newView(m notify.Message) view {
	mark := m.Mark()
	return view{
		Word: mark.Word, Color: fmt.Sprintf("#%06x", mark.Color), Title: notify.Line(m.Title), Vault: notify.Line(m.Vault),
		Lines: strings.Split(strings.TrimSpace(notify.Cut(notify.Plain(m.Text), maxText)), "\n"),
		Facts: m.Facts(), Links: m.SafeLinks(), Key: notify.Line(m.Key), Seq: m.Seq, At: m.At.UTC().Format(time.RFC3339),
	}
}

func (v view) plain() string {
	var b strings.Builder
	b.WriteString(v.Word)
	for _, part := range []string{v.Vault, v.Title} {
		if part != "" {
			b.WriteString(" · " + part)
		}
	}
	b.WriteString("\n\n" + strings.Join(v.Lines, "\n") + "\n")
	if len(v.Facts) > 0 {
		b.WriteString("\n")
	}
	for _, f := range v.Facts {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, strings.ReplaceAll(f.Value, "\n", "\n  "))
	}
	if len(v.Links) > 0 {
		b.WriteString("\n")
	}
	for _, l := range v.Links {
		fmt.Fprintf(&b, "%s: %s\n", l.Text, l.URL)
	}
	fmt.Fprintf(&b, "\n-- \nfeeops · %s · message %d · %s\n", v.Key, v.Seq, v.At)
	return b.String()
}

// page is the HTML part. The template escapes every value for the place where it stands.
func page() *template.Template {
	return template.Must(template.New("mail").Parse(`<!DOCTYPE html>
<html><body style="font-family:sans-serif;font-size:14px;color:#1f2328">
<div style="border-left:6px solid {{.Color}};padding-left:12px">
<p style="margin:0;font-weight:bold"><span style="color:{{.Color}}">{{.Word}}</span>{{with .Vault}} · {{.}}{{end}}{{with .Title}} · {{.}}{{end}}</p>
<p>{{range $i, $line := .Lines}}{{if $i}}<br>{{end}}{{$line}}{{end}}</p>
{{with .Facts}}<table cellpadding="4">{{range .}}<tr><td style="color:#656d76;vertical-align:top">{{.Name}}</td><td style="white-space:pre-wrap">{{.Value}}</td></tr>{{end}}</table>
{{end}}{{with .Links}}<p>{{range $i, $link := .}}{{if $i}} · {{end}}<a href="{{$link.URL}}">{{$link.Text}}</a>{{end}}</p>
{{end}}</div>
<p style="color:#656d76;font-size:12px">feeops · {{.Key}} · message {{.Seq}} · {{.At}}</p>
</body></html>
`))
}
