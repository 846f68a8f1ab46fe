package distribution

import (
	"context"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// PageOrders are the page sizes that operators approved (W10).
type PageOrders interface {
	PageOrder(ctx context.Context, vault string) (domain.PageOrder, bool, error)
	ApplyPageOrder(ctx context.Context, seq int64, day domain.Day, actor string, at time.Time) error
}

// MostPerPage is the largest page that a transaction takes of a vault, with or without lookup tables.
func MostPerPage(b domain.Behaviour, tables bool) uint32 {
	return min(capacity(b, tables), domain.MaxPageSize)
}

// ordered is the vault with the page size that an operator approved, if there is one. Only a new day may follow an order
// that no day was planned with yet: a day under way keeps the size of its own plan.
func (s *Service) ordered(ctx context.Context, v Vault, newDay bool) (Vault, domain.PageOrder, error) {
	o, found, err := s.Store.PageOrder(ctx, v.ID)
	if err != nil {
		return v, o, fmt.Errorf("approved page size of %s: %w", v.ID, err)
	}
	if !found || !newDay && o.State == domain.PageApproved {
		return v, domain.PageOrder{}, nil
	}
	v.PageSize = o.Size
	return v, o, nil
}

// orderApplied records the first day that was planned with an order. A plan from before the order may still stand, when
// a page of it may land: then the order waits for the day after.
func (s *Service) orderApplied(ctx context.Context, o domain.PageOrder, fresh, frozen domain.Manifest) error {
	if o.State != domain.PageApproved || frozen.Hash != fresh.Hash {
		return nil
	}
	if err := s.Store.ApplyPageOrder(ctx, o.Seq, frozen.Day, "worker", s.Now()); err != nil {
		return fmt.Errorf("page size of %s for %s: %w", frozen.Vault, frozen.Day, err)
	}
	return nil
}
