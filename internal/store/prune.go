package store

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// pruneBatch keeps statements short.
const pruneBatch = 400

// Retention says how long what is kept. Samples are thinned out on the way: every look, then one in five minutes, then
// one an hour. The monthly report needs 62 days (W11).
type Retention struct {
	Raw  time.Duration // Every look.
	Fine time.Duration // One in five minutes.
	Keep time.Duration // One an hour; operations and the alerts' record go then too.
}

// DefaultRetention keeps every look for two days and everything for ninety.
func DefaultRetention() Retention {
	return Retention{Raw: 48 * time.Hour, Fine: 7 * 24 * time.Hour, Keep: 90 * 24 * time.Hour}
}

// Prune thins the samples out and removes what is older than r.Keep. Episodes that are not over stay, however old.
func (s *Store) Prune(ctx context.Context, now time.Time, r Retention) error {
	if err := s.thin(ctx, grainRaw, grainFine, now.Add(-r.Raw), 5*time.Minute); err != nil {
		return err
	}
	if err := s.thin(ctx, grainFine, grainHour, now.Add(-r.Fine), time.Hour); err != nil {
		return err
	}
	return s.write(ctx, "prune", func(tx bun.Tx) error {
		before := moment(now.Add(-r.Keep))
		for _, q := range []*bun.DeleteQuery{
			tx.NewDelete().Model((*sampleRow)(nil)).Where("at < ?", before),
			tx.NewDelete().Model((*operationRow)(nil)).Where("started < ?", before),
			tx.NewDelete().Model((*alertEventRow)(nil)).Where("at < ?", before),
			tx.NewDelete().Model((*episodeRow)(nil)).Where("changed_at < ? AND live = FALSE", before),
			tx.NewDelete().Model((*muteRow)(nil)).Where("starts_at < ? AND live = FALSE", before),
		} {
			if _, err := q.Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// thin turns looks of one grain that are older than before into the next coarser grain: the last one of each bucket
// stays as it is, a real observation and no average, and the others go.
func (s *Store) thin(ctx context.Context, from, to string, before time.Time, bucket time.Duration) error {
	before = before.Truncate(bucket) // A bucket is thinned out once, when all of it is old.
	var times []sampleRow            // Of which only the time is read.
	err := s.read(ctx, "samples to thin out", func(db bun.IDB) error {
		return db.NewSelect().Model(&times).Column("at").Where("grain = ? AND at < ? AND first_vault = ''", from, moment(before)).Order("at").Scan(ctx)
	})
	if err != nil || len(times) == 0 {
		return err
	}
	last := map[int64]moment{}
	for _, row := range times {
		last[time.Time(row.At).UnixNano()/int64(bucket)] = row.At
	}
	var drop, stay []moment
	for _, row := range times {
		if at := time.Time(row.At); at.Equal(time.Time(last[at.UnixNano()/int64(bucket)])) {
			stay = append(stay, row.At)
		} else {
			drop = append(drop, row.At)
		}
	}
	return s.write(ctx, "thin samples out", func(tx bun.Tx) error {
		for batch := range slices.Chunk(drop, pruneBatch) {
			if _, err := tx.NewDelete().Model((*sampleRow)(nil)).Where("grain = ? AND at IN (?)", from, bun.List(batch)).Exec(ctx); err != nil {
				return err
			}
		}
		for batch := range slices.Chunk(stay, pruneBatch) {
			if _, err := tx.NewUpdate().Model((*sampleRow)(nil)).Set("grain = ?", to).Where("grain = ? AND at IN (?)", from, bun.List(batch)).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
