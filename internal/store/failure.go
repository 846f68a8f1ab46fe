package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type failureRow struct {
	bun.BaseModel `bun:"table:failures"`

	Key      string `bun:"failure_key"`
	At       moment
	Vault    string
	Cause    string
	Code     string
	Incident string
	Decision string
	Document string
}

// RecordFailure stores a failure and what becomes of it in one transaction: decide sees what is known of the cause, and
// nothing can change until its decision is stored. So two workers that report the same cause at once make one incident.
// A report that is repeated gives the first one's answer.
func (s *Store) RecordFailure(ctx context.Context, f domain.Failure, window time.Duration, decide func(domain.Known) domain.Decision) (domain.Recorded, error) {
	what := fmt.Sprintf("record failure %s of %s", f.Code, f.Vault)
	if f.Key == "" || f.Cause == "" || f.At.IsZero() {
		return domain.Recorded{}, fmt.Errorf("store: %s: %w: key, cause and time are needed", what, ErrInvalid)
	}
	var out domain.Recorded
	err := s.write(ctx, what, func(tx bun.Tx) error {
		again, found, err := recorded(ctx, tx, f.Key)
		if err != nil || found {
			out = again
			return err
		}
		known, err := knownOf(ctx, tx, f, window)
		if err != nil {
			return err
		}
		d := decide(known)
		if d.Correlation == domain.CorrelateOpen {
			if d.Incident, err = openIncident(ctx, tx, d.Open, f); err != nil {
				return err
			}
		}
		if d.Correlation == domain.CorrelatePromote {
			if _, err := tx.NewUpdate().Model((*incidentRow)(nil)).Set("vault = ''").Where("id = ?", d.Incident).Exec(ctx); err != nil {
				return err
			}
		}
		if err := affect(ctx, tx, d.Incident, f); err != nil {
			return err
		}
		f.Incident = d.Incident
		if err := insertFailure(ctx, tx, f, d); err != nil {
			return err
		}
		out = domain.Recorded{Failure: f, Decision: d}
		out.Incident, err = withTimeline(ctx, tx, d.Incident)
		return err
	})
	return out, err
}

func insertFailure(ctx context.Context, tx bun.Tx, f domain.Failure, d domain.Decision) error {
	document, err := encode(f)
	if err != nil {
		return err
	}
	decision, err := encode(d)
	if err != nil {
		return err
	}
	row := failureRow{Key: f.Key, At: moment(f.At), Vault: f.Vault, Cause: f.Cause, Code: f.Code, Incident: f.Incident, Decision: decision, Document: document}
	_, err = tx.NewInsert().Model(&row).Exec(ctx)
	return err
}

// recorded finds a report that was stored before.
func recorded(ctx context.Context, tx bun.Tx, key string) (domain.Recorded, bool, error) {
	var row failureRow
	found, err := one(tx.NewSelect().Model(&row).Where("failure_key = ?", key).Scan(ctx))
	if err != nil || !found {
		return domain.Recorded{}, false, err
	}
	out := domain.Recorded{Again: true}
	if out.Failure, err = row.failure(); err != nil {
		return out, true, err
	}
	if err := json.Unmarshal([]byte(row.Decision), &out.Decision); err != nil {
		return out, true, fmt.Errorf("decision of %s: %w: %w", key, ErrCorrupt, err)
	}
	out.Incident, err = withTimeline(ctx, tx, row.Incident)
	return out, true, err
}

// withTimeline reads an incident whole but for its evidence; no id is no incident.
func withTimeline(ctx context.Context, tx bun.Tx, id string) (domain.Incident, error) {
	i, found, err := incidentOf(ctx, tx, id)
	if err == nil && found {
		i.Timeline, err = entriesOf(ctx, tx, id)
	}
	return i, err
}

func (r failureRow) failure() (domain.Failure, error) {
	var f domain.Failure
	if err := json.Unmarshal([]byte(r.Document), &f); err != nil {
		return f, fmt.Errorf("failure %s: %w: %w", r.Key, ErrCorrupt, err)
	}
	return f, nil
}

