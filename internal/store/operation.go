package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type operationRow struct {
	bun.BaseModel `bun:"table:operations"`

	Name       string
	Vault      string
	Started    moment
	DurationNS int64 `bun:"duration_ns"`
	OK         bool  `bun:"ok"`
	Code       string
	WorkflowID string `bun:"workflow_id"`
	RunID      string `bun:"run_id"`
	Attempt    int32
	Requests   int64 // A step makes thousands at most; summing needs a number.
}

// RecordOperation stores one measured step, for the performance reports (F01).
func (s *Store) RecordOperation(ctx context.Context, o domain.Operation) error {
	what := "record operation " + o.Name
	if o.Name == "" || o.Started.IsZero() {
		return fmt.Errorf("store: %s: %w: name and start are needed", what, ErrInvalid)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		row := operationRow{
			Name: o.Name, Vault: o.Vault, Started: moment(o.Started), DurationNS: int64(o.Duration), OK: o.OK, Code: o.Code,
			WorkflowID: o.WorkflowID, RunID: o.RunID, Attempt: o.Attempt, Requests: int64(o.Requests),
		}
		_, err := tx.NewInsert().Model(&row).Exec(ctx)
		return err
	})
}

// Operations reads the steps that began in [from, to), oldest first.
func (s *Store) Operations(ctx context.Context, from, to time.Time) ([]domain.Operation, error) {
	var rows []operationRow
	err := s.read(ctx, "operations", func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("started >= ? AND started < ?", moment(from), moment(to)).Order("started", "name", "vault").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.Operation, len(rows))
	for i, r := range rows {
		out[i] = r.operation()
	}
	return out, nil
}

func (r operationRow) operation() domain.Operation {
	return domain.Operation{
		Name: r.Name, Vault: r.Vault, Started: time.Time(r.Started), Duration: time.Duration(r.DurationNS), OK: r.OK, Code: r.Code,
		WorkflowID: r.WorkflowID, RunID: r.RunID, Attempt: r.Attempt, Requests: uint64(r.Requests),
	}
}
