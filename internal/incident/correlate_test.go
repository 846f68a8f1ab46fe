package incident_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var night = time.Date(2026, 11, 25, 3, 12, 0, 0, time.UTC)

// desk correlates against a real store, as the worker does.
type desk struct {
	t     *testing.T
	store *store.Store
	rules incident.Rules
	n     int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	s, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &desk{t: t, store: s, rules: incident.DefaultRules()}
}

func (d *desk) fail(vault, code string, after time.Duration) domain.Recorded {
	d.t.Helper()
	d.n++
	f := domain.Failure{Key: fmt.Sprint("k", d.n), Vault: vault, Day: "2026-11-25", Kind: domain.FailureStuck, Code: code, Message: "as said", At: night.Add(after)}
	v := incident.Classify(f)
	f.Cause = v.Cause
	got, err := d.store.RecordFailure(d.t.Context(), f, d.rules.Window, func(k domain.Known) domain.Decision { return d.rules.Correlate(f, v, k) })
	require.NoError(d.t, err)
	return got
}

// follow does what the incident's workflow does with a decision: the severity is raised.
func (d *desk) follow(r domain.Recorded) domain.Recorded {
	d.t.Helper()
	i := r.Incident
	if i.ID == "" || r.Decision.Severity.Rank() <= i.Severity.Rank() {
		return r
	}
	require.NoError(d.t, i.Raise(domain.Auto(), r.Failure.At, r.Decision.Severity, "more vaults"))
	require.NoError(d.t, d.store.SaveIncident(d.t.Context(), i, i.Timeline[len(i.Timeline)-1:]))
	r.Incident = i
	return r
}

func (d *desk) open() []domain.Incident {
	d.t.Helper()
	list, err := d.store.Incidents(d.t.Context(), store.IncidentFilter{Open: true})
	require.NoError(d.t, err)
	return list
}

func TestI04_OneOpenIncidentPerCauseAndVault(t *testing.T) {
	d := newDesk(t)
	first := d.fail("alpha", "payer_low", 0)
	require.Equal(t, domain.CorrelateOpen, first.Decision.Correlation)
	require.Equal(t, "INC-20261125-001", first.Incident.ID)
	again := d.fail("alpha", "payer_low", time.Hour)
	require.Equal(t, domain.CorrelateJoin, again.Decision.Correlation)
	require.Equal(t, first.Incident.ID, again.Incident.ID)
	require.False(t, again.Decision.Tell, "nothing new has happened")
	other := d.fail("alpha", "router/6007", time.Hour)
	require.Equal(t, "INC-20261125-002", other.Incident.ID, "another cause is another incident")
	elsewhere := d.fail("beta", "payer_low", 5*time.Hour)
	require.Equal(t, "INC-20261125-003", elsewhere.Incident.ID, "outside of the window it is another incident")
	require.Len(t, d.open(), 3)
}

func TestI04_BenignFailuresOpenNothing(t *testing.T) {
	d := newDesk(t)
	for _, code := range []string{"router/6002", "router/6020", "stopped", "not_due_yet"} {
		require.Equal(t, domain.CorrelateNone, d.fail("alpha", code, 0).Decision.Correlation, code)
	}
	require.Empty(t, d.open())
}

func TestS02_TwoVaultsWithOneCauseAreOneHighIncident(t *testing.T) {
	d := newDesk(t)
	first := d.fail("alpha", "payer_low", 0)
	require.Equal(t, domain.SeverityMedium, first.Decision.Severity)
	second := d.fail("beta", "tx/InsufficientFundsForFee", time.Minute)
	require.Equal(t, domain.CorrelatePromote, second.Decision.Correlation, "another code of the same cause")
	require.Equal(t, first.Incident.ID, second.Incident.ID)
	require.Equal(t, domain.SeverityHigh, second.Decision.Severity)
	require.True(t, second.Decision.Tell)
	require.Empty(t, second.Incident.Vault, "it concerns several vaults now")
	require.Equal(t, 2, second.Incident.VaultCount)
	third := d.fail("gamma", "payer_low", 3*time.Hour)
	require.Equal(t, first.Incident.ID, third.Incident.ID, "while it is open, later vaults belong to it")
	require.Len(t, d.open(), 1)
}

