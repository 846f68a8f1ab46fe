package slack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/meteora-fee-router/feeops/internal/notify"
)

// errUnknown is for what Slack may send and we never asked for.
var errUnknown = errors.New("slack: not one of our buttons or commands")

const maxTyped = 2000

// inbound is a click or a command, with the address for the answer.
type inbound struct {
	click   *notify.Click
	command *notify.Command
	usage   bool // The command is none of ours: the answer says which there are.
	respond string
	id      string // To know a repetition.
}

// decodeForm reads the body of a signed request: a form with a payload is a click, one with a command a command.
func decodeForm(body []byte) (inbound, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return inbound{}, errors.New("slack: the body is no form")
	}
	if payload := form.Get("payload"); payload != "" {
		return decodeClick([]byte(payload))
	}
	if form.Get("command") == "" {
		return inbound{}, errUnknown
	}
	return decodeCommand(slack.SlashCommand{
		Command: form.Get("command"), Text: form.Get("text"), UserID: form.Get("user_id"), UserName: form.Get("user_name"),
		ChannelID: form.Get("channel_id"), ResponseURL: form.Get("response_url"), TriggerID: form.Get("trigger_id"),
	})
}

func decodeClick(payload []byte) (inbound, error) {
	var in struct {
		Type string `json:"type"`
		User struct {
			ID       string `json:"id"`
			Username string `json:"username"`
			Name     string `json:"name"`
		} `json:"user"`
		Container struct {
			MessageTS string `json:"message_ts"`
			ThreadTS  string `json:"thread_ts"`
			ChannelID string `json:"channel_id"`
		} `json:"container"`
		ResponseURL string `json:"response_url"`
		TriggerID   string `json:"trigger_id"`
		Actions     []struct {
			ActionID string `json:"action_id"`
			Value    string `json:"value"`
			ActionTS string `json:"action_ts"`
		} `json:"actions"`
	}
	if err := json.Unmarshal(payload, &in); err != nil {
		return inbound{}, fmt.Errorf("slack: payload: %w", err)
	}
	if in.Type != "block_actions" || len(in.Actions) != 1 || in.User.ID == "" {
		return inbound{}, errUnknown
	}
	a := in.Actions[0]
	name, ours := strings.CutPrefix(a.ActionID, actionPrefix)
	if !ours || !slices.Contains([]string{notify.ActionAcknowledge, notify.ActionMute, notify.ActionPause, notify.ActionStop, notify.ActionExplain}, name) || len(a.Value) > maxTyped {
		return inbound{}, errUnknown
	}
	return inbound{
		click: &notify.Click{
			Person: person(in.User.ID, cmp.Or(in.User.Username, in.User.Name)), Action: notify.Action{Name: name, Value: notify.Line(a.Value)},
			Message: place{notify.Line(in.Container.ChannelID), notify.Line(in.Container.MessageTS)}.ref(),
		},
		respond: in.ResponseURL, id: "click/" + in.TriggerID + "/" + a.ActionTS,
	}, nil
}

func decodeCommand(c slack.SlashCommand) (inbound, error) {
	if c.UserID == "" {
		return inbound{}, errUnknown
	}
	// A reason that is too long is cut: a stop must not fail for it.
	name, text, _ := strings.Cut(notify.Cut(notify.Line(unescape(c.Text)), maxTyped), " ")
	return inbound{
		command: &notify.Command{Person: person(c.UserID, c.UserName), Name: name, Text: text, Place: notify.Ref(notify.Line(c.ChannelID))},
		usage:   !slices.Contains(notify.Commands(), name), respond: c.ResponseURL, id: "command/" + c.TriggerID,
	}, nil
}

// unescape gives what was typed: Slack writes these three signs as entities, in this order.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// urgent is what must not wait behind what is slow.
func (i inbound) urgent() bool {
	return i.click != nil && i.click.Action.Name == notify.ActionStop || i.command != nil && i.command.Name == notify.CommandStop
}

func person(id, name string) notify.Person {
	return notify.Person{Account: "slack:" + notify.Line(id), Name: notify.Line(name)}
}
