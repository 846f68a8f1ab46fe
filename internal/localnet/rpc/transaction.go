package rpc

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/mr-tron/base58"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

const encJSON = "json"

// logTruncated is the line with which a validator ends logs that grew beyond 10 kB.
const logTruncated = "Log truncated"

func transactionEncoding(name *string) (string, error) {
	if name == nil {
		return encJSON, nil
	}
	switch *name {
	case encJSON, encBase58, encBase64, encParsed, encBinary:
		return *name, nil
	}
	return "", invalid("Invalid params: unknown variant `%s`, expected one of `binary`, `base64`, `base58`, `json`, `jsonParsed`.", *name)
}

// uiTransaction is a landed transaction with what happened to it. Version is "legacy" or 0; it is left out for clients
// that never asked about versions.
type uiTransaction struct {
	Meta        *uiMeta `json:"meta"`
	Transaction any     `json:"transaction"`
	Version     any     `json:"version,omitempty"`
}

type uiMeta struct {
	ComputeUnitsConsumed uint64                 `json:"computeUnitsConsumed"`
	Err                  *bank.TransactionError `json:"err"`
	Fee                  uint64                 `json:"fee"`
	InnerInstructions    []uiInner              `json:"innerInstructions"`
	LoadedAddresses      *loadedAddresses       `json:"loadedAddresses,omitempty"`
	LogMessages          []string               `json:"logMessages"`
	PostBalances         []uint64               `json:"postBalances"`
	PostTokenBalances    []uiTokenBalance       `json:"postTokenBalances"`
	PreBalances          []uint64               `json:"preBalances"`
	PreTokenBalances     []uiTokenBalance       `json:"preTokenBalances"`
	Rewards              []any                  `json:"rewards"`
	Status               resultStatus           `json:"status"`
}

type loadedAddresses struct {
	Readonly []string `json:"readonly"`
	Writable []string `json:"writable"`
}

type uiInner struct {
	Index        int   `json:"index"`
	Instructions []any `json:"instructions"`
}

type uiTokenBalance struct {
	AccountIndex  int         `json:"accountIndex"`
	Mint          string      `json:"mint"`
	Owner         string      `json:"owner"`
	ProgramID     string      `json:"programId"`
	UITokenAmount tokenAmount `json:"uiTokenAmount"`
}

// encodeRecord renders a landed transaction; a versioned one needs a client that has said it can read it.
func (q *query) encodeRecord(rec *bank.Record, encoding string, maxVersion *int) (uiTransaction, error) {
	out := uiTransaction{}
	if rec.Version >= 0 && (maxVersion == nil || *maxVersion < rec.Version) {
		return out, fail(codeUnsupportedVersion, msgUnsupportedVersion)
	}
	switch {
	case maxVersion == nil:
	case rec.Version < 0:
		out.Version = "legacy"
	default:
		out.Version = rec.Version
	}
	parsed := encoding == encParsed
	out.Meta = q.meta(rec, parsed)
	switch encoding {
	case encBase64:
		out.Transaction = [2]string{base64.StdEncoding.EncodeToString(rec.Raw), encBase64}
	case encBase58:
		out.Transaction = [2]string{base58.Encode(rec.Raw), encBase58}
	case encBinary:
		out.Transaction = base58.Encode(rec.Raw)
	default:
		out.Transaction = transactionJSON(rec, parsed)
	}
	return out, nil
}

func (q *query) meta(rec *bank.Record, parsed bool) *uiMeta {
	m := &uiMeta{
		ComputeUnitsConsumed: rec.UnitsConsumed, Err: rec.Err, Fee: rec.Fee, InnerInstructions: []uiInner{},
		LogMessages: q.logs(rec.Logs), PreBalances: rec.PreBalances, PostBalances: rec.PostBalances,
		PreTokenBalances: tokenBalances(rec.PreTokens), PostTokenBalances: tokenBalances(rec.PostTokens),
		Rewards: []any{}, Status: statusOf(rec.Err),
	}
	if !parsed {
		m.LoadedAddresses = &loadedAddresses{texts(rec.LoadedReadonly), texts(rec.LoadedWritable)}
	}
	for _, inner := range rec.Inner {
		ui := uiInner{Index: inner.Index, Instructions: make([]any, len(inner.Instructions))}
		for i, instruction := range inner.Instructions {
			height := 2
			if i < len(inner.StackHeights) {
				height = inner.StackHeights[i]
			}
			ui.Instructions[i] = instructionJSON(rec, instruction, &height, parsed)
		}
		m.InnerInstructions = append(m.InnerInstructions, ui)
	}
	return m
}

