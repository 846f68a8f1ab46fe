package config

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Notify holds the channels' secrets and addresses, and who is told of what. An empty channel is off. Base URLs are
// settings so that tests and private gateways talk to their own servers.
type Notify struct {
	Slack      Slack      `json:"slack" jsonschema_description:"Slack."`
	Discord    Discord    `json:"discord" jsonschema_description:"Discord. Also DISCORD_WEBHOOK_URL."`
	PagerDuty  PagerDuty  `json:"pagerduty" jsonschema_description:"PagerDuty Events v2. Also PAGERDUTY_INTEGRATION_KEY."`
	SMTP       SMTP       `json:"smtp" jsonschema_description:"E-mail. Also SMTP_CONFIG as smtp://user:password@host:587?from=…&to=… or JSON."`
	Webhooks   []Webhook  `json:"webhooks,omitempty" validate:"dive" jsonschema_description:"Any HTTP receivers, such as an SMS gateway. Each request is signed."`
	TimeZone   string     `json:"time_zone" validate:"time_zone" jsonschema_description:"Zone of the hours below, such as Europe/Berlin."`
	Routes     []Route    `json:"routes,omitempty" validate:"dive" jsonschema_description:"Who is told of what; the first rule that matches decides. Without a match: high and critical go to chat and pager, the rest to chat, and with few channels each takes the place of a missing kind."`
	QuietHours QuietHours `json:"quiet_hours" jsonschema_description:"Hours in which nobody is woken for what can wait."`
	Heartbeat  Heartbeat  `json:"heartbeat" jsonschema_description:"A dead man's switch: a service that raises an alarm when it hears nothing any more."`
}

// Slack is the bot's access.
type Slack struct {
	Token         Secret        `json:"token" jsonschema_description:"Bot token (xoxb-…)."`
	AppToken      Secret        `json:"app_token" jsonschema_description:"App-level token (xapp-…) for Socket Mode: buttons and commands without an open port."`
	SigningSecret Secret        `json:"signing_secret" jsonschema_description:"Signing secret, for buttons and commands over HTTP at /hooks/slack instead of Socket Mode."`
	Channel       string        `json:"channel,omitempty" jsonschema_description:"Channel id or name."`
	Rooms         string        `json:"rooms" validate:"oneof=channel thread" jsonschema_description:"What an incident gets: a channel of its own, or a thread."`
	Members       []SlackMember `json:"members,omitempty" validate:"dive" jsonschema_description:"Accounts of the operators, for invitations and for who pressed a button."`
	BaseURL       string        `json:"base_url" validate:"http_url" jsonschema_description:"Address of Slack's web API."`
}

// SlackMember is one operator's account.
type SlackMember struct {
	Operator string `json:"operator" validate:"required" jsonschema_description:"Name of the operator, as in FEEOPS_ACTOR."`
	ID       string `json:"id" validate:"required" jsonschema_description:"Member id, such as U012AB3CD."`
}

// Discord is one webhook, and one of a forum.
type Discord struct {
	WebhookURL Secret `json:"webhook_url" validate:"omitempty,secret_url" jsonschema_description:"Webhook address: whoever has it can post."`
	ForumURL   Secret `json:"forum_url" validate:"omitempty,secret_url" jsonschema_description:"Webhook address of a forum channel, where each incident gets a thread."`
}

// PagerDuty is one service's integration.
type PagerDuty struct {
	RoutingKey    Secret `json:"routing_key" jsonschema_description:"Integration key of the service."`
	WebhookSecret Secret `json:"webhook_secret" jsonschema_description:"Secret of a v3 webhook subscription to /hooks/pagerduty: an acknowledgement in PagerDuty counts here too."`
	BaseURL       string `json:"base_url" validate:"http_url" jsonschema_description:"Address of the Events API."`
}

// SMTP is the mail server. An empty host turns e-mail off.
type SMTP struct {
	Host     string   `json:"host,omitempty" jsonschema_description:"Mail server."`
	Port     uint16   `json:"port" validate:"min=1" jsonschema_description:"Its port."`
	Username string   `json:"username,omitempty" jsonschema_description:"Login name."`
	Password Secret   `json:"password" jsonschema_description:"Login password."`
	TLS      string   `json:"tls" validate:"oneof=starttls tls none" jsonschema_description:"none is for local servers only."`
	From     string   `json:"from,omitempty" validate:"omitempty,email" jsonschema_description:"Sender."`
	To       []string `json:"to,omitempty" validate:"dive,email" jsonschema_description:"Receivers."`
}

