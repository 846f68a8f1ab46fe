package chain

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Clock is the chain's time. UnixTime is what programs read; wall time only schedules (DESIGN.md §1.5).
type Clock struct {
	Slot     uint64
	UnixTime int64 // Seconds.
}

// clockBytes is the size of the Clock sysvar: slot, epoch start, epoch, leader schedule epoch, unix timestamp.
const clockBytes = 40

// DecodeClock reads the Clock sysvar's data, for callers that put solana.SysVarClockPubkey into their own snapshot.
func DecodeClock(data []byte) (Clock, error) {
	if len(data) != clockBytes {
		return Clock{}, fmt.Errorf("clock sysvar: %d bytes, want %d", len(data), clockBytes)
	}
	return Clock{
		Slot:     binary.LittleEndian.Uint64(data),
		UnixTime: int64(binary.LittleEndian.Uint64(data[32:])),
	}, nil
}

// Clock reads the Clock sysvar: exactly what the program would see at that commitment.
func (p *Pool) Clock(ctx context.Context, c rpc.CommitmentType) (Clock, error) {
	snap, err := p.Snapshot(ctx, []solana.PublicKey{solana.SysVarClockPubkey}, ReadOptions{Commitment: c})
	if err != nil {
		return Clock{}, fmt.Errorf("read the chain's clock: %w", err)
	}
	a := snap.Accounts[solana.SysVarClockPubkey]
	if !a.Exists {
		return Clock{}, fault.Newf(fault.Retry, CodeUnavailable, "endpoint %s has no clock account, which every chain has", snap.Endpoint)
	}
	clock, err := DecodeClock(a.Data)
	if err != nil {
		return Clock{}, fault.New(fault.Retry, CodeUnavailable, err)
	}
	return clock, nil
}

// Slot is the newest slot of the best endpoint at a commitment.
func (p *Pool) Slot(ctx context.Context, c rpc.CommitmentType) (uint64, error) {
	var slot uint64
	if _, err := p.call(ctx, request{method: "getSlot", commitment: c, monotonic: true}, &slot); err != nil {
		return 0, fmt.Errorf("read the slot: %w", err)
	}
	p.water.raise(c, slot)
	return slot, nil
}
