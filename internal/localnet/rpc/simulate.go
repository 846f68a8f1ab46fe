package rpc

import (
	"encoding/base64"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

type simulated struct {
	Accounts             []*uiAccount           `json:"accounts"`
	Err                  *bank.TransactionError `json:"err"`
	Fee                  uint64                 `json:"fee"`
	InnerInstructions    any                    `json:"innerInstructions"`
	LoadedDataSize       int                    `json:"loadedAccountsDataSize"`
	Logs                 []string               `json:"logs"`
	ReplacementBlockhash *blockhashInfo         `json:"replacementBlockhash,omitempty"`
	ReturnData           any                    `json:"returnData"`
	UnitsConsumed        uint64                 `json:"unitsConsumed"`
}

func simulateTransaction(q *query) (any, error) {
	at, err := q.at(1)
	if err != nil {
		return nil, err
	}
	raw, tx, err := q.transaction(at.config)
	if err != nil {
		return nil, err
	}
	if at.config.SigVerify && at.config.ReplaceBlockhash {
		return nil, invalid("sigVerify may not be used with replaceRecentBlockhash")
	}
	result, err := q.view.bank.Simulate(raw, bank.SimulateOptions{
		SigVerify: at.config.SigVerify, ReplaceBlockhash: at.config.ReplaceBlockhash, Commitment: at.commitment,
	})
	if err != nil {
		return nil, rejected(err)
	}
	out := simulated{Err: result.Err, Fee: result.Fee, Logs: result.Logs, UnitsConsumed: result.UnitsConsumed}
	if out.Logs == nil {
		out.Logs = []string{}
	}
	if at.config.ReplaceBlockhash {
		out.ReplacementBlockhash = &blockhashInfo{result.ReturnBlockhash.String(), result.LastValid}
	}
	for _, key := range tx.Message.AccountKeys {
		account, _ := at.read(key)
		out.LoadedDataSize += len(account.Data)
	}
	if out.Accounts, err = at.simulatedAccounts(result, tx); err != nil {
		return nil, err
	}
	return at.context(out), nil
}

// simulatedAccounts renders the accounts the client asked to see after the simulation. When it failed they are null, as
// nothing was changed.
func (at *reading) simulatedAccounts(result bank.SimulateResult, tx *solana.Transaction) ([]*uiAccount, error) {
	wanted := at.config.Accounts
	if wanted == nil {
		return nil, nil
	}
	encoding, err := encodingOf(wanted.Encoding, encBase64)
	if err != nil {
		return nil, err
	}
	if encoding == encBinary || encoding == encBase58 {
		return nil, invalid("base58 encoding not supported")
	}
	if len(wanted.Addresses) > len(tx.Message.AccountKeys)+tx.Message.AddressTableLookups.NumLookups() {
		return nil, invalid("Too many accounts provided; max %d", len(tx.Message.AccountKeys))
	}
	after := func(key solana.PublicKey) (bank.Account, bool) {
		if account, touched := result.Post[key]; touched {
			return account, account.Lamports > 0
		}
		return at.read(key)
	}
	out := make([]*uiAccount, len(wanted.Addresses))
	for i, text := range wanted.Addresses {
		key, err := parseKey(text)
		if err != nil {
			return nil, err
		}
		account, exists := after(key)
		if result.Err != nil || !exists {
			continue
		}
		if out[i], err = encodeAccount(account, encoding, nil, after); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func getFeeForMessage(q *query) (any, error) {
	var text string
	if err := q.params.need(0, &text); err != nil {
		return nil, err
	}
	at, err := q.at(1)
	if err != nil {
		return nil, err
	}
	message, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, invalid("invalid base64 encoding: %v", err)
	}
	fee, known := q.view.bank.FeeForMessage(message)
	if !known {
		return at.context(nil), nil
	}
	return at.context(fee), nil
}
