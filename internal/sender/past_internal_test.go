package sender

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEscalated_TheNextOfferBeatsWhatFailed(t *testing.T) {
	const most = ^uint64(0)
	for _, tt := range []struct {
		name   string
		recent uint64
		past   past
		want   uint64
	}{
		{"nothing expired", 700, past{}, 700},
		{"nothing expired, nobody pays", 0, past{}, 0},
		{"one expired", 1_500, past{expired: 1, price: 1_500}, 3_000},
		{"two expired", 1_500, past{expired: 2, price: 3_000}, 6_000},
		{"nobody pays: a first step", 0, past{expired: 1}, 2_000},
		{"and it doubles", 0, past{expired: 3, price: 4_000}, 8_000},
		{"the market fell: still twice what failed", 1_000, past{expired: 1, price: 50_000}, 100_000},
		{"the market rose", 90_000, past{expired: 1, price: 1_000}, 180_000},
		{"it ends at the largest number", most/2 + 1, past{expired: 1}, most},
		{"however many expired", 1, past{expired: 200, price: most}, most},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, escalated(tt.recent, tt.past)) })
	}
}

func TestUnitLimit_GrowsByHalfAfterItDidNotSuffice(t *testing.T) {
	for _, tt := range []struct {
		name      string
		asked     uint32
		simulated uint64
		past      past
		want      uint32
	}{
		{"simulated use and margin", 0, 100_000, past{}, 115_300},
		{"as asked", 30_000, 0, past{}, 30_000},
		{"half as much again", 0, 100_000, past{limit: 115_300}, 172_950},
		{"and again", 0, 100_000, past{limit: 172_950}, 259_425},
		{"of an asked one too", 30_000, 0, past{limit: 30_000}, 45_000},
		{"the simulation has caught up", 0, 400_000, past{limit: 115_300}, 460_300},
		{"never above what a transaction may use", 0, 100_000, past{limit: 1_399_999}, maxUnits},
		{"nor from a stored number without sense", 0, 100_000, past{limit: ^uint32(0)}, maxUnits},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, unitLimit(tt.asked, tt.simulated, 15, tt.past)) })
	}
}

func TestRanOut_ProgramFailedToCompleteCountsOnlyAtTheLimit(t *testing.T) {
	require.True(t, ranOut(outOfUnits, 0, 0))
	require.True(t, ranOut(incomplete, 5_000, 5_000))
	require.False(t, ranOut(incomplete, 4_999, 5_000))
	require.False(t, ranOut(incomplete, 0, 0), "its use is not known")
	require.False(t, ranOut("router/6007", 5_000, 5_000))
	require.Zero(t, limitOf([]byte("not a transaction")))
}

func TestMaxFee_RoundsUpAndStopsAtTheLargestNumber(t *testing.T) {
	require.Equal(t, uint64(5_000), maxFee(1_400_000, 0))
	require.Equal(t, uint64(5_001), maxFee(1, 1))
	require.Equal(t, uint64(5_200), maxFee(200_000, 1_000))
	require.Equal(t, uint64(1_405_000), maxFee(1_400_000, 1_000_000))
	require.Equal(t, ^uint64(0), maxFee(1_400_000, ^uint64(0)))
}
