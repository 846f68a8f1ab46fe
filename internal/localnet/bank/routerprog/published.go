package routerprog

import (
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// published runs one call as the published source does: over the streams passed, logging investor
// transfers without making them (CHAIN.md §1 "Two behaviours").
func (k *crank) published(size uint32, claimed uint64) error {
	shares := make([]router.Share, 0, len(k.remaining()))
	for _, meta := range k.remaining() {
		stream, reason := k.check(meta.Key)
		if reason != streamflow.Valid {
			k.Log("Stream %s is invalid: %s", meta.Key, reason)
			return anchor(k.Call, router.Code(reason.Code()), "")
		}
		shares = append(shares, router.Share{Recipient: stream.Recipient, Locked: stream.Locked(k.Unix())})
	}
	start := k.progress.PaginationCursor
	entries := min(uint64(size), uint64(len(shares))-min(uint64(start), uint64(len(shares))))
	if err := k.meter.upTo(openUnits + entryUnits*entries); err != nil {
		return err
	}
	result, err := router.PublishedCall(router.PublishedCallInput{
		Progress: k.progress, Terms: k.policy.Terms(claimed, 0), Shares: shares, PageSize: size, Treasury: k.treasury(),
	})
	if err != nil {
		return failed(k.Call, err)
	}
	k.progress = result.Progress
	switch result.Outcome {
	case router.OutcomePage, router.OutcomeClosed:
		k.announce(result)
	default:
		k.Log("Nothing distributed: %s", result.Outcome)
	}
	if result.Outcome == router.OutcomeClosed {
		if err := k.closing(result.Creator, len(shares)); err != nil {
			return err
		}
	}
	if err := k.meter.upTo(callUnits + entryUnits*entries); err != nil {
		return err
	}
	return k.save()
}

// announce logs the payouts that nobody receives, and the page.
func (k *crank) announce(result router.PublishedCallResult) {
	for _, payout := range result.Payouts {
		k.Log("Transferring %d to investor %s", payout.Paid, payout.Recipient)
	}
	k.Line(router.LogLine(router.InvestorPayoutPage{
		Vault: k.policy.Vault, PageStart: result.PageStart, PageEnd: result.PageEnd,
		TotalDistributed: result.LoggedTotal, ProcessedCount: result.Processed,
		DustCarriedForward: result.Progress.CarryOverDust, CumulativeDayDistributed: result.Progress.CurrentDayDistributed,
		Timestamp: k.Unix(),
	}))
}
