package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/config"
)

func text(v any) string { return fmt.Sprint(v) }

func TestRedactURL(t *testing.T) {
	tests := []struct{ name, give, want string }{
		{"nothing to hide", "https://api.devnet.solana.com", "https://api.devnet.solana.com"},
		{"port and short path", "http://127.0.0.1:8899/rpc/v1?x=1", "http://127.0.0.1:8899/rpc/v1?x=1"},
		{"user info", "https://user:pass@rpc.example.org/a", "https://…@rpc.example.org/a"},
		{"query key", "https://mainnet.example.com/?api-key=0123&commitment=confirmed", "https://mainnet.example.com/?api-key=…&commitment=confirmed"},
		{"token by another name", "https://a.example/?access_token=z", "https://a.example/?access_token=…"},
		{"long query value", "https://a.example/?k=01234567890123456789", "https://a.example/?k=…"},
		{"bare query", "https://a.example/?01234567890123456789", "https://a.example/?…"},
		{"path key", "https://x.solana.example/v2/0123456789abcdef0123456789abcdef/", "https://x.solana.example/v2/…/"},
		{"fragment", "https://a.example/#secret", "https://a.example/#…"},
		{"database", "postgres://u:p@db:5432/feeops?sslmode=require", "postgres://…@db:5432/feeops?sslmode=require"},
		{"file of a database", "file:/var/lib/feeops/a-very-long-name-of-a-file.db", "file:/var/lib/feeops/a-very-long-name-of-a-file.db"},
		{"not an address", "user=a password=b", "…"},
		{"not an address, short", "127.0.0.1:8899", "127.0.0.1:8899"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, config.RedactURL(tt.give)) })
	}
}

func TestRedactURL_NoKeySurvivesAnyPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[A-Za-z0-9_-]{20,64}`).Draw(t, "key")
		place := rapid.SampledFrom([]string{"https://%s@h.example/", "https://u:%s@h.example/", "https://h.example/%s", "https://h.example/a/%s/b", "https://h.example/?q=%s", "https://h.example/?api-key=%s&x=1", "https://h.example/#%s", "%s", "x %s"}).Draw(t, "place")
		shown := config.RedactURL(fmt.Sprintf(place, key))
		require.NotContains(t, shown, key)
		require.Equal(t, shown, config.RedactURL(shown), "redacting twice changes nothing")
	})
}

func FuzzRedactURL(f *testing.F) {
	f.Add("https://u:p@h/%zz?api-key=1#x")
	f.Fuzz(func(t *testing.T, raw string) {
		shown := config.RedactURL(raw)
		if u, err := url.Parse(raw); err == nil && u.User != nil && u.Host != "" && !strings.HasPrefix(raw, "file:") {
			require.Contains(t, shown, "…@")
		}
	})
}

// leaky has something to hide in every place that can hide something.
func leaky() config.Settings {
	s := config.Default()
	s.RPC.Endpoints[0].URL = config.NewURL("https://h.example/?api-key=HIDEME")
	s.RPC.Endpoints[0].WSURL = config.NewURL("wss://h.example/HIDEMEHIDEMEHIDEMEHIDEME")
	s.Store.DSN = config.NewURL("postgres://u:HIDEME@db/x")
	s.Notify.Slack.Token = config.NewSecret("HIDEME")
	s.Notify.Discord.WebhookURL = config.NewSecret("https://discord.example/HIDEME")
	s.Notify.PagerDuty.RoutingKey = config.NewSecret("HIDEME")
	s.Notify.SMTP.Password = config.NewSecret("HIDEME")
	s.Notify.Slack.AppToken, s.Notify.Slack.SigningSecret = config.NewSecret("HIDEME"), config.NewSecret("HIDEME")
	s.Notify.Discord.ForumURL, s.Notify.PagerDuty.WebhookSecret = config.NewSecret("https://discord.example/HIDEME"), config.NewSecret("HIDEME")
	s.Notify.Webhooks = []config.Webhook{{Name: "sms", URL: config.NewSecret("https://sms.example/HIDEME"), Secret: config.NewSecret("HIDEME")}}
	s.Worker.Web.Tokens = []config.WebToken{{Operator: "ann", Token: config.NewSecret("HIDEME-HIDEME-HIDEME-HIDEME")}}
	s.Notify.Heartbeat.URL = config.NewSecret("https://beat.example/HIDEME")
	return s
}

func TestSettings_NoPrinterShowsASecret(t *testing.T) {
	s := leaky()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("settings", "all", s, "token", s.Notify.Slack.Token, "url", s.RPC.Endpoints[0].URL, "endpoint", s.RPC.Endpoints[0])
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "all", s, "notify", s.Notify, "endpoint", s.RPC.Endpoints[0])
	asJSON, err := json.Marshal(s)
	require.NoError(t, err)
	parts, err := json.Marshal([]any{s.Notify, s.RPC, s.Store})
	require.NoError(t, err)
	asYAML, err := yaml.Marshal(s)
	require.NoError(t, err)
	partsYAML, err := yaml.Marshal([]any{s.Notify, s.RPC, s.Store})
	require.NoError(t, err)
	for name, out := range map[string]string{
		"%v": fmt.Sprintf("%v", s), "%+v": fmt.Sprintf("%+v", s), "%#v": fmt.Sprintf("%#v", s), "pointer": fmt.Sprintf("%v", &s),
		"slog": log.String(), "JSON": string(asJSON), "JSON of parts": string(parts), "YAML": string(asYAML), "YAML of parts": string(partsYAML),
	} {
		require.NotContains(t, out, "HIDEME", name)
		require.Contains(t, out, "h.example", name)
	}
	require.Contains(t, string(asJSON), `"request_timeout":"10s"`)
	require.Contains(t, string(asJSON), `"min_claimable":"1"`)
	require.Equal(t, "HIDEME", s.Notify.Slack.Token.Reveal())
}

func TestRedacted_HoldsNoSecretAtAll(t *testing.T) {
	s := leaky()
	r := s.Redacted()
	require.Equal(t, "…", r.Notify.Slack.Token.Reveal())
	require.Equal(t, "https://h.example/?api-key=…", r.RPC.Endpoints[0].URL.Reveal())
	require.Equal(t, "postgres://…@db/x", r.Store.DSN.Reveal())
	require.Equal(t, leaky(), s, "the settings themselves stay usable")
	require.Equal(t, s.Hash(), r.Hash())
	require.Equal(t, config.Secret{}, config.Default().Redacted().Notify.Slack.Token, "what is not set stays so")
}
