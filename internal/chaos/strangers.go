package chaos

import (
	"context"
	"errors"
	"fmt"

	"github.com/gagliardetto/solana-go"
	computebudget "github.com/gagliardetto/solana-go/programs/compute-budget"

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// strangers turn pages: the call is open to anyone (X25).
func strangers() []Scenario {
	const group = "stranger"
	return []Scenario{
		{"crank-turns-page", group, "a stranger turns a page with the right accounts while ours is being prepared", true, func(p *Plan) {
			k := p.middle()
			p.say("page %d", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "stranger turns", Method: "simulateTransaction", Pages: true, Nth: k + 1, Before: func(proxy.Call) { r.crankOpen(p.PageSize) }})
				return nil
			})
		}},
		{"crank-opens-day", group, "a stranger opens the day before our first page", false, func(p *Plan) {
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "stranger opens", Method: "simulateTransaction", Pages: true, Nth: p.between(1, 2), Before: func(proxy.Call) { r.crank(0, p.PageSize) }})
				return nil
			})
		}},
		{"crank-closes-day", group, "a stranger turns all the pages that are left and closes the day", false, func(p *Plan) {
			k := p.page()
			p.say("from page %d on", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "stranger closes", Method: "simulateTransaction", Pages: true, Nth: k + 1, Before: func(proxy.Call) {
					for r.crankOpen(p.PageSize) {
						r.node.Slots(1)
					}
				}})
				return nil
			})
		}},
		{"crank-races", group, "a stranger's page lands just before ours, which is on its way and then does nothing", true, func(p *Plan) {
			k := p.middle()
			p.say("page %d", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "stranger races", Method: "sendTransaction", Pages: true, Nth: k, Before: func(proxy.Call) { r.crankOpen(p.PageSize) }})
				return nil
			})
		}},
		{"crank-other-size", group, "a stranger turns pages of another size than planned", false, func(p *Plan) {
			k, size := p.middle(), uint32(p.between(1, 7))
			p.say("page %d, %d investors", k, size)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "stranger's size", Method: "simulateTransaction", Pages: true, Nth: k + 1, Before: func(proxy.Call) { r.crankOpen(size) }})
				return nil
			})
		}},
	}
}

// crankOpen turns the page at the chain's cursor of an open day; false when the day is complete.
func (r *Run) crankOpen(size uint32) bool {
	p, err := r.vault.Progress(r.bank(), bank.Processed)
	if err != nil || p.DayComplete {
		return false
	}
	return r.crank(p.PaginationCursor, size)
}

// crank turns a page as a stranger with money of his own, and waits until it has landed.
func (r *Run) crank(cursor, size uint32) bool {
	raw, err := r.strangerPage(cursor, size)
	if err == nil {
		var sig solana.Signature
		if sig, err = r.bank().Submit(raw, bank.SubmitOptions{}); err == nil {
			for range 5 {
				r.node.Slots(1)
				if record, landed := r.bank().Transaction(sig); landed {
					if record.Err != nil {
						err = errors.New(record.Err.Error())
					}
					break
				}
			}
		}
	}
	if err != nil {
		r.tell("the stranger's page at cursor %d: %v", cursor, err)
		return false
	}
	r.tell("a stranger turned the page at cursor %d", cursor)
	return true
}

func (r *Run) strangerPage(cursor, size uint32) ([]byte, error) {
	key, err := solana.NewRandomPrivateKey()
	if err != nil {
		return nil, fmt.Errorf("make a stranger: %w", err)
	}
	v, b := r.vault, r.bank()
	b.SetAccount(key.PublicKey(), bank.Account{Lamports: solana.LAMPORTS_PER_SOL})
	var list []router.Payee
	for _, i := range v.Investors {
		if !i.Closed {
			list = append(list, router.Payee{Stream: i.Stream, ATA: i.ATA})
		}
	}
	call := router.DistributeFees{
		Program: v.ProgramID, Crank: key.PublicKey(), Vault: v.Vault, HonoraryPosition: v.HonoraryPosition, CPAMMProgram: damm.CPAMMProgram,
		Addresses: v.Addresses, PageSize: size, Cursor: &cursor,
		Remaining: router.ReferenceRemaining(list[min(int(cursor), len(list)):min(int(cursor+size), len(list))]),
	}
	hash, _ := b.LatestBlockhash(bank.Processed)
	limit := computebudget.NewSetComputeUnitLimitInstruction(1_400_000).Build()
	tx, err := solana.NewTransaction([]solana.Instruction{limit, call.Instruction()}, hash, solana.TransactionPayer(key.PublicKey()))
	if err != nil {
		return nil, fmt.Errorf("build a stranger's page: %w", err)
	}
	if _, err := tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &key }); err != nil {
		return nil, fmt.Errorf("sign a stranger's page: %w", err)
	}
	return tx.MarshalBinary()
}

// held lets f act while the worker waits for the answer to the simulation of its k-th page: nothing of ours is on its
// way then.
func (p *Plan) held(name string, k int, f func(ctx context.Context, r *Run) error) {
	p.arms(func(r *Run) error {
		r.rule(&proxy.Rule{Name: name, Method: "simulateTransaction", Pages: true, Nth: k + 1, Before: func(proxy.Call) {
			if err := f(context.Background(), r); err != nil {
				r.trouble(name, err)
			}
		}})
		return nil
	})
}
