package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/store/storetest"
)

// comesBack restores an archive and compares everything.
func comesBack(t *testing.T, w *world, made backup.Made) {
	t.Helper()
	listed, err := w.place.List(t.Context())
	require.NoError(t, err)
	require.Len(t, listed, 1)
	require.Equal(t, backup.Whole, listed[0].State, listed[0].Reason)
	require.Equal(t, made.Label, listed[0].Label)
	checked, err := w.place.Verify(t.Context(), made.Label, w.keys())
	require.NoError(t, err)
	require.Equal(t, made.Rows, checked.Rows)
	require.Equal(t, 2, checked.Files)
	require.True(t, checked.Settings)

	to := target(t)
	_, err = w.place.Restore(t.Context(), made.Label, w.keys(), to)
	require.NoError(t, err)
	other := openStore(t, to.DSN[len("file:"):])
	require.Equal(t, storetest.Rows(t, w.store), storetest.Rows(t, other))
	before, err := w.store.VerifyAudit(t.Context())
	require.NoError(t, err)
	after, err := other.VerifyAudit(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after)
	for _, f := range to.Folders {
		body, err := os.ReadFile(filepath.Join(f.Dir, f.Name+"-1.json"))
		require.NoError(t, err)
		require.JSONEq(t, `{"`+f.Name+`": 1}`, string(body))
		require.NoFileExists(t, filepath.Join(f.Dir, ".half"))
	}
	body, err := os.ReadFile(to.Settings)
	require.NoError(t, err)
	require.JSONEq(t, `{"network": "localnet"}`, string(body))
}

func TestBackup_ComesBackFromADirectory(t *testing.T) {
	w := newWorld(t)
	comesBack(t, w, w.create())
}

func TestBackup_ComesBackFromObjectStorage(t *testing.T) {
	server := newS3(t)
	w := newWorldAt(t, server.Address("prod/eu"), "")
	made := w.create()
	require.Equal(t, "s3://backups/prod/eu", made.Place)
	comesBack(t, w, made)
	keys, err := server.Keys()
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"prod/eu/" + made.ID + ".json", "prod/eu/" + made.ID + ".tar.zst.age"}, keys)
}

func TestBackup_HoldsNothingInTheClear(t *testing.T) {
	w := newWorld(t)
	raw, err := os.ReadFile(w.archive(w.create().ID))
	require.NoError(t, err)
	for _, text := range []string{"ann", "manifests", "localnet", "evidence"} {
		require.NotContains(t, string(raw), text)
	}
}

func TestBackup_OpensWithStandardTools(t *testing.T) {
	w := newWorld(t)
	made := w.create()
	tool, err := exec.LookPath("tar") // age and zstd are taken as libraries: not every machine has their programs.
	require.NoError(t, err)
	packed, err := decrypted(w.archive(made.ID), w.keys().Identities)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), tool, "--list", "--file", "-")
	cmd.Stdin = bytes.NewReader(packed)
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "backup.json\nsettings.json\nstore/")
	require.Contains(t, string(out), "files/evidence/evidence-1.json\nfiles/reports/reports-1.json\ncontents.json\n")
}

