package chain

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gagliardetto/solana-go"
)

// TxError is why a transaction failed, decoded from a node's JSON such as {"InstructionError":[2,{"Custom":6005}]} or
// "BlockhashNotFound". Classify it by Code, never by text (CHAIN.md §1).
type TxError struct {
	Instruction int              // Index of the failing instruction, compute-budget ones counted; −1 when none.
	Custom      *uint32          // The program's own number.
	Name        string           // "Custom", "ComputationalBudgetExceeded", "BlockhashNotFound", …
	Program     solana.PublicKey // The innermost program that failed, known only when logs were given; else zero.
	Raw         string           // The JSON as it stood on the wire.
}

func (e *TxError) Error() string {
	if e.Instruction < 0 {
		return "transaction failed: " + e.Name
	}
	if e.Custom != nil {
		return fmt.Sprintf("instruction %d failed with program error %d", e.Instruction, *e.Custom)
	}
	return fmt.Sprintf("instruction %d failed: %s", e.Instruction, e.Name)
}

// The router's own error numbers (CHAIN.md §1) and Anchor's (its documentation: everything below 6000 that it names).
const (
	firstRouterError, lastRouterError = 6000, 6034
	firstAnchorError, lastAnchorError = 100, 5000
)

// Code is stable and short: "router/6005", "anchor/3012", "custom/1", "ix/ComputationalBudgetExceeded",
// "tx/BlockhashNotFound".
func (e *TxError) Code() string {
	switch {
	case e.Instruction < 0:
		return "tx/" + e.Name
	case e.Custom == nil:
		return "ix/" + e.Name
	case *e.Custom >= firstRouterError && *e.Custom <= lastRouterError:
		return fmt.Sprintf("router/%d", *e.Custom)
	case *e.Custom >= firstAnchorError && *e.Custom <= lastAnchorError:
		return fmt.Sprintf("anchor/%d", *e.Custom)
	}
	return fmt.Sprintf("custom/%d", *e.Custom)
}

// ParseTxError decodes the err field of a status, a simulation or a transaction. JSON null and nothing mean no error.
// An unfamiliar shape is still an error: it must not be taken for success.
func ParseTxError(raw json.RawMessage) *TxError {
	text := strings.TrimSpace(string(raw))
	if text == "" || text == "null" {
		return nil
	}
	e := &TxError{Instruction: -1, Raw: text, Name: "Unrecognised"}
	var name string
	if json.Unmarshal(raw, &name) == nil {
		e.Name = name
		return e
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || len(object) != 1 {
		return e
	}
	for key, value := range object {
		e.Name = key
		if key == "InstructionError" {
			e.instruction(value)
		}
	}
	return e
}

func (e *TxError) instruction(raw json.RawMessage) {
	var pair []json.RawMessage
	var index uint8
	if json.Unmarshal(raw, &pair) != nil || len(pair) != 2 || json.Unmarshal(pair[0], &index) != nil {
		return
	}
	e.Instruction = int(index)
	e.Name = "Unrecognised"
	var name string
	if json.Unmarshal(pair[1], &name) == nil {
		e.Name = name
		return
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(pair[1], &object) != nil || len(object) != 1 {
		return
	}
	for key, value := range object {
		e.Name = key
		var number uint32
		if key == "Custom" && json.Unmarshal(value, &number) == nil {
			e.Custom = &number
		}
	}
}

// locate finds the innermost failing program in the runtime's own log lines. A program's own text always carries the
// prefix "Program log: ", so it cannot imitate them. A called program's number passes up through the caller, so the
// number alone does not tell whose it is.
func (e *TxError) locate(logs []string) *TxError {
	if e == nil {
		return nil
	}
	for _, line := range logs {
		rest, ok := strings.CutPrefix(line, "Program ")
		if !ok {
			continue
		}
		id, verdict, ok := strings.Cut(rest, " ")
		if !ok || !strings.HasPrefix(verdict, "failed: ") {
			continue
		}
		if key, err := solana.PublicKeyFromBase58(id); err == nil {
			e.Program = key
			return e
		}
	}
	return e
}
