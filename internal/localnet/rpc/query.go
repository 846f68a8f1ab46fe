package rpc

import (
	"context"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// query is one request while it is answered.
type query struct {
	ctx      context.Context
	endpoint *Endpoint
	view     view
	method   string
	params   params
}

// reading is a query at one commitment and one slot.
type reading struct {
	view       view
	config     config
	commitment bank.Commitment
	slot       uint64
}

// answerContext is the {context, value} wrapper of most results.
type answerContext struct {
	Context contextInfo `json:"context"`
	Value   any         `json:"value"`
}

type contextInfo struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Slot       uint64 `json:"slot"`
}

// at reads the configuration object at a position and fixes the commitment and slot to answer from.
func (q *query) at(position int) (*reading, error) {
	cfg, err := q.params.config(position)
	if err != nil {
		return nil, err
	}
	c, err := commitment(cfg.Commitment)
	if err != nil {
		return nil, err
	}
	return q.reading(cfg, c)
}

func (q *query) reading(cfg config, c bank.Commitment) (*reading, error) {
	slot := q.view.slot(c)
	if cfg.MinContextSlot != nil && *cfg.MinContextSlot > slot {
		return nil, &Error{codeMinContextSlot, msgMinContextNotReached, map[string]uint64{"contextSlot": slot}}
	}
	return &reading{q.view, cfg, c, slot}, nil
}

func (at *reading) read(key solana.PublicKey) (bank.Account, bool) {
	return at.view.account(key, at.commitment)
}

func (at *reading) context(value any) answerContext {
	return answerContext{contextInfo{apiVersion, at.slot}, value}
}
