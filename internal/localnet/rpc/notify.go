package rpc

import (
	"bytes"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// progress is how far a socket has been told, per commitment.
type progress [3]uint64

func (p *progress) start(v view) {
	for c := range p {
		p[c] = v.slot(bank.Commitment(c))
	}
}

type notification struct {
	JSONRPC string             `json:"jsonrpc"`
	Method  string             `json:"method"`
	Params  notificationParams `json:"params"`
}

type notificationParams struct {
	Result       any    `json:"result"`
	Subscription uint64 `json:"subscription"`
}

type slotInfo struct {
	Parent uint64 `json:"parent"`
	Root   uint64 `json:"root"`
	Slot   uint64 `json:"slot"`
}

// reachedSlot is a slot that has just reached a commitment in a socket's view.
type reachedSlot struct {
	slot uint64
	made producedSlot
}

// advance notifies of everything that is new since the last slot. It runs under the chain's lock.
func (s *socket) advance() {
	v := s.endpoint.view("")
	s.mu.Lock()
	defer s.mu.Unlock()
	var reached [3][]reachedSlot
	for c := range reached {
		tip := v.slot(bank.Commitment(c))
		for slot := s.progress[c] + 1; slot <= tip; slot++ {
			if made, exists := s.endpoint.chain.hub.slots[slot]; exists {
				reached[c] = append(reached[c], reachedSlot{slot, made})
			}
		}
		s.progress[c] = tip
	}
	for _, id := range slices.Clone(s.order) {
		sub := s.subs[id]
		s.tell(sub, v, reached[sub.commitment])
	}
}

// first sends what is due at once, after the answer to the subscription: a signature may have landed long ago. The
// caller holds the chain's lock.
func (s *socket) first(opened []*subscription) {
	v := s.endpoint.view("")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range opened {
		switch sub.kind {
		case "account":
			sub.last, _ = v.account(sub.key, sub.commitment)
			sub.known = true
		case "signature":
			s.tellSignature(sub, v)
		}
	}
}

func (s *socket) tell(sub *subscription, v view, reached []reachedSlot) {
	switch sub.kind {
	case "account":
		s.tellAccount(sub, v)
	case "signature":
		s.tellSignature(sub, v)
	case "slot":
		for _, r := range reached {
			s.notify(sub, slotInfo{r.made.parent, r.made.root, r.slot})
		}
	case "root":
		for _, r := range reached {
			s.notify(sub, r.slot)
		}
	case "logs":
		s.tellLogs(sub, reached)
	case "program":
		s.tellProgram(sub, v, reached)
	}
}

func (s *socket) notify(sub *subscription, result any) {
	s.send(notification{version, sub.kind + "Notification", notificationParams{result, sub.id}})
}

func at(slot uint64, value any) answerContext {
	return answerContext{contextInfo{Slot: slot}, value}
}

// tellAccount compares with what the client knows: it also sees rollbacks and writes outside transactions.
func (s *socket) tellAccount(sub *subscription, v view) {
	account, _ := v.account(sub.key, sub.commitment)
	if sub.known && sameAccount(account, sub.last) {
		return
	}
	sub.last, sub.known = account, true
	ui, err := encodeAccount(account, sub.encoding, sub.config.DataSlice, readerAt(v, sub.commitment))
	if err != nil {
		return // Data too long for base58: a validator sends nothing either.
	}
	s.notify(sub, at(v.slot(sub.commitment), ui))
}

func sameAccount(a, b bank.Account) bool {
	return a.Lamports == b.Lamports && a.Owner == b.Owner && a.Executable == b.Executable && bytes.Equal(a.Data, b.Data)
}

// tellSignature ends the subscription with its one notification.
func (s *socket) tellSignature(sub *subscription, v view) {
	if sub.config.ReceivedNotification && !sub.seen {
		if rec, found := v.transaction(sub.signature, bank.Processed); found {
			sub.seen = true
			s.notify(sub, at(rec.Slot, "receivedSignature"))
		}
	}
	rec, found := v.transaction(sub.signature, sub.commitment)
	if !found {
		return
	}
	s.notify(sub, at(rec.Slot, map[string]*bank.TransactionError{"err": rec.Err}))
	s.remove(sub.id)
}

type logsValue struct {
	Err       *bank.TransactionError `json:"err"`
	Logs      []string               `json:"logs"`
	Signature string                 `json:"signature"`
}

func (s *socket) tellLogs(sub *subscription, reached []reachedSlot) {
	q := &query{endpoint: s.endpoint, method: "logsSubscribe"}
	for _, r := range reached {
		for _, rec := range r.made.records {
			if sub.all || slices.Contains(rec.Keys, sub.key) {
				s.notify(sub, at(r.slot, logsValue{rec.Err, q.logs(rec.Logs), rec.Signature.String()}))
			}
		}
	}
}

func (s *socket) tellProgram(sub *subscription, v view, reached []reachedSlot) {
	read := readerAt(v, sub.commitment)
	for _, r := range reached {
		for _, rec := range r.made.records {
			for i, key := range rec.Keys {
				if !writable(rec, i) {
					continue
				}
				account, exists := read(key)
				if !exists || account.Owner != sub.key || !matchAll(sub.config.Filters, account) {
					continue
				}
				ui, err := encodeAccount(account, sub.encoding, sub.config.DataSlice, read)
				if err != nil {
					continue // Data too long for base58: a validator sends nothing either.
				}
				s.notify(sub, at(r.slot, uiKeyedAccount{ui, key.String()}))
			}
		}
	}
}

func readerAt(v view, c bank.Commitment) accountReader {
	return func(key solana.PublicKey) (bank.Account, bool) { return v.account(key, c) }
}
