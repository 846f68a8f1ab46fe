package programs

import (
	"encoding/binary"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// associatedToken models create and createIdempotent:
// [payer, associated account, wallet, mint, system program, token program].
func associatedToken(c *vm.Call) error {
	idempotent := false
	switch {
	case len(c.Data) == 0 || c.Data[0] == 0:
		c.Log("Create")
	case c.Data[0] == 1:
		idempotent = true
		c.Log("CreateIdempotent")
	default:
		return vm.ErrInvalidInstructionData
	}
	if err := c.Need(6); err != nil {
		return err
	}
	if err := c.Consume(5_000); err != nil {
		return err
	}
	payer, account, wallet, mint := c.Accounts[0].Key, c.Accounts[1].Key, c.Accounts[2].Key, c.Accounts[3].Key
	tokens := c.Accounts[5].Key
	derived, _, err := solana.FindProgramAddress([][]byte{wallet[:], tokens[:], mint[:]}, c.Program)
	if err != nil || derived != account {
		c.Log("Error: Associated address does not match seed derivation")
		return vm.ErrInvalidSeeds
	}
	now := c.Get(account)
	if idempotent && now.Owner == tokens {
		if held, ok := DecodeTokenAccount(now); ok {
			switch {
			case held.Owner != wallet:
				c.Log("Error: Associated token account owner does not match address derivation")
				return vm.Custom(0)
			case held.Mint != mint:
				return vm.ErrInvalidAccountData
			}
			return nil
		}
	}
	if now.Owner != solana.SystemProgramID {
		return vm.ErrIllegalOwner
	}
	return createAssociated(c, payer, account, wallet, mint, tokens)
}

func createAssociated(c *vm.Call, payer, account, wallet, mint, tokens solana.PublicKey) error {
	if err := c.Consume(8_500); err != nil { // With the calls below a creation takes about 25,000.
		return err
	}
	call := func(data []byte, metas ...vm.Meta) error {
		return c.Invoke(vm.Instruction{Program: tokens, Accounts: metas, Data: data})
	}
	if err := call([]byte{21, 7, 0}, vm.Meta{Key: mint}); err != nil {
		return err
	}
	if err := CreateAt(c, payer, account, tokens, TokenAccountSize); err != nil {
		return err
	}
	c.Log("Initialize the associated token account")
	if err := call([]byte{22}, vm.Meta{Key: account, Writable: true}); err != nil {
		return err
	}
	return call(append([]byte{18}, wallet[:]...), vm.Meta{Key: account, Writable: true}, vm.Meta{Key: mint})
}

// CreateAt makes an account at a program address for which the caller signs. Lamports that somebody sent
// there before must not block it, so it then allocates and assigns instead of creating.
func CreateAt(c *vm.Call, payer, account, owner solana.PublicKey, space int) error {
	target := vm.Meta{Key: account, Signer: true, Writable: true}
	run := func(data []byte, metas ...vm.Meta) error {
		return c.Invoke(vm.Instruction{Program: solana.SystemProgramID, Accounts: metas, Data: data}, account)
	}
	if c.Get(account).Lamports == 0 {
		data := binary.LittleEndian.AppendUint64([]byte{0, 0, 0, 0}, vm.MinimumRent(space))
		data = append(binary.LittleEndian.AppendUint64(data, uint64(space)), owner[:]...)
		return run(data, vm.Meta{Key: payer, Signer: true, Writable: true}, target)
	}
	if err := fund(c, payer, account, space); err != nil {
		return err
	}
	if err := run(binary.LittleEndian.AppendUint64([]byte{8, 0, 0, 0}, uint64(space)), target); err != nil {
		return err
	}
	return run(append([]byte{1, 0, 0, 0}, owner[:]...), target)
}
