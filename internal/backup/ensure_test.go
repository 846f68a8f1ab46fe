package backup_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/backup"
)

func TestEnsure_ARecentWholeBackupIsVerifiedAndElseOneIsMade(t *testing.T) {
	w := newWorld(t)
	k := w.keeper("file:" + w.dir)
	first, err := k.Ensure(t.Context())
	require.NoError(t, err)
	require.True(t, first.Made)

	w.now = noon.Add(59 * time.Minute)
	again, err := k.Ensure(t.Context())
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	require.False(t, again.Made)
	require.True(t, again.Verified)
	blind, err := w.keeper("file:"+w.dir, func(p *backup.KeeperParams) { p.IdentityFile = "" }).Ensure(t.Context())
	require.NoError(t, err)
	require.Equal(t, first.ID, blind.ID)
	require.False(t, blind.Verified, "what nobody opened is not called verified")
	other, err := w.keeper("file:"+w.dir, func(p *backup.KeeperParams) { p.Deployment = "other" }).Ensure(t.Context())
	require.NoError(t, err)
	require.True(t, other.Made, "another deployment's backup is not ours")

	foreign, err := w.keeper("file:"+w.dir, func(p *backup.KeeperParams) { p.Signers = newWorld(t).keys().Signers }).Ensure(t.Context())
	require.NoError(t, err)
	require.True(t, foreign.Made, "what no known key signed is nobody's backup")
	require.Contains(t, foreign.Doubt, first.ID)

	body, err := os.ReadFile(w.archive(foreign.ID))
	require.NoError(t, err)
	body[len(body)/2] ^= 1
	require.NoError(t, os.WriteFile(w.archive(foreign.ID), body, 0o600))
	spoiled, err := k.Ensure(t.Context())
	require.NoError(t, err)
	require.True(t, spoiled.Made)
	require.Contains(t, spoiled.Doubt, foreign.ID)

	w.now = w.now.Add(2 * time.Hour)
	old, err := k.Ensure(t.Context())
	require.NoError(t, err)
	require.True(t, old.Made, "one that is too old is replaced")
	require.Empty(t, old.Doubt)
}

func TestEnsure_WhatCannotBeMadeIsRemembered(t *testing.T) {
	w := newWorld(t)
	k := w.keeper("file:"+w.dir, func(p *backup.KeeperParams) { p.Recipients = []string{"age1nobody"} })
	_, err := k.Ensure(t.Context())
	require.Error(t, err)
	last, good, err := w.store.LastBackup(t.Context())
	require.NoError(t, err)
	require.False(t, last.OK)
	require.Nil(t, good)
	_, err = w.keeper("").Ensure(t.Context())
	require.ErrorIs(t, err, backup.ErrNoPlace)
}
