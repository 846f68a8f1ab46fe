package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// slowSQLite writes until its context ends.
const slowSQLite = `INSERT INTO outcomes WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
	SELECT 'slow', '2026-03-01', i, i, '', '', '0', '0', '', '', '' FROM n`

func TestSQLite_WritesThatWaitShareACommit(t *testing.T) {
	testGroup(t, func(t *testing.T) *Store { s, _ := openFile(t); return s }, slowSQLite)
}

// queue holds the store's writer until all of a test's writes wait, so that they go together.
type queue struct {
	t       *testing.T
	s       *Store
	release chan struct{}
	came    atomic.Int64
	done    []chan error
}

func newQueue(t *testing.T, s *Store) *queue {
	t.Helper()
	q := &queue{t: t, s: s, release: make(chan struct{})}
	started := make(chan struct{})
	q.add(t.Context(), func(bun.Tx) error {
		close(started)
		<-q.release
		return nil
	})
	<-started
	return q
}

// add lets one more write wait.
func (q *queue) add(ctx context.Context, f func(bun.Tx) error) {
	done := make(chan error, 1)
	q.done = append(q.done, done)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("panic: %v", v)
			}
		}()
		q.came.Add(1)
		done <- q.s.write(ctx, "test", f)
	}()
}

// run lets all of them go together and gives their results, without the one that held them up.
func (q *queue) run() []error {
	q.t.Helper()
	require.Eventually(q.t, func() bool { return q.came.Load() == int64(len(q.done)) }, time.Minute, time.Millisecond)
	close(q.release)
	var out []error
	for _, done := range q.done {
		out = append(out, <-done)
	}
	return out[1:]
}

func note(tx bun.Tx, vault string) error {
	row := outcomeRow{Vault: vault, Day: "2026-03-01"}
	_, err := tx.NewInsert().Model(&row).Exec(context.Background())
	return err
}

func noted(t *testing.T, s *Store, vault string) bool {
	t.Helper()
	got, err := s.Outcomes(t.Context(), vault, "2026-03-01")
	require.NoError(t, err)
	return len(got) > 0
}

// commits counts the transactions that were committed.
type commits struct{ n atomic.Int64 }

func (c *commits) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }
func (c *commits) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if e.Query == "COMMIT" && e.Err == nil {
		c.n.Add(1)
	}
}

