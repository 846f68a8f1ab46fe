package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// testTimeout is how long one channel may take. It is longer than in the worker: people are waiting for a cause.
const testTimeout = 20 * time.Second

// channelTest is one row of notify test.
type channelTest struct {
	Channel    string     `json:"channel"`
	OK         bool       `json:"ok"`
	DurationMS int64      `json:"duration_ms"`
	Kind       fault.Kind `json:"kind,omitempty"` // retry, unknown or human, when it failed.
	Code       string     `json:"code,omitempty"`
	Error      string     `json:"error,omitempty"`
	Next       string     `json:"next,omitempty"`
}

// notifyTest is the object of notify test --json.
type notifyTest struct {
	OK       bool          `json:"ok"` // Every channel took the message.
	Key      string        `json:"key"`
	Channels []channelTest `json:"channels"`
}

func (c *cli) notifyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "notify", Short: "The channels through which people are told"}
	cmd.AddCommand(&cobra.Command{
		Use:   "test [CHANNEL…]",
		Short: "Send one message through each channel that is set up",
		Long: "Sends one message of information directly through each channel, or through the named ones, past all routes and quiet hours, and\n" +
			"says for each whether the service has taken it. PagerDuty gets a change event, which wakes nobody. Needs no worker and no store.\n" +
			"Exit codes: 0 all have taken it, 1 some have not, 2 no channel is set up, or a name is wrong.",
		Example: "  feeops notify test\n  feeops notify test slack webhook/sms --json",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.testChannels(cmd.Context(), args) },
	})
	return cmd
}

func (c *cli) testChannels(ctx context.Context, names []string) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	channels, err := chosenChannels(s, names)
	if err != nil {
		return err
	}
	m := testMessage(s, time.Now())
	result := notifyTest{OK: true, Key: m.Key, Channels: make([]channelTest, len(channels))}
	var group sync.WaitGroup
	for i, channel := range channels {
		group.Go(func() { result.Channels[i] = tryChannel(ctx, channel, m) })
	}
	group.Wait()
	for _, row := range result.Channels {
		result.OK = result.OK && row.OK
	}
	if c.json {
		err = c.printJSON(result)
	} else {
		c.printChannels(result)
	}
	if err == nil && !result.OK {
		return &exitError{code: exitFailed}
	}
	return err
}

// chosenChannels makes the named channels, or all. The console is none: it would always work and show nothing.
func chosenChannels(s config.Settings, names []string) ([]notify.Channel, error) {
	configured := s.Notify.Channels()
	if len(configured) == 0 {
		return nil, usageError("no channel is set up. Set notify.slack, notify.pagerduty, notify.discord, notify.smtp or notify.webhooks; docs/notifications.md says how")
	}
	for _, name := range names {
		if !slices.Contains(configured, name) {
			return nil, usageError("channel %q is not set up; set up are %s", name, strings.Join(configured, ", "))
		}
	}
	all, err := app.Channels(s, io.Discard, time.Now)
	if err != nil {
		return nil, usageError("%w", err)
	}
	return slices.DeleteFunc(all, func(c notify.Channel) bool {
		return !slices.Contains(configured, c.Name()) || (len(names) > 0 && !slices.Contains(names, c.Name()))
	}), nil
}

// testMessage has a key of its own each time, so that no channel takes it for the last one.
func testMessage(s config.Settings, now time.Time) notify.Message {
	links := []notify.Link{}
	if s.Temporal.UIURL != "" {
		links = append(links, notify.Link{Text: "Temporal", URL: s.Temporal.UIURL})
	}
	return notify.Message{
		Key: "notify-test/" + rand.Text(), Seq: 1, Kind: notify.Info, Title: "Test of the notification channels",
		Text:   "Somebody ran feeops notify test. Nothing has happened.",
		Fields: []notify.Field{{Name: "Network", Value: s.Network}, {Name: "Sent by", Value: actor()}},
		Links:  links, At: now,
	}
}

func tryChannel(ctx context.Context, channel notify.Channel, m notify.Message) channelTest {
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	began := time.Now()
	_, err := channel.Deliver(ctx, m, "")
	row := channelTest{Channel: channel.Name(), OK: err == nil, DurationMS: time.Since(began).Milliseconds()}
	if err == nil {
		return row
	}
	row.Kind, row.Code, row.Error = fault.KindOf(err), fault.CodeOf(err), err.Error()
	var f *fault.Error
	if errors.As(err, &f) {
		row.Error, row.Next = f.Err.Error(), f.Next
	}
	return row
}

func (c *cli) printChannels(r notifyTest) {
	for _, row := range r.Channels {
		if row.OK {
			fmt.Fprintf(c.stdout, "%-7s  %-16s taken after %d ms\n", "ok", row.Channel, row.DurationMS)
			continue
		}
		fmt.Fprintf(c.stdout, "%-7s  %-16s %s\n", "failed", row.Channel, row.Error)
		if row.Next != "" {
			fmt.Fprintf(c.stdout, "%-7s  %-16s → %s\n", "", "", row.Next)
		}
	}
}
