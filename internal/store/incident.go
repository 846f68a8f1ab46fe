package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type incidentRow struct {
	bun.BaseModel `bun:"table:incidents"`

	ID       string `bun:"id"`
	Cause    string
	Vault    string
	IsOpen   bool
	State    string
	Severity string
	OpenedAt moment
	Seq      int64
	Document string
}

type incidentVaultRow struct {
	bun.BaseModel `bun:"table:incident_vaults"`

	Incident  string
	Vault     string
	Since     moment
	Recovered sql.NullString
}

// document is the incident without what has tables of its own.
func document(i domain.Incident) (string, error) {
	i.Timeline, i.Vaults, i.VaultCount, i.Evidence = nil, nil, 0, nil
	return encode(i)
}

// openIncident gives the incident the next number of its day and stores it with the first line of its timeline.
func openIncident(ctx context.Context, tx bun.Tx, i *domain.Incident, f domain.Failure) (string, error) {
	if i == nil || len(i.Timeline) == 0 {
		return "", fmt.Errorf("%w: a new incident needs its first entry", ErrInvalid)
	}
	day := i.OpenedAt.UTC().Format("20060102")
	var last int64
	err := tx.NewRaw("INSERT INTO incident_numbers (day, last) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET last = incident_numbers.last + 1 RETURNING last", day).Scan(ctx, &last)
	if err != nil {
		return "", err
	}
	i.ID = fmt.Sprintf("INC-%s-%03d", day, last)
	doc, err := document(*i)
	if err != nil {
		return "", err
	}
	row := incidentRow{
		ID: i.ID, Cause: f.Cause, Vault: i.Vault, IsOpen: true, State: string(i.State), Severity: string(i.Severity),
		OpenedAt: moment(i.OpenedAt), Seq: int64(i.Seq), Document: doc,
	}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return "", err
	}
	return i.ID, insertEntries(ctx, tx, i.ID, i.Timeline)
}

// SaveIncident stores an incident as its workflow has it, with the new lines of its timeline; each line is also an
// entry of the audit log. An older version never replaces a newer one: an attempt that was given up may still write.
// An incident that is over holds no lock on the settings.
func (s *Store) SaveIncident(ctx context.Context, i domain.Incident, entries []domain.TimelineEntry) error {
	what := "save " + i.ID
	doc, err := document(i)
	if err != nil {
		return fmt.Errorf("store: %s: encode: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		if err := insertEntries(ctx, tx, i.ID, entries); err != nil {
			return err
		}
		var row incidentRow
		found, err := one(tx.NewSelect().Model(&row).Where("id = ?", i.ID).Scan(ctx))
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("the incident is %w", ErrNotFound)
		case row.Seq > int64(i.Seq):
			return nil
		}
		open, err := mayBeOpen(ctx, tx, row, i)
		if err != nil {
			return err
		}
		_, err = tx.NewUpdate().Model((*incidentRow)(nil)).Where("id = ?", i.ID).
			Set("is_open = ?", open).Set("state = ?", i.State).Set("severity = ?", i.Severity).Set("seq = ?", i.Seq).Set("document = ?", doc).Exec(ctx)
		if err != nil || !i.Over() {
			return err
		}
		_, err = tx.NewDelete().Model((*configLockRow)(nil)).Where("incident = ?", i.ID).Exec(ctx)
		return err
	})
}

// mayBeOpen keeps one open incident per cause and vault: one that was reopened while another had taken its place is
// kept, and takes no new failures.
func mayBeOpen(ctx context.Context, tx bun.Tx, row incidentRow, i domain.Incident) (bool, error) {
	if i.Over() || row.IsOpen {
		return !i.Over(), nil
	}
	n, err := tx.NewSelect().Model((*incidentRow)(nil)).Where("is_open AND cause = ? AND vault = ? AND id <> ?", row.Cause, row.Vault, row.ID).Count(ctx)
	return n == 0, err
}

// OpenTwin names the open incident of the same cause and vault, if there is another than the given one.
func (s *Store) OpenTwin(ctx context.Context, id string) (string, error) {
	var twin incidentRow
	err := s.read(ctx, "twin of "+id, func(db bun.IDB) error {
		_, err := one(db.NewSelect().Model(&twin).Where("is_open AND id <> ?", id).
			Where("EXISTS (SELECT 1 FROM incidents AS own WHERE own.id = ? AND own.cause = incident_row.cause AND own.vault = incident_row.vault)", id).Limit(1).Scan(ctx))
		return err
	})
	return twin.ID, err
}

// Incident reads one with its whole timeline, its vaults and its evidence.
func (s *Store) Incident(ctx context.Context, id string) (i domain.Incident, found bool, err error) {
	err = s.snapshot(ctx, id, func(db bun.IDB) error {
		i, found, err = incidentOf(ctx, db, id)
		if err != nil || !found {
			return err
		}
		if i.Timeline, err = entriesOf(ctx, db, id); err != nil {
			return err
		}
		i.Evidence, err = evidenceOf(ctx, db, id)
		return err
	})
	return i, found, err
}

