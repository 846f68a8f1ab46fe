package slack

import (
	"errors"
	"strings"

	"github.com/slack-go/slack"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// verdict is what one of Slack's error codes means.
type verdict struct {
	kind fault.Kind
	next string
}

const (
	nextToken   = "Install the app again and put its new bot token into notify.slack.token."
	nextScope   = "Give the app the scopes that docs/notifications.md lists, and install it again."
	nextChannel = "Correct notify.slack.channel, or invite the app there: /invite @feeops."
	nextForm    = "Look at the message in the log; Slack does not accept its form."
	nextAdmin   = "Ask the workspace's administrators to let the app do this."
)

// verdicts judge by code. What is not listed is unknown: Slack adds codes as it likes.
func verdicts() map[string]verdict {
	out := map[string]verdict{}
	for _, group := range []struct {
		kind  fault.Kind
		next  string
		codes string
	}{
		{fault.Human, nextToken, "invalid_auth not_authed account_inactive token_revoked token_expired not_allowed_token_type org_login_required two_factor_setup_required"},
		{fault.Human, nextScope, "missing_scope no_permission"},
		{fault.Human, nextChannel, "channel_not_found not_in_channel is_archived"},
		{fault.Human, nextAdmin, "access_denied accesslimited ekm_access_denied enterprise_is_restricted restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel restricted_action_non_threadable_channel restricted_action_thread_locked team_access_not_granted user_is_restricted"},
		{fault.Human, nextForm, "invalid_blocks invalid_blocks_format invalid_attachments too_many_attachments msg_too_long msg_blocks_too_long no_text invalid_arguments invalid_arg_name invalid_form_data invalid_metadata_format metadata_too_large markdown_text_conflict duplicate_channel_not_found"},
		{fault.Retry, "", "ratelimited rate_limited message_limit_exceeded service_unavailable team_added_to_org request_timeout"},
	} {
		for code := range strings.FieldsSeq(group.codes) {
			out[code] = verdict{group.kind, group.next}
		}
	}
	return out
}

// errorCode is Slack's code of an error, or "".
func errorCode(err error) string {
	var said slack.SlackErrorResponse
	if errors.As(err, &said) {
		return said.Err
	}
	return ""
}

// classify turns the library's error into one with a kind.
func (c *Channel) classify(err error) error { return classify(err, c.o.Token) }

func classify(err error, secrets ...string) error {
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	var own *fault.Error
	code := errorCode(err)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &limited):
		e := fault.New(fault.Retry, "slack/429", err)
		e.After = notify.Seconds(limited.RetryAfter.Seconds())
		return e
	case errors.As(err, &status):
		return notify.Refused(notify.ChannelSlack, status.Code, 0, "", "Check notify.slack.base_url.")
	case code == "":
		return notify.Unreachable(notify.ChannelSlack, err)
	}
	v, known := verdicts()[code]
	if !known {
		v.kind = fault.Unknown
	}
	text := "slack: " + notify.Line(notify.Hide(err.Error(), secrets...))
	var said slack.SlackErrorResponse
	if errors.As(err, &said) {
		if len(said.ResponseMetadata.Messages) > 0 {
			text += " (" + notify.Cut(notify.Line(notify.Hide(strings.Join(said.ResponseMetadata.Messages, "; "), secrets...)), 200) + ")"
		}
		if said.Needed != "" {
			text += ", needed: " + notify.Line(said.Needed)
		}
	}
	return fault.New(v.kind, "slack/"+notify.Cut(notify.Line(code), 60), errors.New(text)).WithNext(v.next)
}
