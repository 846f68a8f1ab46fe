package programs

import (
	"encoding/binary"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// initMint wants [mint] (and the rent sysvar in the old form).
func (t *tokenCall) initMint(in *input) error {
	decimals, authority, freeze := in.u8(), in.key(), in.option()
	if in.bad {
		return vm.Custom(TokenInvalidInput)
	}
	if err := t.Need(1); err != nil {
		return err
	}
	now := t.Get(t.Accounts[0].Key)
	switch {
	case len(now.Data) != MintSize:
		return vm.ErrInvalidAccountData
	case readMint(now.Data).Initialized:
		return vm.Custom(TokenAlreadyInUse)
	case now.Lamports < vm.MinimumRent(MintSize):
		return vm.Custom(TokenNotRentExempt)
	}
	mint := Mint{Authority: &authority, Decimals: decimals, Initialized: true, FreezeAuthority: freeze}
	return t.store(0, mint.Encode())
}

// initAccount wants [account, mint]; where the owner stands differs between the three forms.
func (t *tokenCall) initAccount(owner solana.PublicKey) error {
	if err := t.Need(2); err != nil {
		return err
	}
	now := t.Get(t.Accounts[0].Key)
	switch {
	case len(now.Data) != TokenAccountSize:
		return vm.ErrInvalidAccountData
	case readTokenAccount(now.Data).State != tokenUninitialized:
		return vm.Custom(TokenAlreadyInUse)
	case now.Lamports < vm.MinimumRent(TokenAccountSize):
		return vm.Custom(TokenNotRentExempt)
	}
	if _, ok := DecodeMint(t.Read(t.Accounts[1].Key)); !ok {
		return vm.Custom(TokenInvalidMint)
	}
	return t.store(0, TokenAccount{Mint: t.Accounts[1].Key, Owner: owner, State: TokenInitialized}.Encode())
}

// freeze wants [account, mint, freeze authority] and sets the state.
func (t *tokenCall) freeze(state uint8) error {
	account, err := t.account(0)
	if err != nil {
		return err
	}
	if err := t.Need(3); err != nil {
		return err
	}
	switch {
	case account.State == state:
		return vm.Custom(TokenInvalidState)
	case account.Mint != t.Accounts[1].Key:
		return vm.Custom(TokenMintMismatch)
	}
	mint, err := t.mint(1)
	if err != nil {
		return err
	}
	if mint.FreezeAuthority == nil {
		return vm.Custom(TokenMintCannotFreeze)
	}
	if err := t.signed(2, *mint.FreezeAuthority); err != nil {
		return err
	}
	account.State = state
	return t.store(0, account.Encode())
}

// closeAccount wants [account, destination, authority].
func (t *tokenCall) closeAccount() error {
	if err := t.Need(3); err != nil {
		return err
	}
	if t.Accounts[0].Key == t.Accounts[1].Key {
		return vm.ErrInvalidAccountData
	}
	account, err := t.account(0)
	if err != nil {
		return err
	}
	if account.Amount != 0 {
		return vm.Custom(TokenNonNativeBalance)
	}
	authority := account.Owner
	if account.CloseAuthority != nil {
		authority = *account.CloseAuthority
	}
	if err := t.signed(2, authority); err != nil {
		return err
	}
	if err := moveLamports(t.Call, 0, 1, t.Get(t.Accounts[0].Key).Lamports); err != nil {
		return err
	}
	closed, err := t.Mut(0)
	if err != nil {
		return err
	}
	closed.Data, closed.Owner = nil, solana.SystemProgramID
	return nil
}

// setAuthority wants [account or mint, current authority].
func (t *tokenCall) setAuthority(in *input) error {
	kind, next := in.u8(), in.option()
	if in.bad || kind > 3 {
		return vm.Custom(TokenInvalidInput)
	}
	if err := t.Need(2); err != nil {
		return err
	}
	if len(t.Get(t.Accounts[0].Key).Data) == MintSize {
		return t.setMintAuthority(kind, next)
	}
	account, err := t.account(0)
	if err != nil {
		return err
	}
	if account.State == TokenFrozen {
		return vm.Custom(TokenAccountFrozen)
	}
	switch kind {
	case 2: // the owner
		if next == nil {
			return vm.Custom(TokenInvalidInput)
		}
		if err := t.signed(1, account.Owner); err != nil {
			return err
		}
		account.Owner, account.Delegate, account.DelegatedAmount = *next, nil, 0
	case 3: // who may close it
		holder := account.Owner
		if account.CloseAuthority != nil {
			holder = *account.CloseAuthority
		}
		if err := t.signed(1, holder); err != nil {
			return err
		}
		account.CloseAuthority = next
	default:
		return vm.Custom(TokenAuthorityType)
	}
	return t.store(0, account.Encode())
}

func (t *tokenCall) setMintAuthority(kind uint8, next *solana.PublicKey) error {
	mint, err := t.mint(0)
	if err != nil {
		return err
	}
	field, missing := &mint.Authority, uint32(TokenFixedSupply)
	switch kind {
	case 0:
	case 1:
		field, missing = &mint.FreezeAuthority, TokenMintCannotFreeze
	default:
		return vm.Custom(TokenAuthorityType)
	}
	if *field == nil {
		return vm.Custom(missing)
	}
	if err := t.signed(1, **field); err != nil {
		return err
	}
	*field = next
	return t.store(0, mint.Encode())
}

// dataSize wants [mint] and returns the size of its accounts.
func (t *tokenCall) dataSize() error {
	if err := t.Need(1); err != nil {
		return err
	}
	if err := t.owned(0); err != nil {
		return err
	}
	if _, err := t.mint(0); err != nil {
		return vm.Custom(TokenInvalidMint)
	}
	t.Return(binary.LittleEndian.AppendUint64(nil, TokenAccountSize))
	return nil
}

func (t *tokenCall) immutableOwner() error {
	if err := t.Need(1); err != nil {
		return err
	}
	if data := t.Get(t.Accounts[0].Key).Data; len(data) != TokenAccountSize {
		return vm.ErrInvalidAccountData
	} else if readTokenAccount(data).State != tokenUninitialized {
		return vm.Custom(TokenAlreadyInUse)
	}
	t.Log("Please upgrade to SPL Token 2022 for immutable owner support")
	return nil
}
