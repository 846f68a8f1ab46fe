package rpc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"

	"github.com/gagliardetto/solana-go"
	"github.com/klauspost/compress/zstd"
	"github.com/mr-tron/base58"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// Account encodings; binary is the default of old, a bare base58 string.
const (
	encBinary = "binary"
	encBase58 = "base58"
	encBase64 = "base64"
	encZstd   = "base64+zstd"
	encParsed = "jsonParsed"
)

// maxBase58 is the longest data that a validator still encodes as base58, which is quadratic.
const maxBase58 = 128

type dataSlice struct {
	Offset int `json:"offset"`
	Length int `json:"length"`
}

// cut returns the asked part; past the end it is empty, as on a validator.
func (s *dataSlice) cut(data []byte) []byte {
	if s == nil {
		return data
	}
	from := min(max(s.Offset, 0), len(data))
	return data[from:min(from+max(s.Length, 0), len(data))]
}

// uiAccount is an account as clients get it.
type uiAccount struct {
	Data       any    `json:"data"`
	Executable bool   `json:"executable"`
	Lamports   uint64 `json:"lamports"`
	Owner      string `json:"owner"`
	RentEpoch  uint64 `json:"rentEpoch"`
	Space      int    `json:"space"`
}

// rentExempt is the epoch that validators show for accounts which never pay rent; there are no others any more.
const rentExempt = uint64(math.MaxUint64)

type uiKeyedAccount struct {
	Account *uiAccount `json:"account"`
	Pubkey  string     `json:"pubkey"`
}

func encodingOf(name *string, otherwise string) (string, error) {
	if name == nil {
		return otherwise, nil
	}
	switch *name {
	case encBinary, encBase58, encBase64, encZstd, encParsed:
		return *name, nil
	}
	return "", invalid("Invalid params: unknown variant `%s`, expected one of `binary`, `base64`, `base58`, `jsonParsed`, `base64+zstd`.", *name)
}

// encodeAccount renders an account. mintOf finds the mint that a parsed token account needs for its decimals.
func encodeAccount(a bank.Account, encoding string, slice *dataSlice, mintOf accountReader) (*uiAccount, error) {
	ui := &uiAccount{
		Executable: a.Executable, Lamports: a.Lamports, Owner: a.Owner.String(), RentEpoch: rentExempt, Space: len(a.Data),
	}
	if encoding == encParsed {
		if parsed, ok := parseAccount(a, mintOf); ok {
			ui.Data = parsed
			return ui, nil
		}
		encoding = encBase64
	}
	var err error
	ui.Data, err = encodeData(slice.cut(a.Data), encoding)
	return ui, err
}

func encodeData(data []byte, encoding string) (any, error) {
	switch encoding {
	case encBinary, encBase58:
		if len(data) > maxBase58 {
			return nil, fail(codeInvalidRequest, "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.")
		}
		if encoding == encBinary {
			return base58.Encode(data), nil
		}
		return [2]string{base58.Encode(data), encBase58}, nil
	case encZstd:
		packed, err := compress(data)
		return [2]string{base64.StdEncoding.EncodeToString(packed), encZstd}, err
	default:
		return base64Data(data), nil
	}
}

// base64Data is written as [data, "base64"]. It encodes when the answer is written, which is after the chain's lock has
// been let go: megabytes for getProgramAccounts must not hold up the next slot.
type base64Data []byte

func (d base64Data) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(len(d))+14)
	out = append(out, `["`...)
	out = base64.StdEncoding.AppendEncode(out, d)
	return append(out, `","base64"]`...), nil
}

func compress(data []byte) ([]byte, error) {
	var out bytes.Buffer
	// One goroutine and a small window: an encoder per answer must stay cheap and leave nothing running.
	w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(zstd.MinWindowSize))
	if err != nil {
		return nil, fmt.Errorf("compress account data: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("compress account data: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress account data: %w", err)
	}
	return out.Bytes(), nil
}

// filter selects accounts of getProgramAccounts.
type filter struct {
	DataSize   *uint64         `json:"dataSize"`
	Memcmp     *memcmp         `json:"memcmp"`
	TokenState json.RawMessage `json:"tokenAccountState"`
}

type memcmp struct {
	Offset   int             `json:"offset"`
	Bytes    json.RawMessage `json:"bytes"`
	Encoding string          `json:"encoding"`
	want     []byte
}

// prepare decodes the filter's bytes once and refuses what a validator refuses.
func (f *filter) prepare() error {
	if f.Memcmp == nil {
		return nil
	}
	var text string
	if json.Unmarshal(f.Memcmp.Bytes, &text) != nil {
		var numbers []byte16
		if err := json.Unmarshal(f.Memcmp.Bytes, &numbers); err != nil {
			return invalid("Invalid params: memcmp bytes must be a string or an array of numbers.")
		}
		for _, n := range numbers {
			f.Memcmp.want = append(f.Memcmp.want, byte(n))
		}
		return nil
	}
	var err error
	if f.Memcmp.Encoding == encBase64 {
		f.Memcmp.want, err = base64.StdEncoding.DecodeString(text)
	} else {
		f.Memcmp.want, err = base58.Decode(text)
	}
	if err != nil {
		return invalid("Invalid param: %s decode error", f.Memcmp.Encoding)
	}
	if len(f.Memcmp.want) > maxBase58 {
		return invalid("Invalid param: encoded binary data should be less than %d bytes", maxBase58)
	}
	return nil
}

// byte16 keeps encoding/json from reading an array of numbers as base64.
type byte16 uint16

func (f *filter) match(a bank.Account) bool {
	if f.DataSize != nil && uint64(len(a.Data)) != *f.DataSize {
		return false
	}
	if len(f.TokenState) > 0 && !(a.Owner == solana.TokenProgramID && len(a.Data) == tokenAccountSize && a.Data[tokenStateOffset] != 0) {
		return false
	}
	if m := f.Memcmp; m != nil {
		if m.Offset < 0 || m.Offset > len(a.Data) {
			return false
		}
		return bytes.HasPrefix(a.Data[m.Offset:], m.want)
	}
	return true
}
