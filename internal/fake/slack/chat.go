package slack

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"time"
)

// target finds the channel of a call and says why nothing can be posted there.
func (s *Server) target(p url.Values) (*channel, string) {
	c := s.find(p.Get("channel"))
	switch {
	case c == nil:
		return nil, "channel_not_found"
	case c.archived:
		return nil, "is_archived"
	case !c.members[Bot]:
		return nil, "not_in_channel"
	}
	return c, ""
}

func (s *Server) postMessage(p url.Values) (map[string]any, string) {
	c, code := s.target(p)
	if code != "" {
		return nil, code
	}
	if code := check(p); code != "" {
		return nil, code
	}
	m := &Message{Channel: c.id, TS: s.ts(), At: time.Now(), Params: maps.Clone(p), Broadcast: p.Get("reply_broadcast") == "true"}
	m.set(p)
	// A reply to a message that is gone is posted outside of any thread.
	if c.message(p.Get("thread_ts")) != nil {
		m.Thread = p.Get("thread_ts")
	}
	c.messages = append(c.messages, m)
	return map[string]any{"channel": c.id, "ts": m.TS, "message": m.view(true)}, ""
}

func (s *Server) update(p url.Values) (map[string]any, string) {
	c, code := s.target(p)
	if code != "" {
		return nil, code
	}
	m := c.message(p.Get("ts"))
	if m == nil {
		return nil, "message_not_found"
	}
	if code := check(p); code != "" {
		return nil, code
	}
	m.set(p)
	m.Edits++
	return map[string]any{"channel": c.id, "ts": m.TS, "text": m.Text, "message": m.view(true)}, ""
}

func (c *channel) message(ts string) *Message {
	for _, m := range c.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// set takes the content over. Metadata that is left out stays.
func (m *Message) set(p url.Values) {
	m.Text = p.Get("text")
	m.Attachments, m.Blocks = raw(p.Get("attachments")), raw(p.Get("blocks"))
	if p.Get("metadata") != "" {
		m.Metadata = raw(p.Get("metadata"))
	}
	m.Mentions = mentions(p)
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

// view is a message as the API shows it.
func (m *Message) view(metadata bool) map[string]any {
	out := map[string]any{"type": "message", "user": Bot, "bot_id": "B0BOT", "ts": m.TS, "text": m.Text}
	if m.Thread != "" {
		out["thread_ts"] = m.Thread
	}
	if len(m.Files) > 0 {
		files := []any{}
		for _, name := range m.Files {
			files = append(files, map[string]any{"name": name, "title": name})
		}
		out["files"] = files
	}
	if metadata && m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	return out
}

func (s *Server) history(p url.Values) (map[string]any, string) {
	if s.o.NoHistory {
		return nil, "missing_scope"
	}
	c, code := s.target(p)
	if code != "" {
		return nil, code
	}
	shown := []any{}
	for _, m := range slices.Backward(c.messages) {
		if m.Thread == "" && len(shown) < limit(p, 100) && (p.Get("oldest") == "" || m.TS > p.Get("oldest")) {
			shown = append(shown, m.view(p.Get("include_all_metadata") == "1"))
		}
	}
	return map[string]any{"messages": shown, "has_more": false}, ""
}

func (s *Server) replies(p url.Values) (map[string]any, string) {
	if s.o.NoHistory {
		return nil, "missing_scope"
	}
	c, code := s.target(p)
	if code != "" {
		return nil, code
	}
	if c.message(p.Get("ts")) == nil {
		return nil, "thread_not_found"
	}
	shown := []any{}
	for _, m := range c.messages {
		if (m.TS == p.Get("ts") || m.Thread == p.Get("ts")) && len(shown) < limit(p, 1000) {
			shown = append(shown, m.view(p.Get("include_all_metadata") == "1"))
		}
	}
	return map[string]any{"messages": shown, "has_more": false}, ""
}
