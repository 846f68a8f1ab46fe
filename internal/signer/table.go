package signer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Table is a lookup table as the chain holds it.
type Table struct {
	Authority solana.PublicKey
	Addresses []solana.PublicKey
}

// Tables reads lookup tables from the chain. One that does not exist is left out.
type Tables interface {
	LookupTables(ctx context.Context, addresses []solana.PublicKey) (map[solana.PublicKey]Table, error)
}

// tableCache keeps what was read. A table only grows, and what stands in it stays: the chain refuses to make a table anew
// at an old address. So what was read once is right as far as it goes.
type tableCache struct {
	mu    sync.Mutex
	known map[solana.PublicKey]Table
}

// of gives the tables that a message names, as far as they are known. A copy of all would be a thousand tables, for each
// signature, when the key pays a thousand vaults.
func (c *tableCache) of(m *solana.Message) map[solana.PublicKey]Table {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[solana.PublicKey]Table, len(m.AddressTableLookups))
	for _, l := range m.AddressTableLookups {
		if t, ok := c.known[l.AccountKey]; ok {
			out[l.AccountKey] = t
		}
	}
	return out
}

func (c *tableCache) put(more map[solana.PublicKey]Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[solana.PublicKey]Table{}
	}
	maps.Copy(c.known, more)
}

// resolve gives a message's accounts in the chain's order: those it names, then the writable and then the read-only ones
// of its lookup tables. Without it a table could hide whose accounts a page touches. Only tables of this key are taken.
func (p *Policy) resolve(ctx context.Context, m *solana.Message) ([]solana.PublicKey, error) {
	keys := append([]solana.PublicKey{}, m.AccountKeys...)
	if len(m.AddressTableLookups) == 0 {
		return keys, nil
	}
	if p.sources.Tables == nil {
		return nil, errors.New("it uses a lookup table, and this policy reads none")
	}
	tables, err := p.readTables(ctx, m)
	if err != nil {
		return nil, err
	}
	var writable, readonly []solana.PublicKey
	for _, l := range m.AddressTableLookups {
		t, ok := tables[l.AccountKey]
		switch {
		case !ok:
			return nil, fault.Newf(fault.Retry, CodeUnreachable, "lookup table %s is not on the chain, as far as the endpoints know", l.AccountKey)
		case t.Authority != p.PublicKey():
			return nil, fmt.Errorf("lookup table %s belongs to %s, not to this key", l.AccountKey, t.Authority)
		}
		for _, list := range []struct {
			indexes []uint8
			into    *[]solana.PublicKey
		}{{l.WritableIndexes, &writable}, {l.ReadonlyIndexes, &readonly}} {
			for _, i := range list.indexes {
				if int(i) >= len(t.Addresses) {
					return nil, fault.Newf(fault.Retry, CodeUnreachable, "lookup table %s has %d addresses as far as the endpoints know, and the message wants number %d", l.AccountKey, len(t.Addresses), i)
				}
				*list.into = append(*list.into, t.Addresses[i])
			}
		}
	}
	return append(append(keys, writable...), readonly...), nil
}

// readTables asks the chain only when what is known does not reach far enough.
func (p *Policy) readTables(ctx context.Context, m *solana.Message) (map[solana.PublicKey]Table, error) {
	known := p.tables.of(m)
	var missing []solana.PublicKey
	for _, l := range m.AddressTableLookups {
		most := -1
		for _, i := range append(append([]uint8{}, l.WritableIndexes...), l.ReadonlyIndexes...) {
			most = max(most, int(i))
		}
		if t, ok := known[l.AccountKey]; !ok || most >= len(t.Addresses) {
			missing = append(missing, l.AccountKey)
		}
	}
	if len(missing) == 0 {
		return known, nil
	}
	read, err := p.sources.Tables.LookupTables(ctx, missing)
	if err != nil {
		return nil, fmt.Errorf("read lookup tables: %w", err)
	}
	p.tables.put(read)
	return p.tables.of(m), nil
}

// Lookup table instructions; freezing (1) would make a table useless for ever.
const (
	tableCreate     = 0
	tableExtend     = 2
	tableDeactivate = 3
	tableClose      = 4
)

// Positions of the accounts of the lookup table instructions.
const (
	tableAuthority = 1
	tablePayer     = 2 // For close: who gets the rent.
)

// tableCall lets through what keeps tables of this key; a closed one gives its rent back to this key and to nobody else.
func (p *Policy) tableCall(c call, seen *tally) error {
	if len(c.data) < 4 {
		return errors.New("the lookup table instruction is too short")
	}
	self := p.PublicKey()
	at := func(position int) bool { return position < len(c.accounts) && c.accounts[position] == self }
	if !at(tableAuthority) {
		return errors.New("the authority of a lookup table must be this key")
	}
	switch tag := binary.LittleEndian.Uint32(c.data); tag {
	case tableDeactivate:
		return nil
	case tableCreate:
		if !at(tablePayer) {
			return errors.New("the payer of a lookup table must be this key")
		}
		return seen.budget.rentOf(tableBytes)
	case tableExtend:
		if !at(tablePayer) {
			return errors.New("the payer of a lookup table must be this key")
		}
		added, err := extended(c.data)
		if err != nil {
			return err
		}
		return seen.budget.rentMore(added * solana.PublicKeyLength)
	case tableClose:
		if !at(tablePayer) {
			return errors.New("a closed lookup table must give its rent back to this key")
		}
		return nil
	}
	return errors.New("this lookup table instruction is not allowed")
}

// extended counts the addresses of an extend instruction: tag, count, addresses.
func extended(data []byte) (int, error) {
	const head = 12
	if len(data) < head {
		return 0, errors.New("the lookup table instruction is too short")
	}
	n := binary.LittleEndian.Uint64(data[4:])
	if rest := uint64(len(data) - head); n != rest/solana.PublicKeyLength || rest%solana.PublicKeyLength != 0 {
		return 0, fmt.Errorf("the lookup table instruction names %d addresses and has bytes for others", n)
	}
	return int(n), nil
}
