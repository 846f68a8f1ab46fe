package audit

import (
	"encoding/binary"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// Programs that own streams.
var streamflow = solana.MustPublicKeyFromBase58("strmRqUCoQUgGUan5YhzUZa6KqdzwX5L6FpUxfmKg5m")

// distribute is the tag of distribute_fees: the first bytes of SHA-256("global:distribute_fees").
var distribute = [8]byte{0x78, 0x38, 0x1b, 0x07, 0x35, 0xb0, 0x71, 0xba}

func u32(b []byte, at int) uint32           { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64           { return binary.LittleEndian.Uint64(b[at:]) }
func key(b []byte, at int) solana.PublicKey { return solana.PublicKey(b[at : at+32]) }

// policy is PolicyConfig (CHAIN.md §1): 8 discriminator, then vault, quote mint and creator, 32 bytes each.
type policy struct {
	share     uint64 // Basis points.
	cap       *uint64
	minPayout uint64
	y0        uint64
}

func readPolicy(b []byte) (p policy, ok bool) {
	if len(b) < 8+96+2+1+16 {
		return p, false
	}
	p.share = uint64(binary.LittleEndian.Uint16(b[104:]))
	at := 107
	if b[106] == 1 {
		limit := u64(b, at)
		p.cap, at = &limit, at+8
	}
	if len(b) < at+16 {
		return p, false
	}
	p.minPayout, p.y0 = u64(b, at), u64(b, at+8)
	return p, true
}

// progress is DistributionProgress (CHAIN.md §1).
type progress struct {
	last     int64
	paid     uint64
	dust     uint64
	cursor   uint32
	complete bool
}

func readProgress(b []byte) (p progress, ok bool) {
	if len(b) < 8+32+8+8+8+4+1 {
		return p, false
	}
	return progress{int64(u64(b, 40)), u64(b, 48), u64(b, 56), u32(b, 64), b[68] == 1}, true
}

// stream is as much of a Streamflow account as the router looks at (CHAIN.md §2).
type stream struct {
	recipient                      solana.PublicKey
	start, end, cliff              int64
	deposited, withdrawn           uint64
	period, perPeriod, cliffAmount uint64
	valid                          bool
}

func readStream(a bank.Account, exists bool, mint solana.PublicKey) (s stream) {
	b := a.Data
	if !exists || a.Owner != streamflow || len(b) < 672 {
		return s
	}
	s = stream{
		recipient: key(b, 113), withdrawn: u64(b, 17), end: int64(u64(b, 33)), start: int64(u64(b, 409)), deposited: u64(b, 417),
		period: u64(b, 425), perPeriod: u64(b, 433), cliff: int64(u64(b, 441)), cliffAmount: u64(b, 449),
	}
	closed := b[671] != 0
	s.valid = u64(b, 0) != 0 && key(b, 177) == mint && !closed && s.start < s.end && s.cliff >= s.start && s.cliff <= s.end
	return s
}

// locked is what the router counts of a stream at a moment.
func (s stream) locked(now int64) uint64 {
	switch {
	case now < s.start || now < s.cliff:
		return s.deposited - s.withdrawn
	case now >= s.end || s.period == 0:
		return 0
	}
	periods := big64(uint64(now-s.cliff) / s.period)
	free := periods.Mul(periods, big64(s.perPeriod))
	free.Add(free, big64(s.cliffAmount))
	if free.Cmp(big64(s.deposited)) >= 0 {
		return 0
	}
	return s.deposited - free.Uint64()
}

// token is the balance of a token account; false when it is none.
func token(a bank.Account, exists bool) (amount uint64, ok bool) {
	if !exists || len(a.Data) < 72 || a.Owner != solana.TokenProgramID {
		return 0, false
	}
	return u64(a.Data, 64), true
}

// call reads a distribute_fees instruction for the vault out of a landed transaction.
func call(r *bank.Record, s Subject) (size uint32, cursor *uint32, found bool) {
	for _, in := range r.Tx.Message.Instructions {
		if int(in.ProgramIDIndex) >= len(r.Keys) || r.Keys[in.ProgramIDIndex] != s.Program || len(in.Data) < 13 || [8]byte(in.Data[:8]) != distribute {
			continue
		}
		if len(in.Accounts) < 5 || r.Keys[in.Accounts[4]] != s.Vault {
			continue
		}
		if in.Data[12] == 1 {
			c := u32(in.Data, 13)
			cursor = &c
		}
		return u32(in.Data, 8), cursor, true
	}
	return 0, nil, false
}
