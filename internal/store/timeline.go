package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type entryRow struct {
	bun.BaseModel `bun:"table:incident_entries"`

	Incident string
	Seq      int64
	At       moment
	Actor    string
	Channel  string
	Kind     string
	Body     string
}

// insertEntries adds lines to a timeline, and each to the audit log. Those that are there already stay as they are.
func insertEntries(ctx context.Context, tx bun.Tx, incident string, entries []domain.TimelineEntry) error {
	for _, e := range entries {
		row := entryRow{Incident: incident, Seq: int64(e.Seq), At: moment(e.At), Actor: e.Actor, Channel: e.Channel, Kind: string(e.Kind), Body: e.Text}
		done, err := tx.NewInsert().Model(&row).On("CONFLICT (incident, seq) DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := appendAudit(ctx, tx, AuditEntry{At: e.At, Actor: e.Actor, Action: "incident." + string(e.Kind), Subject: incident, Detail: e.Text}); err != nil {
			return err
		}
	}
	return nil
}

func entriesOf(ctx context.Context, db bun.IDB, incident string) ([]domain.TimelineEntry, error) {
	var rows []entryRow
	if err := db.NewSelect().Model(&rows).Where("incident = ?", incident).Order("seq").Scan(ctx); err != nil {
		return nil, err
	}
	out := make([]domain.TimelineEntry, len(rows))
	for n, r := range rows {
		out[n] = domain.TimelineEntry{
			Seq: int(r.Seq), At: time.Time(r.At), By: domain.By{Actor: r.Actor, Channel: r.Channel}, Kind: domain.EntryKind(r.Kind), Text: r.Body,
		}
	}
	return out, nil
}

type evidenceRow struct {
	bun.BaseModel `bun:"table:incident_evidence"`

	Incident string
	Path     string
	Kind     string
	SHA256   string `bun:"sha256"`
	Bytes    int64
	Missing  string
	At       moment
}

// SaveEvidence lists a bundle that is on disk, with its hash in the audit log as well. Listing it again changes nothing.
func (s *Store) SaveEvidence(ctx context.Context, e domain.Evidence) error {
	what := fmt.Sprintf("list evidence of %s", e.Incident)
	if e.Incident == "" || e.Path == "" || e.SHA256 == "" || e.At.IsZero() {
		return fmt.Errorf("store: %s: %w: incident, path, hash and time are needed", what, ErrInvalid)
	}
	missing, err := encode(e.Unknown)
	if err != nil {
		return fmt.Errorf("store: %s: encode: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		row := evidenceRow{Incident: e.Incident, Path: e.Path, Kind: e.Kind, SHA256: e.SHA256, Bytes: e.Bytes, Missing: missing, At: moment(e.At)}
		done, err := tx.NewInsert().Model(&row).On("CONFLICT (incident, path) DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return appendAudit(ctx, tx, AuditEntry{At: e.At, Actor: domain.Automation, Action: "incident.evidence", Subject: e.Incident, Detail: e.SHA256 + " " + e.Path})
	})
}

func evidenceOf(ctx context.Context, db bun.IDB, incident string) ([]domain.Evidence, error) {
	var rows []evidenceRow
	if err := db.NewSelect().Model(&rows).Where("incident = ?", incident).Order("at", "path").Scan(ctx); err != nil {
		return nil, err
	}
	var out []domain.Evidence
	for _, r := range rows {
		e := domain.Evidence{Incident: r.Incident, Kind: r.Kind, Path: r.Path, SHA256: r.SHA256, Bytes: r.Bytes, At: time.Time(r.At)}
		if err := json.Unmarshal([]byte(r.Missing), &e.Unknown); err != nil {
			return nil, fmt.Errorf("evidence %s of %s: %w: %w", r.Path, incident, ErrCorrupt, err)
		}
		out = append(out, e)
	}
	return out, nil
}
