package programs

import (
	"errors"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// Error codes of SPL Token that this model returns.
const (
	TokenNotRentExempt     = 0
	TokenInsufficientFunds = 1
	TokenInvalidMint       = 2
	TokenMintMismatch      = 3
	TokenOwnerMismatch     = 4
	TokenFixedSupply       = 5
	TokenAlreadyInUse      = 6
	TokenUninitialized     = 9
	TokenNonNativeBalance  = 11
	TokenInvalidInput      = 12
	TokenInvalidState      = 13
	TokenOverflow          = 14
	TokenAuthorityType     = 15
	TokenMintCannotFreeze  = 16
	TokenAccountFrozen     = 17
	TokenDecimalsMismatch  = 18
)

// tokenTexts are what the program logs beside the code.
var tokenTexts = map[uint32]string{
	TokenNotRentExempt:     "Error: Lamport balance below rent-exempt threshold",
	TokenInsufficientFunds: "Error: insufficient funds",
	TokenInvalidMint:       "Error: Invalid Mint",
	TokenMintMismatch:      "Error: Account not associated with this Mint",
	TokenOwnerMismatch:     "Error: owner does not match",
	TokenFixedSupply:       "Error: the total supply of this token is fixed",
	TokenAlreadyInUse:      "Error: account or token already in use",
	TokenUninitialized:     "Error: State is unititialized",
	TokenNonNativeBalance:  "Error: Non-native account can only be closed if its balance is zero",
	TokenInvalidInput:      "Error: Invalid instruction",
	TokenInvalidState:      "Error: Invalid account state for operation",
	TokenOverflow:          "Error: Operation overflowed",
	TokenAuthorityType:     "Error: Account does not support specified authority type",
	TokenMintCannotFreeze:  "Error: This token mint cannot freeze accounts",
	TokenAccountFrozen:     "Error: Account is frozen",
	TokenDecimalsMismatch:  "Error: decimals different from the Mint decimals",
}

type tokenOp struct {
	name  string
	units uint64
	run   func(*tokenCall, *input) error
}

// tokenOps is a function and not a variable because it holds no state worth sharing.
func tokenOps(tag uint8) (tokenOp, bool) {
	switch tag {
	case 0:
		return tokenOp{"InitializeMint", 2967, func(t *tokenCall, in *input) error { return t.initMint(in) }}, true
	case 1:
		return tokenOp{"InitializeAccount", 4527, func(t *tokenCall, _ *input) error { return t.initAccount(t.keyAt(2)) }}, true
	case 3:
		return tokenOp{"Transfer", 4645, func(t *tokenCall, in *input) error { return t.transfer(in, false) }}, true
	case 4:
		return tokenOp{"Approve", 2904, func(t *tokenCall, in *input) error { return t.approve(in) }}, true
	case 5:
		return tokenOp{"Revoke", 2677, func(t *tokenCall, _ *input) error { return t.revoke() }}, true
	case 6:
		return tokenOp{"SetAuthority", 3167, func(t *tokenCall, in *input) error { return t.setAuthority(in) }}, true
	case 7:
		return tokenOp{"MintTo", 4538, func(t *tokenCall, in *input) error { return t.mintTo(in) }}, true
	case 8:
		return tokenOp{"Burn", 4753, func(t *tokenCall, in *input) error { return t.burn(in) }}, true
	case 9:
		return tokenOp{"CloseAccount", 2916, func(t *tokenCall, _ *input) error { return t.closeAccount() }}, true
	case 10:
		return tokenOp{"FreezeAccount", 4265, func(t *tokenCall, _ *input) error { return t.freeze(TokenFrozen) }}, true
	case 11:
		return tokenOp{"ThawAccount", 4267, func(t *tokenCall, _ *input) error { return t.freeze(TokenInitialized) }}, true
	case 12:
		return tokenOp{"TransferChecked", 6200, func(t *tokenCall, in *input) error { return t.transfer(in, true) }}, true
	case 16:
		return tokenOp{"InitializeAccount2", 4388, func(t *tokenCall, in *input) error { return t.initAccount(in.key()) }}, true
	case 18:
		return tokenOp{"InitializeAccount3", 4188, func(t *tokenCall, in *input) error { return t.initAccount(in.key()) }}, true
	case 20:
		return tokenOp{"InitializeMint2", 2827, func(t *tokenCall, in *input) error { return t.initMint(in) }}, true
	case 21:
		return tokenOp{"GetAccountDataSize", 1569, func(t *tokenCall, _ *input) error { return t.dataSize() }}, true
	case 22:
		return tokenOp{"InitializeImmutableOwner", 1405, func(t *tokenCall, _ *input) error { return t.immutableOwner() }}, true
	}
	return tokenOp{}, false
}

// tokenCall is one instruction of SPL Token.
type tokenCall struct{ *vm.Call }

// token models the instructions of SPL Token that the project's world uses; multisig and wrapped SOL are
// not among them.
func token(c *vm.Call) error {
	in := &input{b: c.Data}
	op, ok := tokenOps(in.u8())
	if in.bad || !ok {
		return coded(c, vm.Custom(TokenInvalidInput))
	}
	c.Log("Instruction: %s", op.name)
	if err := c.Consume(op.units); err != nil {
		return err
	}
	return coded(c, op.run(&tokenCall{c}, in))
}

// coded logs the program's own text for its codes.
func coded(c *vm.Call, err error) error {
	var code vm.InstructionError
	if errors.As(err, &code) && code.Name == "Custom" {
		if text, known := tokenTexts[code.Code]; known {
			c.Log("%s", text)
		}
	}
	return err
}

func (t *tokenCall) keyAt(i int) (key solana.PublicKey) {
	if i < len(t.Accounts) {
		key = t.Accounts[i].Key
	}
	return key
}

// account reads token account i. A foreign one of the right shape is read too, as the real program does;
// store refuses it.
func (t *tokenCall) account(i int) (TokenAccount, error) {
	if err := t.Need(i + 1); err != nil {
		return TokenAccount{}, err
	}
	data := t.Get(t.Accounts[i].Key).Data
	if len(data) != TokenAccountSize {
		return TokenAccount{}, vm.ErrInvalidAccountData
	}
	out := readTokenAccount(data)
	if out.State == tokenUninitialized {
		return out, vm.ErrUninitialized
	}
	return out, nil
}

func (t *tokenCall) mint(i int) (Mint, error) {
	if err := t.Need(i + 1); err != nil {
		return Mint{}, err
	}
	data := t.Get(t.Accounts[i].Key).Data
	if len(data) != MintSize {
		return Mint{}, vm.ErrInvalidAccountData
	}
	out := readMint(data)
	if !out.Initialized {
		return out, vm.ErrUninitialized
	}
	return out, nil
}

// store writes the bytes of account i, which must belong to the token program.
func (t *tokenCall) store(i int, data []byte) error {
	if t.Get(t.Accounts[i].Key).Owner != t.Program {
		return vm.ErrExternalData
	}
	account, err := t.Mut(i)
	if err != nil {
		return err
	}
	account.Data = data
	return nil
}

// owned is the program's check of account i in the cases where it changes nothing.
func (t *tokenCall) owned(i int) error {
	if t.Get(t.Accounts[i].Key).Owner != t.Program {
		return vm.ErrIncorrectProgramID
	}
	return nil
}

// signed demands that account i is the expected authority and has signed.
func (t *tokenCall) signed(i int, want solana.PublicKey) error {
	if err := t.Need(i + 1); err != nil {
		return err
	}
	if t.Accounts[i].Key != want {
		return vm.Custom(TokenOwnerMismatch)
	}
	if !t.Accounts[i].Signer {
		return vm.ErrMissingSignature
	}
	return nil
}
