package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// fates are what can become of a transaction on its way.
func fates() []Scenario {
	const group = "transaction"
	late := func(name string, slots uint64, about string) Scenario {
		return Scenario{name, group, about, true, func(p *Plan) {
			k := p.page()
			p.say("page %d lands %d blocks late", k, slots)
			p.arms(func(r *Run) error { r.landLate(k, slots); return nil })
		}}
	}
	return []Scenario{
		{"dropped", group, "a third of all sends get an answer and reach nobody", true, func(p *Plan) {
			seed := p.rng.Uint64()
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "drop", Method: "sendTransaction", PerMille: 330, Seed: seed, Do: proxy.Swallow})
				return nil
			})
		}},
		{"dropped-for-good", group, "every copy of one page is lost until it has expired; it is signed anew only then", true, func(p *Plan) {
			k := p.page()
			p.say("page %d", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "drop for good", Method: "sendTransaction", Pages: true, Nth: k, Sticky: true, Do: proxy.Swallow})
				return nil
			})
		}},
		{"tables-impossible", group, "lookup tables cannot be made: the day is paid in shorter pages without them", true, func(p *Plan) {
			p.largePages()
			p.arms(func(r *Run) error { r.bank().DeleteAccount(solana.AddressLookupTableProgramID); return nil })
		}},
		{"tables-gone", group, "the lookup tables vanish in the middle of the day", false, func(p *Plan) {
			p.largePages()
			k := p.middle()
			p.say("before page %d", k)
			p.held("tables vanish", k, func(_ context.Context, r *Run) error {
				for _, table := range r.bank().ProgramAccounts(solana.AddressLookupTableProgramID, bank.Processed) {
					r.bank().DeleteAccount(table.Key)
				}
				r.node.Slots(2)
				return nil
			})
		}},
		{"compute-dearer", group, "the program takes ten times the compute units from the middle of the day on: a page that no longer fits is halved", true, func(p *Plan) {
			p.largePages()
			k := p.middle()
			p.say("before page %d", k)
			p.held("compute becomes dearer", k, func(_ context.Context, r *Run) error {
				r.bank().SetRouterUnits(1000)
				r.node.Slots(2)
				return nil
			})
		}},
		late("late-1", 1, "a page lands one block late"),
		late("late-60", 60, "a page lands 60 blocks late"),
		late("late-149", 149, "a page lands in the last block in which it can"),
		{"accepted-timeout", group, "a node takes a page and never answers", true, func(p *Plan) {
			k := p.page()
			p.say("page %d", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "no answer", Method: "sendTransaction", Pages: true, Nth: k, Do: proxy.Mute, Delay: 20 * time.Second})
				return nil
			})
		}},
		{"landed-though-expired", group, "one endpoint's block height runs ahead and calls a page expired that still lands", true, func(p *Plan) {
			k := p.page()
			p.say("page %d", k)
			p.arms(func(r *Run) error {
				// The page is held back almost to its last block; meanwhile one endpoint claims that it is long past.
				r.landLate(k, 149)
				r.rule(&proxy.Rule{Name: "height runs ahead", Method: "getEpochInfo", Endpoint: 2, Rewrite: func(answer []byte) []byte {
					return rewrite(answer, func(result any) any {
						if info, ok := result.(map[string]any); ok {
							if height, ok := info["blockHeight"].(float64); ok {
								info["blockHeight"] = height + 400
							}
						}
						return result
					})
				}})
				return nil
			})
		}},
		{"rebroadcast-twice", group, "every send reaches the chain several times, also after it has landed", true, func(p *Plan) {
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "copies", Method: "sendTransaction", Pages: true, After: func(c proxy.Call) {
					for _, delay := range []uint64{0, 1, 5, 20} {
						_, _ = r.bank().Submit(c.Raw, bank.SubmitOptions{DelaySlots: delay}) // A copy that is refused is what a copy should be.
					}
				}})
				return nil
			})
		}},
		{"rolled-back", group, "confirmed slots with a page are rolled back", true, func(p *Plan) {
			k, depth := p.page(), p.between(2, 30)
			p.say("page %d, %d slots", k, depth)
			p.arms(func(r *Run) error { r.rollBack(k, uint64(depth)); return nil })
		}},
		{"already-processed", group, "a node takes a page and answers AlreadyProcessed", true, func(p *Plan) {
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "already processed", Method: "sendTransaction", Pages: true, PerMille: 700, Seed: 1, Do: proxy.Fail, FailCode: -32002, FailText: "AlreadyProcessed"})
				return nil
			})
		}},
		{"blockhash-not-found", group, "a node takes a page and claims not to know its blockhash", true, func(p *Plan) {
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "blockhash not found", Method: "sendTransaction", Pages: true, PerMille: 700, Seed: 2, Do: proxy.Fail, FailCode: -32002, FailText: "BlockhashNotFound"})
				return nil
			})
		}},
	}
}

