package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type backupRow struct {
	bun.BaseModel `bun:"table:backups"`

	At        moment
	Archive   string
	Place     string
	OK        bool `bun:"ok"`
	Bytes     int64
	RowCount  int64
	FileCount int64
	SHA256    string `bun:"sha256"`
	TookMs    int64
	Code      string
	Error     string
}

func (r backupRow) record() domain.BackupRecord {
	return domain.BackupRecord{
		At: time.Time(r.At), Archive: r.Archive, Place: r.Place, OK: r.OK, Bytes: r.Bytes, Rows: r.RowCount, Files: r.FileCount, SHA256: r.SHA256, TookMS: r.TookMs,
		Code: r.Code, Error: r.Error,
	}
}

// SaveBackup remembers an attempt at a backup. One that is remembered already is no error.
func (s *Store) SaveBackup(ctx context.Context, b domain.BackupRecord) error {
	what := "save backup " + b.Archive
	if b.At.IsZero() || b.Place == "" || b.OK == (b.Archive == "") {
		return fmt.Errorf("store: %s: %w: time, place and either an archive or a failure are needed", what, ErrInvalid)
	}
	row := backupRow{
		At: moment(b.At), Archive: b.Archive, Place: b.Place, OK: b.OK, Bytes: b.Bytes, RowCount: b.Rows, FileCount: b.Files, SHA256: b.SHA256, TookMs: b.TookMS,
		Code: b.Code, Error: b.Error,
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (at, archive) DO NOTHING").Exec(ctx)
		return err
	})
}

// Backups reads the newest attempts, newest first.
func (s *Store) Backups(ctx context.Context, limit int) ([]domain.BackupRecord, error) {
	return s.backups(ctx, limit, false)
}

// LastBackup is the newest attempt, and the newest that succeeded; nil where there is none.
func (s *Store) LastBackup(ctx context.Context) (last, good *domain.BackupRecord, err error) {
	all, err := s.backups(ctx, 1, false)
	if err != nil {
		return nil, nil, err
	}
	successes, err := s.backups(ctx, 1, true)
	if err != nil {
		return nil, nil, err
	}
	if len(all) > 0 {
		last = &all[0]
	}
	if len(successes) > 0 {
		good = &successes[0]
	}
	return last, good, nil
}

func (s *Store) backups(ctx context.Context, limit int, good bool) ([]domain.BackupRecord, error) {
	var rows []backupRow
	err := s.read(ctx, "backups", func(db bun.IDB) error {
		q := db.NewSelect().Model(&rows).Order("at DESC", "archive DESC").Limit(int64(limit))
		if good {
			q = q.Where("ok = ?", true)
		}
		return q.Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.BackupRecord, len(rows))
	for i, r := range rows {
		out[i] = r.record()
	}
	return out, nil
}

type drillRow struct {
	bun.BaseModel `bun:"table:drills"`

	At       moment
	Kind     string
	Score    int64
	Document string
}

// SaveDrill remembers a rehearsal.
func (s *Store) SaveDrill(ctx context.Context, d domain.Drill) error {
	what := "save drill " + d.Kind
	if d.At.IsZero() || d.Kind == "" {
		return fmt.Errorf("store: %s: %w: time and kind are needed", what, ErrInvalid)
	}
	document, err := encode(d)
	if err != nil {
		return fmt.Errorf("store: %s: encode: %w", what, err)
	}
	row := drillRow{At: moment(d.At), Kind: d.Kind, Score: int64(d.Score), Document: document}
	return s.write(ctx, what, func(tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (at, kind) DO NOTHING").Exec(ctx)
		return err
	})
}

// Drills reads the newest rehearsals of a kind, newest first.
func (s *Store) Drills(ctx context.Context, kind string, limit int) ([]domain.Drill, error) {
	var rows []drillRow
	err := s.read(ctx, "drills of "+kind, func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("kind = ?", kind).Order("at DESC").Limit(int64(limit)).Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.Drill, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal([]byte(r.Document), &out[i]); err != nil {
			return nil, fmt.Errorf("store: drill %s: %w: %w", kind, ErrCorrupt, err)
		}
	}
	return out, nil
}
