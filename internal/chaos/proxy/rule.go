package proxy

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Do says what becomes of a request that a rule strikes.
type Do int

// What may become of a request.
const (
	Forward  Do = iota // It passes, perhaps late or changed.
	Swallow            // The node never gets it, and the client gets what a node would answer: a lost transaction.
	Cut                // The node never gets it, and the connection breaks.
	Lose               // The node gets it and its answer is lost: the connection breaks.
	Mute               // The node gets it and the client waits for an answer in vain, for Delay.
	Hang               // The node never gets it and the client waits in vain, for Delay.
	Status             // An HTTP status instead of an answer, with Retry-After in seconds when Retry is set.
	Truncate           // The answer ends in the middle.
	Fail               // A JSON-RPC error, FailCode and FailText, though the node gets the request.
)

// Rule breaks some requests. Zero limits mean no limit.
type Rule struct {
	Name     string
	Method   string          // Only this one.
	Pages    bool            // Only router pages: of simulate and send.
	Endpoint int             // Only this one, counted from 1.
	Match    func(Call) bool // And whatever else.

	// Nth strikes the n-th match only (1 is the first) and, of a sent transaction, every copy of the same signature that
	// comes before the trigger has run. For sends, matches are distinct signatures: a worker hands the same bytes to two
	// endpoints and hands them out again.
	Nth      int
	Sticky   bool // Of a send: strike the signature's later copies as well.
	Times    int  // At most so many strikes.
	PerMille int  // Chance in thousandths, drawn from Seed.
	Seed     uint64

	Do       Do
	Delay    time.Duration // Before it passes; the longest silence of Hang and Mute.
	Code     int           // HTTP status.
	Retry    int           // Retry-After, seconds.
	FailCode int
	FailText string
	Rewrite  func(answer []byte) []byte // Changes the node's answer.

	Before func(Call) // Runs before the node gets it, while the client waits.
	After  func(Call) // Runs after the node has answered and before the client knows.

	mu      sync.Mutex // Guards what follows.
	order   []string   // Distinct signatures in order of appearance.
	matches int
	strikes int
	draws   uint64
	struck  string        // The signature that Nth chose.
	began   [2]bool       // Its triggers Before and After.
	done    chan struct{} // Closed when the trigger of Nth has run.
	off     bool
}

// Add switches a rule on.
func (p *Proxy) Add(r *Rule) *Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.done = make(chan struct{})
	p.rules = append(p.rules, r)
	return r
}

// Off switches the rule off.
func (r *Rule) Off() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.off = true
}

// Strikes is how often it struck.
func (r *Rule) Strikes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.strikes
}

// Fired is closed when the n-th match was struck and its triggers have run.
func (r *Rule) Fired() <-chan struct{} { return r.done }

// strike finds the first rule that wants the request.
func (p *Proxy) strike(c *Call) *Rule {
	p.mu.Lock()
	rules := p.rules
	p.mu.Unlock()
	for _, r := range rules {
		if r.wants(c) {
			return r
		}
	}
	return nil
}

func (r *Rule) wants(c *Call) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.off, r.Method != "" && r.Method != c.Method, r.Pages && c.Page == nil, r.Endpoint > 0 && r.Endpoint != c.Endpoint+1,
		r.Match != nil && !r.Match(*c):
		return false
	}
	if r.Nth > 0 {
		return r.isNth(c)
	}
	if r.Times > 0 && r.strikes >= r.Times {
		return false
	}
	if r.PerMille > 0 && !r.draw() {
		return false
	}
	r.strikes++
	return true
}

// isNth holds the mutex of its caller.
func (r *Rule) isNth(c *Call) bool {
	if c.Sig == "" {
		r.matches++
		if r.matches == r.Nth {
			r.strikes++
			return true
		}
		return false
	}
	if r.struck == "" && !known(r.order, c.Sig) {
		r.order = append(r.order, c.Sig)
		if len(r.order) == r.Nth {
			r.struck = c.Sig
		}
	}
	if c.Sig != r.struck {
		return false
	}
	select {
	case <-r.done:
		if !r.Sticky {
			return false // The trigger has run: what comes now comes after the fault.
		}
	default:
	}
	r.strikes++
	return r.Times == 0 || r.strikes <= r.Times
}

func known(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// draw depends on the seed and on how often it was asked, never on time.
func (r *Rule) draw() bool {
	r.draws++
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%s/%d", r.Seed, r.Name, r.draws) // Writing to a hash cannot fail.
	return h.Sum64()%1000 < uint64(r.PerMille)
}

// trigger runs f once for the rule's n-th match and every time for others.
func (r *Rule) trigger(which int, f func(Call), c Call) {
	if f == nil {
		return
	}
	if r.Nth == 0 {
		f(c)
		return
	}
	r.mu.Lock()
	first := !r.began[which]
	r.began[which] = true
	r.mu.Unlock()
	if first {
		f(c)
	}
}

func (r *Rule) finish() {
	if r.Nth == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.done:
	default:
		close(r.done)
	}
}

// run carries the rule out. A panic with ErrAbortHandler breaks the connection without an answer.
func (r *Rule) run(p *Proxy, w http.ResponseWriter, c Call, upstream string) {
	defer r.finish()
	r.trigger(0, r.Before, c)
	if r.Do == Forward && r.Delay > 0 && !p.wait(c, r.Delay) {
		panic(http.ErrAbortHandler)
	}
	switch r.Do {
	case Cut:
		panic(http.ErrAbortHandler)
	case Swallow:
		r.trigger(1, r.After, c)
		reply(w, c, "result", c.Sig)
		return
	case Status:
		if r.Retry > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(r.Retry))
		}
		http.Error(w, http.StatusText(r.Code), r.Code)
		return
	case Hang:
		p.wait(c, r.Delay)
		panic(http.ErrAbortHandler)
	}
	status, header, body, err := p.ask(c, upstream)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.trigger(1, r.After, c)
	switch r.Do {
	case Lose:
		panic(http.ErrAbortHandler)
	case Mute:
		r.finish()
		p.wait(c, r.Delay)
		panic(http.ErrAbortHandler)
	case Fail:
		reply(w, c, "error", map[string]any{"code": r.FailCode, "message": r.FailText, "data": map[string]any{"err": r.FailText, "logs": []string{}}})
		return
	case Truncate:
		body = body[:len(body)/2]
	}
	if r.Rewrite != nil {
		body = r.Rewrite(body)
	}
	answer(w, status, header, body)
}

// reply is a node's answer that no node gave.
func reply(w http.ResponseWriter, c Call, field string, value any) {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": c.id, field: value})
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}