// listedVaults is how many vaults an incident lists; VaultCount counts all.
const listedVaults = 50

// incidentOf reads an incident with its vaults.
func incidentOf(ctx context.Context, db bun.IDB, id string) (domain.Incident, bool, error) {
	var row incidentRow
	found, err := one(db.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx))
	if err != nil || !found {
		return domain.Incident{}, false, err
	}
	i, err := row.incident()
	if err != nil {
		return i, true, err
	}
	count, err := db.NewSelect().Model((*incidentVaultRow)(nil)).Where("incident = ?", id).Count(ctx)
	if err != nil {
		return i, true, err
	}
	i.VaultCount = int(count)
	var vaults []incidentVaultRow
	if err := db.NewSelect().Model(&vaults).Where("incident = ?", id).Order("since", "vault").Limit(listedVaults).Scan(ctx); err != nil {
		return i, true, err
	}
	for _, v := range vaults {
		one := domain.IncidentVault{Vault: v.Vault, Since: time.Time(v.Since)}
		if v.Recovered.Valid {
			var at moment
			if err := at.Scan(v.Recovered.String); err != nil {
				return i, true, fmt.Errorf("%s: vault %s: %w: %w", id, v.Vault, ErrCorrupt, err)
			}
			one.Recovered = time.Time(at)
		}
		i.Vaults = append(i.Vaults, one)
	}
	return i, true, nil
}

func (r incidentRow) incident() (domain.Incident, error) {
	var i domain.Incident
	if err := json.Unmarshal([]byte(r.Document), &i); err != nil {
		return i, fmt.Errorf("incident %s: %w: %w", r.ID, ErrCorrupt, err)
	}
	i.ID, i.Cause, i.Vault = r.ID, r.Cause, r.Vault // The correlator's; the document may be older.
	return i, nil
}

// IncidentFilter chooses incidents. The zero value takes all.
type IncidentFilter struct {
	Open  bool
	Vault string // Those that concern it, alone or among others.
	Limit int
}

// Incidents reads incidents without timelines, newest first.
func (s *Store) Incidents(ctx context.Context, f IncidentFilter) ([]domain.Incident, error) {
	var out []domain.Incident
	err := s.snapshot(ctx, "incidents", func(db bun.IDB) error {
		var rows []incidentRow
		q := db.NewSelect().Model(&rows).Order("opened_at DESC", "id DESC")
		if f.Open {
			q = q.Where("state <> ?", domain.IncidentResolved)
		}
		if f.Vault != "" {
			q = q.Where("vault = ? OR id IN (?)", f.Vault, db.NewSelect().Model((*incidentVaultRow)(nil)).Column("incident").Where("vault = ?", f.Vault))
		}
		if f.Limit > 0 {
			q = q.Limit(int64(f.Limit))
		}
		if err := q.Scan(ctx); err != nil {
			return err
		}
		out = make([]domain.Incident, 0, len(rows))
		for _, row := range rows {
			i, _, err := incidentOf(ctx, db, row.ID)
			if err != nil {
				return err
			}
			out = append(out, i)
		}
		return nil
	})
	return out, err
}

// RecoverVault marks a vault as recovered in every incident of its failures that is not over, and says how many of each one's vaults
// have not. Asked again with the same time it gives the same answer.
func (s *Store) RecoverVault(ctx context.Context, vault string, at time.Time) ([]domain.Recovered, error) {
	if vault == "" || at.IsZero() {
		return nil, fmt.Errorf("store: recover vault %q: %w: vault and time are needed", vault, ErrInvalid)
	}
	var out []domain.Recovered
	err := s.write(ctx, "recover vault "+vault, func(tx bun.Tx) error {
		out = nil
		var rows []incidentVaultRow
		err := tx.NewSelect().Model(&rows).Where("vault = ? AND (recovered IS NULL OR recovered = ?)", vault, moment(at)).
			Where("incident IN (?)", tx.NewSelect().Model((*incidentRow)(nil)).Column("id").
				Where("state <> ? AND cause NOT LIKE ?", domain.IncidentResolved, domain.CauseStated+"%")).Order("incident").Scan(ctx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if _, err := tx.NewUpdate().Model((*incidentVaultRow)(nil)).Set("recovered = ?", moment(at)).Where("incident = ? AND vault = ?", r.Incident, vault).Exec(ctx); err != nil {
				return err
			}
			left, err := tx.NewSelect().Model((*incidentVaultRow)(nil)).Where("incident = ? AND recovered IS NULL", r.Incident).Count(ctx)
			if err != nil {
				return err
			}
			out = append(out, domain.Recovered{Incident: r.Incident, Left: int(left)})
		}
		return nil
	})
	return out, err
}
