package localnet

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// warp moves the clock to the first due time when every vault's day is complete and final, so that days pass in seconds.
func (n *Node) warp() {
	n.chain.Write(func(b *bank.Bank) {
		now := b.UnixTime(bank.Processed)
		due, all := n.nextDue(b, now)
		if !all || due <= now {
			return
		}
		jump := time.Duration(due-now) * time.Second
		b.AdvanceClock(jump)
		n.accrueDue(b, jump)
		n.options.Logger.Info("chain clock warped to the next due time", "due", time.Unix(due, 0).UTC())
	})
}

// nextDue is the earliest due time, provided that no vault has anything left to do until then.
func (n *Node) nextDue(b *bank.Bank, now int64) (due int64, all bool) {
	for _, v := range n.vaults {
		tip, err := v.Progress(b, bank.Processed)
		if err != nil {
			return 0, false
		}
		final, err := v.Progress(b, bank.Finalized)
		if err != nil || !final.DayComplete || final != tip || tip.LastDistributionTS+daySeconds <= now {
			return 0, false
		}
		if next := tip.LastDistributionTS + daySeconds; due == 0 || next < due {
			due = next
		}
	}
	return due, due > 0
}
