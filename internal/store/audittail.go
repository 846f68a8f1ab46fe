package store

import (
	"context"

	"github.com/uptrace/bun"
)

// AuditTail reads up to limit entries before the given one, newest first; 0 reads from the end. It verifies nothing.
func (s *Store) AuditTail(ctx context.Context, before int64, limit int) ([]AuditEntry, error) {
	var rows []auditRow
	err := s.read(ctx, "audit tail", func(db bun.IDB) error {
		q := db.NewSelect().Model(&rows).Order("seq DESC").Limit(int64(limit))
		if before > 0 {
			q = q.Where("seq < ?", before)
		}
		return q.Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]AuditEntry, len(rows))
	for i, r := range rows {
		out[i] = r.entry()
	}
	return out, nil
}
