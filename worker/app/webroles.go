package app

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/operator"
)

// webRoles say what somebody with a token may do on the page. Without operators in the settings a token is enough; with
// them its owner must be one, whose time is not over, and who does more than look.
type webRoles struct {
	roster operator.Roster
	now    func() time.Time
}

// May refuses viewers, and whoever is no operator or not any more.
func (w webRoles) May(name, _ string) error {
	if len(w.roster) == 0 {
		return nil
	}
	o, known := w.roster.Find(name)
	switch {
	case !known:
		return fmt.Errorf("%s is not among the operators of the settings", name)
	case o.Expired(w.now()):
		return fmt.Errorf("%s was an operator until %s", name, o.Expires.UTC().Format(time.RFC3339))
	case !o.Has(operator.Operate, operator.Approver, operator.Admin):
		return fmt.Errorf("%s may look and do nothing: that takes the role operator, approver or admin", name)
	}
	return nil
}
