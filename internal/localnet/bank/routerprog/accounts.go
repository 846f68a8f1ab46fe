package routerprog

import (
	"errors"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// crank is one call of distribute_fees after its accounts were checked.
type crank struct {
	*vm.Call
	meter    meter
	model    *Model
	spec     VaultSpec
	policy   router.Policy
	progress router.Progress
	at       vaultAddresses
}

func (k *crank) key(i int) solana.PublicKey { return k.Accounts[i].Key }

// remaining are the accounts behind the fixed ones.
func (k *crank) remaining() []vm.Meta { return k.Accounts[router.FixedAccounts:] }

// treasury is the treasury's balance in base units of the quote mint.
func (k *crank) treasury() uint64 {
	held, _ := programs.DecodeTokenAccount(k.Read(k.key(router.AccountTreasury)))
	return held.Amount
}

// mutable are the accounts of distribute_fees that the interface marks writable, with their names.
var mutable = [...]struct {
	index int
	name  string
}{
	{router.AccountCrank, "crank_caller"},
	{router.AccountPolicy, "policy_config"},
	{router.AccountProgress, "distribution_progress"},
	{router.AccountHonoraryPosition, "honorary_position"},
	{router.AccountTreasury, "treasury_ata"},
	{router.AccountCreator, "creator_ata"},
}

// accept checks the accounts in the program's order: Anchor's constraints, then 6016, 6000, 6017, 6033.
func (m *Model) accept(c *vm.Call) (*crank, error) {
	if len(c.Accounts) < router.FixedAccounts {
		return nil, anchor(c, router.CodeAccountNotEnoughKeys, "")
	}
	k := &crank{Call: c, model: m, meter: meter{c, c.Used(), m.vaults.units}}
	if err := k.meter.upTo(checkUnits); err != nil {
		return nil, err
	}
	if !c.Accounts[router.AccountCrank].Signer {
		return nil, anchor(c, router.CodeAccountNotSigner, "crank_caller")
	}
	for _, want := range mutable {
		if !c.Accounts[want.index].Writable {
			return nil, anchor(c, router.CodeConstraintMut, want.name)
		}
	}
	if err := k.open(); err != nil {
		return nil, err
	}
	if err := k.programs(); err != nil {
		return nil, err
	}
	k.spec = m.vaults.of(k.policy.Vault)
	if !k.spec.ProgramID.IsZero() && k.spec.ProgramID != c.Program {
		k.spec = VaultSpec{Vault: k.policy.Vault, Behaviour: Reference} // Registered for another deployment.
	}
	if k.spec.StreamMint.IsZero() {
		k.spec.StreamMint = k.policy.QuoteMint
	}
	return k, k.tokens()
}

// open reads policy and progress and checks every derived address.
func (k *crank) open() error {
	var err error
	policy := k.Get(k.key(router.AccountPolicy))
	if k.policy, err = router.DecodePolicy(policy.Owner, k.Program, policy.Data); err != nil {
		return anchor(k.Call, stateCode(policy, err), "policy_config")
	}
	progress := k.Get(k.key(router.AccountProgress))
	if k.progress, err = router.DecodeProgress(progress.Owner, k.Program, progress.Data); err != nil {
		return anchor(k.Call, stateCode(progress, err), "distribution_progress")
	}
	vault := k.key(router.AccountVault)
	k.at, err = k.model.derived.vault(vaultKey{k.Program, vault, k.policy.QuoteMint, k.policy.CreatorWallet})
	switch {
	case err != nil:
		return anchor(k.Call, router.CodeInvalidPda, "")
	case k.at.Policy != k.key(router.AccountPolicy):
		return anchor(k.Call, router.CodeConstraintSeeds, "policy_config")
	case k.at.Progress != k.key(router.AccountProgress):
		return anchor(k.Call, router.CodeConstraintSeeds, "distribution_progress")
	case k.at.PositionOwner != k.key(router.AccountPositionOwner):
		return anchor(k.Call, router.CodeConstraintSeeds, "position_owner_pda")
	}
	return nil
}

// stateCode is Anchor's code for an account that it cannot read.
func stateCode(account *vm.Account, err error) router.Code {
	switch {
	case account.Owner == solana.SystemProgramID && account.Lamports == 0:
		return router.CodeAccountNotInitialized
	case errors.Is(err, router.ErrOwner):
		return router.CodeAccountOwnedByWrongProgram
	case errors.Is(err, router.ErrDiscriminator):
		return router.CodeAccountDiscriminatorMismatch
	}
	return router.CodeAccountDidNotDeserialize
}

func (k *crank) programs() error {
	switch {
	case k.key(router.AccountTokenProgram) != solana.TokenProgramID:
		return anchor(k.Call, router.CodeInvalidProgramID, "token_program")
	case k.key(router.AccountAssociatedTokenProgram) != solana.SPLAssociatedTokenAccountProgramID:
		return anchor(k.Call, router.CodeInvalidProgramID, "associated_token_program")
	case k.key(router.AccountSystemProgram) != solana.SystemProgramID:
		return anchor(k.Call, router.CodeInvalidProgramID, "system_program")
	}
	return nil
}

// tokens checks treasury, quote mint, creator and vault.
func (k *crank) tokens() error {
	treasury, ok := programs.DecodeTokenAccount(k.Read(k.key(router.AccountTreasury)))
	if k.key(router.AccountTreasury) != k.at.Treasury || !ok || treasury.Owner != k.at.PositionOwner {
		return anchor(k.Call, router.CodeInvalidTreasuryAta, "treasury_ata")
	}
	if treasury.Mint != k.policy.QuoteMint {
		return anchor(k.Call, router.CodeInvalidQuoteMint, "treasury_ata")
	}
	creator, ok := programs.DecodeTokenAccount(k.Read(k.key(router.AccountCreator)))
	if k.key(router.AccountCreator) != k.at.Creator || !ok || creator.Mint != k.policy.QuoteMint {
		return anchor(k.Call, router.CodeInvalidCreatorAta, "creator_ata")
	}
	if vault := k.key(router.AccountVault); vault.IsZero() || vault != k.policy.Vault || vault != k.progress.Vault {
		return anchor(k.Call, router.CodeInvalidVaultAccount, "vault")
	}
	return nil
}

// save writes the progress account.
func (k *crank) save() error {
	account, err := k.Mut(router.AccountProgress)
	if err != nil {
		return err
	}
	account.Data = k.progress.Encode()
	return nil
}

// pay transfers from the treasury; the position owner's address signs.
func (k *crank) pay(to vm.Meta, amount uint64) error {
	if amount == 0 {
		return nil
	}
	data := programs.TransferData(amount)
	return k.Invoke(vm.Instruction{Program: solana.TokenProgramID, Data: data, Accounts: []vm.Meta{
		{Key: k.key(router.AccountTreasury), Writable: true},
		{Key: to.Key, Writable: true},
		{Key: k.at.PositionOwner, Signer: true},
	}}, k.at.PositionOwner)
}