// knownOf reads what is known of the failure's cause.
func knownOf(ctx context.Context, tx bun.Tx, f domain.Failure, window time.Duration) (domain.Known, error) {
	var k domain.Known
	recent := func() *bun.SelectQuery {
		return tx.NewSelect().Model((*failureRow)(nil)).Where("cause = ? AND at >= ? AND vault <> ? AND vault <> ''", f.Cause, moment(f.At.Add(-window)), f.Vault)
	}
	if err := recent().ColumnExpr("COUNT(DISTINCT vault)").Scan(ctx, &k.Others); err != nil {
		return k, err
	}
	for _, want := range []struct {
		into  **domain.Candidate
		where func(q *bun.SelectQuery) *bun.SelectQuery
	}{
		{&k.Fleet, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("vault = ''") }},
		{&k.Own, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("vault = ? AND vault <> ''", f.Vault) }},
		{&k.Oldest, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("vault IN (?)", recent().Column("vault")) }},
	} {
		var row incidentRow
		found, err := one(want.where(tx.NewSelect().Model(&row).Where("is_open AND cause = ?", f.Cause)).Order("opened_at", "id").Limit(1).Scan(ctx))
		if err != nil {
			return k, err
		}
		if !found {
			continue
		}
		if *want.into, err = candidate(ctx, tx, row, f.Vault); err != nil {
			return k, err
		}
	}
	var err error
	k.Near, err = nearest(ctx, tx, f)
	return k, err
}

// nearest is the oldest open incident that the vault is in, whatever its cause, but for what a person stated.
func nearest(ctx context.Context, tx bun.Tx, f domain.Failure) (*domain.Candidate, error) {
	if f.Vault == "" || f.Kind != domain.FailureAlert && f.Kind != domain.FailureLost {
		return nil, nil // Nobody asks.
	}
	var row incidentRow
	in := tx.NewSelect().Model((*incidentVaultRow)(nil)).Column("incident").Where("vault = ? AND recovered IS NULL", f.Vault)
	found, err := one(tx.NewSelect().Model(&row).Where("is_open AND cause NOT LIKE ? AND id IN (?)", domain.CauseStated+"%", in).Order("opened_at", "id").Limit(1).Scan(ctx))
	if err != nil || !found {
		return nil, err
	}
	return candidate(ctx, tx, row, f.Vault)
}

func candidate(ctx context.Context, tx bun.Tx, row incidentRow, vault string) (*domain.Candidate, error) {
	i, err := row.incident()
	if err != nil {
		return nil, err
	}
	c := &domain.Candidate{ID: row.ID, Severity: domain.Severity(row.Severity), State: domain.IncidentState(row.State), AtMost: i.AtMost}
	all, err := tx.NewSelect().Model((*incidentVaultRow)(nil)).Where("incident = ?", row.ID).Count(ctx)
	if err != nil {
		return nil, err
	}
	c.Vaults = int(all)
	n, err := tx.NewSelect().Model((*incidentVaultRow)(nil)).Where("incident = ? AND vault = ? AND recovered IS NULL", row.ID, vault).Count(ctx)
	c.Member = n > 0 || vault == ""
	return c, err
}

// affect puts the failure's vault on the incident. One that had recovered has it again.
func affect(ctx context.Context, tx bun.Tx, incident string, f domain.Failure) error {
	if incident == "" || f.Vault == "" {
		return nil
	}
	row := incidentVaultRow{Incident: incident, Vault: f.Vault, Since: moment(f.At)}
	_, err := tx.NewInsert().Model(&row).On("CONFLICT (incident, vault) DO UPDATE").Set("recovered = NULL").Exec(ctx)
	return err
}

// Failures reads the failures of an incident, oldest first; a limit of 0 reads all.
func (s *Store) Failures(ctx context.Context, incident string, limit int) ([]domain.Failure, error) {
	var rows []failureRow
	err := s.read(ctx, "failures of "+incident, func(db bun.IDB) error {
		q := db.NewSelect().Model(&rows).Where("incident = ?", incident).Order("at", "failure_key")
		if limit > 0 {
			q = q.Limit(int64(limit))
		}
		return q.Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out, err := each(rows, failureRow.failure)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return out, nil
}
