package distribution

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/lookuptable"
	"github.com/meteora-fee-router/feeops/internal/sender"
)

// tableIdleDays is for how many days a table may serve no page before it is taken out of use. An investor whose stream
// was quarantined for a day or two must not cost a new table.
const tableIdleDays = 7

// Tidied counts what became of tables that no page needs any more.
type Tidied struct {
	Deactivated int
	Closed      int // Their rent went back to the fee payer.
	Signatures  []string
}

// TidyTables takes lookup tables out of use that have served no page for a week, and closes those whose cooldown is
// over. It touches only tables of the vault's own fee payer and moves no investor's money; when it fails nothing is lost
// but time, so callers may go on without it.
func (s *Service) TidyTables(ctx context.Context, id string, day domain.Day) (Tidied, error) {
	v, err := s.vault(id)
	if err != nil {
		return Tidied{}, err
	}
	tables, _, err := s.refreshTables(ctx, v)
	if err != nil || len(tables) == 0 {
		return Tidied{}, err
	}
	t, err := s.tick(ctx, v, rpc.CommitmentConfirmed, 0)
	if err != nil {
		return Tidied{}, err
	}
	var out Tidied
	var requests []sender.Request
	var closed, idle []domain.Table
	for _, table := range tables {
		request, err := tidying(v, table, day, t.slot)
		switch {
		case err != nil:
			return out, err
		case request == nil:
			continue
		case table.Active:
			idle = append(idle, table)
		default:
			closed = append(closed, table)
		}
		requests = append(requests, *request)
	}
	if len(requests) == 0 {
		return out, nil
	}
	send, err := s.Sender(id)
	if err != nil {
		return out, err
	}
	receipts, err := send.SendAll(ctx, requests)
	if err != nil {
		return out, fmt.Errorf("tidy %d lookup tables of %s: %w", len(requests), id, err)
	}
	for _, receipt := range receipts {
		out.Signatures = append(out.Signatures, receipt.Signature)
	}
	out.Deactivated, out.Closed = len(idle), len(closed)
	for _, table := range closed {
		if err := s.Store.DropTable(ctx, table.Address); err != nil {
			return out, fmt.Errorf("forget lookup table %s of %s: %w", table.Address, id, err)
		}
	}
	if len(idle) > 0 {
		_, _, err = s.refreshTables(ctx, v)
	}
	return out, err
}

// tidying is the transaction that a table is due for; nil for one that stays as it is.
func tidying(v Vault, table domain.Table, day domain.Day, slot uint64) (*sender.Request, error) {
	if table.Authority != v.Payer.String() {
		return nil, nil
	}
	address, err := solana.PublicKeyFromBase58(table.Address)
	if err != nil {
		return nil, fmt.Errorf("lookup table %q of %s: %w", table.Address, v.ID, err)
	}
	r := sender.Request{Vault: v.ID, Day: day, Kind: domain.IntentTable, Units: tableUnits}
	if !table.Active {
		if slot <= table.Deactivated+lookuptable.Cooldown {
			return nil, nil
		}
		r.Key = "table/" + table.Address + "/close"
		r.Instructions = []solana.Instruction{lookuptable.Close(address, v.Payer, v.Payer)}
		return &r, nil
	}
	if table.UsedOn == "" {
		return nil, nil // It was made before its use was noted; the next day that needs it says so.
	}
	idle, err := day.Since(table.UsedOn)
	if err != nil {
		return nil, fmt.Errorf("lookup table %s of %s: %w", table.Address, v.ID, err)
	}
	if idle < tableIdleDays {
		return nil, nil
	}
	r.Key = "table/" + table.Address + "/deactivate"
	r.Instructions = []solana.Instruction{lookuptable.Deactivate(address, v.Payer)}
	return &r, nil
}
