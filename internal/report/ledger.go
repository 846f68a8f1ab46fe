package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// ledger sums what the days cost, in all and by vault.
func ledger(lines []DayLine) CostLedger {
	out := CostLedger{Vaults: []VaultCost{}}
	byVault := map[string]*VaultCost{}
	investors := 0
	for _, l := range lines {
		out.add(l.Cost)
		v := byVault[l.Vault]
		if v == nil {
			v = &VaultCost{Vault: l.Vault}
			byVault[l.Vault] = v
		}
		v.Days++
		v.Costs.add(l.Cost)
		if l.State == domain.Complete || l.State == domain.CompleteUnreconciled {
			investors += l.Investors - min(l.Investors, l.Quarantined)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byVault)) {
		out.Vaults = append(out.Vaults, *byVault[id])
	}
	slices.SortStableFunc(out.Vaults, func(a, b VaultCost) int { return cmp.Compare(b.spent(), a.spent()) })
	spent := out.Costs.spent()
	if closed := closedOf(lines); closed > 0 {
		each := spent / uint64(closed)
		out.PerVaultDay = &each
	}
	if investors > 0 {
		each := spent / uint64(investors)
		out.PerInvestor = &each
	}
	return out
}

func (c Costs) spent() uint64 { return c.FeeLamports + c.RentLamports }

// daySums sums by on-chain day.
func daySums(lines []DayLine) ([]DaySum, error) {
	byDay := map[domain.Day][]DayLine{}
	for _, l := range lines {
		byDay[l.Day] = append(byDay[l.Day], l)
	}
	out := []DaySum{}
	for _, day := range slices.Sorted(maps.Keys(byDay)) {
		mints, err := mintTotals(byDay[day], nil)
		if err != nil {
			return nil, err
		}
		out = append(out, DaySum{Day: day, Closed: closedOf(byDay[day]), Mints: mints})
	}
	return out, nil
}
