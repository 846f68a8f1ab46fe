package distribution

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// The upgradeable loader keeps a program's code in a second account, whose first bytes are: tag 3 (u32), the slot of the
// last deployment (u64), and the upgrade authority as an option (u8 and a key).
const (
	programTag     = 2
	programDataTag = 3
	programHead    = 4 + 8 + 1 + 32
)

// readProgram says which build of the program stands at its address and who may replace it. The data account is read
// apart and cut to its head, because a deployed program is larger than everything else together. nil is a loader that
// knows no upgrades, or no program at all.
func readProgram(ctx context.Context, r Reader, v Vault, program chain.Account, c rpc.CommitmentType) (*domain.ProgramState, error) {
	if !program.Exists || program.Owner != solana.BPFLoaderUpgradeableProgramID {
		return nil, nil
	}
	if len(program.Data) < 36 || binary.LittleEndian.Uint32(program.Data) != programTag {
		return nil, vaultFault(v, "program_bad", fmt.Errorf("program %s is owned by the upgradeable loader and is no program", v.Program), "Check program_id in the settings")
	}
	at := solana.PublicKeyFromBytes(program.Data[4:36])
	snap, err := r.Snapshot(ctx, []solana.PublicKey{at}, chain.ReadOptions{Commitment: c, Head: programHead})
	if err != nil {
		return nil, fmt.Errorf("read the deployment of program %s: %w", v.Program, err)
	}
	state, err := decodeProgramData(snap.Accounts[at].Data)
	if err != nil {
		return nil, vaultFault(v, "program_bad", fmt.Errorf("deployment %s of program %s: %w", at, v.Program, err), "Do not pay this vault before the program is understood")
	}
	return state, nil
}

func decodeProgramData(data []byte) (*domain.ProgramState, error) {
	if len(data) < 13 || binary.LittleEndian.Uint32(data) != programDataTag {
		return nil, fmt.Errorf("%d bytes that are no program data", len(data))
	}
	out := &domain.ProgramState{Slot: binary.LittleEndian.Uint64(data[4:12])}
	switch {
	case data[12] == 0:
	case data[12] == 1 && len(data) >= programHead:
		out.Authority = solana.PublicKeyFromBytes(data[13:programHead]).String()
	default:
		return nil, fmt.Errorf("the upgrade authority cannot be read")
	}
	return out, nil
}
