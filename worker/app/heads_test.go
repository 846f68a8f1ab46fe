package app

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func auditKey(t *testing.T) *seal.Key {
	t.Helper()
	key, err := seal.Generate(rand.Reader)
	require.NoError(t, err)
	return key
}

func entries(t *testing.T, db *store.Store, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, db.Audit(t.Context(), store.AuditEntry{At: noon, Actor: "ann", Action: "test", Detail: fmt.Sprint(i)}))
	}
}

// TestHeads_EveryChannelShowsOneThatCanBePastedBack posts a head through the real clients of all channels and reads it
// back out of what people see there.
func TestHeads_EveryChannelShowsOneThatCanBePastedBack(t *testing.T) {
	f, db, key := startServices(t), openStore(t), auditKey(t)
	channels, err := Channels(f.s, io.Discard, time.Now)
	require.NoError(t, err)
	d, err := NewDispatcher(f.s, channels, db, time.Now, quietLog())
	require.NoError(t, err)
	entries(t, db, 3)
	poster := &channelHead{people: newPeople(f.s, d, quietLog()), every: 24 * time.Hour}
	head, err := audit.Publish(t.Context(), db, key, noon, poster)
	require.NoError(t, err)

	require.Len(t, f.slack.Messages("ops"), 1)
	require.Len(t, f.discord.Messages(), 1)
	require.Len(t, f.mail.Mails(), 1)
	require.Len(t, f.hook.Requests(), 1)
	require.Len(t, f.pager.Changes(), 1)
	require.Empty(t, f.pager.Alerts(), "nobody is woken")
	for name, shown := range map[string][]byte{
		"slack": f.slack.Messages("ops")[0].Attachments, "discord": f.discord.Messages()[0].Body, "mail": f.mail.Mails()[0].Data,
		"webhook": f.hook.Requests()[0].Body, "pagerduty": f.pager.Changes()[0],
	} {
		found := audit.FindWords(string(shown))
		require.NotEmpty(t, found, "%s: %s", name, shown)
		require.Equal(t, head, found[0], name)
		require.Contains(t, string(shown), "feeops audit verify", name)
	}
	require.NoError(t, db.Audit(t.Context(), store.AuditEntry{At: noon, Actor: "ann", Action: "later"}))
	r, err := audit.Verify(t.Context(), db, audit.FindWords(string(f.slack.Messages("ops")[0].Attachments)))
	require.NoError(t, err)
	require.True(t, r.OK(), "%+v", r)
}

// TestHeads_OnePeriodIsToldOnceByAllWorkersTogether also starts a worker again: what was told is remembered by the store.
func TestHeads_OnePeriodIsToldOnceByAllWorkersTogether(t *testing.T) {
	db, key := openStore(t), auditKey(t)
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	p, _, second := twoHooks(t, db, func() time.Time { return now }, quietLog())
	worker := func() *channelHead { return &channelHead{people: p, every: 24 * time.Hour} }
	one, two := worker(), worker()
	post := func(c *channelHead) {
		entries(t, db, 1)
		_, err := audit.Publish(t.Context(), db, key, now, c)
		require.NoError(t, err)
	}
	for range 3 {
		post(one)
		post(two)
		post(worker())
		now = now.Add(4 * time.Hour)
	}
	require.Len(t, second.Requests(), 1)
	now = time.Date(2026, 3, 2, 0, 0, 1, 0, time.UTC)
	post(two)
	post(one)
	require.Len(t, second.Requests(), 2, "the next day has its own")
}

// deaf are people whom nobody can reach for a while.
type deaf struct {
	fails int
	told  []domain.Message
}

func (d *deaf) Tell(_ context.Context, m domain.Message) error {
	if d.fails > 0 {
		d.fails--
		return errors.New("no channel took it")
	}
	d.told = append(d.told, m)
	return nil
}

func TestHeads_OneThatNobodyTookIsToldLater(t *testing.T) {
	db, key := openStore(t), auditKey(t)
	entries(t, db, 1)
	people := &deaf{fails: 2}
	c := &channelHead{people: people, every: 24 * time.Hour}
	for i := range 3 {
		_, err := audit.Publish(t.Context(), db, key, noon.Add(time.Duration(i)*headAgain), c)
		require.Equal(t, i < 2, err != nil)
	}
	require.Len(t, people.told, 1)
	m := people.told[0]
	require.Equal(t, domain.MessageInfo, m.Kind)
	require.Contains(t, m.Text, "2026-03-03 00:00 UTC", "whoever misses the next one knows it")
}

func TestHeads_AWorkerPostsAtItsStartAndEndsAtOnce(t *testing.T) {
	db, key := openStore(t), auditKey(t)
	entries(t, db, 2)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent()) // The store has goroutines of its own.
	people := &waiting{told: make(chan domain.Message, 1)}
	lc := fxtest.NewLifecycle(t)
	s := config.Default()
	postHeads(lc, s, key, db, people, func() time.Time { return noon }, quietLog())
	lc.RequireStart()
	m := <-people.told
	lc.RequireStop()
	require.Contains(t, m.Title, "entry 2")
	require.True(t, strings.HasPrefix(m.Key, "audit/head/"))
}

// waiting gives what it is told to whoever waits for it.
type waiting struct{ told chan domain.Message }

func (w *waiting) Tell(_ context.Context, m domain.Message) error {
	w.told <- m
	return nil
}

func TestSources_AnAuditLogThatIsAnotherThanItWasIsBroken(t *testing.T) {
	tests := []struct {
		name   string
		change []string
		add    int
		want   string
	}{
		{"cut off", []string{"DELETE FROM audit WHERE seq > 2"}, 0, "entries were cut off"},
		{"cut off, and longer again", []string{"DELETE FROM audit WHERE seq > 2"}, 4, "written anew"},
		{"emptied", []string{"DELETE FROM audit"}, 0, "entries were cut off"},
		{"written anew", []string{"DELETE FROM audit"}, 9, "written anew"},
		{"longer", nil, 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db, path := storeAt(t)
			now := noon
			s := &sources{store: db, now: func() time.Time { return now }}
			entries(t, db, 3)
			c, err := s.audit(t.Context())
			require.NoError(t, err)
			require.True(t, c.OK)
			for _, statement := range tt.change {
				behindItsBack(t, path, statement)
			}
			for range tt.add {
				require.NoError(t, db.Audit(t.Context(), store.AuditEntry{At: noon, Actor: "mallory", Action: "nothing"}))
			}
			for range 2 { // It stays broken.
				now = now.Add(auditAgain)
				c, err = s.audit(t.Context())
				require.NoError(t, err)
				require.Equal(t, tt.want == "", c.OK, "%+v", c)
				require.Contains(t, c.Detail, tt.want)
			}
		})
	}
}

func storeAt(t *testing.T) (*store.Store, string) {
	t.Helper()
	path := t.TempDir() + "/feeops.db"
	db, err := store.Open(t.Context(), "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db, path
}

// behindItsBack alters the file as an intruder does.
func behindItsBack(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
