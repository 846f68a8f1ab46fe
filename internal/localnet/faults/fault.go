// Package faults names what can go wrong between a client and a Solana node and decides, from a seed, when it does.
package faults

import (
	"fmt"
	"slices"
	"time"
)

// Name is the kind of a fault as it is typed on the command line.
type Name string

// The faults of CHAIN.md §5. The word in brackets says what Value means.
const (
	Drop               Name = "drop"                 // sendTransaction answers with the signature, nothing is queued
	Late               Name = "late"                 // a transaction lands that many slots later [slots]
	TimeoutAfterAccept Name = "timeout-after-accept" // the transaction is queued, the answer never comes
	TooManyRequests    Name = "429"                  // HTTP 429 with Retry-After [seconds to wait]
	ServerError        Name = "5xx"                  // HTTP 502, 503 or 500 [a fixed status]
	Hang               Name = "hang"                 // no answer at all
	Latency            Name = "latency"              // every answer is late [milliseconds]
	Stale              Name = "stale"                // answers come from an older slot, health says ok [slots]
	Frozen             Name = "frozen"               // the slot stands still, health says ok
	Behind             Name = "behind"               // health says −32005 [slots]
	TruncatedJSON      Name = "truncated-json"       // the body ends in the middle
	TruncatedLogs      Name = "truncated-logs"       // logs are cut as at 10 kB
	NullBlockTime      Name = "null-block-time"      // blockTime is null
	Rollback           Name = "rollback"             // unfinalized slots are dropped once a send has landed [slots]
	WSCut              Name = "ws-cut"               // open WebSocket connections are cut
	ForeignCrank       Name = "foreign-crank"        // somebody else turns a page of an open day [page size]
)

// Fault is one thing that goes wrong on one endpoint.
type Fault struct {
	Name     Name          // which
	Method   string        // only for this JSON-RPC method; empty for all that it can touch
	PerMille int           // how often, in thousandths; 0 means always
	Count    int           // how many times in all; 0 means without end
	Value    int64         // see Name
	Duration time.Duration // latency: how long; hang: the longest; 429: Retry-After
}

// rule is what the parser and the validator know about a fault.
type rule struct {
	name     Name
	unit     unit  // what stands after '='
	perMille int   // chance when the command line gives none
	count    int   // how many times when the command line gives none
	value    int64 // value when the command line gives none
	max      int64 // largest value
}

type unit uint8

const (
	none unit = iota
	chance
	slots
	millis
	pageSize
)

// rules returns the table of all faults. A chance without a figure is moderate on purpose: a demonstration with
// "--fault drop" must still come to its end.
func rules() []rule {
	return []rule{
		{name: Drop, unit: chance, perMille: 300},
		{name: Late, unit: slots, value: 20, max: 10_000},
		{name: TimeoutAfterAccept, unit: chance, perMille: 200},
		{name: TooManyRequests, unit: chance, perMille: 200},
		{name: ServerError, unit: chance, perMille: 200},
		{name: Hang, unit: chance, perMille: 50},
		{name: Latency, unit: millis, value: 200, max: 600_000},
		{name: Stale, unit: slots, value: 40, max: maxHistory},
		{name: Frozen, unit: none},
		{name: Behind, unit: slots, value: 150, max: 1 << 40},
		{name: TruncatedJSON, unit: chance, perMille: 100},
		{name: TruncatedLogs, unit: none},
		{name: NullBlockTime, unit: none},
		{name: Rollback, unit: slots, count: 1, value: 8, max: 31},
		{name: WSCut, unit: chance, count: 1},
		{name: ForeignCrank, unit: pageSize, count: 1, value: 5, max: 50},
	}
}

// maxHistory is how many slots a stale endpoint can lag: what the node remembers of the past.
const maxHistory = 512

func ruleOf(name Name) (rule, bool) {
	all := rules()
	i := slices.IndexFunc(all, func(r rule) bool { return r.name == name })
	if i < 0 {
		return rule{}, false
	}
	return all[i], true
}

// Names lists every fault, for help texts.
func Names() []Name {
	names := make([]Name, 0, len(rules()))
	for _, r := range rules() {
		names = append(names, r.name)
	}
	return names
}

// Check refuses a fault that could not be carried out as it is written.
func (f Fault) Check() error {
	r, known := ruleOf(f.Name)
	switch {
	case !known:
		return fmt.Errorf("unknown fault %q: use one of %v", f.Name, Names())
	case f.PerMille < 0 || f.PerMille > 1000:
		return fmt.Errorf("fault %s: chance %d is not within 0..1000 thousandths", f.Name, f.PerMille)
	case f.Count < 0 || f.Value < 0 || f.Duration < 0:
		return fmt.Errorf("fault %s: count, value and duration cannot be negative", f.Name)
	case r.max > 0 && f.Value > r.max:
		return fmt.Errorf("fault %s: %d is more than the largest possible value %d", f.Name, f.Value, r.max)
	}
	return nil
}

// Wait is how long a latency fault delays an answer.
func (f Fault) Wait() time.Duration {
	if f.Duration > 0 {
		return f.Duration
	}
	return time.Duration(f.Value) * time.Millisecond
}
