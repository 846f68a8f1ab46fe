package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// changeTimeout bounds what telling people may add to a command that has done its work.
const changeTimeout = 20 * time.Second

// deployed is what people are told of a build that was made current. Each time is a message of its own, also when an
// older build comes back.
func deployed(v deploymentView, now time.Time) notify.Message {
	m := notify.Message{
		Key: fmt.Sprintf("deployment/%s/%s/%d", v.Deployment, v.Promoted, now.Unix()), Seq: 1, Kind: notify.Change, Severity: domain.SeverityLow,
		Title: fmt.Sprintf("Build %s takes all tasks of deployment %s", v.Promoted, v.Deployment), At: now.UTC(),
		Text:   "Running days go over to it at their next step.",
		Fields: []notify.Field{{Name: "Promoted by", Value: actor()}},
	}
	if v.Before != "" {
		m.Fields = append(m.Fields, notify.Field{Name: "Before", Value: v.Before}, notify.Field{Name: "Way back", Value: "feeops deployment promote " + v.Before})
	}
	return m
}

// tellChange tells people by the routes of the settings and records it as the worker does. What was changed stays so
// when nobody can be told: both lists are for whoever changed it.
func tellChange(ctx context.Context, s config.Settings, m notify.Message) (told, not []string) {
	if len(s.Notify.Channels()) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	channels, err := app.Channels(s, io.Discard, time.Now)
	if err != nil {
		return nil, []string{err.Error()}
	}
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return nil, []string{err.Error()}
	}
	people, err := app.NewDispatcher(s, channels, db, time.Now, slog.New(slog.DiscardHandler))
	if err == nil {
		for _, o := range people.Dispatch(ctx, m).Outcomes {
			if o.Error == "" {
				told = append(told, o.Channel)
			} else {
				not = append(not, o.Channel+": "+o.Error)
			}
		}
	} else {
		not = append(not, err.Error())
	}
	if err := db.Close(); err != nil {
		not = append(not, err.Error())
	}
	return told, not
}
