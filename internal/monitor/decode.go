package monitor

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	bin "github.com/gagliardetto/binary"
	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/programs/token"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// readDay reads progress and treasury, strictly: an account of another program is never believed.
func (m *Monitor) readDay(s *domain.VaultSample, v Vault, c *chunk) error {
	if c.err != nil {
		return fmt.Errorf("read the chain: %w", c.err)
	}
	clock, err := chain.DecodeClock(c.snap.Accounts[solana.SysVarClockPubkey].Data)
	if err != nil {
		return fmt.Errorf("the chain's clock: %w", err)
	}
	at := c.snap.Accounts[v.Progress]
	if !at.Exists {
		return fmt.Errorf("no progress account under program %s", v.Program)
	}
	p, err := router.DecodeProgress(at.Owner, v.Program, at.Data)
	if err != nil {
		return fmt.Errorf("progress %s: %w", v.Progress, err)
	}
	s.Day = &domain.DayFigures{
		Slot: c.snap.MaxSlot, Endpoint: c.snap.Endpoint, ChainTime: clock.UnixTime, LastTS: p.LastDistributionTS, Cursor: p.PaginationCursor,
		Complete: p.DayComplete, Distributed: domain.Amount(p.CurrentDayDistributed), Dust: domain.Amount(p.CarryOverDust),
		Treasury: balance(c.snap.Accounts[v.Treasury], v.QuoteMint),
	}
	return nil
}

// balance reads a token account of the mint. An account that is something else holds an unknown amount.
func balance(a chain.Account, mint solana.PublicKey) domain.Balance {
	if !a.Exists {
		return domain.Balance{State: domain.BalanceAbsent}
	}
	var t token.Account
	if a.Owner != solana.TokenProgramID || bin.NewBinDecoder(a.Data).Decode(&t) != nil || t.Mint != mint {
		return domain.Balance{State: domain.BalanceUnknown}
	}
	return domain.Balance{State: domain.BalanceValue, Amount: domain.Amount(t.Amount)}
}

// readSlow reads policy and fees when it is the vault's turn. What cannot be decoded stays as it was, with its age.
func (m *Monitor) readSlow(s *domain.VaultSample, v Vault, c *chunk, seen map[solana.PublicKey]found) {
	if a := c.snap.Accounts[v.Policy]; a.Exists {
		if p, err := router.DecodePolicy(a.Owner, v.Program, a.Data); err == nil {
			sum := sha256.Sum256(a.Data)
			s.Policy = &domain.PolicyPrint{At: s.At, Slot: c.snap.MaxSlot, Hash: hex.EncodeToString(sum[:]), DailyCap: (*domain.Amount)(p.DailyCap)}
		}
	}
	position, err := damm.DecodePosition(c.snap.Accounts[v.Position].Data)
	if err != nil {
		return
	}
	at := seen[position.Pool]
	pool, err := damm.DecodePool(at.Data)
	if err != nil {
		return
	}
	a, b := damm.Claimable(pool, position)
	if quote, base, err := pool.Split(v.QuoteMint, a, b); err == nil {
		s.Fees = &domain.FeeFigures{At: s.At, Slot: min(c.snap.MaxSlot, at.slot), Quote: domain.Amount(quote), Base: domain.Amount(base)}
	}
}

// readShared takes the payer and the program from whichever chunk had them.
func (m *Monitor) readShared(s *domain.VaultSample, v Vault, seen map[solana.PublicKey]found) {
	if a, ok := seen[v.Payer]; ok && !v.Payer.IsZero() {
		s.Payer = &domain.PayerFigure{At: s.At, Slot: a.slot, Address: v.Payer.String(), Lamports: a.Lamports} // No account is no lamports.
	}
	a, ok := seen[v.Program]
	if !ok {
		return
	}
	p := domain.Program{At: s.At, Slot: a.slot, Address: v.Program.String(), Owner: a.Owner.String(), Executable: a.Executable}
	if key, upgradeable := m.code[v.Program]; upgradeable {
		data, ok := seen[key]
		if !ok {
			return // Half a fingerprint would look like a change.
		}
		build, err := chain.DecodeProgramData(data.Data)
		if err != nil {
			return
		}
		p.Build = build
	}
	s.Program = &p
}

// learn keeps what never changes and says what has to be read because of it.
func (m *Monitor) learn(seen map[solana.PublicKey]found) []*chunk {
	var next []solana.PublicKey
	for _, v := range m.Vaults {
		if _, known := m.pools[v.Position]; !known {
			if position, err := damm.DecodePosition(seen[v.Position].Data); err == nil {
				m.pools[v.Position] = position.Pool
				next = append(next, position.Pool)
			}
		}
		if _, known := m.decimals[v.QuoteMint]; !known {
			var mint token.Mint
			if a := seen[v.QuoteMint]; a.Owner == solana.TokenProgramID && bin.NewBinDecoder(a.Data).Decode(&mint) == nil {
				m.decimals[v.QuoteMint] = mint.Decimals
			}
		}
		if _, known := m.code[v.Program]; !known {
			if key, upgradeable, err := chain.ProgramData(seen[v.Program].Account); err == nil && upgradeable {
				m.code[v.Program] = key
				next = append(next, key)
			}
		}
	}
	return pack(next, damm.PoolSize) // A whole pool, and the head of a program's code.
}
