package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// The page-size rule (W10). The document jumps between 10, 20 and 30 by the average of all operations, failures and waits
// included; here it is one vault's own pages, their median, and a step.
const (
	pageSlow    = 30 * time.Second
	pageFast    = 10 * time.Second
	pageSamples = 20
	pageStepBy  = 5
	pageLeast   = 5
	pageSuccess = 95 // Per cent.
)

// VaultPages is how a vault's pages are cut now.
type VaultPages struct {
	Vault string
	Size  uint32 // Of the newest plan; 0: it has none.
	Most  uint32 // That a transaction takes and the program allows.
}

// PageAdvice proposes another page size for one vault, or says why not. Nobody follows it by itself.
type PageAdvice struct {
	Vault    string        `json:"vault"`
	Size     uint32        `json:"size"`
	Proposed uint32        `json:"proposed"` // Equal to Size: stay.
	Samples  int           `json:"samples"`  // Pages that were tried.
	Median   time.Duration `json:"median_ns"`
	Success  int           `json:"success_percent"`
	Why      string        `json:"why"`
}

// PageSizes judges the pages that began in [from, to). Each attempt counts with its own time, without the waits between.
func (r *Reporter) PageSizes(ctx context.Context, from, to time.Time, vaults []VaultPages) ([]PageAdvice, error) {
	took, failed := map[string][]time.Duration{}, map[string]int{}
	err := r.Books.EachOperation(ctx, from, to, func(o domain.Operation) error {
		switch {
		case o.Name != pageStep:
		case o.OK:
			took[o.Vault] = append(took[o.Vault], o.Duration)
		default:
			failed[o.Vault]++
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("page sizes: measured pages: %w", err)
	}
	out := make([]PageAdvice, 0, len(vaults))
	for _, v := range vaults {
		out = append(out, adviseSize(v, took[v.Vault], failed[v.Vault]))
	}
	return out, nil
}

func adviseSize(v VaultPages, took []time.Duration, failed int) PageAdvice {
	a := PageAdvice{Vault: v.Vault, Size: v.Size, Proposed: v.Size, Samples: len(took) + failed}
	if len(took) > 0 {
		slices.Sort(took)
		a.Median = took[len(took)/2]
	}
	if a.Samples > 0 {
		a.Success = 100 * len(took) / a.Samples
	}
	measured := fmt.Sprintf("median %s and %d %% success of %s", duration(a.Median), a.Success, plural(a.Samples, "page"))
	switch {
	case v.Size == 0:
		a.Why = "it has no plan yet"
	case a.Samples < pageSamples || len(took) == 0:
		a.Why = fmt.Sprintf("insufficient data: %s of at least %d", plural(a.Samples, "page"), pageSamples)
	case a.Median > pageSlow && v.Size > pageLeast:
		a.Proposed = max(pageLeast, v.Size-min(v.Size, pageStepBy))
		a.Why = "slow: " + measured
	case a.Median < pageFast && a.Success > pageSuccess && v.Size < min(v.Most, domain.MaxPageSize):
		a.Proposed = min(v.Size+pageStepBy, v.Most, domain.MaxPageSize)
		a.Why = "fast: " + measured
	case v.Size >= v.Most:
		a.Why = "it is as long as a transaction takes; " + measured
	default:
		a.Why = measured
	}
	return a
}
