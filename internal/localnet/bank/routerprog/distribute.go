package routerprog

import (
	"math"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// distribute follows the program's order: accounts, page size, timing, cursor, claim, page, close.
func (m *Model) distribute(c *vm.Call, args router.DistributeFeesArgs) error {
	k, err := m.accept(c)
	if err != nil {
		return err
	}
	if err := router.CheckPageSize(args.PageSize); err != nil {
		return failed(c, err)
	}
	timing := k.progress.Timing(c.Unix())
	if err := timing.Err(); err != nil {
		return failed(c, err)
	}
	if timing == router.NewDay { // Before the cursor guard: a late page 0 opens the next day.
		k.progress = k.progress.StartDay(c.Unix())
		c.Log("New distribution day started at %d", c.Unix())
	}
	noop, err := k.progress.Guard(args.Cursor)
	switch {
	case err != nil:
		return failed(c, err)
	case noop:
		c.Log("Page at cursor %d was already processed, current cursor is %d", *args.Cursor, k.progress.PaginationCursor)
		return nil
	}
	var claimed uint64
	if timing == router.NewDay {
		if claimed, err = k.claim(); err != nil {
			return err
		}
	}
	if err := k.meter.upTo(openUnits); err != nil {
		return err
	}
	if k.spec.Behaviour == Published {
		return k.published(args.PageSize, claimed)
	}
	today := loadDay(c, k.at.day, k.progress.LastDistributionTS)
	if timing == router.NewDay {
		if today, err = k.openDay(claimed); err != nil {
			return err
		}
	}
	return k.page(args.PageSize, today)
}

// claim moves the position's quote fees into the treasury. The interface passes neither the pool nor its
// token vault, so the local chain reaches for them on its own.
func (k *crank) claim() (uint64, error) {
	position, pool, err := k.position()
	if err != nil {
		return 0, err
	}
	a, b := damm.Claimable(pool, position)
	quote, base, err := pool.Split(k.policy.QuoteMint, a, b)
	if err != nil {
		return 0, anchor(k.Call, router.CodeInvalidQuoteMint, "")
	}
	if base > 0 {
		return 0, anchor(k.Call, router.CodeBaseFeeDetected, "")
	}
	k.Log("Claimed quote fees: %d, base fees: %d", quote, base)
	if quote == 0 {
		return 0, nil
	}
	damm.Claim(&position, pool)
	account, err := k.Mut(router.AccountHonoraryPosition)
	if err != nil {
		return 0, err
	}
	position.Put(account.Data)
	if err := k.take(pool, quote); err != nil {
		return 0, err
	}
	k.Line(router.LogLine(router.QuoteFeesClaimed{
		Vault: k.policy.Vault, ClaimedAmount: quote, BaseAmount: base, QuoteMint: k.policy.QuoteMint,
		HonoraryPosition: k.key(router.AccountHonoraryPosition), TreasuryATA: k.at.Treasury, Timestamp: k.Unix(),
	}))
	return quote, nil
}

// position reads the honorary position and its pool; both must belong to the cp-amm program passed.
func (k *crank) position() (position damm.Position, pool damm.Pool, err error) {
	account, amm := k.Get(k.key(router.AccountHonoraryPosition)), k.key(router.AccountCPAMMProgram)
	if position, err = damm.DecodePosition(account.Data); err != nil || account.Owner != amm {
		return position, pool, anchor(k.Call, router.CodePositionFeeDataExtractionFailed, "")
	}
	home := k.Get(position.Pool)
	if pool, err = damm.DecodePool(home.Data); err != nil || home.Owner != amm {
		return position, pool, anchor(k.Call, router.CodePositionFeeDataExtractionFailed, "")
	}
	return position, pool, nil
}

// take moves the claim out of the pool's token vault.
func (k *crank) take(pool damm.Pool, amount uint64) error {
	address, err := pool.QuoteVault(k.policy.QuoteMint)
	if err != nil {
		return anchor(k.Call, router.CodeInvalidQuoteMint, "")
	}
	from, ok := programs.DecodeTokenAccount(k.Read(address))
	if !ok || from.Mint != k.policy.QuoteMint || from.Amount < amount {
		return anchor(k.Call, router.CodeFeeClaimingFailed, "")
	}
	account, err := k.Mut(router.AccountTreasury)
	if err != nil {
		return err
	}
	to, _ := programs.DecodeTokenAccount(account)
	switch {
	case to.State == programs.TokenFrozen || from.State == programs.TokenFrozen:
		return vm.Custom(programs.TokenAccountFrozen)
	case to.Amount > math.MaxUint64-amount:
		return vm.Custom(programs.TokenOverflow)
	}
	from.Amount -= amount
	to.Amount += amount
	k.Hidden(address).Data = from.Encode()
	account.Data = to.Encode()
	return nil
}

// closing pays the creator and logs the end of the day.
func (k *crank) closing(creator uint64, streams int) error {
	if k.treasury() < creator {
		return anchor(k.Call, router.CodeInsufficientFunds, "")
	}
	if err := k.pay(k.Accounts[router.AccountCreator], creator); err != nil {
		return err
	}
	k.Line(router.LogLine(router.CreatorPayoutDayClosed{
		Vault: k.policy.Vault, CreatorPayout: creator, CreatorWallet: k.policy.CreatorWallet,
		TotalDayDistributed:     k.progress.CurrentDayDistributed + creator,
		TotalInvestorsProcessed: uint32(streams), FinalDustAmount: k.progress.CarryOverDust, Timestamp: k.Unix(),
	}))
	return nil
}
