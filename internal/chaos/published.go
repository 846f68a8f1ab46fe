package chaos

import (
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// published are vaults under the program as it is deployed, most of whose days must not be opened at all.
func published() []Scenario {
	const group = "published"
	refuse := func(p *Plan) {
		p.Spec.Behaviour, p.Refused, p.Days, p.Ends = bank.Published, true, 1, []domain.State{domain.Failed}
		p.Spec.DuplicateRecipients, p.Spec.ClosedStreams, p.Spec.BelowMinimum = 0, 0, 0
	}
	return []Scenario{
		{"published-closes-early", group, "a day that would close with its first call and pay no investor is refused", false, refuse},
		{"published-50-streams", group, "a vault of more than 50 streams, which no call can hold, is refused at the start", false, func(p *Plan) {
			refuse(p)
			p.Spec.Investors, p.unstartable = p.between(51, 60), true
		}},
		{"published-zero-fees", group, "a day without fees is not opened", false, func(p *Plan) {
			refuse(p)
			p.Spec.NoFees, p.Ends = true, []domain.State{domain.NoFees, domain.Failed}
		}},
	}
}

func errRefusal(r domain.DayReport) error {
	return fmt.Errorf("ended as %s, want it refused: %s", r.State, r.Reason)
}
