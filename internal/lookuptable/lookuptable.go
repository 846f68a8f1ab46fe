// Package lookuptable builds the calls of Solana's Address Lookup Table program that the operations need. solana-go
// reads tables and has no instructions for them.
package lookuptable

import (
	"encoding/binary"
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// ProgramID is the Address Lookup Table program.
var ProgramID = solana.MustPublicKeyFromBase58("AddressLookupTab1e1111111111111111111111111")

const (
	// MaxAddresses is how many addresses one table holds.
	MaxAddresses = 256
	// ExtendBatch is how many addresses fit beside the rest of one extending transaction of 1,232 bytes.
	ExtendBatch = 28

	// Cooldown is for how many slots a deactivated table still serves; after them it can be closed.
	Cooldown = 512

	createTag     uint32 = 0
	extendTag     uint32 = 2
	deactivateTag uint32 = 3
	closeTag      uint32 = 4
)

// Create makes a table whose address follows from the authority and a recent slot (one that the chain still remembers).
func Create(authority, payer solana.PublicKey, recentSlot uint64) (solana.Instruction, solana.PublicKey, error) {
	seed := binary.LittleEndian.AppendUint64(nil, recentSlot)
	table, bump, err := solana.FindProgramAddress([][]byte{authority[:], seed}, ProgramID)
	if err != nil {
		return nil, solana.PublicKey{}, fmt.Errorf("address of a lookup table of %s at slot %d: %w", authority, recentSlot, err)
	}
	data := binary.LittleEndian.AppendUint32(nil, createTag)
	data = append(binary.LittleEndian.AppendUint64(data, recentSlot), bump)
	return solana.NewInstruction(ProgramID, metas(table, authority, payer), data), table, nil
}

// Extend appends addresses to a table. They can be used one slot after it has landed.
func Extend(table, authority, payer solana.PublicKey, addresses []solana.PublicKey) solana.Instruction {
	data := binary.LittleEndian.AppendUint32(nil, extendTag)
	data = binary.LittleEndian.AppendUint64(data, uint64(len(addresses)))
	for _, a := range addresses {
		data = append(data, a[:]...)
	}
	return solana.NewInstruction(ProgramID, metas(table, authority, payer), data)
}

// Deactivate takes a table out of use. Transactions that are in flight with it can still land for a while.
func Deactivate(table, authority solana.PublicKey) solana.Instruction {
	return solana.NewInstruction(ProgramID, solana.AccountMetaSlice{solana.Meta(table).WRITE(), solana.Meta(authority).SIGNER()},
		binary.LittleEndian.AppendUint32(nil, deactivateTag))
}

// Close gives a deactivated table's rent back once its cooldown is over.
func Close(table, authority, recipient solana.PublicKey) solana.Instruction {
	return solana.NewInstruction(ProgramID, solana.AccountMetaSlice{
		solana.Meta(table).WRITE(), solana.Meta(authority).SIGNER(), solana.Meta(recipient).WRITE(),
	}, binary.LittleEndian.AppendUint32(nil, closeTag))
}

func metas(table, authority, payer solana.PublicKey) solana.AccountMetaSlice {
	return solana.AccountMetaSlice{
		solana.Meta(table).WRITE(), solana.Meta(authority).SIGNER(), solana.Meta(payer).WRITE().SIGNER(), solana.Meta(solana.SystemProgramID),
	}
}

// CreateTokenAccount makes a wallet's associated token account, and does nothing when it is there: an account that
// somebody created in the meantime must not fail the batch.
func CreateTokenAccount(payer, wallet, mint, account solana.PublicKey) solana.Instruction {
	const createIdempotent = 1
	return solana.NewInstruction(solana.SPLAssociatedTokenAccountProgramID, solana.AccountMetaSlice{
		solana.Meta(payer).WRITE().SIGNER(), solana.Meta(account).WRITE(), solana.Meta(wallet), solana.Meta(mint),
		solana.Meta(solana.SystemProgramID), solana.Meta(solana.TokenProgramID),
	}, []byte{createIdempotent})
}
