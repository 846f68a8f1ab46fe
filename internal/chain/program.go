package chain

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// The upgradeable loader keeps a program's code in a second account, whose first bytes are: tag 3 (u32), the slot of the
// last deployment (u64), and the upgrade authority as an option (u8 and a key).
const (
	programTag     = 2
	programDataTag = 3
	// ProgramHead is how much of a program, or of its data account, tells all that is asked here. A deployed program is
	// larger than everything else together.
	ProgramHead = 4 + 8 + 1 + 32
)

// ErrProgram means that an account of the upgradeable loader is not what its place says.
var ErrProgram = errors.New("not what the upgradeable loader writes")

// ProgramData finds the account with a program's code; false for a loader that knows no upgrades, or no program at all.
// Errors: ErrProgram.
func ProgramData(program Account) (solana.PublicKey, bool, error) {
	if !program.Exists || program.Owner != solana.BPFLoaderUpgradeableProgramID {
		return solana.PublicKey{}, false, nil
	}
	if len(program.Data) < 36 || binary.LittleEndian.Uint32(program.Data) != programTag {
		return solana.PublicKey{}, false, fmt.Errorf("%w: %s is owned by it and is no program", ErrProgram, program.Key)
	}
	return solana.PublicKeyFromBytes(program.Data[4:36]), true, nil
}

// DecodeProgramData reads from the head of a program's data account which build it is and who may replace it. Errors:
// ErrProgram.
func DecodeProgramData(data []byte) (*domain.ProgramState, error) {
	if len(data) < 13 || binary.LittleEndian.Uint32(data) != programDataTag {
		return nil, fmt.Errorf("%w: %d bytes that are no program data", ErrProgram, len(data))
	}
	out := &domain.ProgramState{Slot: binary.LittleEndian.Uint64(data[4:12])}
	switch {
	case data[12] == 0:
	case data[12] == 1 && len(data) >= ProgramHead:
		out.Authority = solana.PublicKeyFromBytes(data[13:ProgramHead]).String()
	default:
		return nil, fmt.Errorf("%w: the upgrade authority cannot be read", ErrProgram)
	}
	return out, nil
}
