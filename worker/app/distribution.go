package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/gagliardetto/solana-go"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/receipt"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var distributionModule = fx.Module("distribution",
	fx.Provide(newService, fx.Annotate(newDay, fx.As(new(activities.Day))), newBooks, newGate),
)

type serviceParams struct {
	fx.In

	Settings config.Settings
	Pool     *chain.Pool
	Store    *store.Store
	Senders  *senders
	Clock    Clock
	Log      *slog.Logger
}

func newService(p serviceParams) (*distribution.Service, error) {
	vaults, err := Vaults(p.Settings, p.Senders.payer)
	if err != nil {
		return nil, fault(err)
	}
	s := distribution.New(distribution.Params{
		Chain: p.Pool, Store: p.Store, Vaults: vaults, Rules: Rules(p.Settings), Sender: p.Senders.of,
		Endpoints: func() []distribution.EndpointView { return Endpoints(p.Pool) },
		Stopped:   func() bool { return p.Settings.Safety.EmergencyStop },
		Now:       p.Clock, Sleep: sleep, SlotTime: p.Settings.RPC.SlotTime, Log: p.Log,
	})
	p.Senders.bind(distribution.Gate{Service: s})
	return s, nil
}

func newDay(s *distribution.Service, settings config.Settings, db *store.Store) activities.Day {
	return distribution.NewFunded(s, db, uint64(settings.Distribution.PayerRunwayWarnDays))
}

func newBooks(s config.Settings, db *store.Store, service *distribution.Service, receipts *receipt.Service) *activities.Books {
	fleet := distribution.NewFleet(service, db)
	if receipts.Key == nil {
		return activities.NewBooks(db, nil, fleet, Enabled(s))
	}
	return activities.NewBooks(db, receipts, fleet, Enabled(s))
}

// Rules turns settings into the bounds of a day.
func Rules(s config.Settings) distribution.Rules {
	d := s.Distribution
	return distribution.Rules{
		MaxInvalidPercent: int(d.MaxInvalidStreamsPercent), MinClaimable: d.MinClaimable, Tables: d.LookupTables == "auto",
		DeadlineMargin: int64(d.DeadlineMargin / time.Second), ClockSkewWarn: int64(d.ClockSkewWarn / time.Second),
		PayerReserve: uint64(d.PayerReserveLamports), UnitPriceCap: d.MaxPriorityFeeMicroLamports, PageDelay: d.DelayBetweenPages, RecordUnpaid: d.PublishedUnpaidInvestors == "record",
		Reset: s.Reset(),
	}
}

// Vaults works out the addresses of all enabled vaults. payer names a vault's fee payer.
func Vaults(s config.Settings, payer func(config.Vault) (solana.PublicKey, error)) (map[string]distribution.Vault, error) {
	out := make(map[string]distribution.Vault, len(s.Vaults))
	for _, c := range s.Vaults {
		if !c.Enabled {
			continue
		}
		v, err := vault(s, c)
		if err != nil {
			return nil, fmt.Errorf("vault %s: %w", c.ID, err)
		}
		if v.Payer, err = payer(c); err != nil {
			return nil, fmt.Errorf("vault %s: %w", c.ID, err)
		}
		out[c.ID] = v
	}
	return out, nil
}

func vault(s config.Settings, c config.Vault) (distribution.Vault, error) {
	v := distribution.Vault{
		ID: c.ID, Behaviour: c.Behaviour, Expected: int(c.ExpectedInvestors), PageSize: c.PageSize,
		Token: domain.Token{Mint: c.QuoteMint, Symbol: c.QuoteSymbol}, Decimals: c.QuoteDecimals, Accepted: c.AcceptedProgram,
	}
	if v.Expected == 0 {
		v.Expected = len(c.Streams)
	}
	if v.PageSize == 0 {
		v.PageSize = s.Distribution.PageSize
	}
	mint := c.StreamMint
	if mint == "" {
		mint = c.QuoteMint
	}
	for _, field := range []struct {
		name, text string
		into       *solana.PublicKey
	}{
		{"vault", c.Vault, &v.Address},
		{"quote_mint", c.QuoteMint, &v.QuoteMint},
		{"creator_wallet", c.CreatorWallet, &v.Creator},
		{"honorary_position", c.HonoraryPosition, &v.Position},
		{"cp_amm_program", c.CPAMMProgram, &v.CPAMM},
		{"program_id", c.ProgramID, &v.Program},
		{"stream_mint", mint, &v.StreamMint},
	} {
		key, err := solana.PublicKeyFromBase58(field.text)
		if err != nil {
			return v, fmt.Errorf("%s %q: %w", field.name, field.text, err)
		}
		*field.into = key
	}
	for _, text := range c.Streams {
		key, err := solana.PublicKeyFromBase58(text)
		if err != nil {
			return v, fmt.Errorf("stream %q: %w", text, err)
		}
		v.Streams = append(v.Streams, key)
	}
	var err error
	v.Accounts, err = router.Derive(v.Program, v.Address, v.QuoteMint, v.Creator)
	return v, err
}

// Endpoints is the pool's health as the checks look at it.
func Endpoints(p *chain.Pool) []distribution.EndpointView {
	var out []distribution.EndpointView
	for _, h := range p.Health() {
		out = append(out, distribution.EndpointView{Name: h.Name, Usable: h.Usable, Reason: h.Reason, Slot: h.Slot, Lag: h.Lag, Advancing: h.Advancing})
	}
	return out
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// newGate holds plans against the past of their vaults.
func newGate(s config.Settings, db *store.Store, now Clock) *activities.Gate {
	a := s.Distribution.Anomaly
	rules := activities.GateRules{
		Enabled: a.Enabled, Days: int(a.Days), Timeout: a.Timeout, Roster: s.Roster(),
		Band: domain.Band{Least: int(a.Least), ClaimedFactor: a.ClaimedFactor, LargestFactor: a.LargestFactor, ShareBPS: a.ShareBPS, InvestorsPercent: a.InvestorsPercent},
	}
	return activities.NewGate(db, rules, func(ctx context.Context, actor, subject, detail string) error {
		return db.Audit(ctx, store.AuditEntry{At: now(), Actor: actor, Action: "plan.approve", Subject: subject, Detail: detail})
	}, time.Now) // An approval is made by the clock of the person who signs it.
}
