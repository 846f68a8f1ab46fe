package distribution

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// readProgram says which build of the program stands at its address and who may replace it. The data account is read
// apart and cut to its head, because a deployed program is larger than everything else together. nil is a loader that
// knows no upgrades, or no program at all.
func readProgram(ctx context.Context, r Reader, v Vault, program chain.Account, c rpc.CommitmentType) (*domain.ProgramState, error) {
	at, upgradeable, err := chain.ProgramData(program)
	if err != nil {
		return nil, vaultFault(v, "program_bad", fmt.Errorf("program %s: %w", v.Program, err), "Check program_id in the settings")
	}
	if !upgradeable {
		return nil, nil
	}
	snap, err := r.Snapshot(ctx, []solana.PublicKey{at}, chain.ReadOptions{Commitment: c, Head: chain.ProgramHead})
	if err != nil {
		return nil, fmt.Errorf("read the deployment of program %s: %w", v.Program, err)
	}
	state, err := chain.DecodeProgramData(snap.Accounts[at].Data)
	if err != nil {
		return nil, vaultFault(v, "program_bad", fmt.Errorf("deployment %s of program %s: %w", at, v.Program, err), "Do not pay this vault before the program is understood")
	}
	return state, nil
}
