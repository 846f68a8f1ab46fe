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

// call is one instruction with its accounts, also those that come from lookup tables.
type call struct {
	index    int
	program  solana.PublicKey
	accounts []solana.PublicKey
	data     []byte
}

// calls lists the instructions; keys are the message's accounts in the chain's order. A program must be named in the
// message itself: the chain asks that too.
func calls(m *solana.Message, keys []solana.PublicKey) ([]call, error) {
	out := make([]call, 0, len(m.Instructions))
	for i, ix := range m.Instructions {
		if int(ix.ProgramIDIndex) >= len(m.AccountKeys) {
			return nil, fmt.Errorf("instruction %d: its program is not named in the message", i)
		}
		accounts := make([]solana.PublicKey, 0, len(ix.Accounts))
		for _, at := range ix.Accounts {
			if int(at) >= len(keys) {
				return nil, fmt.Errorf("instruction %d: it names account %d of %d", i, at, len(keys))
			}
			accounts = append(accounts, keys[at])
		}
		out = append(out, call{i, m.AccountKeys[ix.ProgramIDIndex], accounts, ix.Data})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("it has no instruction")
	}
	return out, nil
}
