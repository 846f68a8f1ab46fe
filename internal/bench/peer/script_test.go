package peer

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/behaviours.json anew")

// fakeDay is a router's day as far as the script sees it: a cursor that calls move, and faults that come in order.
type fakeDay struct {
	cursor   int
	complete bool
	newDay   bool // The next call opens a day.
	notDue   bool
	missing  int // So many of the first streams do not exist.
	sick     bool
	total    int
	faults   []fault
	sent     []sent
	waits    []string
}

// fault is what happens to one send: nothing, no landing, or a landing whose reply is lost.
type fault string

const (
	fine      fault = ""
	dropped   fault = "dropped"
	lostReply fault = "lost reply"
)

// sent is one call as it left the script.
type sent struct {
	From   int    `json:"from"` // Index of the first stream passed.
	Size   int    `json:"size"`
	Cursor *int   `json:"cursor"`
	Fault  fault  `json:"fault,omitempty"`
	Result string `json:"result"`
}

func (r *fakeDay) Status(context.Context) (Status, error) {
	s := Status{Cursor: r.cursor, CanStartNewDay: r.newDay, CanContinueSameDay: !r.newDay && !r.complete}
	if r.notDue {
		s.CanStartNewDay, s.CanContinueSameDay = false, false
	}
	return s, nil
}

func (r *fakeDay) Exists(_ context.Context, a solana.PublicKey) (bool, error) {
	return int(a[0]) >= r.missing, nil
}
func (r *fakeDay) Healthy(context.Context) bool { return !r.sick }

// DistributeFees follows CHAIN.md §1: the timing step, then the guard, then the page.
func (r *fakeDay) DistributeFees(_ context.Context, c Call) (string, error) {
	one := sent{From: int(c.Streams[0][0]), Size: c.PageSize, Cursor: c.Cursor}
	if len(r.faults) > 0 {
		one.Fault, r.faults = r.faults[0], r.faults[1:]
	}
	one.Result = "not landed"
	if one.Fault != dropped {
		one.Result = r.land(c)
	}
	r.sent = append(r.sent, one)
	if one.Fault != fine || one.Result == "6005" || one.Result == "6020" {
		return "", errors.New(one.Result + " " + string(one.Fault))
	}
	return "signature", nil
}

func (r *fakeDay) land(c Call) string {
	if r.newDay {
		r.cursor, r.complete, r.newDay = 0, false, false
	}
	switch {
	case r.complete:
		return "6020"
	case c.Cursor != nil && *c.Cursor < r.cursor:
		return "did nothing"
	case c.Cursor != nil && *c.Cursor > r.cursor:
		return "6005"
	}
	at := r.cursor
	r.cursor += c.PageSize
	r.complete = r.cursor >= r.total
	if at != int(c.Streams[0][0]) {
		return "turned a page that was not the chain's next"
	}
	return "turned"
}

// behaviour is what one run did. The golden file holds what the script of the document does in the same situation, worked
// out from its text by hand.
type behaviour struct {
	Name  string   `json:"name"`
	Rows  string   `json:"rows"`
	Sent  []sent   `json:"sent"`
	Waits []string `json:"waits"`
	Said  string   `json:"said"`
}

func (r *fakeDay) run(t *testing.T, size, retries int) Result {
	t.Helper()
	d := &Distributor{
		Config: Config{Streams: streams(r.total), PageSize: size, MaxRetries: retries, DelayBetweenPages: time.Second}, Client: r,
		Sleep: func(_ context.Context, d time.Duration) error {
			r.waits = append(r.waits, d.String())
			return nil
		},
	}
	got, err := d.Start(t.Context())
	require.Equal(t, err == nil, got.Said == SaidCompleted)
	require.Equal(t, len(r.sent), got.Attempts)
	return got
}

// streams are told apart by their first byte, which is their place.
func streams(n int) []solana.PublicKey {
	out := make([]solana.PublicKey, n)
	for i := range out {
		out[i][0] = byte(i)
	}
	return out
}

