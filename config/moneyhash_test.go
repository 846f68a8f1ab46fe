package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

func TestMoneyHash_CoversWhatTwoPeopleDecide(t *testing.T) {
	base := func() config.Settings {
		s := config.Default()
		s.Vaults = []config.Vault{{ID: "alpha", CreatorWallet: "c", Streams: []string{"s1"}}, {ID: "beta"}}
		s.Operators = []config.Operator{{Name: "ada", Roles: []string{"approver"}, PublicKey: "k1"}, {Name: "bob", Roles: []string{"viewer"}}}
		return s
	}
	before := base().MoneyHash()
	for name, change := range map[string]func(*config.Settings){
		"where the creator's share goes": func(s *config.Settings) { s.Vaults[0].CreatorWallet = "d" },
		"a vault switched off":           func(s *config.Settings) { s.Vaults[1].Enabled = !s.Vaults[1].Enabled },
		"the program":                    func(s *config.Settings) { s.Vaults[0].ProgramID = "p" },
		"the page size":                  func(s *config.Settings) { s.Vaults[0].PageSize = 7 },
		"a vault more":                   func(s *config.Settings) { s.Vaults = append(s.Vaults, config.Vault{ID: "gamma"}) },
		"what a day may spend":           func(s *config.Settings) { s.Signer.Policy.MaxSpendPerDay++ },
		"a check's limit":                func(s *config.Settings) { s.Distribution.MinClaimable = domain.Amount(99) },
		"who approves":                   func(s *config.Settings) { s.Operators[1].Roles = []string{"approver"} },
		"an approver's key":              func(s *config.Settings) { s.Operators[0].PublicKey = "k2" },
		"when an operator ends":          func(s *config.Settings) { s.Operators[0].Expires = "2027-01-01" },
		"the network":                    func(s *config.Settings) { s.Network = "devnet" },
	} {
		s := base()
		change(&s)
		require.NotEqual(t, before, s.MoneyHash(), name)
	}
	for name, change := range map[string]func(*config.Settings){
		"the order of vaults":     func(s *config.Settings) { s.Vaults[0], s.Vaults[1] = s.Vaults[1], s.Vaults[0] },
		"the order of operators":  func(s *config.Settings) { s.Operators[0], s.Operators[1] = s.Operators[1], s.Operators[0] },
		"an investor more":        func(s *config.Settings) { s.Vaults[0].Streams = append(s.Vaults[0].Streams, "s2") },
		"a name for people":       func(s *config.Settings) { s.Vaults[0].Name = "Alpha" },
		"an operator's account":   func(s *config.Settings) { s.Operators[0].Slack = "U1" },
		"where the worker answer": func(s *config.Settings) { s.Worker.Listen = "127.0.0.1:1" },
	} {
		s := base()
		change(&s)
		require.Equal(t, before, s.MoneyHash(), name)
	}
}
