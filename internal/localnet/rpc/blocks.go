package rpc

import (
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

type uiBlock struct {
	BlockHeight       uint64          `json:"blockHeight"`
	BlockTime         *int64          `json:"blockTime"`
	Blockhash         string          `json:"blockhash"`
	ParentSlot        uint64          `json:"parentSlot"`
	PreviousBlockhash string          `json:"previousBlockhash"`
	Rewards           []any           `json:"rewards,omitempty"`
	Signatures        []string        `json:"signatures,omitempty"`
	Transactions      []uiTransaction `json:"transactions,omitempty"`
}

// getBlock answers for the slots that the node still remembers block for block.
func getBlock(q *query) (any, error) {
	var slot uint64
	if err := q.params.need(0, &slot); err != nil {
		return nil, err
	}
	cfg, err := q.transactionConfig(1)
	if err != nil {
		return nil, err
	}
	c, err := confirmedAtLeast(cfg.Commitment)
	if err != nil {
		return nil, err
	}
	if slot > q.view.slot(c) {
		return nil, fail(codeBlockNotAvailable, "Block not available for slot %d", slot)
	}
	made, found := q.endpoint.chain.hub.block(slot)
	if !found {
		return nil, skipped(q, slot)
	}
	past := q.view.history.at(slot)
	block := &uiBlock{
		BlockHeight: past.height, BlockTime: q.blockTime(past.unix), Blockhash: past.hash.String(),
		ParentSlot: made.parent, PreviousBlockhash: q.view.history.at(made.parent).hash.String(),
	}
	return block, q.fillBlock(block, made.records, cfg)
}

func (q *query) fillBlock(block *uiBlock, records []*bank.Record, cfg config) error {
	details := "full"
	if cfg.TransactionDetails != nil {
		details = *cfg.TransactionDetails
	}
	encoding, err := transactionEncoding(cfg.Encoding)
	if err != nil {
		return err
	}
	for _, rec := range records {
		switch details {
		case "signatures":
			block.Signatures = append(block.Signatures, rec.Signature.String())
		case "full", "accounts":
			ui, err := q.encodeRecord(rec, encoding, cfg.MaxVer)
			if err != nil {
				return err
			}
			block.Transactions = append(block.Transactions, ui)
		}
	}
	return nil
}

// maxBlockRange is a validator's limit of getBlocks.
const maxBlockRange = 500_000

func getBlocks(q *query) (any, error) {
	var first uint64
	if err := q.params.need(0, &first); err != nil {
		return nil, err
	}
	position := 1
	last := q.view.slot(bank.Processed)
	if q.params.has(1) && q.params[1][0] != '{' {
		position = 2
		if err := q.params.need(1, &last); err != nil {
			return nil, err
		}
	}
	cfg, err := q.params.config(position)
	if err != nil {
		return nil, err
	}
	c, err := confirmedAtLeast(cfg.Commitment)
	if err != nil {
		return nil, err
	}
	last = min(last, q.view.slot(c))
	if last >= first && last-first > maxBlockRange {
		return nil, invalid("Slot range too large; max %d", maxBlockRange)
	}
	out := []uint64{}
	for slot := first; slot <= last; slot++ {
		if _, exists := q.view.bank.BlockTime(slot); exists {
			out = append(out, slot)
		}
	}
	return out, nil
}
