package backup_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func newSigner(t *testing.T) *seal.Key {
	t.Helper()
	key, err := seal.Generate(rand.Reader)
	require.NoError(t, err)
	return key
}

// TestSignature_AnArchiveThatNoKnownKeySignedIsRefused: whoever may write to the place and knows a recipient's public key
// can encrypt to it, and has no signature of ours.
func TestSignature_AnArchiveThatNoKnownKeySignedIsRefused(t *testing.T) {
	stranger := newSigner(t)
	tests := []struct {
		name     string
		made     func(p *backup.CreateParams)
		keys     func(k *backup.Keys)
		want     error
		code     string
		unsigned error // With Unsigned.
	}{
		{"signed by a known key", nil, nil, nil, "", nil},
		{"a false one without a signature", func(p *backup.CreateParams) { p.Signer = nil }, nil, backup.ErrUnsigned, "backup/unsigned", nil},
		{"a false one with a signature of its own", func(p *backup.CreateParams) { p.Signer = stranger }, nil, backup.ErrUnsigned, "backup/unsigned", nil},
		{"a good one where no key is known", nil, func(k *backup.Keys) { k.Signers = nil }, backup.ErrUnsigned, "backup/unsigned", nil},
		{"one of an earlier key that is still named", func(p *backup.CreateParams) { p.Signer = stranger }, func(k *backup.Keys) { k.Signers = append(k.Signers, stranger.Public()) }, nil, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			p, keys := w.params(), w.keys()
			if tt.made != nil {
				tt.made(&p)
			}
			if tt.keys != nil {
				tt.keys(&keys)
			}
			made, err := backup.Create(t.Context(), p)
			require.NoError(t, err)
			to := target(t)
			_, err = w.place.Verify(t.Context(), made.Label, keys)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.code, fault.CodeOf(err))
			if tt.want != nil {
				_, err = w.place.Restore(t.Context(), made.Label, keys, to)
				require.ErrorIs(t, err, tt.want)
				require.ErrorContains(t, err, made.ID)
				untouched(t, to)
			}
			keys.Unsigned = true
			got, err := w.place.Restore(t.Context(), made.Label, keys, to)
			require.ErrorIs(t, err, tt.unsigned)
			require.Equal(t, tt.want == nil, got.Signed, "a flag does not make it known")
		})
	}
}

// TestSignature_CoversTheLabelAndByItTheBytes: whatever is changed in a signed label is tampering, also for somebody who
// takes unsigned archives.
func TestSignature_CoversTheLabelAndByItTheBytes(t *testing.T) {
	tests := map[string]func(l *backup.Label){
		"another sum":       func(l *backup.Label) { l.SHA256 = "00" + l.SHA256[2:] },
		"another size":      func(l *backup.Label) { l.Bytes++ },
		"another time":      func(l *backup.Label) { l.MadeAt = l.MadeAt.Add(time.Millisecond) },
		"another program":   func(l *backup.Label) { l.Program = "evil" },
		"another schema":    func(l *backup.Label) { l.Migrations = l.Migrations[:1] },
		"another's key":     func(l *backup.Label) { l.Signer = newSigner(t).Public().String() },
		"no signature":      func(l *backup.Label) { l.Signature = "" },
		"half a signature":  func(l *backup.Label) { l.Signature = l.Signature[:40] },
		"a key that is not": func(l *backup.Label) { l.Signer = "known" },
		"another purpose's": func(l *backup.Label) { l.Signature = newSigner(t).Sign(seal.AuditHead, []byte("x")) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			made := w.create()
			l := made.Label
			change(&l)
			w.relabel(l)
			for _, label := range []func() (backup.Label, error){
				func() (backup.Label, error) { return l, nil },
				func() (backup.Label, error) { return w.place.Label(t.Context(), l.ID) },
			} {
				l, err := label()
				if err == nil {
					_, err = w.place.Verify(t.Context(), l, w.anyones())
				}
				require.ErrorIs(t, err, backup.ErrTampered)
				require.Equal(t, "backup/tampered", fault.CodeOf(err))
			}
			listed, err := w.place.List(t.Context())
			require.NoError(t, err)
			require.Equal(t, backup.Unreadable, listed[0].State)
		})
	}
}

// TestPrune_FalseArchivesDoNotPushGoodOnesOut: somebody who may write puts newer ones there, so that ours would be too old.
func TestPrune_FalseArchivesDoNotPushGoodOnesOut(t *testing.T) {
	w := newWorld(t)
	good := w.create()
	for n := range 5 {
		w.now = noon.AddDate(0, 3, n)
		p := w.params()
		p.Signer = newSigner(t)
		_, err := backup.Create(t.Context(), p)
		require.NoError(t, err)
	}
	all, err := w.place.List(t.Context())
	require.NoError(t, err)
	keep := backup.Keep{Least: 2}
	require.Contains(t, ids(keep.Drop(all, "main", nil, w.now)), good.ID, "where no key is known all are alike")
	drop := ids(keep.Drop(all, "main", w.keys().Signers, w.now))
	require.NotContains(t, drop, good.ID)
	require.Len(t, drop, 3, "the others are thinned out by themselves")
}

func ids(list []backup.Listed) []string {
	var out []string
	for _, l := range list {
		out = append(out, l.ID)
	}
	return out
}

func TestKeeper_ABackupWhoseKeyCannotBeOpenedFails(t *testing.T) {
	w := newWorld(t)
	broken := errors.New("audit key: it is gone")
	_, err := w.keeper("file:"+w.dir, func(p *backup.KeeperParams) { p.Signer = func() (*seal.Key, error) { return nil, broken } }).Make(t.Context(), nil)
	require.ErrorIs(t, err, broken)
	require.Equal(t, "backup/signer", fault.CodeOf(err))
	require.Equal(t, fault.Human, fault.KindOf(err), "trying again makes no key")
	last, _, err := w.store.LastBackup(context.Background())
	require.NoError(t, err)
	require.False(t, last.OK)
	all, err := w.place.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, all, "an unsigned one would be refused on the day that it is needed")
}

// TestRestore_WhatSetupWroteGivesWay: on a new host setup comes before a restore, and anything more is in its way.
func TestRestore_WhatSetupWroteGivesWay(t *testing.T) {
	w := newWorld(t)
	made := w.create()
	to := target(t)
	entry := store.AuditEntry{At: noon, Actor: "ann", Action: store.ActionSetup, Detail: "store: made"}
	s := openStore(t, to.DSN[len("file:"):])
	require.NoError(t, s.Audit(t.Context(), entry))
	got, err := w.place.Restore(t.Context(), made.Label, w.keys(), to)
	require.NoError(t, err)
	require.Len(t, got.Setup, 1)
	require.Equal(t, entry.Detail, got.Setup[0].Detail)
	want, err := w.store.VerifyAudit(t.Context())
	require.NoError(t, err)
	have, err := s.VerifyAudit(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, have, "the log is the archive's")

	to = target(t)
	s = openStore(t, to.DSN[len("file:"):])
	require.NoError(t, s.Audit(t.Context(), entry))
	require.NoError(t, s.Audit(t.Context(), store.AuditEntry{At: noon, Actor: "ann", Action: "safety.set.stop"}))
	_, err = w.place.Restore(t.Context(), made.Label, w.keys(), to)
	require.ErrorIs(t, err, store.ErrNotEmpty)
	log, err := s.AuditLog(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, log, 2, "nothing is taken away by a restore that is refused")
}