// testGroup is for both databases. slow is a statement that changes rows until its context ends.
func testGroup(t *testing.T, open func(*testing.T) *Store, slow string) {
	t.Run("all that wait are committed together, and none of them before", func(t *testing.T) {
		s, count := open(t), &commits{}
		s.w = s.w.WithQueryHook(count)
		q := newQueue(t, s)
		var ran atomic.Int64
		for i := range 3 * groupMost {
			q.add(t.Context(), func(tx bun.Tx) error {
				require.False(t, noted(t, s, fmt.Sprint("v", i)), "readers see nothing before the commit")
				ran.Add(1)
				return note(tx, fmt.Sprint("v", i))
			})
		}
		for i, err := range q.run() {
			require.NoError(t, err)
			require.True(t, noted(t, s, fmt.Sprint("v", i)))
		}
		require.EqualValues(t, 3*groupMost, ran.Load(), "each ran once")
		require.Less(t, count.n.Load(), int64(groupMost), "the last of them may have come late, and most did not")
	})
	t.Run("one that is refused takes nothing of the others with it", func(t *testing.T) {
		s := open(t)
		q := newQueue(t, s)
		no := errors.New("no")
		for i := range 20 {
			q.add(t.Context(), func(tx bun.Tx) error {
				err := note(tx, fmt.Sprint("v", i))
				if i%3 == 0 {
					err = errors.Join(err, no)
				}
				return err
			})
		}
		for i, err := range q.run() {
			require.Equal(t, i%3 == 0, errors.Is(err, no), err)
			require.Equal(t, i%3 != 0, noted(t, s, fmt.Sprint("v", i)))
		}
	})
	t.Run("a statement that fails takes nothing of the others with it", func(t *testing.T) {
		s := open(t)
		q := newQueue(t, s)
		for i := range 9 {
			q.add(t.Context(), func(tx bun.Tx) error {
				return errors.Join(note(tx, fmt.Sprint("v", i)), note(tx, "wanted by all"))
			})
		}
		stored := 0
		for i, err := range q.run() {
			require.Equal(t, err == nil, noted(t, s, fmt.Sprint("v", i)), err)
			if err == nil {
				stored++
			}
		}
		require.Equal(t, 1, stored)
	})
	t.Run("a caller that goes away takes nothing of the others with it", func(t *testing.T) {
		s := open(t)
		q := newQueue(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		q.add(t.Context(), func(tx bun.Tx) error { return note(tx, "before") })
		q.add(ctx, func(tx bun.Tx) error {
			time.AfterFunc(20*time.Millisecond, cancel) // In the middle of the statement.
			_, err := tx.ExecContext(ctx, slow)
			return err
		})
		q.add(t.Context(), func(tx bun.Tx) error { return note(tx, "after") })
		errs := q.run()
		require.NoError(t, errs[0])
		require.Error(t, errs[1])
		require.NoError(t, errs[2])
		require.True(t, noted(t, s, "before"))
		require.True(t, noted(t, s, "after"))
		require.False(t, noted(t, s, "slow"))
		require.NoError(t, s.Ping(t.Context()))
	})
	t.Run("one whose caller went away is never said to be stored when the transaction ended after it", func(t *testing.T) {
		s := open(t)
		q := newQueue(t, s)
		first, leave := context.WithCancel(t.Context())
		second, cancel := context.WithCancel(t.Context())
		q.add(first, func(tx bun.Tx) error { return note(tx, "first") })
		q.add(second, func(tx bun.Tx) error {
			leave()
			time.AfterFunc(20*time.Millisecond, cancel)
			_, err := tx.ExecContext(second, slow)
			return err
		})
		errs := q.run()
		require.Equal(t, errs[0] == nil, noted(t, s, "first"), errs[0])
		require.Error(t, errs[1])
	})
	t.Run("one that waits and goes away is not carried out", func(t *testing.T) {
		s := open(t)
		q := newQueue(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		q.add(ctx, func(tx bun.Tx) error { return note(tx, "gone") })
		require.ErrorIs(t, q.run()[0], context.Canceled)
		require.False(t, noted(t, s, "gone"))
	})
	t.Run("a panic is its caller's and nobody else's", func(t *testing.T) {
		s := open(t)
		q := newQueue(t, s)
		for i := range 5 {
			q.add(t.Context(), func(tx bun.Tx) error {
				if err := note(tx, fmt.Sprint("v", i)); err != nil || i != 2 {
					return err
				}
				panic("two")
			})
		}
		for i, err := range q.run() {
			require.Equal(t, i != 2, noted(t, s, fmt.Sprint("v", i)))
			if i == 2 {
				require.ErrorContains(t, err, "panic: two")
				continue
			}
			require.NoError(t, err)
		}
		require.NoError(t, s.Ping(t.Context()))
	})
	t.Run("a closed store refuses", func(t *testing.T) {
		s := open(t)
		require.NoError(t, s.SaveOutcomes(t.Context(), "v", "2026-03-01", []domain.Outcome{{Stream: "s"}}))
		require.NoError(t, s.Close())
		require.Error(t, s.SaveOutcomes(t.Context(), "v", "2026-03-01", nil))
	})
}

func TestSQLite_AFullDiskRefusesOnlyWhatDoesNotFit(t *testing.T) {
	s, _ := openFile(t)
	var pages int64
	require.NoError(t, s.w.NewRaw("PRAGMA page_count").Scan(t.Context(), &pages))
	require.NoError(t, s.w.NewRaw("PRAGMA max_page_count = ?", pages+10).Scan(t.Context(), &pages))
	q := newQueue(t, s)
	q.add(t.Context(), func(tx bun.Tx) error { return note(tx, "small") })
	q.add(t.Context(), func(tx bun.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO outcomes VALUES ('big', '2026-03-01', 0, 0, '', '', '0', '0', '', '', printf('%.*c', 1000000, 'x'))")
		return err
	})
	q.add(t.Context(), func(tx bun.Tx) error { return note(tx, "other") })
	errs := q.run()
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], ErrFull)
	require.NoError(t, errs[2])
	require.True(t, noted(t, s, "small"))
	require.False(t, noted(t, s, "big"))
	require.True(t, noted(t, s, "other"))
}
