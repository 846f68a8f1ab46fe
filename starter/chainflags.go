package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// chainFlags describe a local chain, for localnet, demo and dev.
type chainFlags struct {
	listen      string
	vaults      int
	investors   int
	behaviour   string
	slotMS      int
	seed        uint64
	warpClock   bool
	writeVaults string
	faults      []string

	genesis   time.Time // Of the chain's clock; zero is now.
	clockFile string    // By which the worker's clock is moved, so that it follows the chain's; empty: it is not.
}

const (
	maxVaults    = 1000
	maxInvestors = 10_000
)

// demoChain is what demo and dev start from: a chain of their own on a free port.
func demoChain() chainFlags {
	return chainFlags{listen: "127.0.0.1:0", vaults: 3, investors: 120, behaviour: string(domain.Reference), slotMS: 400, seed: 1}
}

// addTo adds the flags that all three commands share.
func (f *chainFlags) addTo(flags *pflag.FlagSet) {
	flags.IntVar(&f.vaults, "vaults", f.vaults, "number of vaults")
	flags.IntVar(&f.investors, "investors", f.investors, "investors of the largest vault; the others are smaller")
	flags.StringVar(&f.behaviour, "behaviour", f.behaviour, "the router program's behaviour: reference or published")
	flags.StringVar(&f.writeVaults, "write-vaults", "", "write the vaults to `file` (JSON), with their keys beside it")
	flags.StringArrayVar(&f.faults, "fault", nil, "what goes wrong, as NAME or NAME=X; may be repeated: "+faultNames())
	flags.IntVar(&f.slotMS, "slot-ms", f.slotMS, "milliseconds per slot")
	flags.Uint64Var(&f.seed, "seed", f.seed, "addresses and amounts derive from it")
}

// check names what is wrong with the flags.
func (f *chainFlags) check() error {
	switch {
	case f.vaults < 0 || f.vaults > maxVaults:
		return usageError("--vaults: got %d, want 0..%d", f.vaults, maxVaults)
	case f.investors < 1 || f.investors > maxInvestors:
		return usageError("--investors: got %d, want 1..%d", f.investors, maxInvestors)
	case f.behaviour != string(domain.Reference) && f.behaviour != string(domain.Published):
		return usageError("--behaviour: got %q, want reference or published", f.behaviour)
	case f.slotMS < 1 || f.slotMS > 60_000:
		return usageError("--slot-ms: got %d, want 1..60000", f.slotMS)
	}
	if _, err := f.parseFaults(); err != nil {
		return usageError("--fault: %w", err)
	}
	return nil
}

// sizes spreads the vaults' numbers of investors up to the largest: with three it is a tenth, three eighths and all.
func sizes(vaults, largest int) []int {
	out := make([]int, vaults)
	for i := range out {
		// Thousandths of the way from the first vault to the last, which is the largest.
		at := 1000
		if vaults > 1 {
			at = i * 1000 / (vaults - 1)
		}
		// The first half of the way leads from 1/10 to 3/8, the second from there to 1.
		perMille := 100 + at*275/500
		if at > 500 {
			perMille = 375 + (at-500)*625/500
		}
		out[i] = max(largest*perMille/1000, 1)
	}
	return out
}
