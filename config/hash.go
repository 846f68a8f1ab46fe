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
	b, err := json.Marshal(struct {
		Network      string       `json:"network"`
		GenesisHash  string       `json:"genesis_hash"`
		Distribution Distribution `json:"distribution"`
		Vaults       []Vault      `json:"vaults"`
	}{s.Network, s.GenesisHash, s.Distribution, vaults})
	must(err) // Nothing in these types can fail to encode.
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
