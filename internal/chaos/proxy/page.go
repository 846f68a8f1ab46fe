package proxy

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"

	"github.com/gagliardetto/solana-go"
)

// Page is a distribute_fees call as it is seen on the wire (CHAIN.md §1).
type Page struct {
	Vault     string
	Size      uint32
	Cursor    uint32
	Guarded   bool // It names its cursor.
	Blockhash solana.Hash
}

// vaultAccount is the place of the vault among the accounts of distribute_fees.
const vaultAccount = 4

// transaction reads the transaction of a send or a simulation.
func (c *Call) transaction(param json.RawMessage, program string) {
	var text string
	if json.Unmarshal(param, &text) != nil {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return
	}
	tx, err := solana.TransactionFromBytes(raw)
	if err != nil || len(tx.Signatures) == 0 {
		return
	}
	c.Raw = raw
	if c.Method == "sendTransaction" {
		c.Sig = tx.Signatures[0].String()
	}
	c.Page = PageOf(tx, program)
}

// PageOf finds the router's page in a transaction; nil when there is none. Programs are never in a lookup table.
func PageOf(tx *solana.Transaction, program string) *Page {
	for _, in := range tx.Message.Instructions {
		keys := tx.Message.AccountKeys
		if int(in.ProgramIDIndex) >= len(keys) || keys[in.ProgramIDIndex].String() != program {
			continue
		}
		// Discriminator, page_size u32, Option<u32>.
		if len(in.Data) < 13 {
			continue
		}
		out := Page{Size: binary.LittleEndian.Uint32(in.Data[8:]), Guarded: in.Data[12] == 1, Blockhash: tx.Message.RecentBlockhash}
		if out.Guarded && len(in.Data) >= 17 {
			out.Cursor = binary.LittleEndian.Uint32(in.Data[13:])
		}
		if len(in.Accounts) > vaultAccount && int(in.Accounts[vaultAccount]) < len(keys) {
			out.Vault = keys[in.Accounts[vaultAccount]].String()
		}
		return &out
	}
	return nil
}