// Bad input: each is named, refused, and nothing is written or written over.
func TestRestore_WhatIsWrongIsNamedAndNothingIsLeft(t *testing.T) {
	change := func(f func(b []byte) []byte) func(w *world, l *backup.Label) {
		return func(w *world, l *backup.Label) {
			path := w.archive(l.ID)
			b, err := os.ReadFile(path)
			require.NoError(w.t, err)
			b = f(b)
			require.NoError(w.t, os.WriteFile(path, b, 0o600))
		}
	}
	relabelled := func(f func(b []byte) []byte) func(w *world, l *backup.Label) {
		return func(w *world, l *backup.Label) {
			change(f)(w, l)
			b, err := os.ReadFile(w.archive(l.ID))
			require.NoError(w.t, err)
			sum := sha256.Sum256(b)
			l.Bytes, l.SHA256, l.Signer, l.Signature = int64(len(b)), hex.EncodeToString(sum[:]), "", ""
			w.relabel(*l)
		}
	}
	flip := func(at float64) func(b []byte) []byte {
		return func(b []byte) []byte { b[int(at*float64(len(b)-1))] ^= 1; return b }
	}
	cut := func(part float64) func(b []byte) []byte {
		return func(b []byte) []byte { return b[:int(part*float64(len(b)))] }
	}
	tests := []struct {
		name string
		do   func(w *world, l *backup.Label)
		want error
		code string
	}{
		{"another key", func(w *world, _ *backup.Label) {
			w.keyFile = filepath.Join(w.t.TempDir(), "other.key")
			_, err := backup.GenerateKey(w.keyFile, noon)
			require.NoError(w.t, err)
		}, backup.ErrWrongKey, "backup/wrong_key"},
		{"a changed byte in its head", change(flip(0)), backup.ErrTampered, "backup/tampered"},
		{"a changed byte in its middle", change(flip(0.5)), backup.ErrTampered, "backup/tampered"},
		{"a changed byte at its end", change(flip(1)), backup.ErrTampered, "backup/tampered"},
		{"a changed byte, with a label that fits", relabelled(flip(0.7)), backup.ErrTampered, "backup/tampered"},
		{"bytes behind its end", relabelled(func(b []byte) []byte { return append(b, "more"...) }), backup.ErrTampered, "backup/tampered"},
		{"cut in its middle", change(cut(0.5)), backup.ErrTruncated, "backup/truncated"},
		{"cut, with a label that fits", relabelled(cut(0.9)), backup.ErrTampered, "backup/tampered"},
		{"nothing left", change(cut(0)), backup.ErrTruncated, "backup/truncated"},
		{"another one's bytes", func(w *world, l *backup.Label) {
			w.now = w.now.Add(time.Minute)
			b, err := os.ReadFile(w.archive(w.create().ID))
			require.NoError(w.t, err)
			relabelled(func([]byte) []byte { return b })(w, l)
		}, backup.ErrTampered, "backup/tampered"},
		{"its archive is gone", func(w *world, l *backup.Label) { require.NoError(w.t, os.Remove(w.archive(l.ID))) }, backup.ErrMissing, "backup/missing"},
		{"a name that it never had", func(_ *world, l *backup.Label) { l.ID, l.Signer, l.Signature = "main-20250101T000000Z-abcdef", "", "" }, backup.ErrMissing, "backup/missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			made := w.create()
			tt.do(w, &made.Label)
			to := target(t)
			for name, do := range map[string]func() error{
				"verify":  func() error { _, err := w.place.Verify(t.Context(), made.Label, w.anyones()); return err },
				"restore": func() error { _, err := w.place.Restore(t.Context(), made.Label, w.anyones(), to); return err },
			} {
				err := do()
				require.ErrorIs(t, err, tt.want, name)
				require.Equal(t, tt.code, fault.CodeOf(err), name)
				require.Equal(t, fault.Human, fault.KindOf(err), name)
				require.Contains(t, err.Error(), made.ID)
			}
			untouched(t, to)
		})
	}
}

func TestRestore_NeverWritesOverAnything(t *testing.T) {
	w := newWorld(t)
	made := w.create()
	tests := map[string]func(to backup.Target){
		"a store with rows": func(to backup.Target) {
			s := openStore(t, to.DSN[len("file:"):])
			require.NoError(t, s.Audit(t.Context(), store.AuditEntry{At: noon, Actor: "bob", Action: "note"}))
		},
		"a folder with a file": func(to backup.Target) {
			require.NoError(t, os.MkdirAll(to.Folders[1].Dir, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(to.Folders[1].Dir, "x"), nil, 0o600))
		},
		"a settings file": func(to backup.Target) { require.NoError(t, os.WriteFile(to.Settings, []byte("mine"), 0o600)) },
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			to := target(t)
			prepare(to)
			_, err := w.place.Restore(t.Context(), made.Label, w.keys(), to)
			require.Error(t, err)
			require.True(t, errors.Is(err, backup.ErrTaken) || errors.Is(err, store.ErrNotEmpty), short(err))
			require.NoFileExists(t, filepath.Join(to.Folders[0].Dir, "evidence-1.json"))
		})
	}
}

