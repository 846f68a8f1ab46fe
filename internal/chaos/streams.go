package chaos

import (
	"context"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// streams are investors' accounts that change under a day.
func streams() []Scenario {
	const group = "investor"
	// cured breaks an investor of a page that is not turned yet, and mends him later; the day waits and is paid.
	cured := func(name, about string, account func(localnet.Investor) solana.PublicKey, harm func(*bank.Account, *Run)) Scenario {
		return Scenario{name, group, about, false, func(p *Plan) {
			k, hold := p.middle(), p.seconds(2, 6)
			p.Operator, p.Restarts = true, 2
			p.say("before page %d for %s", k, hold)
			p.held(name, k, func(_ context.Context, r *Run) error {
				key := account(r.lastInvestor())
				was, _ := r.bank().Account(key, bank.Processed)
				harmed := was.Clone()
				harm(harmed, r)
				if harmed.Lamports == 0 {
					r.bank().DeleteAccount(key)
				} else {
					r.bank().SetAccount(key, *harmed)
				}
				r.auditor.Observe()
				r.node.Slots(2)
				time.AfterFunc(hold, func() {
					now, exists := r.bank().Account(key, bank.Processed)
					if !exists || !same(now.Data, was.Data) && same(now.Data, harmed.Data) {
						r.bank().SetAccount(key, was)
						r.auditor.Observe()
					}
					close(r.calm)
				})
				return nil
			})
		}}
	}
	stream := func(i localnet.Investor) solana.PublicKey { return i.Stream }
	ata := func(i localnet.Investor) solana.PublicKey { return i.ATA }
	edit := func(f func(*streamflow.Stream, *Run)) func(*bank.Account, *Run) {
		return func(a *bank.Account, r *Run) {
			s, err := streamflow.Decode(a.Data)
			if err != nil {
				r.trouble("edit stream", err)
				return
			}
			f(&s, r)
			a.Data = s.Encode()
		}
	}
	return []Scenario{
		cured("stream-closed", "a stream is closed before its page, and opened again", stream, edit(func(s *streamflow.Stream, _ *Run) { s.Closed = true })),
		cured("stream-reminted", "a stream suddenly locks another mint, and later the right one again", stream, edit(func(s *streamflow.Stream, r *Run) { s.Mint = r.vault.BaseMint })),
		cured("ata-closed", "a recipient closes the token account before the page, and opens it again", ata, func(a *bank.Account, _ *Run) { a.Lamports = 0 }),
		cured("ata-frozen", "a recipient's token account is frozen before the page, and thawed", ata, func(a *bank.Account, r *Run) {
			t, ok := programs.DecodeTokenAccount(a)
			if ok {
				t.State = programs.TokenFrozen
				a.Data = t.Encode()
			}
		}),
		{"stream-closed-for-good", group, "a stream is closed before its page and stays so: the day waits until its deadline and is lost with a list", false, func(p *Plan) {
			k := p.middle()
			p.Lost, p.Days, p.Operator, p.Ends = true, 2, true, []domain.State{domain.Failed}
			p.say("before page %d", k)
			p.held("stream closed", k, func(_ context.Context, r *Run) error {
				close(r.calm)
				err := r.change(r.lastInvestor().Stream, func(data []byte) []byte { data[671] = 1; return data })
				r.node.Slots(2)
				time.AfterFunc(6*time.Second, func() { r.node.AdvanceClock(24 * time.Hour) })
				return err
			})
		}},
		{"stream-transferred", group, "a stream gets another recipient in the middle of the day: today the old one is paid, tomorrow the new one", false, func(p *Plan) {
			k := p.middle()
			p.Days = 2
			p.say("before page %d", k)
			p.held("stream transferred", k, func(_ context.Context, r *Run) error {
				first := r.vault.Investors[0]
				err := r.change(r.lastInvestor().Stream, func(data []byte) []byte { copy(data[113:], first.Wallet[:]); return data })
				r.node.Slots(2)
				return err
			})
		}},
		{"stream-duplicated", group, "the program's list gets a stream twice in the middle of the day: today goes on, tomorrow is refused before it is opened", false, func(p *Plan) {
			k := p.middle()
			p.Days = 1
			p.say("before page %d", k)
			p.held("stream duplicated", k, func(_ context.Context, r *Run) error {
				for _, spec := range r.bank().Vaults() {
					if spec.Vault == r.vault.Vault {
						spec.Streams = append(append([]solana.PublicKey{}, spec.Streams...), spec.Streams[0])
						r.bank().RegisterVault(spec)
					}
				}
				return nil
			})
			p.then(func(ctx context.Context, r *Run) error { return r.refusedDay(ctx) })
		}},
		{"ata-frozen-before", group, "a recipient's token account is frozen before the day: the day is refused, not opened and stuck", false, func(p *Plan) {
			p.Spec.FrozenATAs, p.Refused, p.Days, p.Ends = 1, true, 1, []domain.State{domain.Failed}
		}},
	}
}

// refusedDay moves on to the next day and wants it refused before anything is opened.
func (r *Run) refusedDay(ctx context.Context) error {
	if err := r.nextDay(ctx); err != nil {
		return err
	}
	var s story
	report, err := r.payDay(ctx, &s, []domain.State{domain.Failed, domain.Complete})
	if err != nil {
		return err
	}
	if report.State != domain.Failed {
		r.trouble("the day after", errRefusal(report))
	}
	return nil
}

// lastInvestor is the last one of the day's list, whose page comes last, with an account of his own.
func (r *Run) lastInvestor() localnet.Investor {
	list := r.vault.Investors
	for i := len(list) - 1; i > 0; i-- {
		shared := false
		for j, other := range list {
			shared = shared || j != i && other.ATA == list[i].ATA
		}
		_, exists := r.bank().Account(list[i].ATA, bank.Processed)
		if !list[i].Closed && !shared && exists {
			return list[i]
		}
	}
	return list[0]
}

func same(a, b []byte) bool { return string(a) == string(b) }
