package safety_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// witness is a vault in the middle of its day, as it should be.
func witness(vault string) domain.Witness {
	return domain.Witness{
		Vault: vault, LastTS: 100, Cursor: 30, Policy: "share 7000", Program: "P 5/auth", Planned: true, Day: "2026-11-25", Manifest: "hash",
		PlannedPolicy: "share 7000", PlannedProgram: "P 5/auth", Opened: true, BooksLeast: 30, BooksMost: 30,
	}
}

func sources(change func(*safety.Sources), vault func(*domain.Witness)) safety.Sources {
	s := safety.Sources{
		Vaults: []string{"alpha", "beta"}, Store: func(context.Context) error { return nil },
		Flights: func(context.Context) ([]domain.Flight, error) { return nil, nil },
		Witness: func(_ context.Context, id string) (domain.Witness, error) {
			w := witness(id)
			if vault != nil && id == "beta" {
				vault(&w)
			}
			return w, nil
		},
		Signer:    func(context.Context, string) error { return nil },
		Endpoints: func() []safety.Endpoint { return []safety.Endpoint{{Name: "a", Usable: true, Advancing: true}} },
		Criticals: func(context.Context) ([]string, error) { return nil, nil },
		Settings:  "settings",
	}
	if change != nil {
		change(&s)
	}
	return s
}

func baseline() *safety.Baseline {
	return &safety.Baseline{Settings: "settings", Witnesses: []domain.Witness{witness("alpha"), witness("beta")}}
}

func TestChecklist_OneItemAtATime(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name   string
		item   string
		want   domain.CheckResult
		says   string
		change func(*safety.Sources)
		vault  func(*domain.Witness)
		before func() *safety.Baseline
	}{
		{"store away", safety.CheckStore, domain.CheckFail, "broken", func(s *safety.Sources) { s.Store = func(context.Context) error { return broken } }, nil, baseline},
		{"EMERGENCY_STOP", safety.CheckSwitch, domain.CheckFail, "set", func(s *safety.Sources) { s.Emergency = true }, nil, baseline},
		{"a signature in the air", safety.CheckSignatures, domain.CheckFail, "1 may still land, until block 77", func(s *safety.Sources) {
			s.Flights = func(context.Context) ([]domain.Flight, error) {
				return []domain.Flight{{Vault: "beta", LastValid: 77}}, nil
			}
		}, nil, baseline},
		{"signatures unreadable", safety.CheckSignatures, domain.CheckUnknown, "broken", func(s *safety.Sources) {
			s.Flights = func(context.Context) ([]domain.Flight, error) { return nil, broken }
		}, nil, baseline},
		{"the chain is behind the books", safety.CheckBooks, domain.CheckFail, "a rollback", nil, func(w *domain.Witness) { w.Cursor = 15 }, baseline},
		{"somebody else turned pages", safety.CheckBooks, domain.CheckWarn, "somebody else turned the rest", nil, func(w *domain.Witness) { w.Cursor = 45 }, baseline},
		{"a page landed and may have done nothing", safety.CheckBooks, domain.CheckOK, "", nil, func(w *domain.Witness) { w.BooksMost, w.BooksLeast = 45, 16 }, baseline},
		{"a stranger's day", safety.CheckBooks, domain.CheckWarn, "somebody else opened it", nil, func(w *domain.Witness) { w.Opened = false }, baseline},
		{"a vault without books", safety.CheckBooks, domain.CheckOK, "", nil, func(w *domain.Witness) { *w = domain.Witness{Vault: "beta", LastTS: 5} }, func() *safety.Baseline {
			b := baseline()
			b.Witnesses[1] = domain.Witness{Vault: "beta"}
			return b
		}},
		{"a plan that was changed", safety.CheckManifest, domain.CheckFail, "the stored plan was changed", nil, func(w *domain.Witness) { w.Corrupt = "the stored plan was changed" }, baseline},
		{"another plan than at the stop", safety.CheckManifest, domain.CheckFail, "was hash at the stop", nil, func(w *domain.Witness) { w.Manifest = "other" }, baseline},
		{"a plan of another day", safety.CheckManifest, domain.CheckWarn, "another day", nil, func(w *domain.Witness) { w.Manifest, w.Day = "other", "2026-11-26" }, baseline},
		{"no evidence", safety.CheckManifest, domain.CheckWarn, "nothing of the stop", nil, nil, func() *safety.Baseline { return nil }},
		{"evidence that was changed", safety.CheckManifest, domain.CheckFail, "was changed after it was written", nil, nil, func() *safety.Baseline { return &safety.Baseline{Changed: true} }},
		{"new terms", safety.CheckPolicy, domain.CheckFail, "was share 7000, is share 9000", nil, func(w *domain.Witness) { w.Policy = "share 9000" }, baseline},
		{"a new deployment", safety.CheckProgram, domain.CheckFail, "is P 9/other", nil, func(w *domain.Witness) { w.Program = "P 9/other" }, baseline},
		{"other settings", safety.CheckSettings, domain.CheckWarn, "were settings at the stop", func(s *safety.Sources) { s.Settings = "changed" }, nil, baseline},
		{"a key that is gone", safety.CheckSigner, domain.CheckFail, "beta: broken", func(s *safety.Sources) {
			s.Signer = func(_ context.Context, v string) error {
				if v == "beta" {
					return broken
				}
				return nil
			}
		}, nil, baseline},
		{"no usable endpoint", safety.CheckRPC, domain.CheckFail, "0 of 1 usable", func(s *safety.Sources) {
			s.Endpoints = func() []safety.Endpoint { return []safety.Endpoint{{Name: "a", Reason: "down"}} }
		}, nil, baseline},
		{"endpoints that stand still", safety.CheckRPC, domain.CheckFail, "stands still", func(s *safety.Sources) {
			s.Endpoints = func() []safety.Endpoint { return []safety.Endpoint{{Name: "a", Usable: true}} }
		}, nil, baseline},
		{"one of two endpoints", safety.CheckRPC, domain.CheckWarn, "b: down", func(s *safety.Sources) {
			s.Endpoints = func() []safety.Endpoint {
				return []safety.Endpoint{{Name: "a", Usable: true, Advancing: true}, {Name: "b", Reason: "down"}}
			}
		}, nil, baseline},
		{"an open incident", safety.CheckIncidents, domain.CheckFail, "INC-1", func(s *safety.Sources) {
			s.Criticals = func(context.Context) ([]string, error) { return []string{"INC-1"}, nil }
		}, nil, baseline},
		{"incidents unreadable", safety.CheckIncidents, domain.CheckUnknown, "broken", func(s *safety.Sources) {
			s.Criticals = func(context.Context) ([]string, error) { return nil, broken }
		}, nil, baseline},
		{"nobody keeps incidents", safety.CheckIncidents, domain.CheckWarn, "not assessed", func(s *safety.Sources) { s.Criticals = nil }, nil, baseline},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checks := sources(tt.change, tt.vault).Evaluate(t.Context(), "", tt.before())
			require.Len(t, checks, 11)
			for _, c := range checks {
				if c.Name == tt.item {
					require.Equal(t, tt.want, c.Result, c.Observed)
					require.Contains(t, c.Observed, tt.says)
				} else if tt.before() != nil && !tt.before().Changed {
					require.Equal(t, domain.CheckOK, c.Result, "%s: %s", c.Name, c.Observed)
				}
				require.NotEmpty(t, c.Threshold)
				require.NotEmpty(t, c.Row)
			}
			require.Equal(t, tt.want == domain.CheckFail || tt.want == domain.CheckUnknown, safety.Passes(checks, nil) != nil)
		})
	}
}

