package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type episodeRow struct {
	bun.BaseModel `bun:"table:episodes"`

	Episode   string
	Alert     string
	Subject   string
	Vault     string
	State     string
	Severity  string
	OpenedAt  moment
	ChangedAt moment
	Live      bool
	Document  string
}

type newestRow struct {
	bun.BaseModel `bun:"table:alert_newest"`

	Alert   string
	Subject string
	Number  int64
	Mark    string
}

type pendingRow struct {
	bun.BaseModel `bun:"table:alert_pending"`

	Alert   string
	Subject string
	Since   moment
}

type alertEventRow struct {
	bun.BaseModel `bun:"table:alert_events"`

	At       moment
	Place    int64
	Episode  string
	Kind     string
	Alert    string
	Vault    string
	Severity string
	Actor    string
	Detail   string
}

type muteRow struct {
	bun.BaseModel `bun:"table:mutes"`

	Mute     string
	StartsAt moment
	Live     bool
	Document string
}

// EpisodeHead is what must be known of the newest episode of an alert and a subject, however long it is over.
type EpisodeHead struct {
	Alert, Subject string
	Number         int
	Mark           string
}

// Opening is when an episode of an alert and a subject began.
type Opening struct {
	Alert, Subject string
	At             time.Time
}

// PendingAlert is a condition that holds and has not held long enough.
type PendingAlert struct {
	Alert, Subject string
	Since          time.Time
}

// Watch is what the alert engine remembers.
type Watch struct {
	Episodes []domain.Episode // Not resolved, or with messages to deliver.
	Newest   []EpisodeHead
	Openings []Opening // Since the time asked for, oldest first.
	Pending  []PendingAlert
	Mutes    []domain.Mute // Not over, or with announcements to deliver.
}

// WatchChange is what a step of the engine changed. It is stored as a whole or not at all.
type WatchChange struct {
	Episodes []domain.Episode
	Newest   []EpisodeHead
	Pending  []PendingAlert // All of them.
	Mutes    []domain.Mute
	Events   []domain.AlertEvent
}

