package vm

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// maxDepth is the number of nested invoke frames, the top level one included.
const maxDepth = 5

// Program is a native model of an on-chain program.
type Program struct {
	Run func(*Call) error
	// Builtin programs are part of the runtime: they print no "consumed" line.
	Builtin bool
}

// Env is what the block gives to every transaction in it.
type Env struct {
	Slot       uint64
	Unix       int64 // Clock.unix_timestamp in seconds
	RecentSlot func(slot uint64) bool
	Programs   map[solana.PublicKey]Program
}

// Meta is an account as an instruction sees it.
type Meta struct {
	Key              solana.PublicKey
	Signer, Writable bool
}

// Instruction is a resolved instruction.
type Instruction struct {
	Program  solana.PublicKey
	Accounts []Meta
	Data     []byte
}

// Inner is one instruction that a program called, in the compiled form of transaction metadata.
type Inner struct {
	Index       int // top-level instruction
	Instruction solana.CompiledInstruction
	StackHeight int
}

// Tx is a running transaction.
type Tx struct {
	Env   Env
	State *State
	Keys  []solana.PublicKey // static, then loaded writable, then loaded readonly
	Limit uint64             // compute units
	Logs  Logs
	Inner []Inner

	used  uint64
	top   int
	index map[solana.PublicKey]int
}

// Used is the number of compute units consumed so far.
func (t *Tx) Used() uint64 { return t.used }

// Run executes the instructions in order and stops at the first failure. The caller drops State then.
func (t *Tx) Run(list []Instruction) *TransactionError {
	t.index = make(map[solana.PublicKey]int, len(t.Keys))
	for i, key := range t.Keys {
		t.index[key] = i
	}
	for i, ix := range list {
		t.top = i
		if err := t.frame(ix, 1); err != nil {
			ie := InstructionError{Name: "GenericError"}
			errors.As(err, &ie)
			return &TransactionError{Kind: KindInstruction, Index: uint8(i), Instruction: ie.Name, Custom: ie.Code}
		}
	}
	return nil
}

func (t *Tx) frame(ix Instruction, depth int) error {
	id := ix.Program.String()
	if depth > maxDepth {
		return ErrCallDepth
	}
	program, ok := t.Env.Programs[ix.Program]
	t.Logs.Add(fmt.Sprintf("Program %s invoke [%d]", id, depth))
	left := t.Limit - t.used
	var err error = ErrUnsupportedProgram
	call := &Call{tx: t, Program: ix.Program, Accounts: ix.Accounts, Data: ix.Data, depth: depth}
	if ok {
		err = program.Run(call)
	}
	if !program.Builtin {
		t.Logs.Add(fmt.Sprintf("Program %s consumed %d of %d compute units", id, left-(t.Limit-t.used), left))
	}
	if call.returned != nil {
		t.Logs.Add("Program return: " + id + " " + base64.StdEncoding.EncodeToString(call.returned))
	}
	if err != nil {
		t.Logs.Add(fmt.Sprintf("Program %s failed: %v", id, err))
		return err
	}
	t.Logs.Add("Program " + id + " success")
	return nil
}

// consume takes units, or all that is left when they do not suffice.
func (t *Tx) consume(units uint64) error {
	if units > t.Limit-t.used {
		t.used = t.Limit
		return ErrBudgetExceeded
	}
	t.used += units
	return nil
}
