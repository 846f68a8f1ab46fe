package slack

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
)

// Limits of messages and Block Kit.
const (
	maxText        = 40_000
	maxBlocks      = 50
	maxBlocksBytes = 13_200 // Not documented, but observed: msg_blocks_too_long.
	maxSection     = 3_000
	maxFields      = 10
	maxField       = 2_000
	maxHeader      = 150
	maxContext     = 10
	maxActions     = 25
	maxButton      = 75
	maxValue       = 2_000
	maxURL         = 3_000
	maxID          = 255
	maxAttachments = 100
)

// check holds a message to the limits and gives Slack's error code, with what is wrong.
func check(p url.Values) string {
	var attachments []struct {
		Color  string  `json:"color"`
		Text   string  `json:"text"`
		Blocks []block `json:"blocks"`
	}
	var blocks []block
	var meta struct {
		Type    string         `json:"event_type"`
		Payload map[string]any `json:"event_payload"`
	}
	switch {
	case p.Get("attachments") != "" && json.Unmarshal([]byte(p.Get("attachments")), &attachments) != nil:
		return "invalid_attachments"
	case p.Get("blocks") != "" && json.Unmarshal([]byte(p.Get("blocks")), &blocks) != nil:
		return "invalid_blocks_format"
	case p.Get("metadata") != "" && (json.Unmarshal([]byte(p.Get("metadata")), &meta) != nil || meta.Type == "" || meta.Payload == nil):
		return "invalid_metadata_format"
	case p.Get("text") == "" && len(blocks) == 0 && len(attachments) == 0:
		return "no_text"
	case len([]rune(p.Get("text"))) > maxText:
		return "msg_too_long"
	case len(attachments) > maxAttachments:
		return "too_many_attachments"
	}
	for _, a := range attachments {
		blocks = append(blocks, a.Blocks...)
	}
	if len(blocks) > maxBlocks {
		return fmt.Sprintf("invalid_blocks: no more than %d items allowed", maxBlocks)
	}
	if encoded, err := json.Marshal(blocks); err != nil || len(encoded) > maxBlocksBytes {
		return "msg_blocks_too_long"
	}
	seen := []string{}
	for i, b := range blocks {
		if wrong := b.check(); wrong != "" {
			return fmt.Sprintf("invalid_blocks: %s [json-pointer:/blocks/%d]", wrong, i)
		}
		if b.ID != "" && slices.Contains(seen, b.ID) {
			return "invalid_blocks: block_id " + b.ID + " already exists"
		}
		seen = append(seen, b.ID)
	}
	return ""
}

// block is the union of the blocks that are known here; any other type is refused.
type block struct {
	Type     string    `json:"type"`
	ID       string    `json:"block_id,omitempty"`
	Text     *text     `json:"text,omitempty"`
	Fields   []text    `json:"fields,omitempty"`
	Elements []element `json:"elements,omitempty"`
}

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// element is a button of an actions block, or a text of a context block.
type element struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text,omitempty"` // An object for a button, a text in a context.
	ActionID string          `json:"action_id,omitempty"`
	Value    string          `json:"value,omitempty"`
	URL      string          `json:"url,omitempty"`
	Style    string          `json:"style,omitempty"`
	Confirm  *struct {
		Title   text `json:"title"`
		Text    text `json:"text"`
		Confirm text `json:"confirm"`
		Deny    text `json:"deny"`
	} `json:"confirm,omitempty"`
}

func (t text) check(longest int, types ...string) string {
	n := len([]rune(t.Text))
	switch {
	case !slices.Contains(types, t.Type):
		return "unsupported text type: " + t.Type
	case n == 0:
		return "must be more than 0 characters"
	case n > longest:
		return fmt.Sprintf("must be less than %d characters", longest+1)
	}
	return ""
}

