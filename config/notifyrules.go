package config

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// rules of the channels and routes: a route that leads nowhere would be found at night.
func (n Notify) rules() Errors {
	out := append(n.channelRules(), n.smtpRules()...)
	known := append(n.Channels(), "console")
	names := func(key string, list []string) {
		for i, name := range list {
			if !slices.Contains(known, name) {
				out = append(out, Error{
					Key: fmt.Sprintf("%s[%d]", key, i), Got: quote(name), Want: "a channel that is set up: " + strings.Join(known, ", "), Next: "Set it up in notify, or correct the name.",
				})
			}
		}
	}
	for i, r := range n.Routes {
		key := fmt.Sprintf("notify.routes[%d]", i)
		names(key+".channels", r.Channels)
		names(key+".fallback", r.Fallback)
		out = append(out, span(key+".hours", r.Hours.From, r.Hours.To, r.Hours.Days)...)
	}
	names("notify.quiet_hours.silence", n.QuietHours.Silence)
	return append(out, span("notify.quiet_hours", n.QuietHours.From, n.QuietHours.To, n.QuietHours.Days)...)
}

// routeRules keep a message from passing a rule by because of a name that no vault has. Without vaults there is nothing to
// compare with.
func (s Settings) routeRules() Errors {
	if len(s.Vaults) == 0 {
		return nil
	}
	var ids, teams []string
	for _, v := range s.Vaults {
		ids, teams = append(ids, v.ID), append(teams, v.Team)
	}
	var out Errors
	for i, r := range s.Notify.Routes {
		for k, id := range r.Vaults {
			if !slices.Contains(ids, id) {
				out = append(out, Error{Key: fmt.Sprintf("notify.routes[%d].vaults[%d]", i, k), Got: quote(id), Want: "the id of a vault", Next: "No vault has it: the rule would pass its messages by."})
			}
		}
		for k, team := range r.Teams {
			if !slices.Contains(teams, team) {
				out = append(out, Error{Key: fmt.Sprintf("notify.routes[%d].teams[%d]", i, k), Got: quote(team), Want: "the team of a vault (vaults[].team)", Next: "No vault has it: the rule would pass its messages by."})
			}
		}
	}
	return out
}

func (n Notify) channelRules() Errors {
	var out Errors
	s := n.Slack
	if !s.Token.IsZero() && s.Channel == "" {
		out = append(out, Error{Key: "notify.slack.channel", Got: "nothing", Want: "a channel for the token"})
	}
	if s.Token.IsZero() && (!s.AppToken.IsZero() || !s.SigningSecret.IsZero()) {
		out = append(out, Error{Key: "notify.slack.token", Got: "nothing", Want: "a bot token beside app_token or signing_secret"})
	}
	if n.PagerDuty.RoutingKey.IsZero() && !n.PagerDuty.WebhookSecret.IsZero() {
		out = append(out, Error{Key: "notify.pagerduty.routing_key", Got: "nothing", Want: "an integration key beside webhook_secret"})
	}
	if n.Discord.WebhookURL.IsZero() && !n.Discord.ForumURL.IsZero() {
		out = append(out, Error{Key: "notify.discord.webhook_url", Got: "nothing", Want: "a webhook beside forum_url"})
	}
	twice := func(key, value string, seen map[string]int, i int) {
		if first, ok := seen[value]; ok && value != "" {
			out = append(out, Error{Key: key, Got: quote(value) + " again", Want: "each once", Next: fmt.Sprintf("Entry %d has it.", first)})
			return
		}
		seen[value] = i
	}
	webhooks, operators, accounts := map[string]int{}, map[string]int{}, map[string]int{}
	for i, w := range n.Webhooks {
		twice(fmt.Sprintf("notify.webhooks[%d].name", i), w.Name, webhooks, i)
	}
	for i, m := range s.Members {
		twice(fmt.Sprintf("notify.slack.members[%d].operator", i), m.Operator, operators, i)
		twice(fmt.Sprintf("notify.slack.members[%d].id", i), m.ID, accounts, i)
	}
	return out
}

func (n Notify) smtpRules() Errors {
	var out Errors
	m := n.SMTP
	if m.Host == "" {
		return nil
	}
	if m.From == "" {
		out = append(out, Error{Key: "notify.smtp.from", Got: "nothing", Want: "a sender"})
	}
	if len(m.To) == 0 {
		out = append(out, Error{Key: "notify.smtp.to", Got: "nothing", Want: "a receiver"})
	}
	if m.TLS == "none" && !m.Password.IsZero() && !loopback(net.JoinHostPort(m.Host, "25")) {
		out = append(out, Error{Key: "notify.smtp.tls", Got: `"none"`, Want: "starttls or tls for a server elsewhere", Next: "The password would cross the network in plain."})
	}
	return out
}

// span wants both ends or none.
func span(key, from, to string, days []string) Errors {
	switch {
	case from == "" && to != "", from == "" && len(days) > 0:
		return Errors{{Key: key + ".from", Got: "nothing", Want: "a time of day such as 22:00"}}
	case from != "" && to == "":
		return Errors{{Key: key + ".to", Got: "nothing", Want: "a time of day such as 07:00"}}
	}
	return nil
}
