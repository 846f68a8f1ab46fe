package monitor

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// readTime bounds the reads of a look. Endpoints that hang must not keep the look from being stored: that none of them
// answers is what it has to say.
const readTime = 25 * time.Second

// Look takes one look at the whole fleet and stores it. An error means that nothing was stored; what could not be read is
// no error but null in the samples. It may be repeated.
func (m *Monitor) Look(ctx context.Context) (domain.FleetTick, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	began := m.Now().UTC()
	before, _, err := m.Store.LatestTick(ctx)
	if err != nil {
		return domain.FleetTick{}, fmt.Errorf("the look before: %w", err)
	}
	var requests atomic.Uint64
	counted, cancel := context.WithTimeout(chain.WithCounter(ctx, &requests), readTime)
	defer cancel()
	vaults, shared := m.cut()
	m.read(counted, vaults, shared)
	seen := gather(vaults, shared)
	learned := m.learn(seen)
	m.read(counted, learned)
	for k, a := range gather(learned) {
		seen[k] = a
	}
	m.learn(seen)
	t := m.sample(ctx, began, before, vaults, seen)
	m.share(ctx, &t, before, vaults)
	t.Fleet.Requests, t.Fleet.Took = requests.Load(), m.Now().Sub(began)
	if err := m.Store.SaveTick(ctx, t); err != nil {
		return domain.FleetTick{}, fmt.Errorf("store the look: %w", err)
	}
	return t, nil
}

// sample makes every vault's sample.
func (m *Monitor) sample(ctx context.Context, now time.Time, before domain.FleetTick, chunks []*chunk, seen map[solana.PublicKey]found) domain.FleetTick {
	was := make(map[string]*domain.VaultSample, len(before.Vaults))
	for i := range before.Vaults {
		was[before.Vaults[i].Vault] = &before.Vaults[i]
	}
	t := domain.FleetTick{Fleet: domain.FleetSample{At: now, Vaults: len(m.Vaults), Good: before.Fleet.Good}, Vaults: make([]domain.VaultSample, len(m.Vaults))}
	for _, c := range chunks {
		slow := map[int]bool{}
		for _, i := range c.slow {
			slow[i] = true
		}
		for _, i := range c.vaults {
			v := m.Vaults[i]
			s := domain.VaultSample{Vault: v.ID, At: now, Token: v.Token, Behaviour: v.Behaviour, Streams: v.Streams}
			s.Token.Decimals = m.decimals[v.QuoteMint]
			m.carry(&s, was[v.ID])
			if err := m.readDay(&s, v, c); err != nil {
				s.Error = err.Error()
			}
			if slow[i] && c.err == nil {
				m.readSlow(&s, v, c, seen)
			}
			m.readShared(&s, v, seen)
			t.Vaults[i] = s
		}
	}
	m.books(ctx, &t)
	m.runs(ctx, &t)
	for i := range t.Vaults {
		s := &t.Vaults[i]
		m.judge(s)
		follow(was[s.Vault], s)
		if s.Day != nil {
			t.Fleet.Read++
		} else if t.Fleet.Error == "" {
			t.Fleet.Error = fmt.Sprintf("%s: %s", s.Vault, s.Error)
		}
	}
	if t.Fleet.Read == t.Fleet.Vaults {
		t.Fleet.Good = now
	}
	return t
}

// carry takes over what is not read at every look, with the time at which it was read.
func (m *Monitor) carry(s *domain.VaultSample, before *domain.VaultSample) {
	if before == nil {
		return
	}
	s.Fees, s.Policy, s.Payer, s.Program = before.Fees, before.Policy, before.Payer, before.Program
}

// judge gives the sample its state: the chain's, and a live run's own word over it.
func (m *Monitor) judge(s *domain.VaultSample) {
	s.State = domain.UnknownState
	if s.Day == nil {
		s.Reason = s.Error
		return
	}
	look := domain.Look{
		Timing: s.Day.Timing(), Behaviour: s.Behaviour, Cursor: s.Day.Cursor, MinClaimable: m.MinClaimable, Distributed: s.Day.Distributed,
	}
	if held, known := s.Day.Treasury.Held(); known {
		look.Treasury = &held
	}
	if s.Fees != nil {
		look.Claimable = &s.Fees.Quote
	}
	if s.Policy != nil {
		look.Cap = s.Policy.DailyCap
	}
	if s.Books != nil {
		look.Flags = s.Books.Flags
		look.Report = m.plans[s.Vault].report
	}
	s.State, s.Reason = look.Judge()
	if s.Run != nil && s.Run.Live && s.State != domain.Stopped && s.State != domain.Isolated {
		s.State, s.Reason = s.Run.State, ""
	}
}

// share fills in what the vaults have in common.
func (m *Monitor) share(ctx context.Context, t *domain.FleetTick, before domain.FleetTick, chunks []*chunk) {
	f := &t.Fleet
	for _, c := range chunks {
		if c.err != nil || c.snap.MaxSlot <= f.Slot {
			continue
		}
		if clock, err := chain.DecodeClock(c.snap.Accounts[solana.SysVarClockPubkey].Data); err == nil {
			f.Slot, f.ChainTime = c.snap.MaxSlot, &clock.UnixTime
			skew := f.At.Unix() - clock.UnixTime
			f.Skew = &skew
		}
	}
	if s := m.Sources; s.Endpoints != nil {
		f.Endpoints = s.Endpoints()
	}
	f.Workers = ask(ctx, m, "workers", m.Sources.Workers)
	f.Channels = ask(ctx, m, "channels", m.Sources.Channels)
	f.Signers = ask(ctx, m, "signers", m.Sources.Signers)
	f.Backup = ask(ctx, m, "backup", m.Sources.Backup)
	f.Audit = ask(ctx, m, "audit", m.Sources.Audit)
}

// ask gives what a source says; nothing when there is none or it fails.
func ask[T any](ctx context.Context, m *Monitor, what string, source func(context.Context) (T, error)) T {
	var nothing T
	if source == nil {
		return nothing
	}
	got, err := source(ctx)
	if err != nil {
		m.Log.Warn("the watch does not know about "+what, "error", err)
		return nothing
	}
	return got
}

func (m *Monitor) runs(ctx context.Context, t *domain.FleetTick) {
	runs := ask(ctx, m, "runs", m.Sources.Runs)
	if runs == nil {
		return
	}
	for i := range t.Vaults {
		r := runs[t.Vaults[i].Vault]
		if r.Live && r.State == "" {
			r.State = domain.Running
		}
		t.Vaults[i].Run = &r
	}
}
