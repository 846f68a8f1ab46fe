package rpc

import (
	"slices"
	"strings"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// subscription is what one client wants to hear of.
type subscription struct {
	id         uint64
	kind       string // account, logs, program, root, signature, slot
	commitment bank.Commitment
	encoding   string
	config     config
	key        solana.PublicKey
	signature  solana.Signature
	all        bool // logs of every transaction

	known bool // account: last is what the client has been told
	last  bank.Account
	seen  bool // signature: receivedSignature was sent
}

// subscriptionKinds are the methods that end in Subscribe.
func subscriptionKinds() []string {
	return []string{"account", "logs", "program", "root", "signature", "slot"}
}

func newSubscription(method string, p params) (*subscription, error) {
	kind, ok := strings.CutSuffix(method, "Subscribe")
	if !ok || !slices.Contains(subscriptionKinds(), kind) {
		return nil, fail(codeMethodNotFound, "Method not found")
	}
	sub := &subscription{kind: kind}
	var err error
	if sub.config, err = p.config(1); err != nil {
		return nil, err
	}
	if sub.commitment, err = commitment(sub.config.Commitment); err != nil {
		return nil, err
	}
	if sub.encoding, err = encodingOf(sub.config.Encoding, encBinary); err != nil {
		return nil, err
	}
	for i := range sub.config.Filters {
		if err := sub.config.Filters[i].prepare(); err != nil {
			return nil, err
		}
	}
	return sub, sub.target(p)
}

// target reads the first parameter, which means something else for every kind.
func (sub *subscription) target(p params) (err error) {
	switch sub.kind {
	case "account", "program":
		sub.key, err = p.key(0)
	case "signature":
		var text string
		if err = p.need(0, &text); err == nil {
			sub.signature, err = parseSignature(text)
		}
	case "logs":
		err = sub.logsFilter(p)
	case "slot", "root":
		sub.commitment = bank.Processed
		if sub.kind == "root" {
			sub.commitment = bank.Finalized
		}
	}
	return err
}

func (sub *subscription) logsFilter(p params) error {
	var word string
	if p.has(0) && p[0][0] == '"' {
		if err := p.need(0, &word); err != nil {
			return err
		}
		if word != "all" && word != "allWithVotes" {
			return invalid("Invalid params: unknown variant `%s`, expected one of `all`, `allWithVotes`, `mentions`.", word)
		}
		sub.all = true
		return nil
	}
	var filter struct {
		Mentions []string `json:"mentions"`
	}
	if err := p.need(0, &filter); err != nil {
		return err
	}
	if len(filter.Mentions) != 1 {
		return invalid("Invalid Request: Only 1 address supported")
	}
	var err error
	sub.key, err = parseKey(filter.Mentions[0])
	return err
}

func (s *socket) add(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	sub.id = s.next
	s.subs[sub.id] = sub
	s.order = append(s.order, sub.id)
}

func (s *socket) remove(id uint64) bool {
	_, known := s.subs[id]
	delete(s.subs, id)
	s.order = slices.DeleteFunc(s.order, func(other uint64) bool { return other == id })
	return known
}

// unsubscribe ends a subscription; known is false when the method is another one.
func (s *socket) unsubscribe(method string, p params) (result any, known bool, err error) {
	kind, ok := strings.CutSuffix(method, "Unsubscribe")
	if !ok || !slices.Contains(subscriptionKinds(), kind) {
		return nil, false, nil
	}
	var id uint64
	if err := p.need(0, &id); err != nil {
		return nil, true, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.remove(id) {
		return nil, true, invalid("Invalid subscription id.")
	}
	return true, true, nil
}
