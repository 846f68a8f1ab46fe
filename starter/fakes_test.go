package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fake/discord"
	"github.com/meteora-fee-router/feeops/internal/fake/hook"
	"github.com/meteora-fee-router/feeops/internal/fake/pagerduty"
	"github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/fake/smtp"
)

// fakes are a script's own services.
type fakes struct {
	slack   *slack.Server
	pager   *pagerduty.Server
	discord *discord.Server
	mail    *smtp.Server
	hook    *hook.Server
}

const (
	fakesKey   = "fakes"
	slackToken = "xoxb-of-the-script-0123456789"
	pagerKey   = "0123456789abcdef0123456789abcdef"
)

// services starts all of them until the script ends and puts their addresses into variables.
func services(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: services")
	}
	ctx := context.Background()
	f := ts.Value(fakesKey).(*fakes)
	var err error
	started := func(c fake.Closer) {
		ts.Check(err)
		ts.Defer(func() { ts.Check(c.Close()) })
	}
	f.slack, err = slack.Start(ctx, slack.Options{Token: slackToken, Channels: []string{"ops"}})
	started(f.slack)
	f.pager, err = pagerduty.Start(ctx, pagerKey)
	started(f.pager)
	f.discord, err = discord.Start(ctx)
	started(f.discord)
	f.mail, err = smtp.Start(ctx, smtp.Options{TLS: "none"})
	started(f.mail)
	f.hook, err = hook.Start(ctx)
	started(f.hook)
	for name, value := range map[string]string{
		"FAKE_SLACK": f.slack.API(), "FAKE_SLACK_TOKEN": slackToken, "FAKE_PAGERDUTY": f.pager.URL, "FAKE_PAGERDUTY_KEY": pagerKey, "FAKE_DISCORD": f.discord.WebhookURL(),
		"FAKE_MAIL": fmt.Sprintf("smtp://%s:%d?tls=none&from=feeops@example.org&to=ann@example.org", f.mail.Host, f.mail.Port), "FAKE_HOOK": f.hook.URL + "/in",
	} {
		ts.Setenv(name, value)
	}
}

// breaks lets a service refuse everything with a status, and with a code where the service has them; mended at 0.
func breaks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: breaks slack|pagerduty|discord|mail|hook STATUS [CODE]")
	}
	f := ts.Value(fakesKey).(*fakes)
	breaker := map[string]*fake.Breaker{"slack": f.slack.Breaker, "pagerduty": f.pager.Breaker, "discord": f.discord.Breaker, "mail": f.mail.Breaker, "hook": f.hook.Breaker}[args[0]]
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	if breaker.Mend(); status == 0 {
		return
	}
	broken := fake.Fault{Name: fake.Refuse, Status: status, Code: http.StatusText(status)}
	if len(args) > 2 {
		broken.Code = args[2]
	}
	breaker.Break(broken)
}

// paged wants exactly so many pages.
func paged(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: paged NUMBER")
	}
	if got := len(ts.Value(fakesKey).(*fakes).pager.Alerts()); strconv.Itoa(got) != args[0] {
		ts.Fatalf("%d people were paged, want %s", got, args[0])
	}
}

// told wants exactly so many messages in a service.
func told(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: told slack|pagerduty|discord|mail|hook NUMBER")
	}
	f := ts.Value(fakesKey).(*fakes)
	got := map[string]int{
		"slack": len(f.slack.Messages("ops")), "pagerduty": len(f.pager.Changes()) + len(f.pager.Alerts()), "discord": len(f.discord.Messages()), "mail": len(f.mail.Mails()), "hook": len(f.hook.Requests()),
	}[args[0]]
	if strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s was told %d times, want %s", args[0], got, args[1])
	}
}
