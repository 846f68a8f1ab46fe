package bank

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/routerprog"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// Addresses that solana-go does not name.
var (
	nativeLoader = solana.MustPublicKeyFromBase58("NativeLoader1111111111111111111111111111111")
	sysvarOwner  = solana.MustPublicKeyFromBase58("Sysvar1111111111111111111111111111111111111")
)

// Fee router program ids of CHAIN.md §1.
var (
	devnetRouter   = solana.MustPublicKeyFromBase58("6LHfK4a941ABKnyCfyhUiGhVdQR6z7q8Xnb8uxVb3Zfc")
	localnetRouter = solana.MustPublicKeyFromBase58("Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS")
)

// reserved accounts are never writable, whatever a message asks for.
var reserved = map[solana.PublicKey]bool{
	solana.SystemProgramID: true, solana.ComputeBudget: true, solana.AddressLookupTableProgramID: true,
	solana.BPFLoaderProgramID: true, solana.BPFLoaderUpgradeableProgramID: true, nativeLoader: true,
	solana.SysVarClockPubkey: true, solana.SysVarRentPubkey: true, solana.SysVarSlotHashesPubkey: true,
	solana.SysVarInstructionsPubkey: true, solana.SysVarRecentBlockHashesPubkey: true, sysvarOwner: true,
}

// install puts the programs and the fixed sysvars on the chain.
func (b *Bank) install(routers map[solana.PublicKey]bool) {
	if len(routers) == 0 {
		routers = map[solana.PublicKey]bool{devnetRouter: true, localnetRouter: true}
	}
	b.programs = programs.All()
	model := routerprog.New(b.vaults)
	for id, on := range routers {
		if on {
			b.programs[id] = vm.Program{Run: model.Run}
		}
	}
	for id, program := range b.programs {
		account := &vm.Account{Lamports: 1, Executable: true, Owner: nativeLoader}
		if !program.Builtin {
			account.Owner, account.Data = solana.BPFLoaderProgramID, []byte("native model of the local chain")
			account.Lamports = vm.MinimumRent(len(account.Data))
		}
		b.accounts.put(id, 0, account)
	}
	for id, on := range routers {
		if on {
			b.deploy(id, 0)
		}
	}
	for _, id := range routerprog.DataPrograms() { // They exist and own data, but run nothing here.
		b.accounts.put(id, 0, &vm.Account{Lamports: 1_141_440, Executable: true, Owner: solana.BPFLoaderProgramID, Data: make([]byte, 36)})
	}
	rent := []byte{0x98, 0x0d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 50} // 3480 lamports per byte-year, 2.0 years, 50 % burnt.
	b.accounts.put(solana.SysVarRentPubkey, 0, &vm.Account{Lamports: vm.MinimumRent(len(rent)), Data: rent, Owner: sysvarOwner})
}
