package report

import (
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// MintTotal sums the days of one mint, in base units (E01).
type MintTotal struct {
	Token domain.Token `json:"token"`
	Days  int          `json:"vault_days"`
	domain.Figures
	Distributed domain.Amount `json:"distributed"` // Investors and creators.
	Residual    domain.Amount `json:"residual"`    // What the treasuries held after the closes.
	// Difference is claimed + dust in − paid − creator − dust out of the days whose program conserves; 0 is exact.
	Difference string `json:"difference"`
	// Treasury is what the treasuries hold now; null: it was not read. Unknown counts the vaults that it lacks.
	Treasury *domain.Amount `json:"treasury_now"`
	Unknown  int            `json:"treasury_unknown"`

	in, out []domain.Amount
}

// mintTotals sums by mint, in the order in which mints first appear. A day whose token is not known moved nothing that the
// books know of.
func mintTotals(runs []DayLine, vaults []DailyVault) ([]MintTotal, error) {
	out := []MintTotal{}
	at := map[string]int{}
	of := func(t domain.Token) *MintTotal {
		i, ok := at[t.Mint]
		if !ok {
			i = len(out)
			at[t.Mint] = i
			out = append(out, MintTotal{Token: t})
		}
		return &out[i]
	}
	for _, line := range runs {
		if line.Token.Mint == "" {
			continue
		}
		if err := of(line.Token).add(line); err != nil {
			return nil, fmt.Errorf("sum %s of %s: %w", line.Day, line.Vault, err)
		}
	}
	for _, v := range vaults {
		if v.Health == nil || v.Health.Token.Mint == "" {
			continue
		}
		t := of(v.Health.Token)
		if t.Token.Decimals == 0 {
			t.Token.Decimals = v.Health.Token.Decimals // A vault that was not read does not know them.
		}
		if err := t.hold(v.Health.Treasury); err != nil {
			return nil, fmt.Errorf("sum the treasury of %s: %w", v.ID, err)
		}
	}
	for i := range out {
		t := &out[i]
		var err error
		if t.Distributed, err = t.Paid.Add(t.Creator); err != nil {
			return nil, err
		}
		t.Difference = difference(t.in, t.out)
	}
	return out, nil
}

func (t *MintTotal) add(line DayLine) error {
	t.Days++
	for _, pair := range []struct {
		to *domain.Amount
		of domain.Amount
	}{
		{&t.Claimed, line.Claimed}, {&t.Paid, line.Paid}, {&t.Creator, line.Creator}, {&t.DustIn, line.DustIn}, {&t.DustOut, line.DustOut}, {&t.Residual, line.Residual},
	} {
		sum, err := pair.to.Add(pair.of)
		if err != nil {
			return err
		}
		*pair.to = sum
	}
	if line.behaviour != domain.Published && (line.State == domain.Complete || line.State == domain.CompleteUnreconciled) {
		t.in = append(t.in, line.Claimed, line.DustIn)
		t.out = append(t.out, line.Paid, line.Creator, line.DustOut)
	}
	return nil
}

// hold adds a treasury as it stands now. One without an account holds nothing; one that is unknown is counted.
func (t *MintTotal) hold(b Balance) error {
	switch {
	case b.Amount != nil:
	case b.State == "absent":
		b = value(0)
	default:
		t.Unknown++
		return nil
	}
	if t.Treasury == nil {
		t.Treasury = new(domain.Amount)
	}
	sum, err := t.Treasury.Add(*b.Amount)
	*t.Treasury = sum
	return err
}
