package domain_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

var ada, bob = domain.By{Actor: "ada", Channel: "cli"}, domain.By{Actor: "bob", Channel: "slack"}

func at(minutes int) time.Time {
	return time.Date(2026, 11, 25, 3, minutes, 0, 0, time.UTC)
}

func opened() domain.Incident {
	i := domain.Incident{ID: "INC-20261125-001", Severity: domain.SeverityMedium, State: domain.IncidentOpen, OpenedAt: at(0), LadderAt: at(0)}
	i.Add(domain.Auto(), at(0), domain.EntryOpened, "opened")
	return i
}

func TestIncident_WhatCannotBeIsRefusedWithItsReason(t *testing.T) {
	taken := func(i *domain.Incident) { _ = i.Acknowledge(ada, at(1)) }
	over := func(i *domain.Incident) {
		_ = i.Acknowledge(ada, at(1))
		_ = i.Resolve(ada, at(2), "the payer was topped up")
	}
	tests := []struct {
		name  string
		given func(*domain.Incident)
		do    func(*domain.Incident) error
		want  string
	}{
		{"resolve what nobody took", nil, func(i *domain.Incident) error { return i.Resolve(ada, at(3), "done") }, "acknowledge it before"},
		{"resolve without a text", taken, func(i *domain.Incident) error { return i.Resolve(ada, at(3), " \n") }, "resolution text"},
		{"resolve twice", over, func(i *domain.Incident) error { return i.Resolve(ada, at(3), "again") }, "resolved already"},
		{"acknowledge what is over", over, func(i *domain.Incident) error { return i.Acknowledge(ada, at(3)) }, "reopen it first"},
		{"acknowledge without a name", nil, func(i *domain.Incident) error { return i.Acknowledge(domain.By{Channel: "cli"}, at(3)) }, "name of a person"},
		{"acknowledge as automation", nil, func(i *domain.Incident) error { return i.Acknowledge(domain.Auto(), at(3)) }, "name of a person"},
		{"assign to automation", nil, func(i *domain.Incident) error { return i.Assign(ada, at(3), domain.Automation) }, "people only"},
		{"assign what is over", over, func(i *domain.Incident) error { return i.Assign(ada, at(3), "bob") }, "reopen it first"},
		{"assign to the same", func(i *domain.Incident) { _ = i.Assign(ada, at(1), "bob") }, func(i *domain.Incident) error { return i.Assign(ada, at(3), "bob") }, "already"},
		{"reopen what is not over", taken, func(i *domain.Incident) error { return i.Reopen(ada, at(3), "again") }, "only a resolved incident"},
		{"reopen without a reason", over, func(i *domain.Incident) error { return i.Reopen(ada, at(3), "") }, "with a reason"},
		{"raise to less", nil, func(i *domain.Incident) error { return i.Raise(ada, at(3), domain.SeverityLow, "x") }, "only be raised above"},
		{"raise to the same", nil, func(i *domain.Incident) error { return i.Raise(ada, at(3), domain.SeverityMedium, "x") }, "only be raised above"},
		{"raise to nonsense", nil, func(i *domain.Incident) error { return i.Raise(ada, at(3), "urgent", "x") }, "want one of"},
		{"raise without a reason", nil, func(i *domain.Incident) error { return i.Raise(ada, at(3), domain.SeverityHigh, "") }, "name and a reason"},
		{"raise what is over", over, func(i *domain.Incident) error { return i.Raise(ada, at(3), domain.SeverityHigh, "x") }, "reopen it first"},
		{"mitigate what nobody took", nil, func(i *domain.Incident) error { return i.Mitigate(ada, at(3), "x") }, "acknowledge it before"},
		{"mitigate without saying how", taken, func(i *domain.Incident) error { return i.Mitigate(ada, at(3), "") }, "says how"},
		{"investigate what is mitigated", func(i *domain.Incident) { taken(i); _ = i.Mitigate(ada, at(2), "x") }, func(i *domain.Incident) error { return i.Investigate(ada, at(3)) }, "only an open or acknowledged"},
		{"expire what nobody holds", nil, func(i *domain.Incident) error { return i.Expire(at(3)) }, "no acknowledgement"},
		{"settle what people must decide", func(i *domain.Incident) { i.NeedsHuman = true }, func(i *domain.Incident) error { return i.Settle(at(3), "gone") }, "person's decision"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := opened()
			if tt.given != nil {
				tt.given(&i)
			}
			before := i
			before.Timeline = slices.Clone(i.Timeline)
			err := tt.do(&i)
			var refusal *domain.Refusal
			require.ErrorAs(t, err, &refusal)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, i.ID)
			require.Equal(t, before, i, "what is refused changes nothing")
		})
	}
}

