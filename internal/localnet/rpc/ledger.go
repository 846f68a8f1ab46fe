package rpc

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

const (
	maxSignatureQuery = 256
	maxSignaturesPage = 1000
	// statusCacheSlots is how long getSignatureStatuses remembers without searchTransactionHistory.
	statusCacheSlots = 300
)

type signatureStatus struct {
	Slot               uint64                 `json:"slot"`
	Confirmations      *uint64                `json:"confirmations"`
	Err                *bank.TransactionError `json:"err"`
	Status             resultStatus           `json:"status"`
	ConfirmationStatus string                 `json:"confirmationStatus"`
}

// resultStatus is Rust's Result as JSON: {"Ok":null} or {"Err":…}.
type resultStatus map[string]*bank.TransactionError

func statusOf(err *bank.TransactionError) resultStatus {
	if err == nil {
		return resultStatus{"Ok": nil}
	}
	return resultStatus{"Err": err}
}

func getSignatureStatuses(q *query) (any, error) {
	var texts []string
	if err := q.params.need(0, &texts); err != nil {
		return nil, err
	}
	if len(texts) > maxSignatureQuery {
		return nil, invalid("Too many inputs provided; max %d", maxSignatureQuery)
	}
	cfg, err := q.params.config(1)
	if err != nil {
		return nil, err
	}
	at, err := q.reading(cfg, bank.Processed)
	if err != nil {
		return nil, err
	}
	out := make([]*signatureStatus, len(texts))
	for i, text := range texts {
		sig, err := parseSignature(text)
		if err != nil {
			return nil, err
		}
		out[i] = at.status(sig)
	}
	return at.context(out), nil
}

// status is null for a signature this node has not seen, which is not the same as one that failed.
func (at *reading) status(sig solana.Signature) *signatureStatus {
	rec, found := at.view.transaction(sig, bank.Processed)
	if !found || (!at.config.History && rec.Slot+statusCacheSlots < at.slot) {
		return nil
	}
	c := at.view.reached(rec.Slot)
	status := &signatureStatus{Slot: rec.Slot, Err: rec.Err, Status: statusOf(rec.Err), ConfirmationStatus: commitmentName(c)}
	if c != bank.Finalized {
		confirmations := at.slot - rec.Slot
		status.Confirmations = &confirmations
	}
	return status
}

// reached is the highest commitment that a slot has.
func (v view) reached(slot uint64) bank.Commitment {
	switch {
	case slot <= v.slot(bank.Finalized):
		return bank.Finalized
	case slot <= v.slot(bank.Confirmed):
		return bank.Confirmed
	default:
		return bank.Processed
	}
}

type signatureInfo struct {
	BlockTime          *int64                 `json:"blockTime"`
	ConfirmationStatus string                 `json:"confirmationStatus"`
	Err                *bank.TransactionError `json:"err"`
	Memo               *string                `json:"memo"`
	Signature          string                 `json:"signature"`
	Slot               uint64                 `json:"slot"`
}

func getSignaturesForAddress(q *query) (any, error) {
	address, err := q.params.key(0)
	if err != nil {
		return nil, err
	}
	cfg, err := q.params.config(1)
	if err != nil {
		return nil, err
	}
	c, err := confirmedAtLeast(cfg.Commitment)
	if err != nil {
		return nil, err
	}
	at, err := q.reading(cfg, c)
	if err != nil {
		return nil, err
	}
	limit := maxSignaturesPage
	if cfg.Limit != nil {
		limit = *cfg.Limit
	}
	if limit < 1 || limit > maxSignaturesPage {
		return nil, invalid("Invalid limit; max %d", maxSignaturesPage)
	}
	before, err := optionalSignature(cfg.Before)
	if err != nil {
		return nil, err
	}
	until, err := optionalSignature(cfg.Until)
	if err != nil {
		return nil, err
	}
	out := []signatureInfo{}
	for _, rec := range q.view.signaturesFor(address, before, until, limit, c) {
		out = append(out, signatureInfo{
			BlockTime: q.blockTime(rec.BlockTime), ConfirmationStatus: commitmentName(at.view.reached(rec.Slot)),
			Err: rec.Err, Memo: memo(rec), Signature: rec.Signature.String(), Slot: rec.Slot,
		})
	}
	return out, nil
}

func optionalSignature(text string) (solana.Signature, error) {
	if text == "" {
		return solana.Signature{}, nil
	}
	return parseSignature(text)
}

// blockTime is null when the fault says so: clients must not take it for 1970.
func (q *query) blockTime(unix int64) *int64 {
	if _, hidden := q.endpoint.faults.Hit(faults.NullBlockTime, q.method); hidden {
		return nil
	}
	return &unix
}

func getTransaction(q *query) (any, error) {
	var text string
	if err := q.params.need(0, &text); err != nil {
		return nil, err
	}
	sig, err := parseSignature(text)
	if err != nil {
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
	encoding, err := transactionEncoding(cfg.Encoding)
	if err != nil {
		return nil, err
	}
	rec, found := q.view.transaction(sig, c)
	if !found {
		return nil, nil
	}
	ui, err := q.encodeRecord(rec, encoding, cfg.MaxVer)
	if err != nil {
		return nil, err
	}
	return landedTransaction{BlockTime: q.blockTime(rec.BlockTime), Slot: rec.Slot, uiTransaction: ui}, nil
}

// transactionConfig also accepts the old form, where the second parameter is the encoding's name.
func (q *query) transactionConfig(position int) (config, error) {
	var encoding string
	if q.params.has(position) && q.params.maybe(position, &encoding) == nil {
		return config{Encoding: &encoding}, nil
	}
	return q.params.config(position)
}

type landedTransaction struct {
	BlockTime *int64 `json:"blockTime"`
	Slot      uint64 `json:"slot"`
	uiTransaction
}