func TestS04_MoreThanFiveVaultsWithOneCauseAreCritical(t *testing.T) {
	d := newDesk(t)
	var last domain.Recorded
	for n := range 6 {
		last = d.follow(d.fail(fmt.Sprint("v", n), "payer_low", time.Duration(n)*time.Second))
		want := map[int]domain.Severity{0: domain.SeverityMedium, 5: domain.SeverityCritical}[n]
		if want == "" {
			want = domain.SeverityHigh
		}
		require.Equal(t, want, last.Decision.Severity, "vault %d", n+1)
	}
	for n := range 5 {
		other := d.follow(d.fail(fmt.Sprint("w", n), []string{"router/6007", "rpc/429", "custom/7", "custom/8", "account_frozen"}[n], time.Minute))
		require.NotEqual(t, domain.SeverityCritical, other.Decision.Severity, "different causes do not add up")
	}
	require.Equal(t, 6, last.Incident.VaultCount)
}

func TestS04_VaultsFarApartInTimeAreNotOneCause(t *testing.T) {
	d := newDesk(t)
	for n := range 8 {
		got := d.fail(fmt.Sprint("v", n), "payer_low", time.Duration(n)*time.Hour)
		require.Equal(t, domain.SeverityMedium, got.Decision.Severity)
	}
	require.Len(t, d.open(), 8)
}

// TestStorm_AThousandVaultsAreOneIncident is the promise of one critical incident and few signals.
func TestStorm_AThousandVaultsAreOneIncident(t *testing.T) {
	d := newDesk(t)
	told := 0
	began := time.Now()
	for n := range 1000 {
		got := d.follow(d.fail(fmt.Sprintf("v%04d", n), "rpc/all_down", time.Duration(n)*time.Millisecond))
		if got.Decision.Tell {
			told++
		}
	}
	t.Logf("1,000 failures correlated in %s, %d signals", time.Since(began), told)
	open := d.open()
	require.Len(t, open, 1)
	require.Equal(t, domain.SeverityCritical, open[0].Severity)
	require.Equal(t, 1000, open[0].VaultCount)
	require.Len(t, open[0].Vaults, 50, "the list is bounded, the count is not")
	require.LessOrEqual(t, told, 15)
}

func TestRecordFailure_ARepeatedReportGivesTheSameAnswer(t *testing.T) {
	d := newDesk(t)
	first := d.fail("alpha", "router/6001", 0)
	d.n--
	again := d.fail("alpha", "router/6001", 0)
	require.True(t, again.Again)
	require.Equal(t, first.Incident.ID, again.Incident.ID)
	require.Equal(t, first.Decision.Correlation, again.Decision.Correlation)
	failures, err := d.store.Failures(t.Context(), first.Incident.ID, 0)
	require.NoError(t, err)
	require.Len(t, failures, 1)
}

func TestCorrelate_AMitigatedIncidentHearsOfAnotherFailure(t *testing.T) {
	k := domain.Known{Own: &domain.Candidate{ID: "INC-1", Severity: domain.SeverityHigh, State: domain.IncidentMitigated, Vaults: 1, Member: true}}
	f := domain.Failure{Vault: "alpha", Code: "router/6005"}
	d := incident.DefaultRules().Correlate(f, incident.Classify(f), k)
	require.True(t, d.Tell)
	require.Equal(t, domain.CorrelateJoin, d.Correlation)
}

func TestCorrelate_AnAlertsIncidentLeadsToItsOwnRunbook(t *testing.T) {
	f := domain.Failure{Vault: "alpha", Kind: domain.FailureStated, Code: "alert/deadline_30m", Severity: domain.SeverityHigh, Message: "30 minutes are left\nand 4 pages", At: night}
	d := incident.DefaultRules().Correlate(f, incident.Classify(f), domain.Known{})
	require.Equal(t, domain.CorrelateOpen, d.Correlation)
	require.Equal(t, "deadline_30m", d.Open.Runbook)
	require.Equal(t, []string{"deadline_30m"}, d.Open.Alerts)
	require.Equal(t, "30 minutes are left in alpha", d.Open.Title)
	require.Equal(t, domain.SeverityHigh, d.Open.Severity)
}
