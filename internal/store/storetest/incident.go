package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func failure(key, vault, cause string, seconds int) domain.Failure {
	page := uint32(most >> 40)
	return domain.Failure{
		Key: key, Vault: vault, Day: day, Kind: domain.FailureStuck, Code: "router/6005", Message: "it's \"odd\"\n", WorkflowID: "distribution/" + vault,
		RunID: "r", Cursor: &page, PageSize: 15, At: At(seconds), Cause: cause,
	}
}

// opening decides that a failure opens an incident of its vault, unless one is open.
func opening(f domain.Failure) func(domain.Known) domain.Decision {
	return func(k domain.Known) domain.Decision {
		if k.Own != nil {
			return domain.Decision{Correlation: domain.CorrelateJoin, Incident: k.Own.ID, Severity: domain.SeverityHigh, Vaults: k.Others + 1}
		}
		i := &domain.Incident{Cause: f.Cause, Vault: f.Vault, Severity: domain.SeverityHigh, State: domain.IncidentOpen, OpenedAt: f.At, LadderAt: f.At, Title: "t"}
		i.Add(domain.Auto(), f.At, domain.EntryOpened, "opened")
		return domain.Decision{Correlation: domain.CorrelateOpen, Severity: domain.SeverityHigh, Vaults: k.Others + 1, Tell: true, Open: i}
	}
}

func record(t *testing.T, s *store.Store, f domain.Failure) domain.Recorded {
	t.Helper()
	got, err := s.RecordFailure(t.Context(), f, time.Minute, opening(f))
	require.NoError(t, err)
	return got
}