func TestRestore_OlderSchemaIsBroughtUpToDateAndANewerOneRefused(t *testing.T) {
	w := newWorld(t)
	all, err := store.Migrations()
	require.NoError(t, err)
	old := "file:" + filepath.Join(t.TempDir(), "old.db")
	storetest.Fill(t, old, all[:5], 3)
	p := w.params()
	p.Store = asWas{t, old, all[:5]}
	made, err := backup.Create(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, all[:5], made.Migrations)
	to := target(t)
	_, err = w.place.Restore(t.Context(), made.Label, w.keys(), to)
	require.NoError(t, err)
	require.Len(t, storetest.Rows(t, openStore(t, to.DSN[len("file:"):]))["audit"], 3)

	w.now = w.now.Add(time.Minute)
	p.Store = fromTheFuture{w.store}
	made, err = backup.Create(t.Context(), p)
	require.NoError(t, err)
	to = target(t)
	_, err = w.place.Restore(t.Context(), made.Label, w.keys(), to)
	require.ErrorIs(t, err, backup.ErrNewer)
	require.Equal(t, "backup/newer", fault.CodeOf(err))
	require.ErrorContains(t, err, "migration 99")
	untouched(t, to)
}

// asWas exports an older store as its own program did: with the tables of its time.
type asWas struct {
	t          *testing.T
	dsn        string
	migrations []int64
}

func (a asWas) Export(ctx context.Context, f func(store.Export) error) error {
	s, err := store.Open(ctx, a.dsn) // It brings the tables up to date; what is taken is put back as it was.
	if err != nil {
		return err
	}
	defer func() { require.NoError(a.t, s.Close()) }()
	shapes := map[string]store.Shape{}
	other := "file:" + filepath.Join(a.t.TempDir(), "shapes.db")
	require.NoError(a.t, store.Restore(ctx, other, a.migrations, func(f *store.Filling) error {
		for _, shape := range f.Shapes {
			shapes[shape.Table] = shape
		}
		return nil
	}))
	return s.Export(ctx, func(e store.Export) error {
		e.Migrations = a.migrations
		var was []store.Shape
		for _, shape := range e.Shapes {
			if old, ok := shapes[shape.Table]; ok {
				was = append(was, old)
			}
		}
		e.Shapes = was
		return f(e)
	})
}

// fromTheFuture is a store of a program that this one does not know.
type fromTheFuture struct{ *store.Store }

func (s fromTheFuture) Export(ctx context.Context, f func(store.Export) error) error {
	return s.Store.Export(ctx, func(e store.Export) error {
		e.Migrations = append(append([]int64{}, e.Migrations...), 99)
		return f(e)
	})
}

func TestCreate_WhatFailsLeavesNoLabel(t *testing.T) {
	w := newWorld(t)
	p := w.params()
	p.Store = torn{w.store}
	_, err := backup.Create(t.Context(), p)
	require.ErrorContains(t, err, "the disk is torn")
	listed, err := w.place.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, listed, "half an archive is not kept")

	p = w.params()
	p.Recipients = nil
	_, err = backup.Create(t.Context(), p)
	require.ErrorIs(t, err, backup.ErrKeyFile)
	secret, err := os.ReadFile(w.keyFile)
	require.NoError(t, err)
	key := string(bytes.TrimSpace(secret[bytes.LastIndex(bytes.TrimSpace(secret), []byte("\n")):]))
	p.Recipients = []string{key}
	_, err = backup.Create(t.Context(), p)
	require.ErrorIs(t, err, backup.ErrKeyFile)
	require.NotContains(t, err.Error(), key[:30], "a secret half is never shown")
}