func TestIncident_HandOverNamesBoth(t *testing.T) {
	i := opened()
	require.NoError(t, i.Acknowledge(ada, at(1)))
	require.NoError(t, i.Acknowledge(bob, at(2)))
	require.Equal(t, "taken over by bob from ada", i.Timeline[len(i.Timeline)-1].Text)
	require.NoError(t, i.Assign(bob, at(3), "ada"))
	require.NoError(t, i.Assign(ada, at(4), "bob"))
	require.Equal(t, "handed over from ada to bob", i.Timeline[len(i.Timeline)-1].Text)
	require.Equal(t, "bob", i.AcknowledgedBy, "an assignment acknowledges in nobody's name")
}

// I06: what was taken at a lower severity has to be taken again.
func TestIncident_AnAlertsWordWidensNothingAndARunsWordDoes(t *testing.T) {
	responses := []domain.Response{domain.ResponseStandard, domain.ResponseStandard, domain.ResponseHigh, domain.ResponseCritical}
	for n, before := range domain.Severities() {
		i := domain.Incident{Severity: before}
		i.Bound()
		i.Severity = domain.SeverityCritical
		require.Equal(t, responses[n], i.Response(), "%s before the alert", before)
		for m, said := range domain.Severities() {
			one := i
			widens := responses[m].Rank() > responses[n].Rank()
			require.Equal(t, widens, one.Confirm(said))
			require.Equal(t, responses[max(n, m)], one.Response(), "%s, then %s", before, said)
		}
	}
	require.Equal(t, domain.ResponseNone, domain.Incident{}.Response())
}

func TestI06_ARiseBeginsTheLadderAgain(t *testing.T) {
	i := opened()
	i.Paged(at(1), "paged ada")
	require.NoError(t, i.Acknowledge(ada, at(2)))
	require.NoError(t, i.Raise(domain.Auto(), at(3), domain.SeverityCritical, "6 vaults have it"))
	require.Equal(t, domain.IncidentOpen, i.State)
	require.False(t, i.Acknowledged())
	require.Zero(t, i.Steps)
	require.Equal(t, at(3), i.LadderAt)
}

// TestIncident_AnyOrderOfDeedsKeepsTheRules plays any deeds in any order, as clicks from several channels come.
func TestIncident_AnyOrderOfDeedsKeepsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := opened()
		minute := 0
		verbs := map[string]func(domain.By, time.Time, string) error{
			"acknowledge": func(by domain.By, at time.Time, _ string) error { return i.Acknowledge(by, at) },
			"investigate": func(by domain.By, at time.Time, _ string) error { return i.Investigate(by, at) },
			"mitigate":    func(by domain.By, at time.Time, text string) error { return i.Mitigate(by, at, text) },
			"resolve":     func(by domain.By, at time.Time, text string) error { return i.Resolve(by, at, text) },
			"settle":      func(_ domain.By, at time.Time, text string) error { return i.Settle(at, text) },
			"reopen":      func(by domain.By, at time.Time, text string) error { return i.Reopen(by, at, text) },
			"expire":      func(_ domain.By, at time.Time, _ string) error { return i.Expire(at) },
			"assign":      func(by domain.By, at time.Time, text string) error { return i.Assign(by, at, text) },
			"raise": func(by domain.By, at time.Time, text string) error {
				return i.Raise(by, at, rapid.SampledFrom(domain.Severities()).Draw(t, "severity"), text)
			},
		}
		names := make([]string, 0, len(verbs))
		for name := range verbs {
			names = append(names, name)
		}
		slices.Sort(names)
		for range rapid.IntRange(1, 60).Draw(t, "deeds") {
			minute++
			before := i
			before.Timeline = slices.Clone(i.Timeline)
			verb := rapid.SampledFrom(names).Draw(t, "verb")
			by := rapid.SampledFrom([]domain.By{ada, bob, domain.Auto(), {Channel: "temporal"}}).Draw(t, "by")
			text := rapid.SampledFrom([]string{"", " ", "because", "ada", "bob"}).Draw(t, "text")
			err := verbs[verb](by, at(0).Add(time.Duration(minute)*time.Minute), text)
			if err != nil {
				var refusal *domain.Refusal
				require.True(t, errors.As(err, &refusal))
				require.Equal(t, before, i, "what is refused changes nothing")
				continue
			}
			require.Contains(t, domain.IncidentStates(), i.State)
			require.GreaterOrEqual(t, i.Severity.Rank(), before.Severity.Rank(), "a severity never falls")
			require.Equal(t, before.Seq+1, i.Seq, "every change is one line")
			last := i.Timeline[len(i.Timeline)-1]
			require.Equal(t, i.Seq, last.Seq)
			require.NotEmpty(t, last.Actor)
			require.NotEqual(t, domain.Automation, i.Assignee)
			require.NotEqual(t, domain.Automation, i.AcknowledgedBy)
			require.Equal(t, i.Acknowledged(), i.AcknowledgedBy != "")
			require.Equal(t, i.Over(), !i.ResolvedAt.IsZero())
			require.Equal(t, i.Over(), i.Resolution != "")
			if i.State == domain.IncidentOpen {
				require.False(t, i.Acknowledged())
			}
			if i.State == domain.IncidentAcknowledged {
				require.True(t, i.Acknowledged())
			}
		}
	})
}
