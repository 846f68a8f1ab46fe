package main

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/scenario"
)

// dustIn is what the first kind of vault has carried over from the day before, in base units of the quote mint.
const dustIn = 12_345

// vaultSpecs are the vaults of a local chain, each a case that operators meet: the first kind has dust from yesterday
// and an investor below the minimum, the second a daily cap, the third a closed stream and an investor without a token
// account. Vaults with too few investors for that are plain.
func vaultSpecs(f chainFlags, now time.Time) []scenario.Spec {
	var out []scenario.Spec
	for i, n := range sizes(f.vaults, f.investors) {
		s := scenario.Spec{ID: fmt.Sprintf("demo-%d", i+1), Investors: n, Behaviour: bank.Behaviour(f.behaviour)}
		if n >= 3 {
			switch i % 3 {
			case 0:
				// Ten minutes overdue, so that the day can be paid at once.
				s.LastDistribution = now.Unix() - domain.DaySeconds - 600
				s.DustIn, s.BelowMinimum = dustIn, 1
			case 1:
				// Well under what the investors' pool of such a vault is, so that the cap is really met.
				dailyCap := uint64(n) * 1_000_000
				s.DailyCap = &dailyCap
			case 2:
				s.ClosedStreams, s.MissingATAs = 1, 1
			}
		}
		out = append(out, s)
	}
	return out
}
