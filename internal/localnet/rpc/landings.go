package rpc

import (
	"sync"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// landings remembers what was sent through an endpoint, so that the rollback fault can wait for it to land.
type landings struct {
	mu   sync.Mutex
	sent []solana.Signature
}

// maxLandings bounds the memory of an endpoint that never rolls back.
const maxLandings = 256

func (l *landings) watch(sig solana.Signature) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, sig)
	if len(l.sent) > maxLandings {
		l.sent = append([]solana.Signature(nil), l.sent[len(l.sent)-maxLandings:]...)
	}
}

func (l *landings) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = nil
}

// due tells whether a rollback of so many slots would just take back something that was sent here: as late as possible,
// so that the client has seen it confirmed before it vanishes.
func (l *landings) due(b *bank.Bank, slots uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	tip, root := b.Slot(bank.Processed), b.Slot(bank.Finalized)
	if slots == 0 || tip-root < slots {
		return false
	}
	for _, sig := range l.sent {
		rec, found := b.Transaction(sig)
		if found && rec.Slot+slots == tip+1 {
			return true
		}
	}
	return false
}
