package rpc

import (
	"encoding/binary"
	"slices"

	"github.com/gagliardetto/solana-go"
)

func getTokenAccountBalance(q *query) (any, error) {
	key, err := q.params.key(0)
	if err != nil {
		return nil, err
	}
	at, err := q.at(1)
	if err != nil {
		return nil, err
	}
	account, exists := at.read(key)
	if !exists {
		return nil, invalid("Invalid param: could not find account")
	}
	token, ok := readTokenAccount(account)
	if !ok {
		return nil, invalid("Invalid param: not a Token account")
	}
	decimals, ok := mintDecimals(at.read, token.mint)
	if !ok {
		return nil, invalid("Invalid param: could not find mint")
	}
	return at.context(uiTokenAmount(token.amount, decimals)), nil
}

func getTokenSupply(q *query) (any, error) {
	key, err := q.params.key(0)
	if err != nil {
		return nil, err
	}
	at, err := q.at(1)
	if err != nil {
		return nil, err
	}
	mint, exists := at.read(key)
	if !exists {
		return nil, invalid("Invalid param: could not find account")
	}
	if !isMint(mint) {
		return nil, invalid("Invalid param: not a Token mint")
	}
	return at.context(uiTokenAmount(binary.LittleEndian.Uint64(mint.Data[36:]), mint.Data[44])), nil
}

// tokenOwnerFilter is the second parameter: exactly one of the two.
type tokenOwnerFilter struct {
	Mint      *string `json:"mint"`
	ProgramID *string `json:"programId"`
}

func getTokenAccountsByOwner(q *query) (any, error) {
	owner, err := q.params.key(0)
	if err != nil {
		return nil, err
	}
	var wanted tokenOwnerFilter
	if err := q.params.need(1, &wanted); err != nil {
		return nil, err
	}
	at, err := q.at(2)
	if err != nil {
		return nil, err
	}
	mint, err := at.tokenMint(wanted)
	if err != nil {
		return nil, err
	}
	encoding, err := encodingOf(at.config.Encoding, encBinary)
	if err != nil {
		return nil, err
	}
	out := []uiKeyedAccount{}
	for _, found := range q.view.programAccounts(solana.TokenProgramID, at.commitment) {
		token, ok := readTokenAccount(found.Account)
		if !ok || token.owner != owner || (mint != nil && token.mint != *mint) {
			continue
		}
		ui, err := encodeAccount(found.Account, encoding, at.config.DataSlice, at.read)
		if err != nil {
			return nil, err
		}
		out = append(out, uiKeyedAccount{ui, found.Key.String()})
	}
	return at.context(out), nil
}

// tokenMint resolves the filter; nil means every mint of the token program.
func (at *reading) tokenMint(f tokenOwnerFilter) (*solana.PublicKey, error) {
	switch {
	case f.Mint != nil:
		mint, err := parseKey(*f.Mint)
		if err != nil {
			return nil, err
		}
		account, exists := at.read(mint)
		if !exists {
			return nil, invalid("Invalid param: could not find mint")
		}
		if !isMint(account) {
			return nil, invalid("Invalid param: not a Token mint")
		}
		return &mint, nil
	case f.ProgramID != nil:
		program, err := parseKey(*f.ProgramID)
		if err != nil {
			return nil, err
		}
		if !slices.Contains([]solana.PublicKey{solana.TokenProgramID, solana.Token2022ProgramID}, program) {
			return nil, invalid("Invalid param: unrecognized Token program id")
		}
		if program == solana.Token2022ProgramID {
			return &solana.PublicKey{}, nil // No Token-2022 accounts exist here, so nothing may match.
		}
		return nil, nil
	}
	return nil, invalid("Invalid params: expected `mint` or `programId`.")
}
