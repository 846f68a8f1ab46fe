package safety_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

var vaults = []string{"alpha", "beta"}

// sane is what must hold of every order, whatever came: it stops everything or a vault that exists, and says who and why.
func sane(t require.TestingT, o safety.Order) {
	require.Contains(t, []domain.SafetyKind{domain.SafetyStop, domain.SafetyIsolate}, o.Kind)
	require.True(t, o.Vault == "" || slices.Contains(vaults, o.Vault), o.Vault)
	require.False(t, o.Kind == domain.SafetyIsolate && o.Vault == "", "an isolation of nothing would be none")
	require.NotEmpty(t, o.Reason)
	require.NotEmpty(t, o.Actor)
	require.True(t, utf8.ValidString(o.Reason) && utf8.ValidString(o.Actor))
	require.LessOrEqual(t, utf8.RuneCountInString(o.Reason), 500)
	require.LessOrEqual(t, utf8.RuneCountInString(o.Actor), 100)
	require.NotContains(t, o.Reason+o.Actor, "\n")
}

func FuzzReadStop_WhateverComesStops(f *testing.F) {
	for _, seed := range []string{
		"", "null", "{", "[]", `{"scope":"vault","vault":"alpha","reason":"r","actor":"a"}`, `{"scope":"all"}`, `{"SCOPE":"All","reason":"\u202ex\n"}`, "\xff\xfe",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		stop := safety.ReadStop(payload, vaults)
		require.Equal(t, domain.SafetyStop, stop.Kind)
		sane(t, stop)
		sane(t, safety.ReadIsolate(payload, vaults))
	})
}

func TestReadStop_NarrowsToOneVaultOnlyWhenItIsAskedFor(t *testing.T) {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "all", "vault", "alpha", "beta", "ALL", "Vault"}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		in := map[string]any{}
		for _, name := range []string{"scope", "vault", "reason", "actor"} {
			switch rapid.IntRange(0, 3).Draw(t, name) {
			case 0:
				in[name] = text.Draw(t, name+" text")
			case 1:
				in[name] = rapid.Int().Draw(t, name+" number")
			}
		}
		payload, err := json.Marshal(in)
		require.NoError(t, err)
		o := safety.ReadStop(payload, vaults)
		sane(t, o)
		if o.Vault != "" {
			require.Regexp(t, "(?i)^\\s*vault\\s*$", in["scope"], "a vault without its scope stops everything")
		}
	})
}

func TestReadStop_ANameIsBelievedWhileTheSettingsAreNotKnown(t *testing.T) {
	o := safety.ReadStop([]byte(`{"scope":"vault","vault":"gamma"}`), nil)
	require.Equal(t, "gamma", o.Vault)
}

func TestFlag_TakesTheOrdersOwnTimeWhenItCanBeRight(t *testing.T) {
	for give, want := range map[string]time.Time{
		`{"scope":"all","at":"2026-11-25T11:59:59.123456789Z"}`: time.Date(2026, 11, 25, 11, 59, 59, 123456789, time.UTC),
		`{"scope":"all","at":"2026-11-25T13:59:59+02:00"}`:      time.Date(2026, 11, 25, 11, 59, 59, 0, time.UTC),
		`{"scope":"all","at":"2020-01-01T00:00:00Z"}`:           noon,
		`{"scope":"all","at":"2036-01-01T00:00:00Z"}`:           noon,
		`{"scope":"all","at":"yesterday"}`:                      noon,
		`{"scope":"all"}`:                                       noon,
	} {
		require.Equal(t, want, safety.ReadStop([]byte(give), vaults).Flag(noon).At, give)
	}
}