func TestChecklist_AVaultThatCannotBeReadIsUnknownNotOK(t *testing.T) {
	s := sources(func(s *safety.Sources) {
		s.Witness = func(_ context.Context, id string) (domain.Witness, error) {
			return domain.Witness{}, fmt.Errorf("%s: no node answers", id)
		}
	}, nil)
	checks := s.Evaluate(t.Context(), "", baseline())
	for _, c := range checks {
		switch c.Name {
		case safety.CheckBooks, safety.CheckManifest, safety.CheckPolicy, safety.CheckProgram:
			require.Equal(t, domain.CheckUnknown, c.Result, c.Name)
			require.Contains(t, c.Observed, "alpha: no node answers")
		}
	}
	require.Equal(t, safety.CodeChecklist, fault.CodeOf(safety.Passes(checks, nil)))
}

func TestChecklist_OfOneVaultLooksAtThatOne(t *testing.T) {
	s := sources(func(s *safety.Sources) {
		s.Flights = func(context.Context) ([]domain.Flight, error) {
			return []domain.Flight{{Vault: "alpha", LastValid: 9}}, nil
		}
	}, func(w *domain.Witness) { w.Policy = "other" })
	require.NoError(t, safety.Passes(s.Evaluate(t.Context(), "alpha", baseline())[3:], nil))
	require.Error(t, safety.Passes(s.Evaluate(t.Context(), "alpha", baseline()), nil), "its own signature blocks it")
	require.ErrorContains(t, safety.Passes(s.Evaluate(t.Context(), "beta", baseline()), nil), safety.CheckPolicy)
}

func TestPasses_AnEmptyListPassesNothing(t *testing.T) {
	require.Equal(t, safety.CodeChecklist, fault.CodeOf(safety.Passes(nil, nil)))
	for _, c := range []string{safety.CheckStore, safety.CheckSwitch, safety.CheckSignatures, safety.CheckBooks, safety.CheckManifest, safety.CheckSigner, safety.CheckRPC} {
		checks := domain.Checks{{Name: c, Result: domain.CheckFail}}
		require.Error(t, safety.Passes(checks, []safety.Waiver{{Check: c, Reason: "hurry"}}), "%s has no exception", c)
	}
	long := make(domain.Checks, 0, 100)
	for range 100 {
		long = append(long, domain.Check{Name: safety.CheckPolicy, Result: domain.CheckUnknown})
	}
	require.NoError(t, safety.Passes(long, []safety.Waiver{{Check: safety.CheckPolicy, Reason: "wanted"}}))
}
