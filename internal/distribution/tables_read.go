package distribution

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gagliardetto/solana-go"
	addresslookuptable "github.com/gagliardetto/solana-go/programs/address-lookup-table"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// codeTableNotServed means that a table was made and no endpoint shows it in time.
const codeTableNotServed = "table/not_served"

// readTable gives a table as the chain holds it, once the slot after its last extension has come: before that its
// newest addresses cannot be used.
func (s *Service) readTable(ctx context.Context, table domain.Table) (domain.Table, error) {
	key, err := solana.PublicKeyFromBase58(table.Address)
	if err != nil {
		return table, fmt.Errorf("lookup table %q: %w", table.Address, err)
	}
	for range 50 {
		snap, err := s.Chain.Snapshot(ctx, []solana.PublicKey{key}, chain.ReadOptions{Commitment: rpc.CommitmentConfirmed})
		if err != nil {
			return table, fmt.Errorf("read lookup table %s: %w", table.Address, err)
		}
		if held, ok := asHeld(table, snap.Accounts[key]); ok && len(held.Addresses) >= len(table.Addresses) && snap.MinSlot > held.Slot {
			return held, nil
		}
		if err := s.Sleep(ctx, 100*time.Millisecond); err != nil {
			return table, err
		}
	}
	return table, fault.Newf(fault.Retry, codeTableNotServed, "lookup table %s is not served with its %d addresses yet", table.Address, len(table.Addresses))
}

// asHeld is a table with the chain's content; false when the account is no lookup table.
func asHeld(table domain.Table, a chain.Account) (domain.Table, bool) {
	state, err := addresslookuptable.DecodeAddressLookupTableState(a.Data)
	if err != nil || !a.Exists || a.Owner != solana.AddressLookupTableProgramID {
		return table, false
	}
	table.Addresses, table.Slot, table.Active, table.Deactivated = nil, state.LastExtendedSlot, state.IsActive(), 0
	if state.DeactivationSlot != math.MaxUint64 {
		table.Deactivated = state.DeactivationSlot
	}
	for _, address := range state.Addresses {
		table.Addresses = append(table.Addresses, address.String())
	}
	return table, true
}

// refreshTables holds the stored tables against the chain and returns them as it holds them: a table that was rolled
// back, deactivated or closed elsewhere would fail every page that names it. changed is true when the store was wrong.
func (s *Service) refreshTables(ctx context.Context, v Vault) (tables []domain.Table, changed bool, err error) {
	stored, err := s.Store.Tables(ctx, v.ID)
	if err != nil {
		return nil, false, fmt.Errorf("lookup tables of %s: %w", v.ID, err)
	}
	if len(stored) == 0 {
		return nil, false, nil
	}
	keys := make([]solana.PublicKey, len(stored))
	for i, table := range stored {
		if keys[i], err = solana.PublicKeyFromBase58(table.Address); err != nil {
			return nil, false, fmt.Errorf("lookup table %q of %s: %w", table.Address, v.ID, err)
		}
	}
	snap, err := s.Chain.Snapshot(ctx, keys, chain.ReadOptions{Commitment: rpc.CommitmentConfirmed})
	if err != nil {
		return nil, false, fmt.Errorf("read %d lookup tables of %s: %w", len(keys), v.ID, err)
	}
	for i, table := range stored {
		held, ok := asHeld(table, snap.Accounts[keys[i]])
		same := ok && held.Active == table.Active && held.Deactivated == table.Deactivated && slices.Equal(held.Addresses, table.Addresses)
		switch {
		case same:
		case ok:
			changed, err = true, s.Store.SaveTable(ctx, held)
		default:
			changed, err = true, s.Store.DropTable(ctx, table.Address)
		}
		if err != nil {
			return nil, false, fmt.Errorf("keep lookup table %s of %s: %w", table.Address, v.ID, err)
		}
		if ok {
			tables = append(tables, held)
		}
	}
	return tables, changed, nil
}
