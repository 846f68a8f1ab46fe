package incident

import (
	"context"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Ledger stores failures with their incidents.
type Ledger interface {
	RecordFailure(ctx context.Context, f domain.Failure, window time.Duration, decide func(domain.Known) domain.Decision) (domain.Recorded, error)
}

// Desk takes failures in: it classifies, stores and correlates them.
type Desk struct {
	Rules  Rules
	Ledger Ledger
}

// Record takes one failure. What is no incident by its code is not stored: the day's own report has it.
func (d Desk) Record(ctx context.Context, f domain.Failure) (domain.Recorded, error) {
	v := Classify(f)
	f.Cause = v.Cause
	if v.Severity == "" {
		return domain.Recorded{Failure: f, Decision: domain.Decision{Correlation: domain.CorrelateNone}}, nil
	}
	return d.Ledger.RecordFailure(ctx, f, d.Rules.Window, func(k domain.Known) domain.Decision { return d.Rules.Correlate(f, v, k) })
}
