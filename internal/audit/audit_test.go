package audit_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// logbook is a store with a log, and the file behind it.
type logbook struct {
	*store.Store

	t    *testing.T
	path string
	key  *seal.Key
}

var at = time.Date(2026, 3, 1, 12, 0, 0, 123, time.UTC)

func newLog(t *testing.T, entries int) *logbook {
	l := &logbook{t: t, path: filepath.Join(t.TempDir(), "feeops.db")}
	var err error
	l.Store, err = store.Open(t.Context(), "file:"+l.path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	l.key, err = seal.Generate(rand.Reader)
	require.NoError(t, err)
	l.add(entries)
	return l
}

func (l *logbook) add(n int) {
	for i := range n {
		require.NoError(l.t, l.Audit(l.t.Context(), store.AuditEntry{At: at.Add(time.Duration(i)), Actor: "ann", Action: "day.start", Subject: "alpha", Detail: fmt.Sprint("run ", i)}))
	}
}

// change alters the file behind the store's back, as an intruder does.
func (l *logbook) change(statement string) {
	db, err := sql.Open("sqlite", l.path)
	require.NoError(l.t, err)
	_, err = db.ExecContext(l.t.Context(), statement)
	require.NoError(l.t, err)
	require.NoError(l.t, db.Close())
}

func (l *logbook) head() audit.Head {
	h, err := audit.Publish(l.t.Context(), l, l.key, at)
	require.NoError(l.t, err)
	return h
}

func TestVerify_NamesTheFirstBrokenEntry(t *testing.T) {
	tests := []struct {
		name, change string
		entry        int64
		why          string
	}{
		{"a detail", "UPDATE audit SET detail = 'nothing' WHERE seq = 4", 4, "not what was written"},
		{"an actor", "UPDATE audit SET actor = 'bob' WHERE seq = 1", 1, "not what was written"},
		{"a removed entry", "DELETE FROM audit WHERE seq = 3", 3, "entries 3 to 3 are missing"},
		{"removed entries", "DELETE FROM audit WHERE seq IN (3, 4)", 3, "entries 3 to 4 are missing"},
		{"entries that changed places", "UPDATE audit SET seq = CASE seq WHEN 2 THEN 102 WHEN 3 THEN 2 ELSE seq END WHERE seq IN (2, 3); UPDATE audit SET seq = 3 WHERE seq = 102", 2, "not what was written"},
		{"a link", "UPDATE audit SET prev = '' WHERE seq = 5", 5, "not what was written"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t, 6)
			l.change(tt.change)
			r, err := audit.Verify(t.Context(), l, nil)
			require.NoError(t, err)
			require.False(t, r.OK())
			require.Equal(t, tt.entry, r.Broken.Entry)
			require.Contains(t, r.Broken.Why, tt.why)
			require.Equal(t, tt.entry-1, r.Entries)
			_, err = audit.Publish(t.Context(), l, l.key, at)
			require.ErrorIs(t, err, store.ErrAudit, "a broken log gets no head")
		})
	}
}

