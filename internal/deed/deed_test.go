package deed_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/deed"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func TestCarryOut_WritesDownBeforeItDoes(t *testing.T) {
	var order []string
	log := func(context.Context, store.AuditEntry) error { order = append(order, "written"); return nil }
	text, unwritten, err := deed.CarryOut(t.Context(), log, store.AuditEntry{}, false, func(context.Context) (string, error) {
		order = append(order, "done")
		return "ok", errors.New("half")
	})
	require.Equal(t, []string{"written", "done"}, order)
	require.Equal(t, "ok", text)
	require.NoError(t, unwritten)
	require.EqualError(t, err, "half")
}

func TestCarryOut_WhatIsNotWrittenIsNotDoneUnlessItIsUrgent(t *testing.T) {
	full := errors.New("disk full")
	log := func(context.Context, store.AuditEntry) error { return full }
	done := 0
	do := func(context.Context) (string, error) { done++; return "stopped", nil }
	_, _, err := deed.CarryOut(t.Context(), log, store.AuditEntry{}, false, do)
	var not *deed.NotRecordedError
	require.ErrorAs(t, err, &not)
	require.ErrorIs(t, err, full)
	require.Zero(t, done)
	text, unwritten, err := deed.CarryOut(t.Context(), log, store.AuditEntry{}, true, do)
	require.NoError(t, err)
	require.Equal(t, full, unwritten)
	require.Equal(t, "stopped", text)
}

func TestCarryOut_AStopWaitsForNoLog(t *testing.T) {
	stopped := make(chan struct{})
	log := func(context.Context, store.AuditEntry) error {
		<-stopped // A log that hangs until the stop is done.
		return nil
	}
	_, unwritten, err := deed.CarryOut(t.Context(), log, store.AuditEntry{}, true, func(context.Context) (string, error) {
		close(stopped)
		return "", nil
	})
	require.NoError(t, errors.Join(unwritten, err))
}
