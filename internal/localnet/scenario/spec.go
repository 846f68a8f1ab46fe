package scenario

import (
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Spec says what a vault is like. The zero value of a field takes the default in brackets. Amounts are base units of
// the quote mint unless said otherwise.
type Spec struct {
	ID        string
	Investors int            // [10]
	Behaviour bank.Behaviour // [reference]
	Seed      uint64         // addresses and amounts derive from it and from ID

	DailyFees uint64  // quote fees per day, the first day's are there at once [by the number of investors]
	BaseFees  uint64  // base fees in the position from the start: the day cannot open (6001)
	DailyCap  *uint64 // nil: no cap
	ShareBPS  uint16  // [7000]
	NoShare   bool    // investors get nothing: ShareBPS 0 is meant
	NoFees    bool    // a day without fees: DailyFees 0 is meant
	MinPayout uint64  // [1000]
	Y0        uint64  // base units of the streams' mint [what all streams were given in the beginning]

	LastDistribution int64  // chain time of the last opening, which was completed; 0: never run
	DustIn           uint64 // carried over from that day

	ClosedStreams       int  // of Investors: streams that were closed
	MissingATAs         int  // of Investors: recipients without a token account
	BelowMinimum        int  // of Investors: so little locked that the payout is below the minimum
	DuplicateRecipients int  // of Investors: streams of a recipient who has one already
	FrozenATAs          int  // of Investors: token accounts that refuse transfers
	ProjectMint         bool // streams lock the project's token and not the quote mint (row C14)

	PayerLamports uint64           // [10 SOL]
	ProgramID     solana.PublicKey // [the localnet id of CHAIN.md §1]
}

// What a vault has when its spec does not say.
const (
	defaultInvestors = 10
	defaultShareBPS  = 7000
	defaultMinPayout = 1000
	defaultPayer     = 10 * solana.LAMPORTS_PER_SOL
	quotePerInvestor = 2_500_000
	quotePerVault    = 50_000_000
)

func (s Spec) withDefaults() (Spec, error) {
	if s.Investors == 0 {
		s.Investors = defaultInvestors
	}
	if s.Behaviour == "" {
		s.Behaviour = bank.Reference
	}
	if s.DailyFees == 0 && !s.NoFees {
		s.DailyFees = quotePerVault + quotePerInvestor*uint64(max(s.Investors, 0))
	}
	if s.ShareBPS == 0 && !s.NoShare {
		s.ShareBPS = defaultShareBPS
	}
	if s.MinPayout == 0 {
		s.MinPayout = defaultMinPayout
	}
	if s.PayerLamports == 0 {
		s.PayerLamports = defaultPayer
	}
	if s.ProgramID.IsZero() {
		s.ProgramID = router.ProgramLocalnet
	}
	return s, s.check()
}

func (s Spec) check() error {
	special := s.ClosedStreams + s.MissingATAs + s.BelowMinimum + s.DuplicateRecipients + s.FrozenATAs
	least := min(s.ClosedStreams, s.MissingATAs, s.BelowMinimum, s.DuplicateRecipients, s.FrozenATAs)
	switch {
	case s.ID == "":
		return fmt.Errorf("vault needs an id")
	case s.Investors < 0 || least < 0:
		return fmt.Errorf("vault %s: numbers of investors cannot be negative", s.ID)
	case special > 0 && special >= s.Investors:
		return fmt.Errorf("vault %s: %d special investors need at least one ordinary one besides, but there are %d in all", s.ID, special, s.Investors)
	case s.Behaviour != bank.Reference && s.Behaviour != bank.Published:
		return fmt.Errorf("vault %s: unknown behaviour %q, use reference or published", s.ID, s.Behaviour)
	case s.ShareBPS > 10_000:
		return fmt.Errorf("vault %s: share %d is more than 10000 basis points", s.ID, s.ShareBPS)
	}
	return nil
}

// trait is what is special about an investor.
type trait uint8

const (
	ordinary trait = iota
	closedStream
	missingATA
	belowMinimum
	duplicateRecipient
	frozenATA
)

// traits spreads the special investors over the list, never to the first place: a duplicate needs somebody before it.
func (s Spec) traits(from source) []trait {
	list := make([]trait, s.Investors)
	at := 1
	put := func(t trait, n int) {
		for range n {
			list[at] = t
			at++
		}
	}
	put(closedStream, s.ClosedStreams)
	put(missingATA, s.MissingATAs)
	put(belowMinimum, s.BelowMinimum)
	put(duplicateRecipient, s.DuplicateRecipients)
	put(frozenATA, s.FrozenATAs)
	if s.Investors > 2 {
		rest := list[1:]
		from.numbers("order").Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	}
	return list
}