func TestVerify_AHeadShowsWhatTheChainCannot(t *testing.T) {
	t.Run("nothing happened", func(t *testing.T) {
		l := newLog(t, 3)
		empty := newLog(t, 0).head()
		heads := []audit.Head{empty, l.head()}
		l.add(600)
		heads = append(heads, l.head())
		r, err := audit.Verify(t.Context(), l, heads)
		require.NoError(t, err)
		require.True(t, r.OK(), "%+v", r)
		require.EqualValues(t, 603, r.Entries)
	})
	t.Run("the newest entries are cut off", func(t *testing.T) {
		l := newLog(t, 6)
		head := l.head()
		l.change("DELETE FROM audit WHERE seq > 4")
		r, err := audit.Verify(t.Context(), l, []audit.Head{head})
		require.NoError(t, err)
		require.Nil(t, r.Broken, "the chain itself is whole")
		require.False(t, r.OK())
		require.Contains(t, r.Heads[0].Problem, "entries 5 to 6 were cut off")
	})
	t.Run("the whole log was written anew", func(t *testing.T) {
		l := newLog(t, 6)
		head := l.head()
		l.change("DELETE FROM audit")
		for range 8 {
			require.NoError(t, l.Audit(t.Context(), store.AuditEntry{At: at, Actor: "mallory", Action: "nothing"}))
		}
		r, err := audit.Verify(t.Context(), l, []audit.Head{head})
		require.NoError(t, err)
		require.Nil(t, r.Broken)
		require.Contains(t, r.Heads[0].Problem, "written anew")
	})
	t.Run("a head that was changed", func(t *testing.T) {
		l := newLog(t, 2)
		for name, change := range map[string]func(h *audit.Head){
			"entries": func(h *audit.Head) { h.Entries = 1 }, "hash": func(h *audit.Head) { h.Hash = "00" }, "time": func(h *audit.Head) { h.At = h.At.Add(1) },
			"key": func(h *audit.Head) { h.Key = strings.Repeat("00", 32) }, "version": func(h *audit.Head) { h.Version = 2 },
		} {
			h := l.head()
			change(&h)
			require.Error(t, h.Verify(), name)
			r, err := audit.Verify(t.Context(), l, []audit.Head{h})
			require.NoError(t, err)
			require.False(t, r.OK(), name)
		}
	})
}

// unreadable is a log that cannot be read.
type unreadable struct{}

func (unreadable) AuditLog(context.Context, int64, int) ([]store.AuditEntry, error) {
	return nil, errors.New("disk")
}

func TestVerify_ALogThatCannotBeReadProvesNothing(t *testing.T) {
	_, err := audit.Verify(t.Context(), unreadable{}, nil)
	require.ErrorContains(t, err, "disk")
	key, err := seal.Generate(rand.Reader)
	require.NoError(t, err)
	_, err = audit.Publish(t.Context(), unreadable{}, key, at)
	require.ErrorContains(t, err, "disk")
}

// board keeps what is posted and breaks on request.
type board struct {
	heads []audit.Head
	fail  error
}

func (b *board) PostHead(_ context.Context, h audit.Head) error {
	if b.fail == nil {
		b.heads = append(b.heads, h)
	}
	return b.fail
}

func TestPublish_OneDeafPosterDoesNotSilenceTheOthers(t *testing.T) {
	l := newLog(t, 2)
	good, bad, file := &board{}, &board{fail: errors.New("channel is gone")}, filepath.Join(t.TempDir(), "heads.jsonl")
	_, err := audit.Publish(t.Context(), l, l.key, at, bad, good, audit.File(file))
	require.ErrorContains(t, err, "channel is gone")
	l.add(1)
	_, err = audit.Publish(t.Context(), l, l.key, at, audit.File(file))
	require.NoError(t, err)
	require.Len(t, good.heads, 1)
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	heads, err := audit.ReadHeads(f)
	require.NoError(t, err)
	require.Len(t, heads, 2)
	require.Equal(t, good.heads[0], heads[0])
	r, err := audit.Verify(t.Context(), l, heads)
	require.NoError(t, err)
	require.True(t, r.OK())
	info, err := f.Stat()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestReadHeads_RefusesWhatIsNone(t *testing.T) {
	good, err := json.Marshal(newLog(t, 1).head())
	require.NoError(t, err)
	for name, text := range map[string]string{
		"nothing": "", "a list": "[]", "cut short": string(good[:len(good)-9]), "another document": `{"day":"2026-03-01"}`, "text": "head",
	} {
		_, err := audit.ReadHeads(strings.NewReader(text))
		require.Error(t, err, name)
	}
}

func FuzzReadHeads(f *testing.F) {
	f.Add(`{"version":1,"entries":3,"hash":"ab","at":"2026-03-01T12:00:00Z","key":"00","signature":"AA=="}`)
	f.Add("feeops-head-1-3-" + strings.Repeat("ab", 32) + "-1772366400000000000-" + strings.Repeat("0", 64) + "-" + strings.Repeat("f", 128))
	f.Fuzz(func(t *testing.T, text string) {
		heads, err := audit.ReadHeads(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, h := range heads {
			require.Error(t, h.Verify(), "nobody signed it")
		}
	})
}
