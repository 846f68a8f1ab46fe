package audit

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// Together checks the pools of vaults that earn one mint: what all of them earned is what was claimed and what is left.
// The verdicts are those of the auditors, in their order. It gives a note for each mint whose sum does not add up.
func Together(auditors []*Auditor, verdicts []Verdict) []string {
	type sum struct {
		want, have int64
		earned     bool
	}
	mints := map[solana.PublicKey]sum{}
	for i, a := range auditors {
		s := mints[a.subject.Mint]
		if !s.earned {
			s.want, s.earned = int64(a.minted()-a.supply), true // Once for the mint, however many vaults earn it.
		}
		s.want += int64(a.held[a.subject.Pool]) + a.moved[a.subject.Pool]
		for _, d := range verdicts[i].Days {
			s.want -= int64(d.Claimed)
		}
		s.have += int64(a.balance(a.subject.Pool, bank.Processed))
		mints[a.subject.Mint] = s
	}
	var notes []string
	for _, mint := range slices.SortedFunc(maps.Keys(mints), func(x, y solana.PublicKey) int { return slices.Compare(x[:], y[:]) }) {
		if s := mints[mint]; s.want != s.have {
			notes = append(notes, fmt.Sprintf("the pools of mint %s hold %d base units, the claims leave %d", mint, s.have, s.want))
		}
	}
	return notes
}