// Webhook is one receiver.
type Webhook struct {
	Name   string `json:"name" validate:"required,id" jsonschema_description:"Name of the channel: webhook/NAME."`
	URL    Secret `json:"url" validate:"required,secret_url" jsonschema_description:"Its address."`
	Secret Secret `json:"secret" validate:"required" jsonschema_description:"Shared secret of the signature."`
}

// Route is one rule. What is left out is not asked for.
type Route struct {
	Name        string          `json:"name" validate:"required" jsonschema_description:"Name of the rule."`
	MinSeverity domain.Severity `json:"min_severity,omitempty" validate:"omitempty,oneof=low medium high critical" jsonschema_description:"Least severity."`
	Vaults      []string        `json:"vaults,omitempty" jsonschema_description:"Ids of vaults."`
	Teams       []string        `json:"teams,omitempty" jsonschema_description:"Teams of vaults."`
	Kinds       []string        `json:"kinds,omitempty" validate:"dive,oneof=trigger update acknowledge resolve info change" jsonschema_description:"Kinds of messages."`
	Hours       Hours           `json:"hours" jsonschema_description:"Only in these hours."`
	Channels    []string        `json:"channels" validate:"min=1" jsonschema_description:"Who is told, side by side: slack, pagerduty, discord, email, webhook/NAME, console."`
	Fallback    []string        `json:"fallback,omitempty" jsonschema_description:"Who is told, one after the other, in place of a channel that fails for good."`
	Continue    bool            `json:"continue,omitempty" jsonschema_description:"Later rules are looked at too."`
}

// Hours are a span of the day on some days, in notify.time_zone. An empty one is always.
type Hours struct {
	From string   `json:"from,omitempty" validate:"omitempty,clock" jsonschema_description:"Begin, such as 08:00."`
	To   string   `json:"to,omitempty" validate:"omitempty,clock" jsonschema_description:"End; before the begin it lies on the next day."`
	Days []string `json:"days,omitempty" validate:"dive,oneof=mon tue wed thu fri sat sun" jsonschema_description:"Days on which it begins. Default: all."`
}

// QuietHours keep channels that wake people from being told of what can wait (N09).
type QuietHours struct {
	From    string          `json:"from,omitempty" validate:"omitempty,clock" jsonschema_description:"Begin, such as 22:00. Empty: no quiet hours."`
	To      string          `json:"to,omitempty" validate:"omitempty,clock" jsonschema_description:"End, such as 07:00."`
	Days    []string        `json:"days,omitempty" validate:"dive,oneof=mon tue wed thu fri sat sun" jsonschema_description:"Days on which they begin. Default: all."`
	Below   domain.Severity `json:"below" validate:"oneof=medium high critical" jsonschema_description:"Only what is less severe is kept away."`
	Silence []string        `json:"silence,omitempty" jsonschema_description:"Channels that are not told. Default: pagerduty and the webhooks. A message that would reach nobody is told all the same."`
}

// Heartbeat is the address of a dead man's switch.
type Heartbeat struct {
	URL      Secret        `json:"url" validate:"omitempty,secret_url" jsonschema_description:"Address that is called while the watch works."`
	Interval time.Duration `json:"interval" validate:"min=10s,max=24h" jsonschema_description:"Time between two calls; set the service's own limit to a few of them."`
}

// Channels names the channels that are set up, in the order in which messages list them.
func (n Notify) Channels() []string {
	var out []string
	for _, c := range []struct {
		name string
		on   bool
	}{
		{"slack", !n.Slack.Token.IsZero()}, {"discord", !n.Discord.WebhookURL.IsZero()}, {"pagerduty", !n.PagerDuty.RoutingKey.IsZero()}, {"email", n.SMTP.Host != ""},
	} {
		if c.on {
			out = append(out, c.name)
		}
	}
	for _, w := range n.Webhooks {
		out = append(out, "webhook/"+w.Name)
	}
	return out
}