// landLate takes all copies of the k-th page away and lets one of them land so many slots later, or in the last block
// in which it can, whichever comes first.
func (r *Run) landLate(k int, slots uint64) *proxy.Rule {
	heights := &lastValid{known: map[string]uint64{}}
	r.rule(&proxy.Rule{Name: "learn blockhashes", Method: "getLatestBlockhash", Rewrite: heights.learn})
	return r.rule(&proxy.Rule{Name: "land late", Method: "sendTransaction", Pages: true, Nth: k, Sticky: true, Do: proxy.Swallow, Before: func(c proxy.Call) {
		delay := slots
		began := r.bank().Slot(bank.Processed)
		if last, ok := heights.of(c.Page.Blockhash); ok {
			left := last - min(last, r.bank().BlockHeight(bank.Processed))
			delay = min(delay, left-min(left, 2))
		}
		if _, err := r.bank().Submit(c.Raw, bank.SubmitOptions{DelaySlots: delay}); err != nil {
			r.tell("held page was refused: %v", err)
		}
		if delay > 0 { // One that is signed with a hash at its end cannot come late.
			r.checks = append(r.checks, func() error { return r.landed(c.Sig, began, delay) })
		}
	}})
}

// landed says whether a held page came onto the chain as late as it was meant to: otherwise the run proved nothing.
func (r *Run) landed(signature string, began, late uint64) error {
	sig, err := solana.SignatureFromBase58(signature)
	if err != nil {
		return fmt.Errorf("held page: %w", err)
	}
	record, found := r.bank().Transaction(sig)
	if !found || record.Slot < began+late {
		return fmt.Errorf("never came to it: the held page did not land %d slots late", late)
	}
	r.tell("the held page landed %d slots late", record.Slot-began)
	return nil
}

// lastValid remembers until which block height blockhashes are good, as nodes said.
type lastValid struct {
	mu    sync.Mutex
	known map[string]uint64
}

func (l *lastValid) learn(answer []byte) []byte {
	var in struct {
		Result struct {
			Value struct {
				Hash string `json:"blockhash"`
				Last uint64 `json:"lastValidBlockHeight"`
			} `json:"value"`
		} `json:"result"`
	}
	if json.Unmarshal(answer, &in) == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.known[in.Result.Value.Hash] = in.Result.Value.Last
	}
	return answer
}

func (l *lastValid) of(hash solana.Hash) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, ok := l.known[hash.String()]
	return last, ok
}

// rollBack drops the slots since the k-th page landed, once it lies so deep that all clients have seen it confirmed.
func (r *Run) rollBack(k int, depth uint64) {
	landed := make(chan solana.Signature, 1)
	r.rule(&proxy.Rule{Name: "roll back", Method: "sendTransaction", Pages: true, Nth: k, Do: proxy.Forward, After: func(c proxy.Call) {
		if sig, err := solana.SignatureFromBase58(c.Sig); err == nil {
			landed <- sig
		}
	}})
	r.plan.does("roll back", func(ctx context.Context, r *Run) error {
		var sig solana.Signature
		select {
		case sig = <-landed:
		case <-ctx.Done():
			return ctx.Err()
		}
		deep := func() bool {
			record, found := r.bank().Transaction(sig)
			return found && r.bank().Slot(bank.Processed) >= record.Slot+depth-1
		}
		if err := r.until(ctx, "the page lies deep", deep); err != nil {
			return err
		}
		tip, root := r.bank().BlockHeight(bank.Processed), r.bank().BlockHeight(bank.Finalized)
		r.tell("rolling back %d slots", min(depth, tip-root))
		return r.node.Rollback(min(depth, tip-root))
	})
}

// rewrite changes the result of a JSON-RPC answer; one that cannot be read stays as it is.
func rewrite(answer []byte, f func(result any) any) []byte {
	var in map[string]any
	if json.Unmarshal(answer, &in) != nil {
		return answer
	}
	if result, ok := in["result"]; ok {
		in["result"] = f(result)
	}
	out, err := json.Marshal(in)
	if err != nil {
		return answer
	}
	return out
}