func incidents(t *testing.T, open func(*testing.T) *store.Store) {
	ann := domain.By{Actor: "ann", Channel: "cli"}
	t.Run("ids count up within a day and begin anew on the next", func(t *testing.T) {
		s := open(t)
		require.Equal(t, "INC-20260301-001", record(t, s, failure("a", vault, "x", 1)).Incident.ID)
		require.Equal(t, "INC-20260301-002", record(t, s, failure("b", "beta", "x", 2)).Incident.ID)
		next := failure("c", "gamma", "x", 0)
		next.At = At(24 * 3600)
		require.Equal(t, "INC-20260302-001", record(t, s, next).Incident.ID)
	})
	t.Run("workers that report at once make one incident", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		var wg sync.WaitGroup
		for n := range 20 {
			wg.Go(func() {
				f := failure(fmt.Sprint("k", n), vault, "x", 1)
				_, err := s.RecordFailure(ctx, f, time.Minute, opening(f))
				require.NoError(t, err)
			})
		}
		wg.Wait()
		list, err := s.Incidents(ctx, store.IncidentFilter{})
		require.NoError(t, err)
		require.Len(t, list, 1)
		failures, err := s.Failures(ctx, list[0].ID, 0)
		require.NoError(t, err)
		require.Len(t, failures, 20)
		failures, err = s.Failures(ctx, list[0].ID, 3)
		require.NoError(t, err)
		require.Len(t, failures, 3)
	})
	t.Run("a second open incident of a cause and vault cannot be stored", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		record(t, s, failure("a", vault, "x", 1))
		f := failure("b", vault, "x", 2)
		blind := opening(f)
		_, err := s.RecordFailure(ctx, f, time.Minute, func(domain.Known) domain.Decision { return blind(domain.Known{}) })
		require.Error(t, err)
		got, err := s.Incidents(ctx, store.IncidentFilter{})
		require.NoError(t, err)
		require.Len(t, got, 1, "what failed left nothing behind")
		require.Equal(t, "INC-20260301-002", record(t, s, failure("c", "beta", "x", 3)).Incident.ID, "nor did it use up a number")
	})
	t.Run("what is known of a cause is its window's and its own", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		record(t, s, failure("old", "older", "x", 0))
		record(t, s, failure("a", "beta", "x", 100))
		record(t, s, failure("b", "beta", "x", 101))
		record(t, s, failure("c", "gamma", "other", 102))
		f := failure("d", vault, "x", 120)
		_, err := s.RecordFailure(ctx, f, time.Minute, func(k domain.Known) domain.Decision {
			require.Equal(t, 1, k.Others)
			require.Nil(t, k.Own)
			require.Nil(t, k.Fleet)
			require.NotNil(t, k.Oldest)
			require.Equal(t, "INC-20260301-002", k.Oldest.ID)
			require.False(t, k.Oldest.Member)
			return domain.Decision{Correlation: domain.CorrelatePromote, Incident: k.Oldest.ID, Severity: domain.SeverityHigh}
		})
		require.NoError(t, err)
		f = failure("e", vault, "x", 121)
		_, err = s.RecordFailure(ctx, f, time.Minute, func(k domain.Known) domain.Decision {
			require.NotNil(t, k.Fleet)
			require.Equal(t, 2, k.Fleet.Vaults)
			require.True(t, k.Fleet.Member)
			return domain.Decision{Correlation: domain.CorrelateJoin, Incident: k.Fleet.ID}
		})
		require.NoError(t, err)
	})
	t.Run("a change is stored with its lines, each of them audited once", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		i := record(t, s, failure("a", vault, "x", 1)).Incident
		require.NoError(t, i.Acknowledge(ann, At(5)))
		line := i.Timeline[len(i.Timeline)-1:]
		require.NoError(t, s.SaveIncident(ctx, i, line))
		require.NoError(t, s.SaveIncident(ctx, i, line))
		got, found, err := s.Incident(ctx, i.ID)
		require.NoError(t, err)
		require.True(t, found)
		require.Len(t, got.Timeline, 2)
		require.Equal(t, domain.IncidentAcknowledged, got.State)
		require.Equal(t, "ann", got.AcknowledgedBy)
		require.Equal(t, At(5), got.AcknowledgedAt)
		require.Equal(t, vault, got.Vaults[0].Vault)
		log, err := s.AuditLog(ctx, 0, 10)
		require.NoError(t, err)
		require.Len(t, log, 2)
		require.Equal(t, "incident.state", log[1].Action)
		require.Equal(t, i.ID, log[1].Subject)
		_, found, err = s.Incident(ctx, "INC-20260301-999")
		require.NoError(t, err)
		require.False(t, found)
	})
	t.Run("an older version never replaces a newer one, and its lines are kept", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		older := record(t, s, failure("a", vault, "x", 1)).Incident
		require.NoError(t, older.Acknowledge(ann, At(2)))
		newer := older
		require.NoError(t, newer.Resolve(ann, At(3), "done"))
		require.NoError(t, s.SaveIncident(ctx, newer, newer.Timeline[1:]))
		require.NoError(t, s.SaveIncident(ctx, older, older.Timeline[1:2]))
		got, _, err := s.Incident(ctx, older.ID)
		require.NoError(t, err)
		require.True(t, got.Over())
		require.Len(t, got.Timeline, 3)
	})
	t.Run("an incident that is not there cannot be saved", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.ErrorIs(t, s.SaveIncident(ctx, domain.Incident{ID: "INC-20260301-009", Seq: 1}, nil), store.ErrNotFound)
	})
	t.Run("a resolved one makes room, and cannot take it back", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		first := record(t, s, failure("a", vault, "x", 1)).Incident
		require.NoError(t, first.Acknowledge(ann, At(2)))
		require.NoError(t, first.Resolve(ann, At(3), "done"))
		require.NoError(t, s.SaveIncident(ctx, first, nil))
		second := record(t, s, failure("b", vault, "x", 4)).Incident
		require.NotEqual(t, first.ID, second.ID)
		twin, err := s.OpenTwin(ctx, first.ID)
		require.NoError(t, err)
		require.Equal(t, second.ID, twin)
		twin, err = s.OpenTwin(ctx, second.ID)
		require.NoError(t, err)
		require.Empty(t, twin)
		require.NoError(t, first.Reopen(ann, At(5), "again"))
		require.NoError(t, s.SaveIncident(ctx, first, nil), "it is kept all the same")
		require.Equal(t, second.ID, record(t, s, failure("c", vault, "x", 6)).Incident.ID, "the failure goes to the one that was open")
		list, err := s.Incidents(ctx, store.IncidentFilter{Open: true, Vault: vault})
		require.NoError(t, err)
		require.Len(t, list, 2)
	})
	t.Run("lists are by state and vault, newest first", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		a := record(t, s, failure("a", vault, "x", 1)).Incident
		b := record(t, s, failure("b", "beta", "x", 2)).Incident
		require.NoError(t, a.Settle(At(3), "gone"))
		require.NoError(t, s.SaveIncident(ctx, a, nil))
		ids := func(f store.IncidentFilter) (out []string) {
			list, err := s.Incidents(ctx, f)
			require.NoError(t, err)
			for _, i := range list {
				out = append(out, i.ID)
			}
			return out
		}
		require.Equal(t, []string{b.ID, a.ID}, ids(store.IncidentFilter{}))
		require.Equal(t, []string{b.ID}, ids(store.IncidentFilter{Open: true}))
		require.Equal(t, []string{a.ID}, ids(store.IncidentFilter{Vault: vault}))
		require.Equal(t, []string{b.ID}, ids(store.IncidentFilter{Limit: 1}))
	})
	t.Run("a vault recovers once, and again when it fails again", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		i := record(t, s, failure("a", vault, "x", 1)).Incident
		for range 2 {
			got, err := s.RecoverVault(ctx, vault, At(9))
			require.NoError(t, err)
			require.Equal(t, []domain.Recovered{{Incident: i.ID}}, got, "the same question has the same answer")
		}
		got, err := s.RecoverVault(ctx, vault, At(10))
		require.NoError(t, err)
		require.Empty(t, got)
		record(t, s, failure("b", vault, "x", 11))
		got, err = s.RecoverVault(ctx, vault, At(12))
		require.NoError(t, err)
		require.Len(t, got, 1)
		record(t, s, failure("c", "beta", domain.CauseStated+":manual", 13))
		got, err = s.RecoverVault(ctx, "beta", At(14))
		require.NoError(t, err)
		require.Empty(t, got, "what a person stated is not over because a day goes on")
		_, err = s.RecoverVault(ctx, "", At(12))
		require.ErrorIs(t, err, store.ErrInvalid)
	})
	t.Run("evidence is listed once, with its hash in the audit log", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		i := record(t, s, failure("a", vault, "x", 1)).Incident
		e := domain.Evidence{Incident: i.ID, Kind: "bundle", Path: "/p/'q'.json", SHA256: "ab", Bytes: 7, Unknown: []string{"chain"}, At: At(3)}
		require.NoError(t, s.SaveEvidence(ctx, e))
		require.NoError(t, s.SaveEvidence(ctx, e))
		got, _, err := s.Incident(ctx, i.ID)
		require.NoError(t, err)
		require.Equal(t, []domain.Evidence{e}, got.Evidence)
		log, err := s.AuditLog(ctx, 0, 10)
		require.NoError(t, err)
		require.Equal(t, "ab /p/'q'.json", log[len(log)-1].Detail)
		require.ErrorIs(t, s.SaveEvidence(ctx, domain.Evidence{Incident: i.ID}), store.ErrInvalid)
	})
	t.Run("the settings stay locked until the incident is over", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		i := record(t, s, failure("a", vault, "x", 1)).Incident
		lock := domain.ConfigLock{Incident: i.ID, Hash: "h", Reason: "base fees"}
		for range 2 {
			require.NoError(t, s.LockConfig(ctx, lock, domain.Auto(), At(2)))
		}
		locks, err := s.ConfigLocks(ctx)
		require.NoError(t, err)
		require.Equal(t, []domain.ConfigLock{lock}, locks)
		require.NoError(t, i.Acknowledge(ann, At(3)))
		require.NoError(t, s.SaveIncident(ctx, i, nil))
		locks, err = s.ConfigLocks(ctx)
		require.NoError(t, err)
		require.Len(t, locks, 1)
		require.NoError(t, i.Resolve(ann, At(4), "done"))
		require.NoError(t, s.SaveIncident(ctx, i, nil))
		locks, err = s.ConfigLocks(ctx)
		require.NoError(t, err)
		require.Empty(t, locks)
		require.ErrorIs(t, s.LockConfig(ctx, domain.ConfigLock{Incident: i.ID}, domain.Auto(), At(2)), store.ErrInvalid)
	})
	t.Run("a failure without key, cause or time is refused", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for name, spoil := range map[string]func(*domain.Failure){
			"key":   func(f *domain.Failure) { f.Key = "" },
			"cause": func(f *domain.Failure) { f.Cause = "" },
			"time":  func(f *domain.Failure) { f.At = time.Time{} },
		} {
			f := failure("a", vault, "x", 1)
			spoil(&f)
			_, err := s.RecordFailure(ctx, f, time.Minute, opening(f))
			require.ErrorIs(t, err, store.ErrInvalid, name)
		}
	})
}
