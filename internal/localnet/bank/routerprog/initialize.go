package routerprog

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Accounts of initialize_honorary_position.
const (
	initPayer = iota
	initPolicy
	initProgress
	initPositionOwner
	initVault
	initPool
	initPoolConfig
	initQuoteVault
	initBaseVault
	initCPAMM
	initSystem
	initToken
	initAccounts
)

// initUnits is the compute use of initialize_honorary_position without its inner calls.
const initUnits = 40_000

// initialize creates a vault's policy and progress accounts.
func (m *Model) initialize(c *vm.Call, args router.InitializeArgs) error {
	if len(c.Accounts) < initAccounts {
		return anchor(c, router.CodeAccountNotEnoughKeys, "")
	}
	if err := c.Consume(initUnits); err != nil {
		return err
	}
	key := func(i int) solana.PublicKey { return c.Accounts[i].Key }
	if !c.Accounts[initPayer].Signer {
		return anchor(c, router.CodeAccountNotSigner, "payer")
	}
	at, err := m.derived.vault(vaultKey{c.Program, key(initVault), args.QuoteMint, args.CreatorWallet})
	switch {
	case err != nil:
		return anchor(c, router.CodeInvalidPda, "")
	case key(initPolicy) != at.Policy:
		return anchor(c, router.CodeConstraintSeeds, "policy_config")
	case key(initProgress) != at.Progress:
		return anchor(c, router.CodeConstraintSeeds, "distribution_progress")
	case key(initPositionOwner) != at.PositionOwner:
		return anchor(c, router.CodeConstraintSeeds, "position_owner_pda")
	case key(initSystem) != solana.SystemProgramID:
		return anchor(c, router.CodeInvalidProgramID, "system_program")
	case key(initToken) != solana.TokenProgramID:
		return anchor(c, router.CodeInvalidProgramID, "token_program")
	}
	terms := router.DayTerms{ShareBPS: args.InvestorFeeShareBPS, MinPayout: args.MinPayout, Y0: args.Y0TotalAllocation, Cap: args.DailyCap}
	if err := terms.Validate(); err != nil {
		return failed(c, err)
	}
	if err := quoteOnly(c, args.QuoteMint); err != nil {
		return err
	}
	policy := router.Policy{
		Vault: key(initVault), QuoteMint: args.QuoteMint, CreatorWallet: args.CreatorWallet,
		InvestorFeeShareBPS: args.InvestorFeeShareBPS, DailyCap: args.DailyCap, MinPayout: args.MinPayout,
		Y0TotalAllocation: args.Y0TotalAllocation, Bump: at.PolicyBump,
	}
	progress := router.Progress{Vault: key(initVault), Bump: at.ProgressBump}
	if err := place(c, initPolicy, policy.Encode()); err != nil {
		return err
	}
	if err := place(c, initProgress, progress.Encode()); err != nil {
		return err
	}
	c.Line(router.LogLine(router.HonoraryPositionInitialized{
		Vault: policy.Vault, QuoteMint: policy.QuoteMint, CreatorWallet: policy.CreatorWallet,
		InvestorFeeShareBPS: policy.InvestorFeeShareBPS, DailyCap: policy.DailyCap, MinPayout: policy.MinPayout,
		Y0TotalAllocation: policy.Y0TotalAllocation, PositionOwner: at.PositionOwner,
		PolicyConfig: at.Policy, DistributionProgress: at.Progress, Timestamp: c.Unix(),
	}))
	return nil
}

// quoteOnly checks that the pool trades the quote mint and that its token vaults were passed in the right
// roles.
func quoteOnly(c *vm.Call, quote solana.PublicKey) error {
	account := c.Get(c.Accounts[initPool].Key)
	pool, err := damm.DecodePool(account.Data)
	if err != nil || account.Owner != c.Accounts[initCPAMM].Key {
		return anchor(c, router.CodeInvalidPoolConfiguration, "pool")
	}
	vault, err := pool.QuoteVault(quote)
	if err != nil {
		return anchor(c, router.CodeInvalidQuoteMint, "")
	}
	other := pool.TokenAVault
	if vault == other {
		other = pool.TokenBVault
	}
	if c.Accounts[initQuoteVault].Key != vault || c.Accounts[initBaseVault].Key != other {
		return anchor(c, router.CodePoolTokenOrderValidationFailed, "")
	}
	return nil
}

// place creates one program account and fills it.
func place(c *vm.Call, i int, data []byte) error {
	if !c.Accounts[i].Writable {
		return anchor(c, router.CodeConstraintMut, "")
	}
	if err := programs.CreateAt(c, c.Accounts[initPayer].Key, c.Accounts[i].Key, c.Program, len(data)); err != nil {
		return err
	}
	account, err := c.Mut(i)
	if err != nil {
		return err
	}
	account.Data = data
	return nil
}
