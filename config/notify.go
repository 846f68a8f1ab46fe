package config

// Notify holds the channels' secrets and addresses. An empty channel is off. Base URLs are settings so that
// tests and private gateways talk to their own servers.
type Notify struct {
	Slack     Slack     `json:"slack" jsonschema_description:"Slack."`
	Discord   Discord   `json:"discord" jsonschema_description:"Discord. Also DISCORD_WEBHOOK_URL."`
	PagerDuty PagerDuty `json:"pagerduty" jsonschema_description:"PagerDuty Events v2. Also PAGERDUTY_INTEGRATION_KEY."`
	SMTP      SMTP      `json:"smtp" jsonschema_description:"E-mail. Also SMTP_CONFIG as smtp://user:password@host:587?from=…&to=… or JSON."`
}

// Slack is the bot's access.
type Slack struct {
	Token   Secret `json:"token" jsonschema_description:"Bot token."`
	Channel string `json:"channel,omitempty" jsonschema_description:"Channel id or name."`
	BaseURL string `json:"base_url" validate:"http_url" jsonschema_description:"Address of Slack's web API."`
}

// Discord is one webhook.
type Discord struct {
	WebhookURL Secret `json:"webhook_url" validate:"omitempty,secret_url" jsonschema_description:"Webhook address: whoever has it can post."`
}

// PagerDuty is one service's integration.
type PagerDuty struct {
	RoutingKey Secret `json:"routing_key" jsonschema_description:"Integration key of the service."`
	BaseURL    string `json:"base_url" validate:"http_url" jsonschema_description:"Address of the Events API."`
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
