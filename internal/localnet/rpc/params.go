package rpc

import (
	"encoding/json"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// params are the positional parameters of one request.
type params []json.RawMessage

func (p params) has(i int) bool { return i < len(p) && string(p[i]) != "null" }

// need reads a parameter that must be there.
func (p params) need(i int, into any) error {
	if !p.has(i) {
		return invalid("`params` should have at least %d argument(s)", i+1)
	}
	if err := json.Unmarshal(p[i], into); err != nil {
		return invalid("Invalid params: %v.", err)
	}
	return nil
}

// maybe reads a parameter that may be missing or null.
func (p params) maybe(i int, into any) error {
	if !p.has(i) {
		return nil
	}
	return p.need(i, into)
}

func (p params) key(i int) (solana.PublicKey, error) {
	var text string
	if err := p.need(i, &text); err != nil {
		return solana.PublicKey{}, err
	}
	return parseKey(text)
}

func (p params) keys(i int) ([]solana.PublicKey, error) {
	var texts []string
	if err := p.need(i, &texts); err != nil {
		return nil, err
	}
	out := make([]solana.PublicKey, len(texts))
	for j, text := range texts {
		key, err := parseKey(text)
		if err != nil {
			return nil, err
		}
		out[j] = key
	}
	return out, nil
}

func parseKey(text string) (solana.PublicKey, error) {
	key, err := solana.PublicKeyFromBase58(text)
	if err != nil {
		return key, invalid("Invalid param: Invalid")
	}
	return key, nil
}

func parseSignature(text string) (solana.Signature, error) {
	sig, err := solana.SignatureFromBase58(text)
	if err != nil {
		return sig, invalid("Invalid param: Invalid")
	}
	return sig, nil
}

// config is the union of the configuration objects of all methods: names never mean two things.
type config struct {
	Commitment     *string    `json:"commitment"`
	MinContextSlot *uint64    `json:"minContextSlot"`
	Encoding       *string    `json:"encoding"`
	DataSlice      *dataSlice `json:"dataSlice"`
	Filters        []filter   `json:"filters"`
	WithContext    bool       `json:"withContext"`

	Before  string `json:"before"`
	Until   string `json:"until"`
	Limit   *int   `json:"limit"`
	History bool   `json:"searchTransactionHistory"`
	MaxVer  *int   `json:"maxSupportedTransactionVersion"`

	TransactionDetails *string `json:"transactionDetails"`
	Rewards            *bool   `json:"rewards"`

	SkipPreflight       bool    `json:"skipPreflight"`
	PreflightCommitment *string `json:"preflightCommitment"`
	MaxRetries          *int    `json:"maxRetries"`

	SigVerify         bool           `json:"sigVerify"`
	ReplaceBlockhash  bool           `json:"replaceRecentBlockhash"`
	InnerInstructions bool           `json:"innerInstructions"`
	Accounts          *simulatedKeys `json:"accounts"`

	ReceivedNotification bool `json:"enableReceivedNotification"`
}

type simulatedKeys struct {
	Addresses []string `json:"addresses"`
	Encoding  *string  `json:"encoding"`
}

func (p params) config(i int) (config, error) {
	var c config
	err := p.maybe(i, &c)
	return c, err
}

// commitment reads a commitment with the names of today and of old clients; none means finalized.
func commitment(name *string) (bank.Commitment, error) {
	if name == nil {
		return bank.Finalized, nil
	}
	switch *name {
	case "processed", "recent":
		return bank.Processed, nil
	case "confirmed", "single", "singleGossip":
		return bank.Confirmed, nil
	case "finalized", "root", "max":
		return bank.Finalized, nil
	}
	return 0, invalid("Invalid params: unknown variant `%s`, expected one of `processed`, `confirmed`, `finalized`.", *name)
}

// confirmedAtLeast is for methods that read blocks, which do not exist below confirmed.
func confirmedAtLeast(name *string) (bank.Commitment, error) {
	c, err := commitment(name)
	if err == nil && c == bank.Processed {
		return 0, invalid("Method does not support commitment below `confirmed`")
	}
	return c, err
}

func commitmentName(c bank.Commitment) string {
	switch c {
	case bank.Processed:
		return "processed"
	case bank.Confirmed:
		return "confirmed"
	default:
		return "finalized"
	}
}
