package vm

import (
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// Call is one invoke frame: the program's view of its accounts and of the runtime.
type Call struct {
	Program  solana.PublicKey
	Accounts []Meta
	Data     []byte

	tx       *Tx
	depth    int
	returned []byte
}

// Unix is the chain clock in seconds.
func (c *Call) Unix() int64 { return c.tx.Env.Unix }

// Slot is the slot being executed.
func (c *Call) Slot() uint64 { return c.tx.Env.Slot }

// RecentSlot says whether the slot hash of slot is known on chain.
func (c *Call) RecentSlot(slot uint64) bool { return c.tx.Env.RecentSlot(slot) }

// Consume takes compute units; without enough of them the program must end with the error.
func (c *Call) Consume(units uint64) error { return c.tx.consume(units) }

// Used is what the whole transaction consumed so far, in compute units.
func (c *Call) Used() uint64 { return c.tx.used }

// Log prints a line as a program does with msg!.
func (c *Call) Log(format string, args ...any) {
	c.tx.Logs.Add("Program log: " + fmt.Sprintf(format, args...))
}

// Note prints a line as the runtime does, without a prefix.
func (c *Call) Note(format string, args ...any) { c.tx.Logs.Add(fmt.Sprintf(format, args...)) }

// Line prints a ready log line, e.g. an event's "Program data: …".
func (c *Call) Line(line string) { c.tx.Logs.Add(line) }

// Return sets the return data of the program; its frame prints it at the end.
func (c *Call) Return(data []byte) { c.returned = data }

// Need fails unless the instruction carries n accounts.
func (c *Call) Need(n int) error {
	if len(c.Accounts) < n {
		return ErrNotEnoughKeys
	}
	return nil
}

// Read returns an account for reading only; nil when it does not exist.
func (c *Call) Read(key solana.PublicKey) *Account { return c.tx.State.Read(key) }

// Get is Read for a program that treats a missing account as an empty one of the System program.
func (c *Call) Get(key solana.PublicKey) *Account {
	if a := c.tx.State.Read(key); a != nil {
		return a
	}
	return &Account{}
}

// Mut returns account i of the instruction for writing.
func (c *Call) Mut(i int) (*Account, error) {
	if !c.Accounts[i].Writable {
		return nil, ErrReadonlyData
	}
	return c.tx.State.Mut(c.Accounts[i].Key), nil
}

// Hidden returns an account that the instruction does not name. Only the local router uses it, for what
// the real program would keep elsewhere (see package routerprog); a real program has no such door.
func (c *Call) Hidden(key solana.PublicKey) *Account { return c.tx.State.Mut(key) }

// Invoke calls another program. signers are program addresses for which the calling program signs.
func (c *Call) Invoke(ix Instruction, signers ...solana.PublicKey) error {
	if err := c.tx.consume(invokeUnits); err != nil {
		return err
	}
	compiled := solana.CompiledInstruction{Data: ix.Data, ProgramIDIndex: uint16(c.tx.index[ix.Program])}
	for _, meta := range ix.Accounts {
		index, ok := c.tx.index[meta.Key]
		if !ok {
			c.Note("Instruction references an unknown account %s", meta.Key)
			return ErrMissingAccount
		}
		if err := c.privileged(meta, signers); err != nil {
			return err
		}
		compiled.Accounts = append(compiled.Accounts, uint16(index))
	}
	if _, ok := c.tx.index[ix.Program]; !ok {
		c.Note("Unknown program %s", ix.Program)
		return ErrMissingAccount
	}
	c.tx.Inner = append(c.tx.Inner, Inner{Index: c.tx.top, Instruction: compiled, StackHeight: c.depth + 1})
	return c.tx.frame(ix, c.depth+1)
}

// invokeUnits is the validator's charge for one cross-program invocation.
const invokeUnits = 1000

// privileged refuses rights that the caller does not hold: otherwise any program could spend for anyone.
func (c *Call) privileged(want Meta, signers []solana.PublicKey) error {
	signer, writable := false, false
	for _, have := range c.Accounts {
		if have.Key == want.Key {
			signer, writable = signer || have.Signer, writable || have.Writable
		}
	}
	for _, key := range signers {
		signer = signer || key == want.Key
	}
	if want.Writable && !writable {
		c.Note("%s's writable privilege escalated", want.Key)
		return ErrPrivilege
	}
	if want.Signer && !signer {
		c.Note("%s's signer privilege escalated", want.Key)
		return ErrPrivilege
	}
	return nil
}
