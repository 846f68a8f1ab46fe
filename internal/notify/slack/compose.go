package slack

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Limits of Block Kit, with some room left. The last is for all blocks of a message together: Slack documents none and
// refuses from about 13,000 bytes.
const (
	maxSection = 2900
	factsEach  = 5 // A section has ten cells: five names and five values.
	maxButton  = 70
	maxValue   = 1900
	maxBytes   = 11_500
	maxHead    = 300
)

// room is how much of each part is shown.
type room struct{ text, facts, name, fact, links, linkUnits, buttons, valueUnits int }

// whole is the room of an ordinary message: two sections of text, and more fields than people read.
func whole() room {
	return room{text: 2 * maxSection, facts: 30, name: 100, fact: 600, links: 10, linkUnits: maxSection, buttons: 10, valueUnits: maxValue}
}

// less takes a third from everything, but leaves a little of each.
func (r room) less() room {
	cut := func(n, least int) int { return max(n*2/3, least) }
	return room{
		text: cut(r.text, 100), facts: cut(r.facts, 3), name: cut(r.name, 20), fact: cut(r.fact, 40),
		links: cut(r.links, 1), linkUnits: cut(r.linkUnits, 300), buttons: cut(r.buttons, 2), valueUnits: cut(r.valueUnits, 200),
	}
}

// actionPrefix marks our buttons, and is the block's id.
const actionPrefix = "feeops/"

// compose makes a message's content. When it is too long as a whole, texts are cut further until it fits.
func compose(m notify.Message) []slack.MsgOption {
	mark, space := m.Mark(), whole()
	blocks := body(m, space)
	for {
		encoded, err := json.Marshal(blocks)
		if err != nil || len(encoded) <= maxBytes || space == space.less() {
			break
		}
		space = space.less()
		blocks = body(m, space)
	}
	// The headline is the notification on people's screens. The rest stands in an attachment, because only those have a
	// colour.
	return []slack.MsgOption{
		slack.MsgOptionText(escape(notify.Cut(mark.Sign+" "+m.Headline(), maxHead)), false),
		slack.MsgOptionDisableMarkdown(), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
		slack.MsgOptionAttachments(slack.Attachment{
			Color: fmt.Sprintf("#%06x", mark.Color), Fallback: escape(notify.Cut(m.Headline(), maxHead)), Blocks: slack.Blocks{BlockSet: blocks},
		}),
	}
}

// body is what stands below the headline. Texts and values are plain text, in which Slack reads no markup at all.
func body(m notify.Message, space room) []slack.Block {
	var out []slack.Block
	text := notify.Cut(strings.TrimSpace(notify.Plain(m.Text)), space.text)
	for text != "" {
		part := notify.Cut(text, maxSection)
		if part != text { // The ellipsis of a part that goes on would be wrong.
			part = strings.TrimSuffix(part, "…")
		}
		text = text[len(part):]
		if strings.TrimSpace(part) != "" {
			out = append(out, slack.NewSectionBlock(plain(part), nil, nil))
		}
	}
	facts := m.Facts()
	more := 0
	if len(facts) > space.facts {
		facts, more = facts[:space.facts], len(facts)-space.facts
	}
	for len(facts) > 0 {
		n := min(factsEach, len(facts))
		var cells []*slack.TextBlockObject
		for _, f := range facts[:n] {
			cells = append(cells, markdown("*"+literal(notify.Cut(f.Name, space.name))+"*"), plain(notify.Cut(f.Value, space.fact)))
		}
		out, facts = append(out, slack.NewSectionBlock(nil, cells, nil)), facts[n:]
	}
	if links := linkList(m.SafeLinks(), space); links != "" {
		out = append(out, slack.NewContextBlock("", markdown(links)))
	}
	if buttons := buttons(m.Actions, space); len(buttons) > 0 {
		out = append(out, slack.NewActionBlock(actionPrefix+"actions", buttons...))
	}
	foot := notify.Line(m.Key)
	if !m.At.IsZero() {
		foot += " · " + m.At.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	if more > 0 {
		foot += fmt.Sprintf(" · %d more fields did not fit", more)
	}
	return append(out, slack.NewContextBlock("", plain(notify.Cut("feeops · "+foot, 400))))
}

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// markdown is verbatim: Slack makes neither links nor mentions of what looks like them.
func markdown(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, s, false, true)
}

// escape keeps Slack from reading <!channel>, <@U1> or a link in a text.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// literal is escape for a text that stands between signs of markup: those within it are replaced by signs that look
// alike, since Slack knows no escape for them.
func literal(s string) string {
	return escape(strings.NewReplacer("*", "∗", "_", "ˍ", "~", "∼", "`", "ˋ").Replace(s))
}

func linkList(links []notify.Link, space room) string {
	var parts []string
	size := 0
	for _, l := range links {
		// The address holds none of the signs that would end it (notify.SafeLinks).
		one := "<" + strings.ReplaceAll(l.URL, "&", "&amp;") + "|" + literal(l.Text) + ">"
		if size += len(one); size > space.linkUnits || len(parts) == space.links {
			break
		}
		parts = append(parts, one)
	}
	return strings.Join(parts, "  ·  ")
}

// buttons ask again before they do what is hard to undo.
func buttons(actions []notify.Action, space room) []slack.BlockElement {
	var out []slack.BlockElement
	seen := map[string]bool{}
	for _, a := range actions {
		if seen[a.Name] || len(out) == space.buttons || notify.Units(a.Value) > space.valueUnits || notify.Label(a) == "" {
			continue // A value that was cut would name something else.
		}
		seen[a.Name] = true
		b := slack.NewButtonBlockElement(actionPrefix+notify.Cut(a.Name, 100), a.Value, plain(notify.Cut(notify.Label(a), maxButton)))
		switch a.Name {
		case notify.ActionAcknowledge:
			b.Style = slack.StylePrimary
		case notify.ActionStop:
			b.Style = slack.StyleDanger
			b.Confirm = confirm("Stop all vaults?", "Nothing is sent for any vault until two people have lifted the stop.", "Stop all")
		case notify.ActionPause:
			b.Confirm = confirm("Pause this vault?", "Its day waits until somebody resumes it. The deadline goes on.", "Pause")
		}
		out = append(out, b)
	}
	return out
}

func confirm(title, text, yes string) *slack.ConfirmationBlockObject {
	return slack.NewConfirmationBlockObject(plain(title), plain(text), plain(yes), plain("Cancel"))
}
