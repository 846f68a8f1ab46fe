package programs

import (
	"encoding/binary"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// Sizes of SPL Token accounts in bytes.
const (
	TokenAccountSize = 165
	MintSize         = 82
)

// States of a token account.
const (
	tokenUninitialized = 0
	TokenInitialized   = 1
	TokenFrozen        = 2
)

// TokenAccount is an SPL Token account. Amounts are base units.
type TokenAccount struct {
	Mint, Owner     solana.PublicKey
	Amount          uint64
	Delegate        *solana.PublicKey
	State           uint8
	Native          *uint64 // rent reserve in lamports of a wrapped SOL account
	DelegatedAmount uint64
	CloseAuthority  *solana.PublicKey
}

// Mint is an SPL Token mint.
type Mint struct {
	Authority       *solana.PublicKey
	Supply          uint64 // base units
	Decimals        uint8
	Initialized     bool
	FreezeAuthority *solana.PublicKey
}

// DecodeTokenAccount reads an initialized account that the token program owns.
func DecodeTokenAccount(a *vm.Account) (TokenAccount, bool) {
	if a == nil || a.Owner != solana.TokenProgramID || len(a.Data) != TokenAccountSize {
		return TokenAccount{}, false
	}
	t := readTokenAccount(a.Data)
	return t, t.State != tokenUninitialized
}

// DecodeMint reads an initialized mint that the token program owns.
func DecodeMint(a *vm.Account) (Mint, bool) {
	if a == nil || a.Owner != solana.TokenProgramID || len(a.Data) != MintSize {
		return Mint{}, false
	}
	m := readMint(a.Data)
	return m, m.Initialized
}

func readTokenAccount(data []byte) TokenAccount {
	in := &input{b: data}
	t := TokenAccount{Mint: in.key(), Owner: in.key(), Amount: in.u64(), Delegate: in.coption(), State: in.u8()}
	if native, lamports := in.u32(), in.u64(); native == 1 {
		t.Native = &lamports
	}
	t.DelegatedAmount, t.CloseAuthority = in.u64(), in.coption()
	return t
}

// Encode returns the account's 165 bytes.
func (t TokenAccount) Encode() []byte {
	b := append(make([]byte, 0, TokenAccountSize), t.Mint[:]...)
	b = append(b, t.Owner[:]...)
	b = binary.LittleEndian.AppendUint64(b, t.Amount)
	b = append(appendCOption(b, t.Delegate), t.State)
	if t.Native != nil {
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, 1), *t.Native)
	} else {
		b = append(b, make([]byte, 12)...)
	}
	b = binary.LittleEndian.AppendUint64(b, t.DelegatedAmount)
	return appendCOption(b, t.CloseAuthority)
}

func readMint(data []byte) Mint {
	in := &input{b: data}
	return Mint{
		Authority: in.coption(), Supply: in.u64(), Decimals: in.u8(), Initialized: in.u8() == 1, FreezeAuthority: in.coption(),
	}
}

// Encode returns the mint's 82 bytes.
func (m Mint) Encode() []byte {
	b := appendCOption(make([]byte, 0, MintSize), m.Authority)
	b = append(binary.LittleEndian.AppendUint64(b, m.Supply), m.Decimals, 0)
	if m.Initialized {
		b[len(b)-1] = 1
	}
	return appendCOption(b, m.FreezeAuthority)
}

// coption reads the four-byte option in which accounts hold keys.
func (in *input) coption() *solana.PublicKey {
	tag, key := in.u32(), in.key()
	if tag == 0 {
		return nil
	}
	return &key
}

func appendCOption(b []byte, key *solana.PublicKey) []byte {
	if key == nil {
		return append(b, make([]byte, 36)...)
	}
	return append(binary.LittleEndian.AppendUint32(b, 1), key[:]...)
}

// TransferData is the instruction data of a plain SPL Token transfer.
func TransferData(amount uint64) []byte { return binary.LittleEndian.AppendUint64([]byte{3}, amount) }
