package routerprog

import (
	"math"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// check judges a stream account as the router does.
func (k *crank) check(stream solana.PublicKey) (streamflow.Stream, streamflow.Reason) {
	account := k.Get(stream)
	return streamflow.Check(account.Owner, []solana.PublicKey{streamflow.ProgramMainnet}, account.Data, k.spec.StreamMint)
}

// openDay freezes the day's list: the registered streams that are valid now, with what is locked now.
func (k *crank) openDay(claimed uint64) (*day, error) {
	d := &day{opened: k.Unix(), claimed: claimed, dustIn: k.progress.CarryOverDust}
	shares := make([]router.Share, 0, len(k.spec.Streams))
	for _, key := range k.spec.Streams {
		stream, reason := k.check(key)
		if reason != streamflow.Valid {
			continue
		}
		share := router.Share{Recipient: stream.Recipient, Locked: stream.Locked(k.Unix())}
		shares = append(shares, share)
		d.add(dayStream{key, share})
	}
	var err error
	if d.opening, err = router.OpenDay(k.policy.Terms(claimed, d.dustIn), shares); err != nil {
		return nil, failed(k.Call, err)
	}
	d.save(k.Call, k.at.day)
	return d, nil
}

// page pays one page of a reference day and closes the day when it was the last (CHAIN.md §1).
func (k *crank) page(size uint32, d *day) error {
	if d.empty() { // As published: the window is consumed and the day stays open.
		k.Log("No valid streams or nothing to distribute")
		return k.save()
	}
	start := k.progress.PaginationCursor
	if uint64(start) >= uint64(d.len()) || start > math.MaxUint32-size {
		return anchor(k.Call, router.CodeInvalidPaginationCursor, "")
	}
	end := start + size
	shares, accounts, err := k.pairs(d, int(start), min(int(end), d.len()))
	if err != nil {
		return err
	}
	paid, err := router.PayPage(d.opening, k.policy.Terms(d.claimed, d.dustIn), shares, k.progress.CurrentDayDistributed)
	if err != nil {
		return failed(k.Call, err)
	}
	if k.treasury() < paid.Total {
		return anchor(k.Call, router.CodeInsufficientFunds, "")
	}
	for i, payout := range paid.Payouts {
		if err := k.pay(accounts[payout.Recipient], payout.Paid); err != nil {
			return err
		}
		if err := k.meter.upTo(openUnits + entryUnits*uint64(i+1)); err != nil {
			return err
		}
	}
	k.progress.CurrentDayDistributed, k.progress.PaginationCursor = paid.Cumulative, end
	k.Line(router.LogLine(router.InvestorPayoutPage{
		Vault: k.policy.Vault, PageStart: start, PageEnd: end, TotalDistributed: paid.Total,
		ProcessedCount: uint32(len(paid.Payouts)), DustCarriedForward: paid.Dust,
		CumulativeDayDistributed: paid.Cumulative, Timestamp: k.Unix(),
	}))
	if uint64(end) >= uint64(d.len()) {
		if k.progress.CarryOverDust, err = router.CloseDay(d.opening, paid.Cumulative); err != nil {
			return failed(k.Call, err)
		}
		k.progress.DayComplete = true
		if err := k.closing(d.opening.Creator, d.len()); err != nil {
			return err
		}
	}
	if err := k.meter.upTo(callUnits + entryUnits*uint64(len(shares))); err != nil {
		return err
	}
	return k.save()
}

// pairs checks the accounts passed against the day's list: the same streams in the same order, each still
// valid, each with its recipient's token account.
func (k *crank) pairs(d *day, start, end int) ([]router.Share, map[solana.PublicKey]vm.Meta, error) {
	passed := k.remaining()
	if len(passed) != 2*(end-start) {
		return nil, nil, anchor(k.Call, router.CodeStreamflowValidationFailed, "")
	}
	shares := make([]router.Share, 0, end-start)
	accounts := make(map[solana.PublicKey]vm.Meta, end-start)
	for i := start; i < end; i++ {
		stream, account := passed[2*(i-start)], passed[2*(i-start)+1]
		want := d.at(i)
		if stream.Key != want.stream {
			return nil, nil, anchor(k.Call, router.CodeStreamflowValidationFailed, "")
		}
		if _, reason := k.check(stream.Key); reason != streamflow.Valid {
			k.Log("Stream %s is invalid: %s", stream.Key, reason)
			return nil, nil, anchor(k.Call, router.Code(reason.Code()), "")
		}
		if err := k.payable(account, want.share.Recipient); err != nil {
			return nil, nil, err
		}
		shares = append(shares, want.share)
		accounts[want.share.Recipient] = account
	}
	return shares, accounts, nil
}

// payable checks an investor's token account: there, the associated one, and still the investor's own.
func (k *crank) payable(account vm.Meta, recipient solana.PublicKey) error {
	held, ok := programs.DecodeTokenAccount(k.Read(account.Key))
	want, err := k.model.derived.ata(recipient, k.policy.QuoteMint)
	switch {
	case !ok:
		return anchor(k.Call, router.CodeAccountNotInitialized, "investor_ata")
	case err != nil || account.Key != want:
		return anchor(k.Call, router.CodeAccountNotAssociatedToken, "investor_ata")
	case held.Owner != recipient:
		return anchor(k.Call, router.CodeConstraintTokenOwner, "investor_ata")
	case !account.Writable:
		return anchor(k.Call, router.CodeConstraintMut, "investor_ata")
	}
	return nil
}
