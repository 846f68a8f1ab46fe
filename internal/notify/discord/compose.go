package discord

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Limits of an embed, in UTF-16 units. The last one is for all texts of a message together.
const (
	maxTitle       = 256
	maxDescription = 2400 // 4096 are allowed; the fields need room too.
	maxFields      = 25
	maxName        = 256
	maxValue       = 1024
	maxTotal       = 6000
	maxFileBytes   = 8 << 20
)

// payload is a webhook's message.
type payload struct {
	Username   string    `json:"username,omitempty"`
	ThreadName string    `json:"thread_name,omitempty"`
	Embeds     []embed   `json:"embeds"`
	Mentions   *mentions `json:"allowed_mentions"`
}

// mentions allows nothing: no text of ours may call people.
type mentions struct {
	Parse []string `json:"parse"`
}

type embed struct {
	Title       string  `json:"title"`
	Description string  `json:"description,omitempty"`
	Color       uint32  `json:"color"`
	Fields      []field `json:"fields,omitempty"`
	Footer      footer  `json:"footer"`
	Timestamp   string  `json:"timestamp,omitempty"`
}

type field struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline"`
}

func (f field) units() int { return notify.Units(f.Name) + notify.Units(f.Value) }

type footer struct {
	Text string `json:"text"`
}

// compose makes the message within all limits. What does not fit is left out from the end, and the footer says so.
func compose(m notify.Message, thread string) payload {
	mark := m.Mark()
	e := embed{Title: escape(mark.Sign+" "+m.Headline(), maxTitle), Color: mark.Color}
	foot := "feeops"
	if m.Key != "" {
		foot = notify.Cut(notify.Line(m.Key), 200)
	}
	left := maxTotal - notify.Units(e.Title) - notify.Units(foot) - 60
	if text := strings.TrimSpace(notify.Plain(m.Text)); text != "" {
		e.Description = escape(text, maxDescription)
		left -= notify.Units(e.Description)
	}
	// Links come last, where people look for them, and keep their room.
	links := field{Name: "Links", Value: linkList(m.SafeLinks())}
	left -= links.units()
	missing := 0
	for _, f := range m.Facts() {
		one := field{escape(f.Name, maxName), escape(f.Value, min(maxValue, max(left/2, 100))), len(f.Value) <= 40}
		if len(e.Fields) == maxFields-1 || one.units() > left {
			missing++
			continue
		}
		e.Fields, left = append(e.Fields, one), left-one.units()
	}
	if links.Value != "" {
		e.Fields = append(e.Fields, links)
	}
	if missing > 0 {
		foot += fmt.Sprintf(" · %d more fields did not fit", missing)
	}
	e.Footer.Text = foot
	if !m.At.IsZero() {
		e.Timestamp = m.At.UTC().Format(time.RFC3339)
	}
	return payload{Username: "feeops", ThreadName: thread, Embeds: []embed{e}, Mentions: &mentions{Parse: []string{}}}
}

func linkList(links []notify.Link) string {
	var b strings.Builder
	for _, l := range links {
		one := "[" + escape(l.Text, 80) + "](" + l.URL + ")"
		if b.Len() > 0 {
			one = " · " + one
		}
		if notify.Units(b.String())+notify.Units(one) > maxValue {
			break
		}
		b.WriteString(one)
	}
	return b.String()
}

// escape takes the meaning from Discord's markup and keeps the result within the limit. Digits and letters need no
// escape; a list or a heading needs the beginning of a line.
func escape(s string, limit int) string {
	var b strings.Builder
	used, begins := 0, true
	runes := []rune(s)
	for i, r := range runes {
		one := string(r)
		if strings.ContainsRune("\\*_~`|<>[]()#@:", r) || (begins && (r == '-' || r == '+')) {
			one = "\\" + one
		}
		begins = r == '\n'
		need := notify.Units(one)
		if used+need > limit || (used+need == limit && i < len(runes)-1) {
			b.WriteString("…")
			break
		}
		b.WriteString(one)
		used += need
	}
	return b.String()
}

// encode writes JSON, or a form when there are files.
func encode(p payload, files map[string][]byte) (io.Reader, string, error) {
	body, err := json.Marshal(p)
	if err != nil || len(files) == 0 {
		return bytes.NewReader(body), "application/json", err
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if err := w.WriteField("payload_json", string(body)); err != nil {
		return nil, "", err
	}
	size := 0
	for i, name := range slices.Sorted(maps.Keys(files)) {
		if size += len(files[name]); size > maxFileBytes {
			break // Discord would refuse the message as a whole.
		}
		part, err := w.CreateFormFile(fmt.Sprintf("files[%d]", i), notify.Cut(notify.Line(name), 100))
		if err != nil {
			return nil, "", err
		}
		if _, err := part.Write(files[name]); err != nil {
			return nil, "", err
		}
	}
	return &form, w.FormDataContentType(), w.Close()
}