// Watch reads what the engine remembers, with the openings since a time.
func (s *Store) Watch(ctx context.Context, since time.Time) (Watch, error) {
	var episodes []episodeRow
	var newest []newestRow
	var openings []episodeRow
	var pending []pendingRow
	var mutes []muteRow
	err := s.snapshot(ctx, "the watch", func(db bun.IDB) error {
		for _, q := range []*bun.SelectQuery{
			db.NewSelect().Model(&episodes).Where("live = TRUE").Order("opened_at", "episode"),
			db.NewSelect().Model(&newest).Order("alert", "subject"),
			db.NewSelect().Model(&openings).Column("alert", "subject", "opened_at").Where("opened_at >= ?", moment(since)).Order("opened_at", "alert", "subject"),
			db.NewSelect().Model(&pending).Order("alert", "subject"),
			db.NewSelect().Model(&mutes).Where("live = TRUE").Order("mute"),
		} {
			if err := q.Scan(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Watch{}, err
	}
	var out Watch
	if out.Episodes, err = episodesOf(episodes); err != nil {
		return Watch{}, err
	}
	for _, r := range newest {
		out.Newest = append(out.Newest, EpisodeHead{r.Alert, r.Subject, int(r.Number), r.Mark})
	}
	for _, r := range openings {
		out.Openings = append(out.Openings, Opening{r.Alert, r.Subject, time.Time(r.OpenedAt)})
	}
	for _, r := range pending {
		out.Pending = append(out.Pending, PendingAlert{r.Alert, r.Subject, time.Time(r.Since)})
	}
	out.Mutes, err = mutesOf(mutes)
	return out, err
}

// SaveWatch stores what a step changed.
func (s *Store) SaveWatch(ctx context.Context, c WatchChange) error {
	return s.write(ctx, "save the watch", func(tx bun.Tx) error {
		for _, save := range []func(context.Context, bun.Tx, WatchChange) error{saveEpisodes, saveNewest, savePending, saveMutes, saveEvents} {
			if err := save(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func saveEpisodes(ctx context.Context, tx bun.Tx, c WatchChange) error {
	for _, e := range c.Episodes {
		document, err := encode(e)
		if err != nil {
			return err
		}
		row := episodeRow{
			Episode: e.Key, Alert: e.Alert, Subject: e.Subject, Vault: e.Vault, State: string(e.State), Severity: string(e.Severity),
			OpenedAt: moment(e.Opened), ChangedAt: moment(e.Changed), Live: e.Active() || len(e.Unsent) > 0, Document: document,
		}
		_, err = tx.NewInsert().Model(&row).On("CONFLICT (episode) DO UPDATE").
			Set("state = EXCLUDED.state").Set("severity = EXCLUDED.severity").Set("changed_at = EXCLUDED.changed_at").
			Set("vault = EXCLUDED.vault").Set("live = EXCLUDED.live").Set("document = EXCLUDED.document").Exec(ctx)
		if err != nil {
			return fmt.Errorf("episode %s: %w", e.Key, err)
		}
	}
	return nil
}

func saveNewest(ctx context.Context, tx bun.Tx, c WatchChange) error {
	for _, n := range c.Newest {
		row := newestRow{Alert: n.Alert, Subject: n.Subject, Number: int64(n.Number), Mark: n.Mark}
		if _, err := tx.NewInsert().Model(&row).On("CONFLICT (alert, subject) DO UPDATE").Set("number = EXCLUDED.number").Set("mark = EXCLUDED.mark").Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func savePending(ctx context.Context, tx bun.Tx, c WatchChange) error {
	if _, err := tx.NewDelete().Model((*pendingRow)(nil)).Where("1 = 1").Exec(ctx); err != nil || len(c.Pending) == 0 {
		return err
	}
	rows := make([]pendingRow, len(c.Pending))
	for i, p := range c.Pending {
		rows[i] = pendingRow{Alert: p.Alert, Subject: p.Subject, Since: moment(p.Since)}
	}
	_, err := tx.NewInsert().Model(&rows).Exec(ctx)
	return err
}

func saveMutes(ctx context.Context, tx bun.Tx, c WatchChange) error {
	for _, m := range c.Mutes {
		document, err := encode(m)
		if err != nil {
			return err
		}
		row := muteRow{Mute: m.ID, StartsAt: moment(m.From), Live: !m.Ended || len(m.Unsent) > 0, Document: document}
		if _, err := tx.NewInsert().Model(&row).On("CONFLICT (mute) DO UPDATE").Set("live = EXCLUDED.live").Set("document = EXCLUDED.document").Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func saveEvents(ctx context.Context, tx bun.Tx, c WatchChange) error {
	if len(c.Events) == 0 {
		return nil
	}
	rows := make([]alertEventRow, len(c.Events))
	for i, e := range c.Events {
		rows[i] = alertEventRow{
			At: moment(e.At), Place: int64(i), Episode: e.Episode, Kind: string(e.Kind), Alert: e.Alert, Vault: e.Vault,
			Severity: string(e.Severity), Actor: e.Actor, Detail: e.Detail,
		}
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return err
	}
	return auditOrders(ctx, tx, c.Events)
}

// auditOrders writes what people did to alerts to the audit log. What the watch did by itself is in the alerts' record.
func auditOrders(ctx context.Context, tx bun.Tx, events []domain.AlertEvent) error {
	for _, e := range events {
		if e.Kind != domain.EventAcknowledged && e.Kind != domain.EventMuted && e.Kind != domain.EventRefused {
			continue
		}
		err := appendAudit(ctx, tx, AuditEntry{At: e.At, Actor: cmp.Or(e.Actor, "unknown"), Action: "alert." + string(e.Kind), Subject: cmp.Or(e.Vault, e.Episode), Detail: strings.TrimSpace(e.Episode + " " + e.Detail)})
		if err != nil {
			return err
		}
	}
	return nil
}

// Episodes reads the episodes that are not resolved and those that changed since a time, by their opening.
func (s *Store) Episodes(ctx context.Context, since time.Time) ([]domain.Episode, error) {
	var rows []episodeRow
	err := s.read(ctx, "episodes", func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("live = TRUE OR changed_at >= ?", moment(since)).Order("opened_at", "episode").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	return episodesOf(rows)
}

// ToldBy reads the active episodes that a message is about: the one of its key or, when that is a group's, all that the
// group tells.
func (s *Store) ToldBy(ctx context.Context, key string) ([]domain.Episode, error) {
	var rows []episodeRow
	err := s.read(ctx, "episodes of "+key, func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("live = TRUE").Order("opened_at", "episode").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	all, err := episodesOf(rows)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(e domain.Episode) bool {
		return !e.Active() || e.IsGroup() || e.Key != key && e.Group != key
	}), nil
}

// IncidentEpisodes reads the episodes that opened an incident or belong to it, groups left out.
func (s *Store) IncidentEpisodes(ctx context.Context, i domain.Incident) ([]domain.Episode, error) {
	all, err := s.Episodes(ctx, i.OpenedAt)
	if err != nil {
		return nil, err
	}
	out := []domain.Episode{}
	for _, e := range all {
		if e.Incident == i.ID && !e.IsGroup() {
			e.Unsent = nil // Messages are the channels' affair.
			out = append(out, e)
		}
	}
	return out, nil
}

// AlertEvents reads the record of [from, to), oldest first.
func (s *Store) AlertEvents(ctx context.Context, from, to time.Time) ([]domain.AlertEvent, error) {
	var rows []alertEventRow
	err := s.read(ctx, "alert events", func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("at >= ? AND at < ?", moment(from), moment(to)).Order("at", "place").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.AlertEvent, len(rows))
	for i, r := range rows {
		out[i] = domain.AlertEvent{
			At: time.Time(r.At), Episode: r.Episode, Kind: domain.EventKind(r.Kind), Alert: r.Alert, Vault: r.Vault, Severity: domain.Severity(r.Severity), Actor: r.Actor, Detail: r.Detail,
		}
	}
	return out, nil
}

// Mutes reads the mutes that are in force or to come, and those that began since a time.
func (s *Store) Mutes(ctx context.Context, since time.Time) ([]domain.Mute, error) {
	var rows []muteRow
	err := s.read(ctx, "mutes", func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("live = TRUE OR starts_at >= ?", moment(since)).Order("starts_at", "mute").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	return mutesOf(rows)
}

func episodesOf(rows []episodeRow) ([]domain.Episode, error) {
	out := make([]domain.Episode, len(rows))
	for i, r := range rows {
		if err := decode(r.Document, &out[i]); err != nil {
			return nil, fmt.Errorf("store: episode %s: %w: %w", r.Episode, ErrCorrupt, err)
		}
	}
	return out, nil
}

func mutesOf(rows []muteRow) ([]domain.Mute, error) {
	out := make([]domain.Mute, len(rows))
	for i, r := range rows {
		if err := decode(r.Document, &out[i]); err != nil {
			return nil, fmt.Errorf("store: mute %s: %w: %w", r.Mute, ErrCorrupt, err)
		}
	}
	return out, nil
}
