package rpc

import (
	"encoding/binary"
	"strconv"

	"github.com/gagliardetto/solana-go"
	"github.com/mr-tron/base58"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

type parsedUI struct {
	Parsed      any    `json:"parsed"`
	Program     string `json:"program"`
	ProgramID   string `json:"programId"`
	StackHeight *int   `json:"stackHeight"`
}

type partlyParsed struct {
	Accounts    []string `json:"accounts"`
	Data        string   `json:"data"`
	ProgramID   string   `json:"programId"`
	StackHeight *int     `json:"stackHeight"`
}

// call is an instruction with its accounts resolved.
type call struct {
	accounts []string
	data     []byte
}

func (c call) key(i int) string {
	if i >= len(c.accounts) {
		return ""
	}
	return c.accounts[i]
}

// u64 reads a little-endian amount; instructions with too little data are not parsed at all.
func (c call) u64(offset int) (uint64, bool) {
	if len(c.data) < offset+8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(c.data[offset:]), true
}

// parsedInstruction spells out the instructions clients commonly look at: transfers, account creation, memos. All
// others keep their bytes, as on a validator for programs it does not know.
func parsedInstruction(rec *bank.Record, in solana.CompiledInstruction, height *int) any {
	program := keyOf(rec, in.ProgramIDIndex)
	c := call{accounts: make([]string, len(in.Accounts)), data: in.Data}
	for i, index := range in.Accounts {
		c.accounts[i] = keyOf(rec, index).String()
	}
	name, parsed := "", any(nil)
	switch program {
	case solana.SystemProgramID:
		name, parsed = "system", parseSystem(c)
	case solana.TokenProgramID:
		name, parsed = "spl-token", parseToken(c)
	case solana.SPLAssociatedTokenAccountProgramID:
		name, parsed = "spl-associated-token-account", parseAssociated(c)
	case solana.MemoProgramID:
		name, parsed = "spl-memo", string(c.data)
	}
	if parsed == nil {
		return partlyParsed{c.accounts, base58.Encode(in.Data), program.String(), height}
	}
	return parsedUI{parsed, name, program.String(), height}
}

func keyOf(rec *bank.Record, index uint16) solana.PublicKey {
	if int(index) >= len(rec.Keys) {
		return solana.PublicKey{}
	}
	return rec.Keys[index]
}

func parseSystem(c call) any {
	if len(c.data) < 4 {
		return nil
	}
	lamports, ok := c.u64(4)
	switch binary.LittleEndian.Uint32(c.data) {
	case 0:
		space, enough := c.u64(12)
		if !ok || !enough || len(c.data) < 52 {
			return nil
		}
		return typed{map[string]any{
			"source": c.key(0), "newAccount": c.key(1), "lamports": lamports, "space": space, "owner": keyAt(c.data, 20).String(),
		}, "createAccount"}
	case 2:
		if !ok {
			return nil
		}
		return typed{map[string]any{"source": c.key(0), "destination": c.key(1), "lamports": lamports}, "transfer"}
	case 1:
		if len(c.data) < 36 {
			return nil
		}
		return typed{map[string]any{"account": c.key(0), "owner": keyAt(c.data, 4).String()}, "assign"}
	case 8:
		if !ok {
			return nil
		}
		return typed{map[string]any{"account": c.key(0), "space": lamports}, "allocate"}
	}
	return nil
}

func parseToken(c call) any {
	if len(c.data) == 0 {
		return nil
	}
	amount, ok := c.u64(1)
	text := strconv.FormatUint(amount, 10)
	switch c.data[0] {
	case 3:
		if ok {
			return typed{map[string]any{"source": c.key(0), "destination": c.key(1), "authority": c.key(2), "amount": text}, "transfer"}
		}
	case 7:
		if ok {
			return typed{map[string]any{"mint": c.key(0), "account": c.key(1), "mintAuthority": c.key(2), "amount": text}, "mintTo"}
		}
	case 8:
		if ok {
			return typed{map[string]any{"account": c.key(0), "mint": c.key(1), "authority": c.key(2), "amount": text}, "burn"}
		}
	case 9:
		return typed{map[string]any{"account": c.key(0), "destination": c.key(1), "owner": c.key(2)}, "closeAccount"}
	case 10:
		return typed{map[string]any{"account": c.key(0), "mint": c.key(1), "freezeAuthority": c.key(2)}, "freezeAccount"}
	case 11:
		return typed{map[string]any{"account": c.key(0), "mint": c.key(1), "freezeAuthority": c.key(2)}, "thawAccount"}
	case 12:
		if ok && len(c.data) >= 10 {
			return typed{map[string]any{
				"source": c.key(0), "mint": c.key(1), "destination": c.key(2), "authority": c.key(3),
				"tokenAmount": uiTokenAmount(amount, c.data[9]),
			}, "transferChecked"}
		}
	case 18:
		if len(c.data) >= 33 {
			return typed{map[string]any{"account": c.key(0), "mint": c.key(1), "owner": keyAt(c.data, 1).String()}, "initializeAccount3"}
		}
	case 21:
		return typed{map[string]any{"mint": c.key(0), "extensionTypes": []string{"immutableOwner"}}, "getAccountDataSize"}
	case 22:
		return typed{map[string]any{"account": c.key(0)}, "initializeImmutableOwner"}
	}
	return nil
}

func parseAssociated(c call) any {
	kind := "create"
	switch {
	case len(c.data) == 1 && c.data[0] == 1:
		kind = "createIdempotent"
	case len(c.data) > 1 || (len(c.data) == 1 && c.data[0] != 0):
		return nil
	}
	return typed{map[string]any{
		"source": c.key(0), "account": c.key(1), "wallet": c.key(2), "mint": c.key(3), "systemProgram": c.key(4), "tokenProgram": c.key(5),
	}, kind}
}

// memo is the text of a transaction's memo instruction, as getSignaturesForAddress shows it: "[length] text".
func memo(rec *bank.Record) *string {
	for _, in := range rec.Tx.Message.Instructions {
		if keyOf(rec, in.ProgramIDIndex) == solana.MemoProgramID {
			text := "[" + strconv.Itoa(len(in.Data)) + "] " + string(in.Data)
			return &text
		}
	}
	return nil
}
