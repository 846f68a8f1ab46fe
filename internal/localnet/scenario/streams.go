package scenario

import (
	"math/rand/v2"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// Investor is one entry of a vault's registered list.
type Investor struct {
	Wallet    solana.PublicKey
	ATA       solana.PublicKey // for the quote mint; it may not exist
	Stream    solana.PublicKey
	Deposited uint64 // base units of the streams' mint, in the beginning
	Closed    bool   // the stream was closed: it is registered, but in no day's list
}

const daySeconds = 86_400

// terms are the vesting terms of a stream that is running at the chain's time: an amount of round units, begun a month
// to a year ago, unlocked daily for one to four years, a tenth of them with a cliff still ahead.
func terms(now int64, roll *rand.Rand, unit uint64) streamflow.Stream {
	days := 365 + roll.Uint64N(3*365)
	start := now - daySeconds*(30+roll.Int64N(335)) - roll.Int64N(daySeconds)
	s := streamflow.Stream{
		Magic: streamflow.Magic, Version: 2, CreatedAt: start - daySeconds, Start: start, Cliff: start,
		End: start + daySeconds*int64(days), Period: daySeconds, Deposited: unit * (10_000 + roll.Uint64N(990_000)),
		CanTopup: false, AutomaticWithdrawal: roll.IntN(2) == 0, WithdrawFrequency: daySeconds,
	}
	if roll.IntN(10) == 0 {
		s.Cliff = now + daySeconds*(10+roll.Int64N(90))
		s.CliffAmount = s.Deposited / 10
	}
	s.End = max(s.End, s.Cliff+daySeconds)
	left := uint64(s.End-s.Cliff) / daySeconds
	s.AmountPerPeriod = (s.Deposited - s.CliffAmount) / max(left, 1)
	return s
}

// investors creates wallets, token accounts and streams.
func (v *builder) investors() error {
	unit := uint64(1_000_000)
	if v.spec.ProjectMint {
		unit = 1_000_000_000
	}
	for i, t := range v.spec.traits(v.from) {
		who := v.from.within("investor", i)
		wallet := who.address("wallet")
		if t == duplicateRecipient {
			wallet = v.vault.Investors[who.numbers("of").IntN(i)].Wallet
		}
		ata, err := router.ATA(wallet, v.quote, solana.TokenProgramID)
		if err != nil {
			return err
		}
		if err := v.recipient(wallet, ata, t); err != nil {
			return err
		}
		s := terms(v.now, who.numbers("terms"), unit)
		if t == belowMinimum {
			// Less than a millionth of the whole: the weight rounds to nothing.
			s.Deposited, s.CliffAmount, s.AmountPerPeriod = 1000, 0, 1
		}
		s.Closed = t == closedStream
		if s.Closed {
			s.CanceledAt = v.now - daySeconds
		}
		v.stream(who, wallet, ata, s)
		v.vault.Investors = append(v.vault.Investors, Investor{wallet, ata, who.address("stream"), s.Deposited, s.Closed})
	}
	return nil
}

func (v *builder) recipient(wallet, ata solana.PublicKey, t trait) error {
	if t == duplicateRecipient {
		return nil
	}
	v.ledger.wallet(wallet, solana.LAMPORTS_PER_SOL/10)
	switch t {
	case missingATA:
		return nil
	case frozenATA:
		return v.ledger.token(ata, wallet, v.quote, 0, programs.TokenFrozen)
	}
	return v.ledger.token(ata, wallet, v.quote, 0, programs.TokenInitialized)
}

func (v *builder) stream(who source, wallet, ata solana.PublicKey, s streamflow.Stream) {
	s.Sender, s.Payer = v.vault.CreatorWallet, v.vault.CreatorWallet
	s.Recipient, s.RecipientTokens, s.Mint = wallet, ata, v.vault.StreamMint
	s.EscrowTokens = who.address("escrow")
	s.StreamflowTreasury = v.from.address("streamflow treasury")
	copy(s.StreamName[:], "Investor vesting")
	v.ledger.put(who.address("stream"), streamflow.ProgramMainnet, s.Encode())
}
