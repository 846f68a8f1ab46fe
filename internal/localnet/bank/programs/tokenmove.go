package programs

import "github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"

// transfer wants [source, (mint,) destination, authority].
func (t *tokenCall) transfer(in *input, checked bool) error {
	amount := in.u64()
	from, to, authority := 0, 1, 2
	var decimals uint8
	if checked {
		decimals, to, authority = in.u8(), 2, 3
	}
	if in.bad {
		return vm.Custom(TokenInvalidInput)
	}
	if err := t.Need(authority + 1); err != nil {
		return err
	}
	source, err := t.account(from)
	if err != nil {
		return err
	}
	target, err := t.account(to)
	if err != nil {
		return err
	}
	switch {
	case source.State == TokenFrozen || target.State == TokenFrozen:
		return vm.Custom(TokenAccountFrozen)
	case source.Amount < amount:
		return vm.Custom(TokenInsufficientFunds)
	case source.Mint != target.Mint, checked && source.Mint != t.Accounts[1].Key:
		return vm.Custom(TokenMintMismatch)
	}
	if checked {
		mint, err := t.mint(1)
		if err != nil {
			return err
		}
		if mint.Decimals != decimals {
			return vm.Custom(TokenDecimalsMismatch)
		}
	}
	self := t.Accounts[from].Key == t.Accounts[to].Key
	if err := t.spend(&source, authority, amount, !self); err != nil {
		return err
	}
	if self || amount == 0 {
		if err := t.owned(from); err != nil {
			return err
		}
		if err := t.owned(to); err != nil {
			return err
		}
	}
	if self {
		return nil
	}
	if target.Amount+amount < amount {
		return vm.Custom(TokenOverflow)
	}
	source.Amount -= amount
	target.Amount += amount
	if err := t.store(from, source.Encode()); err != nil {
		return err
	}
	return t.store(to, target.Encode())
}

// spend checks the authority over an account and takes from its delegation.
func (t *tokenCall) spend(source *TokenAccount, authority int, amount uint64, take bool) error {
	if source.Delegate == nil || t.Accounts[authority].Key != *source.Delegate {
		return t.signed(authority, source.Owner)
	}
	if err := t.signed(authority, *source.Delegate); err != nil {
		return err
	}
	if source.DelegatedAmount < amount {
		return vm.Custom(TokenInsufficientFunds)
	}
	if take {
		source.DelegatedAmount -= amount
		if source.DelegatedAmount == 0 {
			source.Delegate = nil
		}
	}
	return nil
}

// mintTo wants [mint, account, mint authority].
func (t *tokenCall) mintTo(in *input) error {
	amount := in.u64()
	if in.bad {
		return vm.Custom(TokenInvalidInput)
	}
	target, err := t.account(1)
	if err != nil {
		return err
	}
	switch {
	case target.State == TokenFrozen:
		return vm.Custom(TokenAccountFrozen)
	case target.Mint != t.Accounts[0].Key:
		return vm.Custom(TokenMintMismatch)
	}
	mint, err := t.mint(0)
	if err != nil {
		return err
	}
	if mint.Authority == nil {
		return vm.Custom(TokenFixedSupply)
	}
	if err := t.signed(2, *mint.Authority); err != nil {
		return err
	}
	if mint.Supply+amount < amount || target.Amount+amount < amount {
		return vm.Custom(TokenOverflow)
	}
	mint.Supply += amount
	target.Amount += amount
	if err := t.store(1, target.Encode()); err != nil {
		return err
	}
	return t.store(0, mint.Encode())
}

// burn wants [account, mint, authority].
func (t *tokenCall) burn(in *input) error {
	amount := in.u64()
	if in.bad {
		return vm.Custom(TokenInvalidInput)
	}
	if err := t.Need(3); err != nil {
		return err
	}
	source, err := t.account(0)
	if err != nil {
		return err
	}
	mint, err := t.mint(1)
	if err != nil {
		return err
	}
	switch {
	case source.State == TokenFrozen:
		return vm.Custom(TokenAccountFrozen)
	case source.Amount < amount:
		return vm.Custom(TokenInsufficientFunds)
	case source.Mint != t.Accounts[1].Key:
		return vm.Custom(TokenMintMismatch)
	}
	if err := t.spend(&source, 2, amount, true); err != nil {
		return err
	}
	source.Amount -= amount
	mint.Supply -= amount
	if err := t.store(0, source.Encode()); err != nil {
		return err
	}
	return t.store(1, mint.Encode())
}

// approve wants [source, delegate, owner].
func (t *tokenCall) approve(in *input) error {
	amount := in.u64()
	if in.bad {
		return vm.Custom(TokenInvalidInput)
	}
	source, err := t.account(0)
	if err != nil {
		return err
	}
	if source.State == TokenFrozen {
		return vm.Custom(TokenAccountFrozen)
	}
	if err := t.signed(2, source.Owner); err != nil {
		return err
	}
	delegate := t.Accounts[1].Key
	source.Delegate, source.DelegatedAmount = &delegate, amount
	return t.store(0, source.Encode())
}

// revoke wants [source, owner].
func (t *tokenCall) revoke() error {
	source, err := t.account(0)
	if err != nil {
		return err
	}
	if source.State == TokenFrozen {
		return vm.Custom(TokenAccountFrozen)
	}
	if err := t.signed(1, source.Owner); err != nil {
		return err
	}
	source.Delegate, source.DelegatedAmount = nil, 0
	return t.store(0, source.Encode())
}
