// Command checkdemo reads the object of `feeops demo --json` and fails unless every vault's day is complete, equals
// the chain to the base unit, and no base unit was made or lost. It shares no code with the program that it checks.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
)

type row struct {
	ID          string   `json:"id"`
	Behaviour   string   `json:"behaviour"`
	State       string   `json:"state"`
	Day         string   `json:"day"`
	Investors   int      `json:"investors"`
	Pages       int      `json:"pages"`
	Claimed     string   `json:"claimed"`
	Paid        string   `json:"paid"`
	Creator     string   `json:"creator"`
	DustIn      string   `json:"dust_in"`
	DustOut     string   `json:"dust_out"`
	Quarantined int      `json:"quarantined"`
	Mismatches  int      `json:"mismatches"`
	PaidTwice   int      `json:"paid_twice"`
	Missed      int      `json:"missed"`
	Signatures  []string `json:"signatures"`
	WorkflowID  string   `json:"workflow_id"`
	RunID       string   `json:"run_id"`
	DurationMS  int64    `json:"duration_ms"`
	Slots       uint64   `json:"slots"`
	RPCRequests uint64   `json:"rpc_requests"`
	Reason      string   `json:"reason"`
}

type result struct {
	OK         bool   `json:"ok"`
	Vaults     []row  `json:"vaults"`
	TemporalUI string `json:"temporal_ui"`
	RPCURL     string `json:"rpc_url"`
	DurationMS int64  `json:"duration_ms"`
}

func main() {
	days := flag.Int("days", 1, "days that each vault must have")
	vaults := flag.Int("vaults", 3, "vaults that there must be")
	flag.Parse()
	problems := check(os.Stdin, *vaults, *days)
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, "checkdemo:", p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d vaults, %d days: complete, reconciled, conserved\n", *vaults, *days)
}

func check(in io.Reader, vaults, days int) []string {
	var r result
	dec := json.NewDecoder(in)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return []string{"not the object of demo --json: " + err.Error()}
	}
	var out []string
	if !r.OK || r.TemporalUI == "" || r.RPCURL == "" || r.DurationMS <= 0 {
		out = append(out, fmt.Sprintf("ok %v, temporal_ui %q, rpc_url %q, duration_ms %d", r.OK, r.TemporalUI, r.RPCURL, r.DurationMS))
	}
	seen, daysOf, signatures := map[string]bool{}, map[string]int{}, map[string]bool{}
	for _, v := range r.Vaults {
		out = append(out, checkRow(v)...)
		if key := v.ID + " " + v.Day; seen[key] {
			out = append(out, "two rows for "+key)
		} else {
			seen[key] = true
		}
		daysOf[v.ID]++
		for _, s := range v.Signatures {
			if signatures[s] {
				out = append(out, v.ID+": signature twice: "+s)
			}
			signatures[s] = true
		}
	}
	if len(daysOf) != vaults {
		out = append(out, fmt.Sprintf("%d vaults, want %d", len(daysOf), vaults))
	}
	for id, n := range daysOf {
		if n != days {
			out = append(out, fmt.Sprintf("%s has %d days, want %d", id, n, days))
		}
	}
	return out
}

func checkRow(v row) []string {
	var out []string
	fail := func(format string, args ...any) {
		out = append(out, v.ID+" "+v.Day+": "+fmt.Sprintf(format, args...))
	}
	if v.State != "complete" || v.Mismatches != 0 || v.PaidTwice != 0 || v.Missed != 0 {
		fail("state %s, mismatches %d, paid_twice %d, missed %d", v.State, v.Mismatches, v.PaidTwice, v.Missed)
	}
	if v.Investors < 1 || v.Pages < 1 || len(v.Signatures) < v.Pages || v.Quarantined >= v.Investors {
		fail("investors %d, pages %d, signatures %d, quarantined %d", v.Investors, v.Pages, len(v.Signatures), v.Quarantined)
	}
	if v.Day == "" || v.WorkflowID == "" || v.RunID == "" || v.DurationMS <= 0 || v.Slots < 1 || v.RPCRequests < 1 {
		fail("day, workflow_id, run_id, duration_ms, slots or rpc_requests is missing")
	}
	amounts := make([]*big.Int, 5)
	for i, text := range []string{v.Claimed, v.DustIn, v.Paid, v.Creator, v.DustOut} {
		n, ok := new(big.Int).SetString(text, 10)
		if !ok || n.Sign() < 0 {
			fail("amount %q is no number of base units", text)
			return out
		}
		amounts[i] = n
	}
	in := new(big.Int).Add(amounts[0], amounts[1])
	spent := new(big.Int).Add(new(big.Int).Add(amounts[2], amounts[3]), amounts[4])
	if v.Behaviour == "reference" && in.Cmp(spent) != 0 {
		fail("claimed + dust in = %s, paid + creator + dust out = %s", in, spent)
	}
	if amounts[0].Sign() == 0 || amounts[2].Sign() == 0 {
		fail("nothing was claimed or paid")
	}
	return out
}
