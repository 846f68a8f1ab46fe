package signer

import (
	"bytes"
	"fmt"

	bin "github.com/gagliardetto/binary"
	"github.com/gagliardetto/solana-go"
)

// decode reads a message and takes nothing that the chain might read in another way: the bytes must be exactly what the
// decoded message would be written as.
func decode(message []byte) (m *solana.Message, err error) {
	// The library's decoder indexes without checking on some malformed inputs.
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("malformed: %v", r)
		}
	}()
	m = new(solana.Message)
	if err := m.UnmarshalWithDecoder(bin.NewBinDecoder(message)); err != nil {
		return nil, err
	}
	again, err := m.MarshalBinary()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, message) {
		return nil, fmt.Errorf("%d bytes are not the canonical form of the message", len(message))
	}
	if len(m.AccountKeys) == 0 {
		return nil, fmt.Errorf("it names no account")
	}
	return m, nil
}

// call is one instruction with what can be told without lookup tables.
type call struct {
	index    int
	program  solana.PublicKey
	accounts []uint16
	data     []byte
	message  *solana.Message
}

// account is the key at a position of the instruction; ok is false when it comes from a lookup table, whose content the
// signer does not know.
func (c call) account(position int) (key solana.PublicKey, ok bool) {
	if position >= len(c.accounts) || int(c.accounts[position]) >= len(c.message.AccountKeys) {
		return solana.PublicKey{}, false
	}
	return c.message.AccountKeys[c.accounts[position]], true
}

// calls lists the instructions. A program must be named in the message itself: the chain asks that too.
func calls(m *solana.Message) ([]call, error) {
	out := make([]call, 0, len(m.Instructions))
	for i, ix := range m.Instructions {
		if int(ix.ProgramIDIndex) >= len(m.AccountKeys) {
			return nil, fmt.Errorf("instruction %d: its program is not named in the message", i)
		}
		out = append(out, call{i, m.AccountKeys[ix.ProgramIDIndex], ix.Accounts, ix.Data, m})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("it has no instruction")
	}
	return out, nil
}
