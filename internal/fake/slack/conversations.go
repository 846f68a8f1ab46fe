package slack

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (c *channel) view() map[string]any {
	return map[string]any{"id": c.id, "name": c.name, "is_channel": true, "is_archived": c.archived, "is_member": c.members[Bot], "topic": map[string]any{"value": c.topic}}
}

var channelName = regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]+$`)

func (s *Server) create(p url.Values) (map[string]any, string) {
	name := p.Get("name")
	switch {
	case s.o.NoCreate:
		return nil, "restricted_action"
	case name == "":
		return nil, "invalid_name_required"
	case len([]rune(name)) > 80:
		return nil, "invalid_name_maxlength"
	case !channelName.MatchString(name):
		return nil, "invalid_name_specials"
	case s.find(name) != nil:
		return nil, "name_taken"
	}
	return map[string]any{"channel": s.add(name, true).view()}, ""
}

// list gives pages, by a cursor that is the number of channels before the page.
func (s *Server) list(p url.Values) (map[string]any, string) {
	from, _ := strconv.Atoi(p.Get("cursor"))
	shown := []any{}
	next := ""
	for i, c := range s.channels {
		switch {
		case i < from || (c.archived && p.Get("exclude_archived") == "true"):
		case len(shown) == limit(p, 1000):
			next = strconv.Itoa(i)
		default:
			shown = append(shown, c.view())
			continue
		}
		if next != "" {
			break
		}
	}
	return map[string]any{"channels": shown, "response_metadata": map[string]any{"next_cursor": next}}, ""
}

func (s *Server) join(p url.Values) (map[string]any, string) {
	c := s.find(p.Get("channel"))
	switch {
	case c == nil:
		return nil, "channel_not_found"
	case c.archived:
		return nil, "is_archived"
	}
	c.members[Bot] = true
	return map[string]any{"channel": c.view()}, ""
}

func (s *Server) invite(p url.Values) (map[string]any, string) {
	c, code := s.target(p)
	if code != "" {
		return nil, code
	}
	for _, user := range strings.Split(p.Get("users"), ",") {
		switch {
		case user == Bot:
			return nil, "cant_invite_self"
		case !slices.Contains(s.o.Users, user):
			return nil, "user_not_found"
		case c.members[user]:
			return nil, "already_in_channel"
		}
		c.members[user] = true
	}
	return map[string]any{"channel": c.view()}, ""
}

func (s *Server) setTopic(p url.Values) (map[string]any, string) {
	c, code := s.target(p)
	switch {
	case code != "":
		return nil, code
	case len([]rune(p.Get("topic"))) > 250:
		return nil, "too_long"
	}
	c.topic = p.Get("topic")
	return map[string]any{"channel": c.view()}, ""
}

func (s *Server) pin(p url.Values) (map[string]any, string) {
	c, code := s.target(p)
	ts := p.Get("timestamp")
	switch {
	case code != "":
		return nil, code
	case c.message(ts) == nil:
		return nil, "message_not_found"
	case slices.Contains(c.pins, ts):
		return nil, "already_pinned"
	}
	c.pins = append(c.pins, ts)
	return nil, ""
}
