package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Hash names the settings that decide who gets how much, and how it is sent: network, distribution and vaults.
// Two workers with one hash would pay alike. Addresses of services, key files and names for people stay out,
// and the order of the vaults does not count; the order of a vault's streams does.
func (s Settings) Hash() string {
	vaults := slices.Clone(s.Vaults)
	for i := range vaults {
		v := &vaults[i]
		v.Name, v.Team, v.KeypairPath, v.StreamsFile = "", "", "", ""
		v.SignerKey, v.SignerPublicKey = "", ""
	}
	slices.SortFunc(vaults, func(a, b Vault) int { return cmp.Compare(a.ID, b.ID) })
	return digest(struct {
		Network      string       `json:"network"`
		GenesisHash  string       `json:"genesis_hash"`
		Distribution Distribution `json:"distribution"`
		Vaults       []Vault      `json:"vaults"`
	}{s.Network, s.GenesisHash, s.Distribution, vaults})
}

// MoneyHash names the settings that two people decide about (U-S5): where money goes, what may be spent, and who decides.
// Lists of investors stay out: they change on ordinary days, and each plan is judged by itself.
func (s Settings) MoneyHash() string {
	vaults := slices.Clone(s.Vaults)
	for i := range vaults {
		v := &vaults[i]
		v.Name, v.Team, v.KeypairPath, v.StreamsFile = "", "", "", ""
		v.Streams, v.ExpectedInvestors = nil, 0
	}
	slices.SortFunc(vaults, func(a, b Vault) int { return cmp.Compare(a.ID, b.ID) })
	people := slices.Clone(s.Operators)
	for i := range people {
		people[i].Slack, people[i].PagerDuty = "", ""
	}
	slices.SortFunc(people, func(a, b Operator) int { return cmp.Compare(a.Name, b.Name) })
	return digest(struct {
		Network      string       `json:"network"`
		GenesisHash  string       `json:"genesis_hash"`
		Distribution Distribution `json:"distribution"`
		Policy       SignerPolicy `json:"policy"`
		Operators    []Operator   `json:"operators"`
		Vaults       []Vault      `json:"vaults"`
	}{s.Network, s.GenesisHash, s.Distribution, s.Signer.Policy, people, vaults})
}

// digest is the SHA-256 of settings in JSON, in hex.
func digest(v any) string {
	b, err := json.Marshal(v)
	must(err) // Nothing in settings can fail to encode.
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
