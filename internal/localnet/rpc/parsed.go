package rpc

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// Layout of SPL Token accounts and mints.
const (
	tokenAccountSize = 165
	mintSize         = 82

	tokenAmountOffset   = 64
	tokenDelegateOffset = 72
	tokenStateOffset    = 108
	tokenNativeOffset   = 109
	tokenDelegated      = 121
	tokenCloseOffset    = 129
)

type accountReader func(solana.PublicKey) (bank.Account, bool)

// parsedData is the jsonParsed form of account data.
type parsedData struct {
	Parsed  any    `json:"parsed"`
	Program string `json:"program"`
	Space   int    `json:"space"`
}

type typed struct {
	Info any    `json:"info"`
	Type string `json:"type"`
}

// tokenAmount is an amount as clients get it. uiAmount is a JSON number by the interface's rules; it is written from
// the integer, no float is involved.
type tokenAmount struct {
	Amount         string          `json:"amount"`
	Decimals       uint8           `json:"decimals"`
	UIAmount       json.RawMessage `json:"uiAmount"`
	UIAmountString string          `json:"uiAmountString"`
}

func uiTokenAmount(amount uint64, decimals uint8) tokenAmount {
	text := decimal(amount, decimals)
	number := text
	if !strings.Contains(number, ".") {
		number += ".0"
	}
	return tokenAmount{strconv.FormatUint(amount, 10), decimals, json.RawMessage(number), text}
}

// decimal writes an amount of base units with a decimal point and no trailing zeros.
func decimal(amount uint64, decimals uint8) string {
	digits := strconv.FormatUint(amount, 10)
	if decimals == 0 {
		return digits
	}
	if short := int(decimals) + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	point := len(digits) - int(decimals)
	fraction := strings.TrimRight(digits[point:], "0")
	if fraction == "" {
		return digits[:point]
	}
	return digits[:point] + "." + fraction
}

func parseAccount(a bank.Account, read accountReader) (any, bool) {
	switch {
	case a.Owner == solana.TokenProgramID && len(a.Data) == tokenAccountSize:
		return parseTokenAccount(a, read)
	case a.Owner == solana.TokenProgramID && len(a.Data) == mintSize:
		return parseMint(a)
	case a.Owner == solana.AddressLookupTableProgramID && len(a.Data) >= lookupMetaSize:
		return parseLookupTable(a)
	}
	return nil, false
}

type tokenAccountInfo struct {
	CloseAuthority    string       `json:"closeAuthority,omitempty"`
	Delegate          string       `json:"delegate,omitempty"`
	DelegatedAmount   *tokenAmount `json:"delegatedAmount,omitempty"`
	IsNative          bool         `json:"isNative"`
	Mint              string       `json:"mint"`
	Owner             string       `json:"owner"`
	RentExemptReserve *tokenAmount `json:"rentExemptReserve,omitempty"`
	State             string       `json:"state"`
	TokenAmount       tokenAmount  `json:"tokenAmount"`
}

func parseTokenAccount(a bank.Account, read accountReader) (any, bool) {
	token, ok := readTokenAccount(a)
	if !ok {
		return nil, false
	}
	decimals, ok := mintDecimals(read, token.mint)
	if !ok {
		return nil, false
	}
	info := tokenAccountInfo{
		Mint: token.mint.String(), Owner: token.owner.String(), State: token.state,
		TokenAmount: uiTokenAmount(token.amount, decimals),
	}
	d := a.Data
	if optionSet(d, tokenDelegateOffset) {
		info.Delegate = keyAt(d, tokenDelegateOffset+4).String()
		delegated := uiTokenAmount(binary.LittleEndian.Uint64(d[tokenDelegated:]), decimals)
		info.DelegatedAmount = &delegated
	}
	if optionSet(d, tokenNativeOffset) {
		reserve := uiTokenAmount(binary.LittleEndian.Uint64(d[tokenNativeOffset+4:]), decimals)
		info.IsNative, info.RentExemptReserve = true, &reserve
	}
	if optionSet(d, tokenCloseOffset) {
		info.CloseAuthority = keyAt(d, tokenCloseOffset+4).String()
	}
	return parsedData{typed{info, "account"}, "spl-token", len(d)}, true
}

