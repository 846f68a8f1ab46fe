package chaos

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// terms are the policy and the money that a day depends on.
func terms() []Scenario {
	const group = "money"
	return []Scenario{
		{"cap-mid-page", group, "the daily cap is reached in the middle of a page; later pages pay nothing", true, func(p *Plan) {
			limit := uint64(p.between(5, 40)) * 1_000_000
			p.Spec.DailyCap = &limit
			p.say("cap %d", limit)
		}},
		{"zero-fees", group, "nothing was earned: the day is not opened, which would use up its 24 hours", false, func(p *Plan) {
			p.Spec.NoFees, p.Refused, p.Days, p.Ends = true, true, 1, []domain.State{domain.NoFees}
		}},
		{"base-fee", group, "base fees stand in the position: the day is refused (6001)", false, func(p *Plan) {
			p.Spec.BaseFees, p.Refused, p.Days, p.Ends = uint64(p.between(1, 1_000_000)), true, 1, []domain.State{domain.Failed}
		}},
		{"base-fee-late", group, "a base fee appears after the checks and before the opening (6001)", false, func(p *Plan) {
			p.Refused, p.Days, p.Ends = true, 1, []domain.State{domain.Failed}
			p.held("base fee appears", 0, func(_ context.Context, r *Run) error {
				err := r.node.AccrueFees(r.id, 0, 1000)
				r.node.Slots(2)
				return err
			})
		}},
		{"policy-changed", group, "the minimum payout changes in the middle of the day: later pages follow it, and the report says what was not planned", false, func(p *Plan) {
			k, least := p.middle(), uint64(p.between(10_000, 3_000_000))
			p.Drift, p.Ends = true, []domain.State{domain.Complete, domain.CompleteUnreconciled}
			p.say("before page %d the minimum becomes %d", k, least)
			p.held("policy changes", k, func(_ context.Context, r *Run) error {
				return r.changePolicy(func(data []byte, at int) { binary.LittleEndian.PutUint64(data[at:], least) })
			})
		}},
		{"share-changed", group, "the investors' share changes in the middle of the day: it counts from the next one on", false, func(p *Plan) {
			k, share := p.middle(), uint16(p.between(1000, 9000))
			p.Days = 2
			p.say("before page %d the share becomes %d", k, share)
			p.held("share changes", k, func(_ context.Context, r *Run) error {
				return r.changePolicy(func(data []byte, _ int) { binary.LittleEndian.PutUint16(data[104:], share) })
			})
		}},
		{"creator-missing", group, "the creator has no token account", true, func(p *Plan) {
			p.arms(func(r *Run) error { r.bank().DeleteAccount(r.vault.Addresses.Creator); return nil })
		}},
		{"atas-missing", group, "some recipients have no token account", true, func(p *Plan) { p.Spec.MissingATAs = p.between(1, 3) }},
		{"payer-dry", group, "the fee payer runs dry in the middle of the day, and is filled up later", false, func(p *Plan) {
			k, hold := p.middle(), p.seconds(2, 6)
			p.Operator, p.Restarts = true, 2
			p.say("before page %d for %s", k, hold)
			p.held("payer runs dry", k, func(_ context.Context, r *Run) error {
				key := r.vault.Payer.PublicKey()
				account, _ := r.bank().Account(key, bank.Processed)
				full, dry := *account.Clone(), *account.Clone()
				dry.Lamports = 900
				r.bank().SetAccount(key, dry)
				r.node.Slots(2)
				time.AfterFunc(hold, func() { r.bank().SetAccount(key, full); close(r.calm) })
				return nil
			})
		}},
		{"treasury-short", group, "the treasury holds less than a page needs, and is made good later", false, func(p *Plan) {
			k, hold := p.middle(), p.seconds(2, 6)
			p.Operator, p.Restarts = true, 2
			p.say("before page %d for %s", k, hold)
			p.held("treasury is short", k, func(_ context.Context, r *Run) error {
				key := r.vault.Addresses.Treasury
				var gone uint64
				set := func(f func(uint64) uint64) error {
					return r.change(key, func(data []byte) []byte {
						binary.LittleEndian.PutUint64(data[64:], f(binary.LittleEndian.Uint64(data[64:])))
						return data
					})
				}
				if err := set(func(held uint64) uint64 { gone = held - 1; return 1 }); err != nil {
					return err
				}
				r.node.Slots(2)
				time.AfterFunc(hold, func() {
					if err := set(func(held uint64) uint64 { return held + gone }); err != nil {
						r.trouble("treasury", err)
					}
					close(r.calm)
				})
				return nil
			})
		}},
		{"fees-mid-day", group, "more fees are earned while the day is open: they belong to the next one", true, func(p *Plan) {
			k, more := p.middle(), uint64(p.between(1_000, 9_000_000))
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "fees come in", Method: "sendTransaction", Pages: true, Nth: k, Before: func(proxy.Call) {
					if err := r.node.AccrueFees(r.id, more, 0); err != nil {
						r.trouble("fees come in", err)
					}
				}})
				return nil
			})
		}},
	}
}

// changePolicy hands f the policy's bytes and where its minimum payout stands, which depends on the optional cap.
func (r *Run) changePolicy(f func(data []byte, minPayout int)) error {
	err := r.change(r.vault.Addresses.Policy, func(data []byte) []byte {
		at := 107
		if data[106] == 1 {
			at += 8
		}
		f(data, at)
		return data
	})
	r.node.Slots(2)
	return err
}