func (b block) check() string {
	if len(b.ID) > maxID {
		return "block_id is too long"
	}
	switch b.Type {
	case "divider":
		return ""
	case "header":
		if b.Text == nil {
			return "missing required field: text"
		}
		return b.Text.check(maxHeader, "plain_text")
	case "section":
		return b.section()
	case "context":
		return b.context()
	case "actions":
		return b.actions()
	}
	return "unsupported type: " + b.Type
}

func (b block) section() string {
	switch {
	case b.Text == nil && len(b.Fields) == 0:
		return "missing required field: text or fields"
	case len(b.Fields) > maxFields:
		return fmt.Sprintf("no more than %d items allowed: fields", maxFields)
	case b.Text != nil && b.Text.check(maxSection, "plain_text", "mrkdwn") != "":
		return b.Text.check(maxSection, "plain_text", "mrkdwn")
	}
	for _, f := range b.Fields {
		if wrong := f.check(maxField, "plain_text", "mrkdwn"); wrong != "" {
			return "fields: " + wrong
		}
	}
	return ""
}

func (b block) context() string {
	if len(b.Elements) == 0 || len(b.Elements) > maxContext {
		return fmt.Sprintf("from 1 to %d items: elements", maxContext)
	}
	for _, e := range b.Elements {
		var t string
		if json.Unmarshal(e.Text, &t) != nil {
			return "elements: text is no text"
		}
		if wrong := (text{Type: e.Type, Text: t}).check(maxSection, "plain_text", "mrkdwn"); wrong != "" {
			return "elements: " + wrong
		}
	}
	return ""
}

func (b block) actions() string {
	if len(b.Elements) == 0 || len(b.Elements) > maxActions {
		return fmt.Sprintf("from 1 to %d items: elements", maxActions)
	}
	ids := []string{}
	for _, e := range b.Elements {
		var t text
		switch {
		case e.Type != "button":
			return "unsupported element: " + e.Type
		case json.Unmarshal(e.Text, &t) != nil:
			return "elements: text is no object"
		case t.check(maxButton, "plain_text") != "":
			return "elements: text: " + t.check(maxButton, "plain_text")
		case len(e.ActionID) > maxID || len([]rune(e.Value)) > maxValue || len(e.URL) > maxURL:
			return "elements: action_id, value or url is too long"
		case e.ActionID != "" && slices.Contains(ids, e.ActionID):
			return "elements: action_id " + e.ActionID + " already exists"
		case e.Style != "" && e.Style != "primary" && e.Style != "danger":
			return "elements: invalid style " + e.Style
		}
		ids = append(ids, e.ActionID)
		if c := e.Confirm; c != nil {
			for _, wrong := range []string{
				c.Title.check(100, "plain_text"), c.Text.check(300, "plain_text", "mrkdwn"), c.Confirm.check(30, "plain_text"), c.Deny.check(30, "plain_text"),
			} {
				if wrong != "" {
					return "elements: confirm: " + wrong
				}
			}
		}
	}
	return ""
}

var calls = regexp.MustCompile(`<(!(?:channel|here|everyone|subteam)[^>]*|@[UW][^>]*)>`)

// mentions finds whom a message would call: in every text that Slack reads as markup.
func mentions(p url.Values) []string {
	var out []string
	look := func(s string) { out = append(out, calls.FindAllString(s, -1)...) }
	look(p.Get("text")) // Mentions work without markup too.
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			if s, ok := v["text"].(string); ok && v["type"] != "plain_text" {
				look(s)
			}
			for _, key := range slices.Sorted(keys(v)) {
				walk(v[key])
			}
		}
	}
	for _, name := range []string{"attachments", "blocks"} {
		var v any
		if json.Unmarshal([]byte(p.Get(name)), &v) == nil {
			walk(v)
		}
	}
	return out
}

func keys(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func limit(p url.Values, most int) int {
	n, err := strconv.Atoi(p.Get("limit"))
	if err != nil || n < 1 || n > most {
		return most
	}
	return n
}
