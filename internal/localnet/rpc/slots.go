package rpc

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

// What this node says about itself. The version is that of a validator whose answers it imitates.
const (
	apiVersion    = "2.3.13"
	featureSet    = 3640012085
	slotsPerEpoch = 432_000
)

func getHealth(q *query) (any, error) {
	if f, on := q.endpoint.faults.Standing(faults.Behind, q.method); on {
		return nil, behind(uint64(f.Value))
	}
	return "ok", nil
}

func getVersion(*query) (any, error) {
	return map[string]any{"feature-set": featureSet, "solana-core": apiVersion}, nil
}

func getGenesisHash(q *query) (any, error) { return q.view.bank.Genesis().String(), nil }

func getIdentity(q *query) (any, error) {
	return map[string]string{"identity": q.view.bank.Identity().String()}, nil
}

func getSlotLeader(q *query) (any, error) { return q.view.bank.Identity().String(), nil }

func getSlot(q *query) (any, error) {
	at, err := q.at(0)
	if err != nil {
		return nil, err
	}
	return at.slot, nil
}

func getBlockHeight(q *query) (any, error) {
	at, err := q.at(0)
	if err != nil {
		return nil, err
	}
	return q.view.height(at.commitment), nil
}

func getFirstAvailableBlock(*query) (any, error) { return 0, nil }

func getTransactionCount(q *query) (any, error) {
	at, err := q.at(0)
	if err != nil {
		return nil, err
	}
	return q.endpoint.chain.hub.executed(at.slot), nil
}

func getEpochInfo(q *query) (any, error) {
	at, err := q.at(0)
	if err != nil {
		return nil, err
	}
	return map[string]uint64{
		"absoluteSlot": at.slot, "blockHeight": q.view.height(at.commitment),
		"epoch": at.slot / slotsPerEpoch, "slotIndex": at.slot % slotsPerEpoch, "slotsInEpoch": slotsPerEpoch,
		"transactionCount": q.endpoint.chain.hub.executed(at.slot),
	}, nil
}

func getEpochSchedule(*query) (any, error) {
	return map[string]any{
		"firstNormalEpoch": 0, "firstNormalSlot": 0, "leaderScheduleSlotOffset": slotsPerEpoch,
		"slotsPerEpoch": slotsPerEpoch, "warmup": false,
	}, nil
}

func getBlockTime(q *query) (any, error) {
	var slot uint64
	if err := q.params.need(0, &slot); err != nil {
		return nil, err
	}
	if slot > q.view.slot(bank.Processed) {
		return nil, fail(codeBlockNotAvailable, "Block not available for slot %d", slot)
	}
	unix, exists := q.view.bank.BlockTime(slot)
	if !exists {
		return nil, skipped(q, slot)
	}
	if _, hidden := q.endpoint.faults.Hit(faults.NullBlockTime, q.method); hidden {
		return nil, nil
	}
	return unix, nil
}

// skipped is the error for a slot without a block: recent ones are skipped, older ones are missing in the archive.
func skipped(q *query, slot uint64) error {
	if slot > q.view.slot(bank.Finalized) {
		return fail(codeSlotSkipped, "Slot %d was skipped, or missing due to ledger jump to recent snapshot", slot)
	}
	return fail(codeLongTermSkipped, "Slot %d was skipped, or missing in long-term storage", slot)
}

func getLatestBlockhash(q *query) (any, error) {
	at, err := q.at(0)
	if err != nil {
		return nil, err
	}
	hash, lastValid := q.view.latestBlockhash(at.commitment)
	return at.context(blockhashInfo{hash.String(), lastValid}), nil
}

type blockhashInfo struct {
	Blockhash            string `json:"blockhash"`
	LastValidBlockHeight uint64 `json:"lastValidBlockHeight"`
}

func isBlockhashValid(q *query) (any, error) {
	var text string
	if err := q.params.need(0, &text); err != nil {
		return nil, err
	}
	hash, err := solana.HashFromBase58(text)
	if err != nil {
		return nil, invalid("Invalid param: Invalid")
	}
	at, err := q.at(1)
	if err != nil {
		return nil, err
	}
	return at.context(q.view.blockhashValid(hash, at.commitment)), nil
}

func getRecentPrioritizationFees(q *query) (any, error) {
	var keys []solana.PublicKey
	if q.params.has(0) {
		var err error
		if keys, err = q.params.keys(0); err != nil {
			return nil, err
		}
	}
	if len(keys) > 128 {
		return nil, invalid("Too many inputs provided; max 128")
	}
	type slotFee struct {
		PrioritizationFee uint64 `json:"prioritizationFee"`
		Slot              uint64 `json:"slot"`
	}
	out := []slotFee{}
	for _, f := range q.view.bank.PriorityFees(keys) {
		if f.Slot <= q.view.slot(bank.Processed) {
			out = append(out, slotFee{f.Fee, f.Slot})
		}
	}
	return out, nil
}
