package slack

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/slack-go/slack"

	"github.com/meteora-fee-router/feeops/internal/notify"
)

// attach puts the files into the message's thread, all of them at once: they are uploaded first, where nobody sees them,
// and shown by one last call, so that an attempt that failed has shown none. The message itself stands by then.
func (c *Channel) attach(ctx context.Context, m notify.Message, at place) error {
	titles := titles(m.Files)
	if len(titles) == 0 {
		return nil
	}
	if m.Repeat {
		there, err := c.attached(ctx, at, titles)
		if err != nil || there {
			return unattached(err)
		}
	}
	var files []slack.FileSummary
	for _, name := range slices.Sorted(maps.Keys(titles)) {
		id, err := c.upload(ctx, titles[name], m.Files[name])
		if err != nil {
			return unattached(partly(c.classify(fmt.Errorf("attach %s: %w", titles[name], err))))
		}
		files = append(files, slack.FileSummary{ID: id, Title: titles[name]})
	}
	_, err := c.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{Files: files, Channel: at.channel, ThreadTimestamp: at.ts})
	if err != nil {
		return unattached(partly(c.classify(fmt.Errorf("attach %d files: %w", len(files), err))))
	}
	return nil
}

func unattached(err error) error {
	if err == nil {
		return nil
	}
	return &notify.Unattached{Why: err}
}

// titles are the files' names as Slack shows them, by the names that they have. Slack takes no empty file.
func titles(files map[string][]byte) map[string]string {
	out := map[string]string{}
	for name, body := range files {
		if len(body) > 0 {
			out[name] = notify.Cut(notify.Line(name), 100)
		}
	}
	return out
}

// upload takes a file where Slack wants it. Nobody sees it yet.
func (c *Channel) upload(ctx context.Context, title string, body []byte) (id string, err error) {
	u, err := c.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: title, FileSize: len(body)})
	if err != nil {
		return "", err
	}
	err = c.api.UploadToURL(ctx, slack.UploadToURLParameters{UploadURL: u.UploadURL, Filename: title, Reader: bytes.NewReader(body)})
	return u.FileID, err
}

// attached looks whether an earlier attempt has shown the files, although its reply was lost. Without the right to read
// they are shown again.
func (c *Channel) attached(ctx context.Context, at place, titles map[string]string) (bool, error) {
	messages, _, _, err := c.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: at.channel, Timestamp: at.ts, Limit: searched})
	switch code := errorCode(err); {
	case code == "missing_scope" || code == "thread_not_found":
		return false, nil
	case err != nil:
		return false, partly(c.classify(err))
	}
	wanted := slices.Sorted(maps.Values(titles))
	return slices.ContainsFunc(messages, func(one slack.Message) bool {
		var has []string
		for _, f := range one.Files {
			has = append(has, f.Title)
		}
		slices.Sort(has)
		return slices.Equal(has, wanted)
	}), nil
}
