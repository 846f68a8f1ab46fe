package distribution

import (
	"context"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	addresslookuptable "github.com/gagliardetto/solana-go/programs/address-lookup-table"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

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
		state, err := addresslookuptable.DecodeAddressLookupTableState(snap.Accounts[key].Data)
		if err == nil && len(state.Addresses) >= len(table.Addresses) && snap.MinSlot > state.LastExtendedSlot {
			table.Addresses, table.Slot, table.Active = nil, state.LastExtendedSlot, state.IsActive()
			for _, a := range state.Addresses {
				table.Addresses = append(table.Addresses, a.String())
			}
			return table, nil
		}
		if err := s.Sleep(ctx, 100*time.Millisecond); err != nil {
			return table, err
		}
	}
	return table, fault.Newf(fault.Retry, "table/not_served", "lookup table %s is not served with its %d addresses yet", table.Address, len(table.Addresses))
}
