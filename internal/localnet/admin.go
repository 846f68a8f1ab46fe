package localnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/rpc"
)

// admin are the methods that steer the chain from outside. No real node has them, so they also tell a tool that it talks
// to a local chain.
//
//	localnet_advanceClock  [seconds]                 moves the chain clock
//	localnet_accrueFees    [vaultId, quote, base]    base units, as numbers or strings
//	localnet_upgradeProgram [programId]              a new deployment of the router, as a watcher sees it
//	localnet_setRouterUnits [percent]                compute units of the routers, in per cent of the usual ones
//	localnet_setLamports   [address, lamports]       answers with what it held before
//	localnet_setFault      [fault]                   "NAME=X" or an object; for the endpoint that is asked
//	localnet_clearFaults   []                        of the endpoint that is asked
//	localnet_vaults        []                        rows of the vaults file
//	localnet_produceSlots  [n]                       makes slots at once; answers with the newest
//	localnet_rollback      [slots]                   drops unfinalized slots
//	localnet_requestCounts []                        requests per method of the endpoint that is asked
func (n *Node) admin() map[string]rpc.AdminFunc {
	return map[string]rpc.AdminFunc{
		"localnet_advanceClock": func(_ *rpc.Endpoint, p []json.RawMessage) (any, error) {
			var seconds int64
			if err := read(p, &seconds); err != nil {
				return nil, err
			}
			n.AdvanceClock(time.Duration(seconds) * time.Second)
			return true, nil
		},
		"localnet_accrueFees": func(_ *rpc.Endpoint, p []json.RawMessage) (any, error) {
			var id string
			var quote, base units
			if err := read(p, &id, &quote, &base); err != nil {
				return nil, err
			}
			return true, n.AccrueFees(id, uint64(quote), uint64(base))
		},
		"localnet_upgradeProgram": func(_ *rpc.Endpoint, p []json.RawMessage) (any, error) {
			var id solana.PublicKey
			if err := read(p, &id); err != nil {
				return nil, err
			}
			n.Bank().Upgrade(id)
			return true, nil
		},
		"localnet_setRouterUnits": func(_ *rpc.Endpoint, p []json.RawMessage) (any, error) {
			var percent uint16
			if err := read(p, &percent); err != nil {
				return nil, err
			}
			n.Bank().SetRouterUnits(uint64(percent))
			return true, nil
		},
		"localnet_setLamports": func(_ *rpc.Endpoint, p []json.RawMessage) (any, error) {
			var key solana.PublicKey
			var lamports units
			if err := read(p, &key, &lamports); err != nil {
				return nil, err
			}
			account, found := n.Bank().Account(key, bank.Processed)
			if !found {
				return nil, fmt.Errorf("there is no account %s", key)
			}
			changed := *account.Clone()
			before := changed.Lamports
			changed.Lamports = uint64(lamports)
			n.Bank().SetAccount(key, changed)
			return before, nil
		},
		"localnet_setFault": func(e *rpc.Endpoint, p []json.RawMessage) (any, error) {
			var f Fault
			if err := read(p, &f); err != nil {
				return nil, err
			}
			return true, e.SetFault(f)
		},
		"localnet_clearFaults": func(e *rpc.Endpoint, _ []json.RawMessage) (any, error) {
			e.ClearFaults()
			return true, nil
		},
		"localnet_vaults": func(*rpc.Endpoint, []json.RawMessage) (any, error) {
			return append([]Vault{}, n.Vaults()...), nil
		},
		"localnet_produceSlots": func(_ *rpc.Endpoint, p []json.RawMessage) (any, error) {
			count := uint16(1)
			if len(p) > 0 {
				if err := read(p, &count); err != nil {
					return nil, err
				}
			}
			slot := uint64(0)
			for range count {
				slot = n.Slot().Slot
			}
			return slot, nil
		},
		"localnet_rollback": func(_ *rpc.Endpoint, p []json.RawMessage) (any, error) {
			var slots uint64
			if err := read(p, &slots); err != nil {
				return nil, err
			}
			return true, n.Rollback(slots)
		},
		"localnet_requestCounts": func(e *rpc.Endpoint, _ []json.RawMessage) (any, error) {
			return e.Requests(), nil
		},
	}
}

// read decodes positional parameters; all must be there.
func read(p []json.RawMessage, into ...any) error {
	if len(p) < len(into) {
		return &rpc.Error{Code: -32602, Message: fmt.Sprintf("`params` should have at least %d argument(s)", len(into))}
	}
	for i, target := range into {
		if err := json.Unmarshal(p[i], target); err != nil {
			return &rpc.Error{Code: -32602, Message: fmt.Sprintf("Invalid params: %v.", err)}
		}
	}
	return nil
}

// units are base units, written as a number or, beyond 53 bits, as a string.
type units uint64

// UnmarshalJSON accepts both forms.
func (u *units) UnmarshalJSON(data []byte) error {
	var number json.Number
	if len(data) > 1 && data[0] == '"' {
		data = data[1 : len(data)-1]
	}
	if err := json.Unmarshal(data, &number); err != nil {
		return errors.New("amount must be a whole number of base units")
	}
	var value uint64
	if err := json.Unmarshal([]byte(number), &value); err != nil {
		return errors.New("amount must be a whole number of base units")
	}
	*u = units(value)
	return nil
}
