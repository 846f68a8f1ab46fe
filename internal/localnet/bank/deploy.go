package bank

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// upgradeAuthority may replace the local chain's routers. Nobody has its key: Upgrade does it.
var upgradeAuthority = solana.PublicKey(sha256.Sum256([]byte("upgrade authority of the local chain")))

// deploy makes a router look as one that was deployed with the upgradeable loader at a slot: the program account points
// to a data account, whose head names the slot and the upgrade authority. The code behind it is the native model.
func (b *Bank) deploy(id solana.PublicKey, slot uint64) {
	at := programData(id)
	program := append(binary.LittleEndian.AppendUint32(nil, 2), at[:]...)
	b.accounts.put(id, 0, &vm.Account{Lamports: vm.MinimumRent(len(program)), Executable: true, Owner: solana.BPFLoaderUpgradeableProgramID, Data: program})
	b.accounts.put(at, 0, deployment(slot))
}

func deployment(slot uint64) *vm.Account {
	data := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, 3), slot)
	data = append(append(append(data, 1), upgradeAuthority[:]...), "native model of the local chain"...)
	return &vm.Account{Lamports: vm.MinimumRent(len(data)), Owner: solana.BPFLoaderUpgradeableProgramID, Data: data}
}

func programData(id solana.PublicKey) solana.PublicKey {
	at, _, err := solana.FindProgramAddress([][]byte{id[:]}, solana.BPFLoaderUpgradeableProgramID)
	if err != nil {
		panic(fmt.Sprintf("no address for the data of program %s: %v", id, err)) // One of 256 bumps always gives an address.
	}
	return at
}

// Upgrade makes a router look as if it had been deployed anew in the coming slot. It behaves as before.
func (b *Bank) Upgrade(id solana.PublicKey) {
	b.SetAccount(programData(id), *deployment(b.Slot(Processed) + 1))
}
