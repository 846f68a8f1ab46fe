package app

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/operator"
)

// roles say who may act on the page and in channels. Without operators in the settings whoever is known there may; with
// them it must be one of them, whose time is not over, and who does more than look.
type roles struct {
	roster operator.Roster
	now    func() time.Time
}

// May refuses viewers, and whoever is no operator or not any more.
func (r roles) May(name, _ string) error {
	if len(r.roster) == 0 {
		return nil
	}
	o, known := r.roster.Find(name)
	switch {
	case !known:
		return fmt.Errorf("%s is not among the operators of the settings", name)
	case o.Expired(r.now()):
		return fmt.Errorf("%s was an operator until %s", name, o.Expires.UTC().Format(time.RFC3339))
	case !o.Has(operator.Operate, operator.Approver, operator.Admin):
		return fmt.Errorf("%s may look and do nothing: that takes the role operator, approver or admin", name)
	}
	return nil
}
