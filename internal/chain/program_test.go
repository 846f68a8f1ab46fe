package chain_test

import (
	"encoding/binary"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
)

// programBytes is the head of a deployment as the upgradeable loader writes it.
func programBytes(tag uint32, slot uint64, authority ...byte) []byte {
	return append(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, tag), slot), authority...)
}

func TestProgramData_TellsSlotAndAuthority(t *testing.T) {
	who := key(1)
	tests := []struct {
		name string
		give []byte
		want string
	}{
		{"upgradeable", programBytes(3, 77, append([]byte{1}, who[:]...)...), "77/" + who.String()},
		{"final", programBytes(3, 77, append([]byte{0}, make([]byte, 32)...)...), "77/none"},
		{"final, cut to what is known", programBytes(3, 77, 0), "77/none"},
		{"a buffer", programBytes(1, 77, 0), ""},
		{"authority cut off", programBytes(3, 77, 1, 2, 3), ""},
		{"an option that is none", programBytes(3, 77, 2), ""},
		{"closed", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := chain.DecodeProgramData(tt.give)
			require.Equal(t, tt.want == "", err != nil)
			if err == nil {
				require.Equal(t, tt.want, got.String())
			}
		})
	}
}

func FuzzProgramData(f *testing.F) {
	f.Add(programBytes(3, 77, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := chain.DecodeProgramData(data)
		require.Equal(t, err != nil, got == nil, "bytes are understood or refused, never guessed")
		if err == nil {
			require.Equal(t, binary.LittleEndian.Uint64(data[4:]), got.Slot)
		}
	})
}

func TestProgramData_IsFoundForUpgradeableProgramsOnly(t *testing.T) {
	at := key(7)
	program := append([]byte{2, 0, 0, 0}, at[:]...)
	tests := []struct {
		name   string
		give   chain.Account
		found  bool
		broken bool
	}{
		{"upgradeable", chain.Account{Exists: true, Owner: solana.BPFLoaderUpgradeableProgramID, Data: program}, true, false},
		{"another loader", chain.Account{Exists: true, Owner: solana.BPFLoaderProgramID, Data: program}, false, false},
		{"no program", chain.Account{}, false, false},
		{"a buffer", chain.Account{Exists: true, Owner: solana.BPFLoaderUpgradeableProgramID, Data: append([]byte{1}, program[1:]...)}, false, true},
		{"cut", chain.Account{Exists: true, Owner: solana.BPFLoaderUpgradeableProgramID, Data: program[:20]}, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, found, err := chain.ProgramData(tt.give)
			require.Equal(t, tt.found, found)
			require.Equal(t, tt.broken, err != nil)
			if found {
				require.Equal(t, at, got)
			}
		})
	}
}
