package rpc

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// maxMultipleAccounts and maxFilters are a validator's limits.
const (
	maxMultipleAccounts = 100
	maxFilters          = 4
)

func getBalance(q *query) (any, error) {
	key, err := q.params.key(0)
	if err != nil {
		return nil, err
	}
	at, err := q.at(1)
	if err != nil {
		return nil, err
	}
	account, _ := at.read(key)
	return at.context(account.Lamports), nil
}

func getAccountInfo(q *query) (any, error) {
	key, err := q.params.key(0)
	if err != nil {
		return nil, err
	}
	at, err := q.at(1)
	if err != nil {
		return nil, err
	}
	encoding, err := encodingOf(at.config.Encoding, encBinary)
	if err != nil {
		return nil, err
	}
	ui, err := at.encode(key, encoding)
	return at.context(ui), err
}

func getMultipleAccounts(q *query) (any, error) {
	keys, err := q.params.keys(0)
	if err != nil {
		return nil, err
	}
	if len(keys) > maxMultipleAccounts {
		return nil, invalid("Too many inputs provided; max %d", maxMultipleAccounts)
	}
	at, err := q.at(1)
	if err != nil {
		return nil, err
	}
	encoding, err := encodingOf(at.config.Encoding, encBase64)
	if err != nil {
		return nil, err
	}
	out := make([]*uiAccount, len(keys))
	for i, key := range keys {
		if out[i], err = at.encode(key, encoding); err != nil {
			return nil, err
		}
	}
	return at.context(out), nil
}

func getProgramAccounts(q *query) (any, error) {
	owner, err := q.params.key(0)
	if err != nil {
		return nil, err
	}
	at, err := q.at(1)
	if err != nil {
		return nil, err
	}
	filters := at.config.Filters
	if len(filters) > maxFilters {
		return nil, invalid("Too many filters provided; max %d", maxFilters)
	}
	for i := range filters {
		if err := filters[i].prepare(); err != nil {
			return nil, err
		}
	}
	encoding, err := encodingOf(at.config.Encoding, encBinary)
	if err != nil {
		return nil, err
	}
	out := []uiKeyedAccount{}
	for _, found := range q.view.programAccounts(owner, at.commitment) {
		if !matchAll(filters, found.Account) {
			continue
		}
		ui, err := encodeAccount(found.Account, encoding, at.config.DataSlice, at.read)
		if err != nil {
			return nil, err
		}
		out = append(out, uiKeyedAccount{ui, found.Key.String()})
	}
	if at.config.WithContext {
		return at.context(out), nil
	}
	return out, nil
}

func matchAll(filters []filter, a bank.Account) bool {
	for i := range filters {
		if !filters[i].match(a) {
			return false
		}
	}
	return true
}

func getMinimumBalanceForRentExemption(q *query) (any, error) {
	var size int
	if err := q.params.need(0, &size); err != nil {
		return nil, err
	}
	if size < 0 {
		return nil, invalid("Invalid params: invalid value: integer `%d`, expected usize.", size)
	}
	return q.view.bank.MinimumRent(size), nil
}

// encode reads and renders one account; a missing one is null.
func (at *reading) encode(key solana.PublicKey, encoding string) (*uiAccount, error) {
	account, exists := at.read(key)
	if !exists {
		return nil, nil
	}
	return encodeAccount(account, encoding, at.config.DataSlice, at.read)
}
