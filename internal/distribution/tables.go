package distribution

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/lookuptable"
	"github.com/meteora-fee-router/feeops/internal/sender"
)

// tableUnits is a generous compute limit for creating or extending a table, which takes some thousand units.
const tableUnits = 20_000

// fillTables makes sure that every account of the day's pages is in a lookup table of the vault. Tables grow with the
// list and are used again every day, so most days send nothing here.
func (s *Service) fillTables(ctx context.Context, send Sender, v Vault, m domain.Manifest, ready *Ready) error {
	tables, _, err := s.refreshTables(ctx, v)
	if err != nil {
		return err
	}
	if tables, err = s.noteUse(ctx, v, m, tables); err != nil {
		return err
	}
	missing, err := uncovered(v, m, tables)
	if err != nil || len(missing) == 0 {
		return err
	}
	slot, err := s.recentSlot(ctx, v, uint64(len(missing)/lookuptable.MaxAddresses+1))
	if err != nil {
		return err
	}
	var creates, extends []sender.Request
	var changed []domain.Table
	for len(missing) > 0 {
		var table domain.Table
		if roomy := slices.IndexFunc(tables, func(t domain.Table) bool { return hasRoom(v, t) }); roomy >= 0 {
			table, tables = tables[roomy], nil
		} else {
			// Each new table takes a slot of its own, since its address follows from it.
			create, address, err := lookuptable.Create(v.Payer, v.Payer, slot)
			if err != nil {
				return err
			}
			tables, slot = nil, slot-1
			table = domain.Table{Vault: v.ID, Address: address.String(), Authority: v.Payer.String(), Active: true}
			creates = append(creates, sender.Request{Vault: v.ID, Day: m.Day, Kind: domain.IntentTable, Key: "table/" + table.Address, Units: tableUnits, Instructions: []solana.Instruction{create}})
		}
		address, err := solana.PublicKeyFromBase58(table.Address)
		if err != nil {
			return fmt.Errorf("lookup table %q of %s: %w", table.Address, v.ID, err)
		}
		for len(missing) > 0 && len(table.Addresses) < lookuptable.MaxAddresses {
			n := min(lookuptable.ExtendBatch, len(missing), lookuptable.MaxAddresses-len(table.Addresses))
			extends = append(extends, sender.Request{
				Vault: v.ID, Day: m.Day, Kind: domain.IntentTable, Key: fmt.Sprintf("table/%s/%d", table.Address, len(table.Addresses)),
				Units:        tableUnits,
				Instructions: []solana.Instruction{lookuptable.Extend(address, v.Payer, v.Payer, missing[:n])},
			})
			for _, key := range missing[:n] {
				table.Addresses = append(table.Addresses, key.String())
			}
			missing = missing[n:]
		}
		table.UsedOn = m.Day
		changed = append(changed, table)
	}
	for _, batch := range [][]sender.Request{creates, extends} {
		receipts, err := send.SendAll(ctx, batch)
		if err != nil {
			return fmt.Errorf("fill lookup tables of %s: %w", v.ID, err)
		}
		ready.add(receipts)
	}
	ready.Tables = len(changed)
	return s.adopt(ctx, v, changed)
}

// recentSlot gives a slot from which n table addresses can follow, counted backwards. A block knows the hashes of the
// slots before it, so its own slot is too recent; a chain that has just begun has too few.
func (s *Service) recentSlot(ctx context.Context, v Vault, n uint64) (uint64, error) {
	for {
		t, err := s.tick(ctx, v, rpc.CommitmentConfirmed, 0)
		if err != nil {
			return 0, err
		}
		if t.slot > n+1 {
			return t.slot - 1, nil
		}
		if err := s.Sleep(ctx, s.SlotTime*time.Duration(n+2-t.slot)); err != nil {
			return 0, err
		}
	}
}

// adopt reads the tables back and stores them as the chain holds them: the extending transactions may have landed in
// any order, and an index into the wrong order would name the wrong account.
func (s *Service) adopt(ctx context.Context, v Vault, changed []domain.Table) error {
	for _, table := range changed {
		held, err := s.readTable(ctx, table)
		if err != nil {
			return err
		}
		if err := s.Store.SaveTable(ctx, held); err != nil {
			return fmt.Errorf("save lookup table %s of %s: %w", table.Address, v.ID, err)
		}
	}
	return nil
}

// hasRoom is true for a table that may be extended: only its authority can do that.
func hasRoom(v Vault, t domain.Table) bool {
	return t.Active && t.Authority == v.Payer.String() && len(t.Addresses) < lookuptable.MaxAddresses
}

// owns is true for a table that this vault's pages may use. After a rotation of the fee payer's key the old key's tables
// are left alone: the signing policy takes only the signer's own, and only their authority can give their rent back.
func (v Vault) owns(t domain.Table) bool { return v.Payer.IsZero() || t.Authority == v.Payer.String() }

// noteUse writes down that the day's pages need a table, so that one which no day needs any more can be told.
func (s *Service) noteUse(ctx context.Context, v Vault, m domain.Manifest, tables []domain.Table) ([]domain.Table, error) {
	needed := map[string]bool{}
	all, err := uncovered(v, m, nil)
	if err != nil {
		return nil, err
	}
	for _, key := range all {
		needed[key.String()] = true
	}
	for i := range tables {
		t := &tables[i]
		if t.UsedOn == m.Day || !slices.ContainsFunc(t.Addresses, func(a string) bool { return needed[a] }) {
			continue
		}
		t.UsedOn = m.Day
		if err := s.Store.SaveTable(ctx, *t); err != nil {
			return nil, fmt.Errorf("note the use of lookup table %s of %s: %w", t.Address, v.ID, err)
		}
	}
	return tables, nil
}

// uncovered lists the accounts of the day's pages that no table holds, fixed accounts first. The payer signs and the
// router program is called, so those two can never come from a table.
func uncovered(v Vault, m domain.Manifest, tables []domain.Table) ([]solana.PublicKey, error) {
	held := map[solana.PublicKey]bool{v.Payer: true, v.Program: true}
	for _, t := range tables {
		keys, err := parseKeys(t.Addresses)
		if err != nil {
			return nil, fmt.Errorf("lookup table %s of %s: %w", t.Address, v.ID, err)
		}
		for _, key := range keys {
			held[key] = held[key] || t.Active && v.owns(t)
		}
	}
	var out []solana.PublicKey
	for _, plan := range m.Pages {
		metas, err := remaining(v, m, plan)
		if err != nil {
			return nil, err
		}
		for _, meta := range append(v.call(0, m.PageSize, nil).Accounts(), metas...) {
			if !held[meta.PublicKey] {
				held[meta.PublicKey] = true
				out = append(out, meta.PublicKey)
			}
		}
	}
	return out, nil
}
