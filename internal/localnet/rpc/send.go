package rpc

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/mr-tron/base58"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

// Limits of a transaction on the wire: raw, and as text.
const (
	maxPacket = 1232
	maxPlain  = 1683
	maxBase64 = 1644
)

const wireType = "solana_transaction::versioned::VersionedTransaction"

// decodeTransaction reads the first parameter of sendTransaction and simulateTransaction.
func decodeTransaction(text, encoding string) ([]byte, *solana.Transaction, error) {
	limit, decode := maxPlain, base58.Decode
	if encoding == encBase64 {
		limit, decode = maxBase64, base64.StdEncoding.DecodeString
	}
	if len(text) > limit {
		return nil, nil, invalid("%s encoded %s too large: %d bytes (max: encoded/raw %d/%d)", encoding, wireType, len(text), limit, maxPacket)
	}
	raw, err := decode(text)
	if err != nil {
		return nil, nil, invalid("invalid %s encoding: %v", encoding, err)
	}
	if len(raw) > maxPacket {
		return nil, nil, invalid("decoded %s too large: %d bytes (max: %d bytes)", wireType, len(raw), maxPacket)
	}
	tx, err := solana.TransactionFromBytes(raw)
	if err != nil || len(tx.Signatures) == 0 {
		return nil, nil, invalid("failed to deserialize %s: %v", wireType, err)
	}
	return raw, tx, nil
}

func wireEncoding(name *string) (string, error) {
	switch {
	case name == nil, *name == encBase58:
		return encBase58, nil
	case *name == encBase64:
		return encBase64, nil
	}
	return "", invalid("unsupported encoding: %s. Supported encodings: base58, base64", *name)
}

func sendTransaction(q *query) (any, error) {
	cfg, err := q.params.config(1)
	if err != nil {
		return nil, err
	}
	raw, tx, err := q.transaction(cfg)
	if err != nil {
		return nil, err
	}
	if !cfg.SkipPreflight {
		if err := q.preflight(raw, cfg); err != nil {
			return nil, err
		}
	}
	if _, lost := q.endpoint.faults.Hit(faults.Drop, q.method); lost {
		return tx.Signatures[0].String(), nil
	}
	var options bank.SubmitOptions
	if late, on := q.endpoint.faults.Hit(faults.Late, q.method); on {
		options.DelaySlots = uint64(late.Value)
	}
	sig, err := q.view.bank.Submit(raw, options)
	if err != nil {
		return sent(tx, cfg, err)
	}
	q.endpoint.landed.watch(sig)
	if f, on := q.endpoint.faults.Hit(faults.TimeoutAfterAccept, q.method); on {
		return nil, &noAnswer{f.Duration}
	}
	return sig.String(), nil
}

// transaction decodes the request's transaction.
func (q *query) transaction(cfg config) ([]byte, *solana.Transaction, error) {
	var text string
	if err := q.params.need(0, &text); err != nil {
		return nil, nil, err
	}
	encoding, err := wireEncoding(cfg.Encoding)
	if err != nil {
		return nil, nil, err
	}
	return decodeTransaction(text, encoding)
}

// preflight checks what a validator checks before it forwards: signatures, its own health, and a simulation.
func (q *query) preflight(raw []byte, cfg config) error {
	c, err := commitment(cfg.PreflightCommitment)
	if err != nil {
		return err
	}
	if _, err := q.reading(cfg, c); err != nil {
		return err
	}
	if f, on := q.endpoint.faults.Standing(faults.Behind, q.method); on {
		return behind(uint64(f.Value))
	}
	result, err := q.view.bank.Simulate(raw, bank.SimulateOptions{SigVerify: true, Commitment: c})
	if err != nil {
		return rejected(err)
	}
	if result.Err != nil {
		return preflight(*result.Err, result.Logs, result.UnitsConsumed)
	}
	return nil
}

// sent decides what the ledger's refusal means to the client. Without preflight a validator checks nothing: it answers
// with the signature and the transaction never lands.
func sent(tx *solana.Transaction, cfg config, err error) (any, error) {
	if cfg.SkipPreflight {
		return tx.Signatures[0].String(), nil
	}
	return nil, rejected(err)
}

// rejected renders a refusal before execution with a validator's code.
func rejected(err error) error {
	var reject *bank.RejectError
	if !errors.As(err, &reject) {
		return err
	}
	text, jsonErr := reject.Err.MarshalJSON()
	if jsonErr != nil {
		return fmt.Errorf("encode transaction error: %w", jsonErr)
	}
	switch string(text) {
	case `"SignatureFailure"`:
		return fail(codeSignature, msgSignatureFailure)
	case `"SanitizeFailure"`:
		return invalid("invalid transaction: %s", reject.Err.Error())
	}
	return preflight(reject.Err, reject.Logs, 0)
}
