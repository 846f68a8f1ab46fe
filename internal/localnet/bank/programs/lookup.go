package programs

import (
	"encoding/binary"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

const (
	// TableCooldown is for how many slots after its deactivation a table still serves: as long as the
	// deactivation slot's hash is on chain.
	TableCooldown = 512

	tableMeta = 56 // head of a table account; the addresses follow
	tableMax  = 256
)

// lookupTable models create, freeze, extend, deactivate and close.
func lookupTable(c *vm.Call) error {
	if err := c.Consume(750); err != nil {
		return err
	}
	in := &input{b: c.Data}
	switch in.u32() {
	case 0:
		return tableCreate(c, in)
	case 1:
		return tableFreeze(c)
	case 2:
		return tableExtend(c, in)
	case 3:
		return tableDeactivate(c)
	case 4:
		return tableClose(c)
	default:
		return vm.ErrInvalidInstructionData
	}
}

// tableCreate wants [table, authority, payer, system program].
func tableCreate(c *vm.Call, in *input) error {
	slot, bump := in.u64(), in.u8()
	if in.bad {
		return vm.ErrInvalidInstructionData
	}
	if err := c.Need(4); err != nil {
		return err
	}
	key, authority, payer := c.Accounts[0].Key, c.Accounts[1].Key, c.Accounts[2].Key
	if !c.Accounts[2].Signer {
		c.Log("Payer account must be a signer")
		return vm.ErrMissingSignature
	}
	if !c.RecentSlot(slot) {
		c.Log("%d is not a recent slot", slot)
		return vm.ErrInvalidInstructionData
	}
	seeds := [][]byte{authority[:], binary.LittleEndian.AppendUint64(nil, slot), {bump}}
	derived, err := solana.CreateProgramAddress(seeds, c.Program)
	if err != nil {
		return vm.ErrInvalidSeeds
	}
	if derived != key {
		c.Log("Table address must match derived address: %s", derived)
		return vm.ErrInvalidArgument
	}
	if c.Get(key).Owner == c.Program {
		return nil // Creating a table again is not an error.
	}
	if err := fund(c, payer, key, tableMeta); err != nil {
		return err
	}
	allocate := append([]byte{8, 0, 0, 0}, binary.LittleEndian.AppendUint64(nil, tableMeta)...)
	assign := append([]byte{1, 0, 0, 0}, c.Program[:]...)
	for _, data := range [][]byte{allocate, assign} {
		metas := []vm.Meta{{Key: key, Signer: true, Writable: true}}
		if err := c.Invoke(vm.Instruction{Program: solana.SystemProgramID, Accounts: metas, Data: data}, key); err != nil {
			return err
		}
	}
	account, err := c.Mut(0)
	if err != nil {
		return err
	}
	account.Data[0] = 1
	binary.LittleEndian.PutUint64(account.Data[4:], ^uint64(0)) // Not deactivated.
	account.Data[21] = 1
	copy(account.Data[22:], authority[:])
	return nil
}

// fund lets the payer bring an account to the rent-exempt balance of a length.
func fund(c *vm.Call, payer, key solana.PublicKey, length int) error {
	have, need := c.Get(key).Lamports, vm.MinimumRent(length)
	if have >= need {
		return nil
	}
	data := append([]byte{2, 0, 0, 0}, binary.LittleEndian.AppendUint64(nil, need-have)...)
	metas := []vm.Meta{{Key: payer, Signer: true, Writable: true}, {Key: key, Writable: true}}
	return c.Invoke(vm.Instruction{Program: solana.SystemProgramID, Accounts: metas, Data: data})
}

// openTable checks [table, authority] of the instructions that change a table.
func openTable(c *vm.Call) (*vm.Account, error) {
	if err := c.Need(2); err != nil {
		return nil, err
	}
	now := c.Get(c.Accounts[0].Key)
	switch {
	case now.Owner != c.Program:
		return nil, vm.ErrInvalidAccountOwner
	case !c.Accounts[1].Signer:
		c.Log("Authority account must be a signer")
		return nil, vm.ErrMissingSignature
	case len(now.Data) < tableMeta || now.Data[0] != 1:
		return nil, vm.ErrInvalidAccountData
	case now.Data[21] == 0:
		c.Log("Lookup table is frozen")
		return nil, vm.ErrImmutable
	case !slices.Equal(now.Data[22:54], c.Accounts[1].Key[:]):
		c.Log("Incorrect lookup table authority")
		return nil, vm.ErrIncorrectAuthority
	}
	return c.Mut(0)
}

func deactivated(account *vm.Account) uint64 { return binary.LittleEndian.Uint64(account.Data[4:]) }

// tableExtend wants [table, authority, payer, system program]; the last two only if rent is due.
func tableExtend(c *vm.Call, in *input) error {
	count := in.u64()
	if in.bad || count > uint64(len(in.b)/32) {
		return vm.ErrInvalidInstructionData
	}
	added := in.take(32 * count)
	account, err := openTable(c)
	if err != nil {
		return err
	}
	old := (len(account.Data) - tableMeta) / 32
	switch {
	case deactivated(account) != ^uint64(0):
		c.Log("Deactivated tables cannot be extended")
		return vm.ErrInvalidArgument
	case old >= tableMax:
		c.Log("Lookup table is full and cannot contain more addresses")
		return vm.ErrInvalidArgument
	case count == 0:
		c.Log("Must extend with at least one address")
		return vm.ErrInvalidInstructionData
	case old+int(count) > tableMax:
		c.Log("Extended lookup table length %d would exceed max capacity of %d", old+int(count), tableMax)
		return vm.ErrInvalidInstructionData
	}
	if last := binary.LittleEndian.Uint64(account.Data[12:]); last != c.Slot() {
		binary.LittleEndian.PutUint64(account.Data[12:], c.Slot())
		account.Data[20] = uint8(old) // Up to here the addresses stay usable in this slot.
	}
	account.Data = append(account.Data, added...)
	if account.Lamports >= vm.MinimumRent(len(account.Data)) {
		return nil
	}
	if err := c.Need(4); err != nil {
		return err
	}
	if !c.Accounts[2].Signer {
		c.Log("Payer account must be a signer")
		return vm.ErrMissingSignature
	}
	return fund(c, c.Accounts[2].Key, c.Accounts[0].Key, len(account.Data))
}

func tableFreeze(c *vm.Call) error {
	account, err := openTable(c)
	if err != nil {
		return err
	}
	if deactivated(account) != ^uint64(0) {
		c.Log("Deactivated tables cannot be frozen")
		return vm.ErrInvalidArgument
	}
	if len(account.Data) == tableMeta {
		c.Log("Empty lookup tables cannot be frozen")
		return vm.ErrInvalidInstructionData
	}
	clear(account.Data[21:54])
	return nil
}

func tableDeactivate(c *vm.Call) error {
	account, err := openTable(c)
	if err != nil {
		return err
	}
	if deactivated(account) != ^uint64(0) {
		c.Log("Lookup table is already deactivated")
		return vm.ErrInvalidArgument
	}
	binary.LittleEndian.PutUint64(account.Data[4:], c.Slot())
	return nil
}

// tableClose wants [table, authority, recipient].
func tableClose(c *vm.Call) error {
	account, err := openTable(c)
	if err != nil {
		return err
	}
	if err := c.Need(3); err != nil {
		return err
	}
	if c.Accounts[0].Key == c.Accounts[2].Key {
		c.Log("Lookup table cannot be the recipient of reclaimed lamports")
		return vm.ErrInvalidArgument
	}
	switch off := deactivated(account); {
	case off == ^uint64(0):
		c.Log("Lookup table is not deactivated")
		return vm.ErrInvalidArgument
	case c.Slot() <= off+TableCooldown:
		c.Log("Table cannot be closed until it's fully deactivated in %d blocks", off+TableCooldown+1-c.Slot())
		return vm.ErrInvalidArgument
	}
	if err := moveLamports(c, 0, 2, account.Lamports); err != nil {
		return err
	}
	account.Data = nil
	return nil
}
