package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// headAgain is when a head that did not get everywhere is posted again.
const headAgain = 5 * time.Minute

// logHead posts heads to the log, which leaves the machine where logs are collected.
type logHead struct{ log *slog.Logger }

// PostHead writes the whole head: it can be verified from the log alone.
func (l logHead) PostHead(_ context.Context, h audit.Head) error {
	word, err := h.Word()
	if err != nil {
		return err
	}
	l.log.Info("audit head", "version", h.Version, "entries", h.Entries, "hash", h.Hash, "at", h.At.Format(time.RFC3339Nano), "key", h.Key, "signature", h.Signature, "head", word)
	return nil
}

// channelHead tells people a head once in each period. Whoever has this host's disk can write the log, the file of heads
// and the books anew and sign again with its key; what stands in people's channels he cannot take back.
//
// The period is the message's key, so that of several workers, and of one that starts again, one tells it: the records of
// deliveries decide. It is used by one goroutine.
type channelHead struct {
	people activities.People
	every  time.Duration
	told   time.Time // The newest period that this worker knows to be told.
}

// PostHead tells the head, unless one of the same period was told.
func (c *channelHead) PostHead(ctx context.Context, h audit.Head) error {
	period := h.At.Truncate(c.every)
	if period.Equal(c.told) {
		return nil
	}
	m, err := headMessage(h, period, c.every)
	if err != nil {
		return err
	}
	if err := c.people.Tell(ctx, m); err != nil {
		return fmt.Errorf("tell people: %w", err)
	}
	c.told = period
	return nil
}

// headMessage is a head for people: what it is, how it is verified, and when the next one is due, because a log that was
// changed can also be kept quiet.
func headMessage(h audit.Head, period time.Time, every time.Duration) (domain.Message, error) {
	word, err := h.Word()
	if err != nil {
		return domain.Message{}, err
	}
	text := fmt.Sprintf("Signed head of the audit log. Nothing is wrong. Leave this message where it is: it shows later whether entries 1 to %d were changed or removed since.\n\n"+
		"feeops audit verify --key %s --head %s\n\n"+
		"The next head comes after %s. If none has come an hour later, find out why. Its entries must not be fewer than %d, and its key must not be another one.",
		h.Entries, h.Key, word, period.Add(every).UTC().Format("2006-01-02 15:04 UTC"), h.Entries)
	return domain.Message{
		Key: "audit/head/" + period.UTC().Format("2006-01-02T15:04Z"), Seq: 1, Kind: domain.MessageInfo, Severity: domain.SeverityLow,
		Title: fmt.Sprintf("Audit log: signed head of entry %d", h.Entries), Text: text, At: h.At,
		Fields: []domain.MessageField{
			{Name: "Last entry", Value: fmt.Sprint(h.Entries)},
			{Name: "Its hash", Value: h.Hash},
			{Name: "Audit key", Value: h.Key},
			{Name: "Signature", Value: h.Signature},
		},
	}, nil
}

// postHeads signs and posts the head of the audit log at the start and then at the settings' interval, sooner when a
// poster failed. A broken log is an error in the worker's log each time; it does not keep anybody from being paid.
func postHeads(lc fx.Lifecycle, s config.Settings, key *seal.Key, db *store.Store, people activities.People, clock Clock, log *slog.Logger) {
	if key == nil {
		return
	}
	posters := []audit.Poster{logHead{log}, &channelHead{people: people, every: s.Audit.ChannelEvery}}
	if s.Audit.HeadsFile != "" {
		posters = append(posters, audit.File(s.Audit.HeadsFile))
	}
	post := func(ctx context.Context) time.Duration {
		_, err := audit.Publish(ctx, db, key, clock(), posters...)
		if err == nil || ctx.Err() != nil {
			return s.Audit.HeadInterval
		}
		log.Error("the audit log's head was not posted everywhere; it is tried again", "error", err)
		return min(s.Audit.HeadInterval, headAgain)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	lc.Append(fx.StartStopHook(
		func() {
			go func() {
				defer close(done)
				for sleep(ctx, post(ctx)) == nil {
				}
			}()
		},
		func() {
			cancel()
			<-done
		},
	))
}
