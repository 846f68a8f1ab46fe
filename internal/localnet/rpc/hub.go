package rpc

import (
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// hub remembers what each recent slot executed and hands every open socket its notifications. It is guarded by
// Chain.mu; a socket's own queue never blocks it.
type hub struct {
	slots   map[uint64]producedSlot
	oldest  uint64
	sockets map[*socket]struct{}
	total   uint64 // transactions executed so far
}

type producedSlot struct {
	parent, root uint64
	records      []*bank.Record
	total        uint64 // transactions executed up to and with this slot
}

func newHub() *hub {
	return &hub{slots: map[uint64]producedSlot{0: {}}, sockets: map[*socket]struct{}{}}
}

func (h *hub) publish(b *bank.Bank, report bank.SlotReport) {
	made := producedSlot{parent: report.Parent, root: report.Root}
	for _, sig := range report.Executed {
		if rec, found := b.Transaction(sig); found {
			made.records = append(made.records, rec)
		}
	}
	h.total += uint64(len(made.records))
	made.total = h.total
	h.slots[report.Slot] = made
	h.forget(report.Slot)
	for s := range h.sockets {
		s.advance()
	}
}

// forget keeps as many slots as the slowest stale endpoint needs.
func (h *hub) forget(tip uint64) {
	for ; h.oldest+historySlots < tip; h.oldest++ {
		delete(h.slots, h.oldest)
	}
}

// rolledBack drops the slots that are gone and notes the empty one with which the new fork began.
func (h *hub) rolledBack(b *bank.Bank) {
	for slot, made := range h.slots {
		if _, exists := b.BlockTime(slot); !exists {
			h.total -= uint64(len(made.records))
			delete(h.slots, slot)
		}
	}
	tip := b.Slot(bank.Processed)
	h.slots[tip] = producedSlot{parent: b.Slot(bank.Confirmed), root: b.Slot(bank.Finalized), total: h.total}
	for s := range h.sockets {
		s.advance()
	}
}

func (h *hub) block(slot uint64) (producedSlot, bool) {
	made, found := h.slots[slot]
	return made, found
}

// executed counts the transactions up to a slot.
func (h *hub) executed(slot uint64) uint64 {
	if made, found := h.slots[slot]; found {
		return made.total
	}
	return h.total
}
