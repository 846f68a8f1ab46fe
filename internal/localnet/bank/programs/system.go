package programs

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// Error codes of the System program.
const (
	systemInUse         = 0
	systemNoLamports    = 1
	systemDataLength    = 3
	systemSeedMismatch  = 5
	systemMaxDataLength = 10 << 20
)

// system models create account, transfer, assign and allocate, each also with seed.
func system(c *vm.Call) error {
	if err := c.Consume(150); err != nil {
		return err
	}
	in := &input{b: c.Data}
	switch in.u32() {
	case 0:
		return systemCreate(c, in)
	case 1:
		return systemAssign(c, in)
	case 2:
		lamports := in.u64()
		if in.bad {
			return vm.ErrInvalidInstructionData
		}
		return systemMove(c, 0, 1, lamports, true)
	case 3:
		return systemCreateWithSeed(c, in)
	case 8:
		return systemAllocate(c, in)
	default:
		return vm.ErrInvalidInstructionData
	}
}

func systemCreate(c *vm.Call, in *input) error {
	lamports, space, owner := in.u64(), in.u64(), in.key()
	if in.bad {
		return vm.ErrInvalidInstructionData
	}
	if c.Need(2) != nil {
		return vm.ErrMissingAccount
	}
	return create(c, lamports, space, owner, c.Accounts[1].Signer)
}

func systemCreateWithSeed(c *vm.Call, in *input) error {
	base := in.key()
	seed := string(in.take(in.u64()))
	lamports, space, owner := in.u64(), in.u64(), in.key()
	if in.bad {
		return vm.ErrInvalidInstructionData
	}
	if c.Need(2) != nil {
		return vm.ErrMissingAccount
	}
	address, err := solana.CreateWithSeed(base, seed, owner)
	if err != nil {
		return vm.InstructionError{Name: "MaxSeedLengthExceeded"}
	}
	if address != c.Accounts[1].Key {
		c.Note("Create: address %s does not match derived address %s", c.Accounts[1].Key, address)
		return vm.Custom(systemSeedMismatch)
	}
	signed := false
	for _, meta := range c.Accounts {
		signed = signed || (meta.Key == base && meta.Signer)
	}
	return create(c, lamports, space, owner, signed)
}

func create(c *vm.Call, lamports, space uint64, owner solana.PublicKey, signed bool) error {
	to := c.Accounts[1].Key
	if c.Get(to).Lamports > 0 {
		c.Note("Create Account: account Address { address: %s, base: None } already in use", to)
		return vm.Custom(systemInUse)
	}
	if err := allocate(c, 1, space, signed); err != nil {
		return err
	}
	if err := assign(c, 1, owner, signed); err != nil {
		return err
	}
	return systemMove(c, 0, 1, lamports, true)
}

func systemAssign(c *vm.Call, in *input) error {
	owner := in.key()
	if in.bad {
		return vm.ErrInvalidInstructionData
	}
	if c.Need(1) != nil {
		return vm.ErrMissingAccount
	}
	return assign(c, 0, owner, c.Accounts[0].Signer)
}

func systemAllocate(c *vm.Call, in *input) error {
	space := in.u64()
	if in.bad {
		return vm.ErrInvalidInstructionData
	}
	if c.Need(1) != nil {
		return vm.ErrMissingAccount
	}
	return allocate(c, 0, space, c.Accounts[0].Signer)
}

func allocate(c *vm.Call, i int, space uint64, signed bool) error {
	key := c.Accounts[i].Key
	if !signed {
		c.Note("Allocate: 'to' account Address { address: %s, base: None } must sign", key)
		return vm.ErrMissingSignature
	}
	if now := c.Get(key); len(now.Data) > 0 || now.Owner != solana.SystemProgramID {
		c.Note("Allocate: account Address { address: %s, base: None } already in use", key)
		return vm.Custom(systemInUse)
	}
	if space > systemMaxDataLength {
		c.Note("Allocate: requested %d, max allowed %d", space, systemMaxDataLength)
		return vm.Custom(systemDataLength)
	}
	account, err := c.Mut(i)
	if err != nil {
		return err
	}
	account.Data = make([]byte, space)
	return nil
}

func assign(c *vm.Call, i int, owner solana.PublicKey, signed bool) error {
	key := c.Accounts[i].Key
	if c.Get(key).Owner == owner {
		return nil
	}
	if !signed {
		c.Note("Assign: account Address { address: %s, base: None } must sign", key)
		return vm.ErrMissingSignature
	}
	account, err := c.Mut(i)
	if err != nil {
		return err
	}
	if account.Owner != solana.SystemProgramID {
		return vm.InstructionError{Name: "ModifiedProgramId"}
	}
	account.Owner = owner
	return nil
}

// systemMove transfers lamports out of an account without data.
func systemMove(c *vm.Call, from, to int, lamports uint64, mustSign bool) error {
	if c.Need(max(from, to)+1) != nil {
		return vm.ErrMissingAccount
	}
	key := c.Accounts[from].Key
	if mustSign && !c.Accounts[from].Signer {
		c.Note("Transfer: `from` account %s must sign", key)
		return vm.ErrMissingSignature
	}
	source := c.Get(key)
	if len(source.Data) > 0 {
		c.Note("Transfer: `from` must not carry data")
		return vm.ErrInvalidArgument
	}
	if lamports > source.Lamports {
		c.Note("Transfer: insufficient lamports %d, need %d", source.Lamports, lamports)
		return vm.Custom(systemNoLamports)
	}
	return moveLamports(c, from, to, lamports)
}

// moveLamports changes two balances; a program may only debit what it owns, which its caller has checked.
func moveLamports(c *vm.Call, from, to int, lamports uint64) error {
	if !c.Accounts[from].Writable || !c.Accounts[to].Writable {
		return vm.ErrReadonlyLamports
	}
	source, err := c.Mut(from)
	if err != nil {
		return err
	}
	if source.Owner != c.Program {
		return vm.InstructionError{Name: "ExternalAccountLamportSpend"}
	}
	target, err := c.Mut(to)
	if err != nil {
		return err
	}
	if target.Lamports+lamports < lamports {
		return vm.ErrArithmetic
	}
	source.Lamports -= lamports
	target.Lamports += lamports
	return nil
}