type tokenAccount struct {
	mint, owner solana.PublicKey
	amount      uint64
	state       string
}

// readTokenAccount reads an initialized SPL token account.
func readTokenAccount(a bank.Account) (tokenAccount, bool) {
	if a.Owner != solana.TokenProgramID || len(a.Data) != tokenAccountSize {
		return tokenAccount{}, false
	}
	t := tokenAccount{mint: keyAt(a.Data, 0), owner: keyAt(a.Data, 32), amount: binary.LittleEndian.Uint64(a.Data[tokenAmountOffset:])}
	switch a.Data[tokenStateOffset] {
	case 1:
		t.state = "initialized"
	case 2:
		t.state = "frozen"
	default:
		return tokenAccount{}, false
	}
	return t, true
}

func mintDecimals(read accountReader, mint solana.PublicKey) (uint8, bool) {
	a, ok := read(mint)
	if !ok || !isMint(a) {
		return 0, false
	}
	return a.Data[44], true
}

func isMint(a bank.Account) bool {
	return a.Owner == solana.TokenProgramID && len(a.Data) == mintSize && a.Data[45] == 1
}

type mintInfo struct {
	Decimals        uint8   `json:"decimals"`
	FreezeAuthority *string `json:"freezeAuthority"`
	IsInitialized   bool    `json:"isInitialized"`
	MintAuthority   *string `json:"mintAuthority"`
	Supply          string  `json:"supply"`
}

func parseMint(a bank.Account) (any, bool) {
	if !isMint(a) {
		return nil, false
	}
	info := mintInfo{Decimals: a.Data[44], IsInitialized: true, Supply: strconv.FormatUint(binary.LittleEndian.Uint64(a.Data[36:]), 10)}
	info.MintAuthority = optionalKey(a.Data, 0)
	info.FreezeAuthority = optionalKey(a.Data, 46)
	return parsedData{typed{info, "mint"}, "spl-token", len(a.Data)}, true
}

// lookupMetaSize is the header of an address lookup table; the addresses follow it.
const lookupMetaSize = 56

type lookupInfo struct {
	Addresses        []string `json:"addresses"`
	Authority        *string  `json:"authority,omitempty"`
	DeactivationSlot string   `json:"deactivationSlot"`
	LastExtended     string   `json:"lastExtendedSlot"`
	LastExtendedFrom uint8    `json:"lastExtendedSlotStartIndex"`
}

func parseLookupTable(a bank.Account) (any, bool) {
	d := a.Data
	info := lookupInfo{
		Addresses:        []string{},
		DeactivationSlot: strconv.FormatUint(binary.LittleEndian.Uint64(d[4:]), 10),
		LastExtended:     strconv.FormatUint(binary.LittleEndian.Uint64(d[12:]), 10),
		LastExtendedFrom: d[20],
	}
	if d[21] == 1 {
		authority := keyAt(d, 22).String()
		info.Authority = &authority
	}
	for at := lookupMetaSize; at+32 <= len(d); at += 32 {
		info.Addresses = append(info.Addresses, keyAt(d, at).String())
	}
	return parsedData{typed{info, "lookupTable"}, "address-lookup-table", len(d)}, true
}

func keyAt(data []byte, offset int) solana.PublicKey {
	return solana.PublicKeyFromBytes(data[offset : offset+32])
}

func optionSet(data []byte, offset int) bool { return binary.LittleEndian.Uint32(data[offset:]) == 1 }

func optionalKey(data []byte, offset int) *string {
	if !optionSet(data, offset) {
		return nil
	}
	text := keyAt(data, offset+4).String()
	return &text
}
