package scenario

import (
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Vault is what clients need to know of a vault. It marshals to its row of the vaults file (DESIGN.md §6).
type Vault struct {
	ID               string             `json:"id"`
	Vault            solana.PublicKey   `json:"vault"`
	QuoteMint        solana.PublicKey   `json:"quote_mint"`
	CreatorWallet    solana.PublicKey   `json:"creator_wallet"`
	HonoraryPosition solana.PublicKey   `json:"honorary_position"`
	CPAMMProgram     solana.PublicKey   `json:"cp_amm_program"`
	ProgramID        solana.PublicKey   `json:"program_id"`
	Streams          []solana.PublicKey `json:"streams"`
	KeypairPath      string             `json:"keypair_path"`
	Behaviour        bank.Behaviour     `json:"behaviour"`
	QuoteDecimals    uint8              `json:"quote_decimals"`
	QuoteSymbol      string             `json:"quote_symbol"`
	StreamMint       solana.PublicKey   `json:"stream_mint"`

	Addresses router.Addresses  `json:"-"`
	Pool      solana.PublicKey  `json:"-"`
	PoolVault solana.PublicKey  `json:"-"` // the pool's token account for the quote mint
	BaseMint  solana.PublicKey  `json:"-"`
	BaseVault solana.PublicKey  `json:"-"`
	Investors []Investor        `json:"-"`
	Payer     solana.PrivateKey `json:"-"` // the fee payer, which is also the crank
	Creator   solana.PrivateKey `json:"-"`
	DailyFees uint64            `json:"-"` // base units of the quote mint
}

// QuoteSymbol is how people call the quote mint; the local one is not Circle's.
const QuoteSymbol = "USDC"

type builder struct {
	spec   Spec
	from   source
	ledger ledger
	now    int64
	quote  solana.PublicKey
	vault  Vault
}

// Build writes a vault's accounts and registers it with the local router. seed is the chain's.
func Build(b *bank.Bank, seed uint64, spec Spec) (Vault, error) {
	spec, err := spec.withDefaults()
	if err != nil {
		return Vault{}, err
	}
	v := &builder{
		spec: spec, from: newSource(seed^spec.Seed, "vault "+spec.ID), ledger: ledger{b},
		now: b.UnixTime(bank.Processed), quote: QuoteMint(seed),
	}
	for _, step := range []func() error{v.names, v.mints, v.investors, v.policy, v.money, v.pool} {
		if err := step(); err != nil {
			return Vault{}, fmt.Errorf("build vault %s: %w", spec.ID, err)
		}
	}
	for _, investor := range v.vault.Investors {
		v.vault.Streams = append(v.vault.Streams, investor.Stream)
	}
	b.RegisterVault(bank.VaultSpec{
		Vault: v.vault.Vault, ProgramID: spec.ProgramID, Behaviour: spec.Behaviour,
		Streams: v.vault.Streams, StreamMint: v.vault.StreamMint,
	})
	return v.vault, nil
}

func (v *builder) names() error {
	v.vault = Vault{
		ID: v.spec.ID, Vault: v.from.address("vault"), QuoteMint: v.quote, CPAMMProgram: damm.CPAMMProgram,
		ProgramID: v.spec.ProgramID, Behaviour: v.spec.Behaviour, QuoteDecimals: QuoteDecimals, QuoteSymbol: QuoteSymbol,
		Streams: []solana.PublicKey{},
		Pool:    v.from.address("pool"), PoolVault: v.from.address("pool quote"), BaseVault: v.from.address("pool base"),
		BaseMint: v.from.address("base mint"), StreamMint: v.quote, DailyFees: v.spec.DailyFees,
		Payer: v.from.keypair("payer"), Creator: v.from.keypair("creator"),
	}
	v.vault.CreatorWallet = v.vault.Creator.PublicKey()
	if v.spec.ProjectMint {
		v.vault.StreamMint = v.vault.BaseMint
	}
	var err error
	if v.vault.HonoraryPosition, err = damm.PositionAddress(v.from.address("position nft")); err != nil {
		return err
	}
	v.vault.Addresses, err = router.Derive(v.spec.ProgramID, v.vault.Vault, v.quote, v.vault.CreatorWallet)
	return err
}

func (v *builder) mints() error {
	v.ledger.mint(v.quote, v.from.address("quote issuer"), QuoteDecimals)
	v.ledger.mint(v.vault.BaseMint, v.vault.CreatorWallet, BaseDecimals)
	return nil
}

func (v *builder) policy() error {
	y0 := v.spec.Y0
	for _, investor := range v.vault.Investors {
		if v.spec.Y0 == 0 {
			y0 += investor.Deposited
		}
	}
	addresses := v.vault.Addresses
	v.ledger.put(addresses.Policy, v.spec.ProgramID, router.Policy{
		Vault: v.vault.Vault, QuoteMint: v.quote, CreatorWallet: v.vault.CreatorWallet,
		InvestorFeeShareBPS: v.spec.ShareBPS, DailyCap: v.spec.DailyCap, MinPayout: v.spec.MinPayout,
		Y0TotalAllocation: max(y0, 1), Bump: addresses.PolicyBump,
	}.Encode())
	progress := router.Progress{
		Vault: v.vault.Vault, LastDistributionTS: v.spec.LastDistribution, CarryOverDust: v.spec.DustIn, Bump: addresses.ProgressBump,
	}
	if v.spec.LastDistribution != 0 {
		progress.PaginationCursor, progress.DayComplete = uint32(v.spec.Investors), true
	}
	v.ledger.put(addresses.Progress, v.spec.ProgramID, progress.Encode())
	return nil
}

// money funds the fee payer and creates the treasury, which holds the dust of the day before, and the creator's account.
func (v *builder) money() error {
	v.ledger.wallet(v.vault.Payer.PublicKey(), v.spec.PayerLamports)
	v.ledger.wallet(v.vault.CreatorWallet, solana.LAMPORTS_PER_SOL)
	addresses := v.vault.Addresses
	if err := v.ledger.token(addresses.Treasury, addresses.PositionOwner, v.quote, v.spec.DustIn, programs.TokenInitialized); err != nil {
		return err
	}
	return v.ledger.token(addresses.Creator, v.vault.CreatorWallet, v.quote, 0, programs.TokenInitialized)
}

// pool creates a quote-only pool, the honorary position in it, and the first day's fees.
func (v *builder) pool() error {
	for mint, at := range map[solana.PublicKey]solana.PublicKey{v.quote: v.vault.PoolVault, v.vault.BaseMint: v.vault.BaseVault} {
		if err := v.ledger.token(at, damm.PoolAuthority, mint, 0, programs.TokenInitialized); err != nil {
			return err
		}
	}
	pool := damm.NewPool(v.vault.BaseMint, v.quote, v.vault.BaseVault, v.vault.PoolVault)
	pool.Creator = v.vault.CreatorWallet
	position := damm.NewPosition(v.vault.Pool, v.from.address("position nft"))
	v.ledger.put(v.vault.Pool, damm.CPAMMProgram, pool.Encode())
	v.ledger.put(v.vault.HonoraryPosition, damm.CPAMMProgram, position.Encode())
	return v.vault.Accrue(v.ledger.Bank, v.spec.DailyFees, v.spec.BaseFees)
}

// Accrue lets trading fees come in: the position can claim so much more, and the pool's token accounts hold it.
func (v *Vault) Accrue(b *bank.Bank, quote, base uint64) error {
	l := ledger{b}
	account, _ := b.Account(v.Pool, bank.Processed)
	pool, err := damm.DecodePool(account.Data)
	if err != nil {
		return fmt.Errorf("accrue fees of vault %s: %w", v.ID, err)
	}
	pool.AccrueA(base)
	pool.AccrueB(quote)
	changed := account.Clone() // What the ledger hands out is shared with older slots.
	pool.Put(changed.Data)
	b.SetAccount(v.Pool, *changed)
	if err := l.issue(v.PoolVault, v.QuoteMint, quote); err != nil {
		return fmt.Errorf("accrue quote fees of vault %s: %w", v.ID, err)
	}
	if err := l.issue(v.BaseVault, v.BaseMint, base); err != nil {
		return fmt.Errorf("accrue base fees of vault %s: %w", v.ID, err)
	}
	return nil
}

// Progress reads the vault's progress account.
func (v *Vault) Progress(b *bank.Bank, c bank.Commitment) (router.Progress, error) {
	account, exists := b.Account(v.Addresses.Progress, c)
	if !exists {
		return router.Progress{}, fmt.Errorf("progress account %s of vault %s does not exist", v.Addresses.Progress, v.ID)
	}
	return router.DecodeProgress(account.Owner, v.ProgramID, account.Data)
}
