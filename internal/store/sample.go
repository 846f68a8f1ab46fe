package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// blockVaults is how many vaults one row holds: enough to compress well, few enough to read one vault's history.
const blockVaults = 50

// Grains of the samples, from the newest to the oldest.
const (
	grainRaw  = "raw"
	grainFine = "5m"
	grainHour = "1h"
)

type sampleRow struct {
	bun.BaseModel `bun:"table:samples"`

	Grain      string
	At         moment
	FirstVault string
	LastVault  string
	Document   blob
}

// SaveTick stores one look at the fleet. Saving the same look again changes nothing.
func (s *Store) SaveTick(ctx context.Context, t domain.FleetTick) error {
	what := "save samples of " + t.Fleet.At.UTC().Format(timeLayout)
	if t.Fleet.At.IsZero() {
		return fmt.Errorf("store: %s: %w: the time is needed", what, ErrInvalid)
	}
	rows, err := packTick(t)
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&rows).On("CONFLICT (grain, at, first_vault) DO NOTHING").Exec(ctx)
		return err
	})
}

func packTick(t domain.FleetTick) ([]sampleRow, error) {
	p, err := newPacker()
	if err != nil {
		return nil, err
	}
	document, err := p.pack(t.Fleet)
	if err != nil {
		return nil, err
	}
	rows := []sampleRow{{Grain: grainRaw, At: moment(t.Fleet.At), Document: document}}
	vaults := slices.Clone(t.Vaults)
	slices.SortFunc(vaults, func(a, b domain.VaultSample) int { return strings.Compare(a.Vault, b.Vault) })
	for block := range slices.Chunk(vaults, blockVaults) {
		if block[0].Vault == "" {
			return nil, fmt.Errorf("%w: a sample names no vault", ErrInvalid)
		}
		document, err := p.pack(block)
		if err != nil {
			return nil, err
		}
		rows = append(rows, sampleRow{Grain: grainRaw, At: moment(t.Fleet.At), FirstVault: block[0].Vault, LastVault: block[len(block)-1].Vault, Document: document})
	}
	return rows, nil
}

// LatestTick reads the newest look; false when there is none. Vaults are in the order of their ids.
func (s *Store) LatestTick(ctx context.Context) (domain.FleetTick, bool, error) {
	var out domain.FleetTick
	found := false
	err := s.EachTick(ctx, time.Time{}, time.Time{}, func(t domain.FleetTick) error {
		out, found = t, true
		return nil
	})
	return out, found, err
}

// Looked says how well the watch looked at the fleet in a stretch of time. Older looks are thinned out, so the count is a
// lower bound.
type Looked struct {
	First time.Time
	Last  time.Time
	Count int
}

// Looks counts the looks in [from, to).
func (s *Store) Looks(ctx context.Context, from, to time.Time) (Looked, error) {
	var row struct {
		First, Last *moment
		Count       int
	}
	err := s.read(ctx, "looks at the fleet", func(db bun.IDB) error {
		return db.NewSelect().Model((*sampleRow)(nil)).ColumnExpr("MIN(at) AS first, MAX(at) AS last, COUNT(*) AS count").
			Where("first_vault = '' AND at >= ? AND at < ?", moment(from), moment(to)).Scan(ctx, &row)
	})
	if err != nil || row.First == nil || row.Last == nil {
		return Looked{}, err
	}
	return Looked{First: time.Time(*row.First), Last: time.Time(*row.Last), Count: row.Count}, nil
}

// EachTick gives the looks in [from, to) to f, oldest first. With two zero times it gives the newest one alone.
func (s *Store) EachTick(ctx context.Context, from, to time.Time, f func(domain.FleetTick) error) error {
	var times []sampleRow // Of which only the time is read.
	newest := from.IsZero() && to.IsZero()
	err := s.read(ctx, "times of samples", func(db bun.IDB) error {
		q := db.NewSelect().Model(&times).Column("at").Where("first_vault = ''")
		if newest {
			return q.Order("at DESC").Limit(1).Scan(ctx)
		}
		return q.Where("at >= ? AND at < ?", moment(from), moment(to)).Order("at").Scan(ctx)
	})
	if err != nil || len(times) == 0 {
		return err
	}
	u, err := newUnpacker()
	if err != nil {
		return fmt.Errorf("store: samples: %w", err)
	}
	defer u.close()
	for _, row := range times {
		t, err := s.tick(ctx, row.At, u)
		if err != nil {
			return err
		}
		if err := f(t); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) tick(ctx context.Context, at moment, u *unpacker) (domain.FleetTick, error) {
	var out domain.FleetTick
	var rows []sampleRow
	err := s.read(ctx, "samples", func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("at = ?", at).Order("first_vault").Scan(ctx)
	})
	if err != nil {
		return out, err
	}
	for _, r := range rows {
		if r.FirstVault == "" {
			err = u.unpack(r.Document, &out.Fleet)
		} else {
			var block []domain.VaultSample
			err = u.unpack(r.Document, &block)
			out.Vaults = append(out.Vaults, block...)
		}
		if err != nil {
			return out, fmt.Errorf("store: samples of %s: %w: %w", time.Time(at).Format(timeLayout), ErrCorrupt, err)
		}
	}
	return out, nil
}

// VaultSamples reads one vault's samples in [from, to), oldest first.
func (s *Store) VaultSamples(ctx context.Context, vault string, from, to time.Time) ([]domain.VaultSample, error) {
	what := "samples of " + vault
	var rows []sampleRow
	err := s.read(ctx, what, func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("at >= ? AND at < ? AND first_vault <> '' AND first_vault <= ? AND last_vault >= ?", moment(from), moment(to), vault, vault).
			Order("at").Scan(ctx)
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	u, err := newUnpacker()
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	defer u.close()
	var out []domain.VaultSample
	for _, r := range rows {
		var block []domain.VaultSample
		if err := u.unpack(r.Document, &block); err != nil {
			return nil, fmt.Errorf("store: %s: %w: %w", what, ErrCorrupt, err)
		}
		for _, v := range block {
			if v.Vault == vault {
				out = append(out, v)
			}
		}
	}
	return out, nil
}

// decode is the inverse of encode.
func decode(text string, into any) error { return json.Unmarshal([]byte(text), into) }