func TestScript_DoesWhatTheDocumentsScriptDoes(t *testing.T) {
	tests := []struct {
		name, rows string
		day        fakeDay
		size       int
		retries    int
	}{
		{"the first day is paid page by page, the last one short", "X07 X09", fakeDay{newDay: true, total: 45}, 20, 3},
		{"the day after a complete one sends nothing and says completed", "X06", fakeDay{newDay: true, cursor: 60, complete: true, total: 45}, 20, 3},
		{"the day after one that was cut short skips the first investors", "X06", fakeDay{newDay: true, cursor: 20, total: 45}, 20, 3},
		{"a page is sent without a cursor at first and with one when it is repeated", "X14", fakeDay{total: 45, cursor: 20, faults: []fault{dropped}}, 20, 3},
		{"a repeated first page has no cursor either, and turns the next page with the first one's accounts", "X14", fakeDay{newDay: true, total: 45, faults: []fault{lostReply}}, 20, 3},
		{"a page that failed for good and had landed is passed over", "X10", fakeDay{total: 45, cursor: 20, faults: []fault{lostReply, lostReply, lostReply}}, 20, 3},
		{"a page that never lands ends the run half done, after doubled waits", "X11 X15", fakeDay{newDay: true, total: 45, faults: []fault{dropped, dropped, dropped, dropped, dropped, dropped, dropped}}, 20, 7},
		{"not due is a failure like any other", "X03", fakeDay{newDay: true, notDue: true, total: 45}, 20, 3},
		{"one stream in twenty may be missing", "P04", fakeDay{newDay: true, missing: 2, total: 40}, 20, 3},
		{"more than one in twenty may not", "P04", fakeDay{newDay: true, missing: 3, total: 40}, 20, 3},
		{"a sick endpoint keeps it from starting", "P10", fakeDay{newDay: true, sick: true, total: 45}, 20, 3},
		{"no retries at all: the pages count as done and nothing was sent", "X01", fakeDay{newDay: true, total: 45}, 20, 0},
	}
	var all []behaviour
	for _, test := range tests {
		r := test.day
		got := r.run(t, test.size, test.retries)
		all = append(all, behaviour{Name: test.name, Rows: test.rows, Sent: r.sent, Waits: r.waits, Said: got.Said})
	}
	const file = "testdata/behaviours.json"
	if *update {
		body, err := json.MarshalIndent(all, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, append(body, '\n'), 0o644))
	}
	body, err := os.ReadFile(file)
	require.NoError(t, err)
	var want []behaviour
	require.NoError(t, json.Unmarshal(body, &want))
	require.Len(t, all, len(want))
	for i := range want {
		require.Equal(t, want[i], all[i])
	}
}

func TestScript_EndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	r := &fakeDay{newDay: true, total: 45, faults: []fault{dropped}}
	d := &Distributor{
		Config: Config{Streams: streams(45), PageSize: 20, MaxRetries: 3}, Client: r,
		Sleep: func(context.Context, time.Duration) error { cancel(gone); return context.Cause(ctx) },
	}
	_, err := d.Start(ctx)
	require.ErrorIs(t, err, gone)
	require.Len(t, r.sent, 1)
}

func TestLargest_IsTheLastPageThatFitsAPacket(t *testing.T) {
	v := Vault{Payer: solana.NewWallet().PrivateKey, Program: solana.NewWallet().PublicKey(), ATAs: map[solana.PublicKey]solana.PublicKey{}}
	list := make([]solana.PublicKey, 40)
	for i := range list {
		list[i] = solana.NewWallet().PublicKey()
		v.ATAs[list[i]] = solana.NewWallet().PublicKey()
	}
	pairs, err := v.Largest(list, 20)
	require.NoError(t, err)
	require.Less(t, pairs, 20, "the document's page does not fit with the accounts that it needs (row C21)")
	for size, fits := range map[int]bool{pairs: true, pairs + 1: false} {
		tx, err := v.transaction(Call{Streams: list[:size], PageSize: size, Cursor: new(int)}, solana.Hash{})
		require.NoError(t, err)
		raw, err := tx.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, fits, len(raw) <= packet)
	}
	v.ATAs = nil
	streamsOnly, err := v.Largest(list, 20)
	require.NoError(t, err)
	require.Greater(t, streamsOnly, pairs)
}
