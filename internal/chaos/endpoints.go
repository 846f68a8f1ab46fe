package chaos

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// endpoints are nodes that refuse, hang, lie or lag.
func endpoints() []Scenario {
	const group = "rpc"
	chance := func(name, about string, perMille int, rule func() *proxy.Rule) Scenario {
		return Scenario{name, group, about, true, func(p *Plan) {
			seed := p.rng.Uint64()
			p.arms(func(r *Run) error {
				one := rule()
				one.Name, one.PerMille, one.Seed = name, perMille, seed
				r.rule(one)
				return nil
			})
		}}
	}
	return []Scenario{
		chance("rpc-429", "a fifth of all requests are refused with 429 and Retry-After", 200, func() *proxy.Rule {
			return &proxy.Rule{Do: proxy.Status, Code: http.StatusTooManyRequests, Retry: 1}
		}),
		chance("rpc-5xx", "a quarter of all requests end with 502", 250, func() *proxy.Rule {
			return &proxy.Rule{Do: proxy.Status, Code: http.StatusBadGateway}
		}),
		chance("rpc-hang", "one request in twenty is never answered", 50, func() *proxy.Rule {
			return &proxy.Rule{Do: proxy.Hang, Delay: 20 * time.Second}
		}),
		chance("rpc-truncated", "a fifth of all answers end in the middle", 200, func() *proxy.Rule {
			return &proxy.Rule{Do: proxy.Truncate}
		}),
		chance("rpc-slow", "half of all answers take 300 ms", 500, func() *proxy.Rule {
			return &proxy.Rule{Do: proxy.Forward, Delay: 300 * time.Millisecond}
		}),
		{"rpc-wrong-genesis", group, "one endpoint belongs to another chain, on which the same vault stands elsewhere", true, func(p *Plan) {
			p.arms(func(r *Run) error { return r.otherChain() })
		}},
		{"rpc-frozen", group, "one endpoint's slot stands still from the middle of the day on, and its health says ok", true, func(p *Plan) {
			k := p.middle()
			p.say("from page %d on", k)
			p.does("freeze an endpoint", func(ctx context.Context, r *Run) error {
				if err := r.cursor(ctx, uint32(k-1)*p.PageSize); err != nil {
					return err
				}
				r.node.SetFaultAt(r.nodes[1], localnet.Fault{Name: "frozen"})
				return nil
			})
		}},
		{"rpc-behind-2500", group, "one endpoint is 2,500 slots behind and its health says ok", false, func(p *Plan) {
			p.arms(func(r *Run) error {
				r.node.SetFaultAt(r.nodes[1], localnet.Fault{Name: "frozen"})
				r.node.Slots(2500)
				return nil
			})
		}},
		{"rpc-stale-20", group, "one endpoint shows the chain of 20 slots ago, too little to be left out for", true, func(p *Plan) {
			p.arms(func(r *Run) error {
				r.node.SetFaultAt(r.nodes[1], localnet.Fault{Name: "stale", Value: 20})
				return nil
			})
		}},
		{"rpc-disagree", group, "one endpoint never knows any signature or transaction, the other does", true, func(p *Plan) {
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "knows no status", Method: "getSignatureStatuses", Endpoint: 2, Rewrite: noStatuses})
				r.rule(&proxy.Rule{Name: "knows no transaction", Method: "getTransaction", Endpoint: 2, Rewrite: func(b []byte) []byte {
					return rewrite(b, func(any) any { return nil })
				}})
				return nil
			})
		}},
		{"rpc-all-down", group, "all endpoints are away for longer than several retries of a page", false, func(p *Plan) {
			k, away := p.page(), p.seconds(8, 25)
			p.say("from page %d on for %s", k, away)
			p.arms(func(r *Run) error { r.allDown(k, away); return nil })
		}},
		{"rpc-all-down-long", group, "all endpoints are away for longer than the whole ladder of a read's retries, which stands for 20 minutes", false, func(p *Plan) {
			k := p.page()
			p.Restarts, p.Operator, p.Limit = 2, true, 280*time.Second
			p.say("from page %d on for 125 s", k)
			p.arms(func(r *Run) error { close(r.calm); r.allDown(k, 125*time.Second); return nil })
		}},
		{"rpc-one-endpoint", group, "only one endpoint is set, and it drops, hangs and refuses", false, func(p *Plan) {
			p.Endpoints = 1
			seed := p.rng.Uint64()
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "one drop", Method: "sendTransaction", PerMille: 300, Seed: seed, Do: proxy.Swallow})
				r.rule(&proxy.Rule{Name: "one refuse", PerMille: 100, Seed: seed, Do: proxy.Status, Code: http.StatusServiceUnavailable})
				r.rule(&proxy.Rule{Name: "one lose", PerMille: 50, Seed: seed, Do: proxy.Lose})
				return nil
			})
		}},
		{"rpc-null-block-times", group, "block times are null in all histories", true, func(p *Plan) {
			p.arms(func(r *Run) error {
				for _, url := range r.nodes {
					r.node.SetFaultAt(url, localnet.Fault{Name: "null-block-time"})
				}
				return nil
			})
		}},
		{"rpc-truncated-logs", group, "logs are cut as at 10 kB", true, func(p *Plan) {
			p.arms(func(r *Run) error {
				for _, url := range r.nodes {
					r.node.SetFaultAt(url, localnet.Fault{Name: "truncated-logs"})
				}
				return nil
			})
		}},
		{"ws-cut", group, "the WebSocket is cut again and again", true, func(p *Plan) {
			p.WS = true
			p.arms(func(r *Run) error {
				r.node.SetFault(localnet.Fault{Name: "ws-cut", PerMille: 30})
				return nil
			})
		}},
	}
}

func noStatuses(answer []byte) []byte {
	return rewrite(answer, func(result any) any {
		value, ok := result.(map[string]any)
		if !ok {
			return result
		}
		list, ok := value["value"].([]any)
		if !ok {
			return result
		}
		for i := range list {
			list[i] = nil
		}
		return value
	})
}

// allDown refuses everything from the k-th page's send on, for a while.
func (r *Run) allDown(k int, away time.Duration) {
	gone := &proxy.Rule{Name: "down", Do: proxy.Cut}
	r.rule(&proxy.Rule{Name: "all down", Method: "sendTransaction", Pages: true, Nth: k, Do: proxy.Cut, Before: func(proxy.Call) {
		r.tell("all endpoints are down")
		r.net.Add(gone)
		time.AfterFunc(away, func() { gone.Off(); r.tell("all endpoints are back") })
	}})
}

// otherChain puts another cluster behind a third endpoint, as a provider's mistake does. The same addresses exist
// there with other balances, so that nothing but the genesis hash tells the two apart.
func (r *Run) otherChain() error {
	other, err := localnet.Start(context.Background(), localnet.Options{
		SlotDuration: r.plan.Slot, GenesisTime: time.Now().Add(r.plan.Skew), Seed: r.plan.Spec.Seed + 1,
	})
	if err != nil {
		return fmt.Errorf("start another chain: %w", err)
	}
	r.beside = append(r.beside, other.Close)
	other.Slots(500) // Ahead of ours: by its slot alone it would be the best.
	url, err := r.net.Serve(other.URL())
	if err != nil {
		return err
	}
	r.urls = append([]string{url}, r.urls...)
	return nil
}
