package e2e

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// P18: a program that was deployed anew may do anything with the treasury. Its day is refused until somebody has looked.
func TestP18_AProgramThatWasDeployedAnewIsRefusedUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}))
	w.audited("v", w.ledger("v"), w.pay("v"))

	w.node.Bank().Upgrade(w.vault("v").ProgramID)
	w.nextDay()
	before := w.ledger("v")
	refused := w.pay("v")
	require.Equal(t, domain.Failed, refused.State)
	require.Contains(t, refused.Reason, "P18")
	require.Equal(t, before.progress, w.ledger("v").progress, "nothing was opened")
	accepted := regexp.MustCompile(`set accepted_program: (\S+) of the vault`).FindStringSubmatch(refused.Reason)
	require.NotNil(t, accepted, "the reason says how to go on: %s", refused.Reason)

	w.stopWorker()
	w.settings.Vaults[0].AcceptedProgram = accepted[1]
	w.startWorker()
	w.audited("v", before, w.pay("v"))
}
