package drill

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestResult_IsJudgedByTheSlowest(t *testing.T) {
	r := Result{Samples: []Sample{{Gate: 10 * time.Millisecond}, {Gate: 20 * time.Millisecond, Send: 900 * time.Millisecond}, {Gate: 30 * time.Millisecond, Send: 5 * time.Millisecond}}}
	r.sum()
	require.Equal(t, 30*time.Millisecond, r.P50)
	require.Equal(t, 900*time.Millisecond, r.P99, "a transaction that crossed the wire after the gate closed counts")
	require.True(t, r.OK())
	r.Samples = append(r.Samples, Sample{Gate: Limit + time.Millisecond})
	r.sum()
	require.False(t, r.OK())
	require.False(t, Result{}.OK(), "nothing measured is no success")
}

func TestSends_AreCountedByTheMoment(t *testing.T) {
	began := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	closed := began.Add(100 * time.Millisecond)
	l := &lab{}
	for _, ms := range []int{-20_000, -9_000, -1, 50, 120, 90} {
		l.sent = append(l.sent, began.Add(time.Duration(ms)*time.Millisecond))
	}
	before, last, late := l.sends(began, closed)
	require.Equal(t, 2, before)
	require.Equal(t, 120*time.Millisecond, last.Sub(began))
	require.Equal(t, 1, late)
}