// logs cuts them in the middle when the fault says so, with the line a validator writes at 10 kB.
func (q *query) logs(lines []string) []string {
	if lines == nil {
		lines = []string{}
	}
	if len(lines) < 2 {
		return lines
	}
	if _, cut := q.endpoint.faults.Hit(faults.TruncatedLogs, q.method); !cut {
		return lines
	}
	half := len(lines) / 2
	return append(append([]string{}, lines[:half]...), logTruncated)
}

func tokenBalances(list []bank.TokenBalance) []uiTokenBalance {
	out := make([]uiTokenBalance, len(list))
	for i, b := range list {
		out[i] = uiTokenBalance{b.AccountIndex, b.Mint.String(), b.Owner.String(), b.Program.String(), uiTokenAmount(b.Amount, b.Decimals)}
	}
	return out
}

func texts[S fmt.Stringer](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.String()
	}
	return out
}

type uiMessage struct {
	AccountKeys         any            `json:"accountKeys"`
	AddressTableLookups []lookup       `json:"addressTableLookups,omitempty"`
	Header              *messageHeader `json:"header,omitempty"`
	Instructions        []any          `json:"instructions"`
	RecentBlockhash     string         `json:"recentBlockhash"`
}

type messageHeader struct {
	ReadonlySigned   uint8 `json:"numReadonlySignedAccounts"`
	ReadonlyUnsigned uint8 `json:"numReadonlyUnsignedAccounts"`
	Signatures       uint8 `json:"numRequiredSignatures"`
}

type lookup struct {
	AccountKey string  `json:"accountKey"`
	Readonly   numbers `json:"readonlyIndexes"`
	Writable   numbers `json:"writableIndexes"`
}

// numbers are bytes written as an array of numbers.
type numbers []uint8

// MarshalJSON writes [1,2,3] where encoding/json would write base64.
func (n numbers) MarshalJSON() ([]byte, error) {
	out := make([]uint16, len(n))
	for i, b := range n {
		out[i] = uint16(b)
	}
	return json.Marshal(out)
}

type uiTransactionBody struct {
	Message    uiMessage `json:"message"`
	Signatures []string  `json:"signatures"`
}

func transactionJSON(rec *bank.Record, parsed bool) uiTransactionBody {
	message := &rec.Tx.Message
	static := len(rec.Keys) - len(rec.LoadedWritable) - len(rec.LoadedReadonly)
	ui := uiMessage{Instructions: make([]any, len(message.Instructions)), RecentBlockhash: message.RecentBlockhash.String()}
	for i, instruction := range message.Instructions {
		ui.Instructions[i] = instructionJSON(rec, instruction, nil, parsed)
	}
	if parsed {
		ui.AccountKeys = parsedKeys(rec, static)
	} else {
		ui.AccountKeys = texts(rec.Keys[:static])
		h := message.Header
		ui.Header = &messageHeader{h.NumReadonlySignedAccounts, h.NumReadonlyUnsignedAccounts, h.NumRequiredSignatures}
	}
	for _, table := range message.AddressTableLookups {
		ui.AddressTableLookups = append(ui.AddressTableLookups,
			lookup{table.AccountKey.String(), numbers(table.ReadonlyIndexes), numbers(table.WritableIndexes)})
	}
	return uiTransactionBody{ui, texts(rec.Tx.Signatures)}
}

type parsedKey struct {
	Pubkey   string `json:"pubkey"`
	Signer   bool   `json:"signer"`
	Source   string `json:"source"`
	Writable bool   `json:"writable"`
}

func parsedKeys(rec *bank.Record, static int) []parsedKey {
	out := make([]parsedKey, len(rec.Keys))
	for i, key := range rec.Keys {
		source := "transaction"
		if i >= static {
			source = "lookupTable"
		}
		out[i] = parsedKey{key.String(), i < int(rec.Tx.Message.Header.NumRequiredSignatures), source, writable(rec, i)}
	}
	return out
}

type uiInstruction struct {
	Accounts       numbers `json:"accounts"`
	Data           string  `json:"data"`
	ProgramIDIndex uint16  `json:"programIdIndex"`
	StackHeight    *int    `json:"stackHeight"`
}

func instructionJSON(rec *bank.Record, in solana.CompiledInstruction, height *int, parsed bool) any {
	if parsed {
		return parsedInstruction(rec, in, height)
	}
	accounts := make(numbers, len(in.Accounts))
	for i, index := range in.Accounts {
		accounts[i] = uint8(index)
	}
	return uiInstruction{accounts, base58.Encode(in.Data), in.ProgramIDIndex, height}
}
