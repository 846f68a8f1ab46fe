package activities_test

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// shelf keeps plans, newest first.
type shelf []domain.Manifest

func (s shelf) Manifest(_ context.Context, _ string, day domain.Day) (domain.Manifest, bool, error) {
	for _, m := range s {
		if m.Day == day {
			return m, true, nil
		}
	}
	return domain.Manifest{}, false, nil
}

func (s shelf) OpenedManifests(_ context.Context, _ string, before domain.Day, limit int) ([]domain.Manifest, error) {
	var out []domain.Manifest
	for _, m := range s {
		if m.Day < before && len(out) < limit {
			out = append(out, m)
		}
	}
	return out, nil
}

func days(claimed ...domain.Amount) shelf {
	var out shelf
	for i, c := range claimed {
		out = append(out, domain.Manifest{Vault: "v", Day: domain.Day("2026-11-2" + string(rune('9'-i))), Hash: "h", Claimable: c, Pool: c, Entries: []domain.Entry{{Expected: c}}})
	}
	return out
}

func TestJudgePlan_HoldsThePlanAgainstTheVaultsOwnPast(t *testing.T) {
	ann := ed25519.NewKeyFromSeed([]byte(strings.Repeat("a", ed25519.SeedSize)))
	rules := activities.GateRules{
		Enabled: true, Days: 14, Timeout: time.Hour, Band: domain.Band{Least: 2, ClaimedFactor: 5, LargestFactor: 5, ShareBPS: 2_000, InvestorsPercent: 25},
		Roster: operator.Roster{{Name: "ann", Roles: []operator.Role{operator.Approver}, Key: operator.FormatKey(ann.Public().(ed25519.PublicKey))}},
	}
	var log []string
	gate := func(s shelf, r activities.GateRules) *activities.Gate {
		return activities.NewGate(s, r, func(_ context.Context, actor, subject, detail string) error {
			log = append(log, actor+" "+subject+" "+detail)
			return nil
		}, time.Now)
	}
	ref := ops.DayRef{Vault: "v", Day: "2026-11-29", Hash: "h"}
	usual, err := gate(days(100, 100, 90), rules).JudgePlan(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, ops.Judgement{Past: 2}, usual, "an ordinary day carries nothing into the history")
	odd, err := gate(days(1_000, 100, 90), rules).JudgePlan(t.Context(), ref)
	require.NoError(t, err)
	require.Len(t, odd.Findings, 2)
	require.Equal(t, time.Hour, odd.Timeout)
	require.Len(t, odd.Roster, 1)
	off := rules
	off.Enabled = false
	none, err := gate(days(1_000, 100, 90), off).JudgePlan(t.Context(), ref)
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = gate(days(1_000, 100), rules).JudgePlan(t.Context(), ops.DayRef{Vault: "v", Day: "2026-11-29", Hash: "another"})
	require.Equal(t, "manifest/missing", fault.CodeOf(err), "a plan that is not stored is judged by nobody")

	record := ops.ApprovalRecord{Vault: "v", Day: "2026-11-29", Hash: strings.Repeat("ab", 32), Findings: odd.Findings}
	record.Approval, err = operator.Sign(ann, operator.Approval{Decision: operator.Plan, Request: "v/2026-11-29", State: record.Hash, Operator: "ann", Expires: time.Now().Add(time.Minute).Truncate(time.Second)})
	require.NoError(t, err)
	_, err = gate(nil, rules).RecordApproval(t.Context(), record)
	require.NoError(t, err)
	require.Len(t, log, 1)
	require.Contains(t, log[0], "ann v/2026-11-29 plan abab")
	record.Approval.Operator = "bob"
	_, err = gate(nil, rules).RecordApproval(t.Context(), record)
	require.Equal(t, operator.CodeUnknown, fault.CodeOf(err))
	require.Len(t, log, 1, "what is refused is not recorded as approved")
}