type torn struct{ *store.Store }

func (s torn) Export(ctx context.Context, f func(store.Export) error) error {
	return errors.Join(s.Store.Export(ctx, f), errors.New("the disk is torn"))
}

func TestPlace_ServicesThatRefuseAreToldApart(t *testing.T) {
	server := newS3(t)
	w := newWorldAt(t, server.Address(""), "")
	made := w.create()
	tests := []struct {
		name   string
		fault  fake.Fault
		want   error
		reason fault.Kind
	}{
		{"access denied", fake.Fault{Name: fake.Refuse, Status: 403, Code: "AccessDenied"}, backup.ErrDenied, fault.Human},
		{"a service that is down", fake.Fault{Name: fake.Refuse, Status: 503, Code: "ServiceUnavailable"}, backup.ErrUnreachable, fault.Retry},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server.Break(tt.fault)
			defer server.Mend()
			_, listErr := w.place.List(t.Context())
			_, createErr := backup.Create(t.Context(), w.params())
			_, verifyErr := w.place.Verify(t.Context(), made.Label, w.keys())
			for _, err := range []error{listErr, createErr, verifyErr} {
				require.ErrorIs(t, err, tt.want)
				require.Equal(t, tt.reason, fault.KindOf(err))
				require.NotContains(t, err.Error(), "AWS_SECRET")
			}
		})
	}
	listed, err := w.place.List(t.Context())
	require.NoError(t, err)
	require.Len(t, listed, 1, "what failed left nothing")
}

func TestPlace_PermissionErrorsAreNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := backup.Open(t.Context(), "file:"+filepath.Join(file, "below"))
	require.ErrorIs(t, err, backup.ErrUnreachable)
	for _, address := range []string{"", "file:", "ftp://x", "s3://", "s3://bucket?anything=1", "s3://user:hunter2@bucket", "/plain"} {
		_, err := backup.Open(t.Context(), address)
		require.ErrorIs(t, err, backup.ErrPlace, address)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestList_TellsHalfAndStrangeArchivesFromWholeOnes(t *testing.T) {
	w := newWorld(t)
	whole := w.create()
	w.now = noon.Add(time.Hour)
	half := w.create()
	require.NoError(t, os.Remove(filepath.Join(w.dir, half.ID+".json")))
	w.now = noon.Add(2 * time.Hour)
	gone := w.create()
	require.NoError(t, os.Remove(w.archive(gone.ID)))
	w.now = noon.Add(3 * time.Hour)
	odd := w.create()
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, odd.ID+".json"), []byte("{}"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "notes.txt"), nil, 0o600))

	listed, err := w.place.List(t.Context())
	require.NoError(t, err)
	states := map[string]string{}
	for _, l := range listed {
		states[l.ID] = l.State
	}
	require.Equal(t, map[string]string{whole.ID: backup.Whole, half.ID: backup.Unfinished, gone.ID: backup.Missing, odd.ID: backup.Unreadable}, states)
	chosen, err := w.place.Choose(t.Context(), "", "main", noon.Add(100*time.Hour))
	require.NoError(t, err)
	require.Equal(t, whole.Label, chosen, "only a whole one is restored")
	_, err = w.place.Choose(t.Context(), "", "main", noon)
	require.ErrorIs(t, err, backup.ErrNone)
	_, err = w.place.Choose(t.Context(), "", "another", noon.Add(100*time.Hour))
	require.ErrorIs(t, err, backup.ErrNone)
}

func TestChoose_AnOlderPointIsThereAfterRansomware(t *testing.T) {
	w := newWorld(t)
	var made []backup.Made
	for day := range 5 {
		w.now = noon.AddDate(0, 0, day)
		made = append(made, w.create())
	}
	got, err := w.place.Choose(t.Context(), "", "main", noon.AddDate(0, 0, 4).Add(-3*24*time.Hour+time.Second))
	require.NoError(t, err)
	require.Equal(t, made[1].ID, got.ID)
}
