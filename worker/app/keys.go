package app

import (
	"fmt"
	"strings"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/signer"
)

// KeysInUse names the keys that the settings use: fee payers by their addresses, the audit key by its public half, the
// encryption key by its id. It reads key files and asks no key service; a file that cannot be read is a problem of its key.
func KeysInUse(s config.Settings) []audit.Key {
	out := payersInUse(s)
	if s.Audit.KeyPath != "" {
		key, err := seal.Open(s.Audit.KeyPath)
		if err != nil {
			out = append(out, audit.Key{Problem: fmt.Sprintf("audit key: %v", err)})
		} else {
			out = append(out, audit.Key{Name: "audit key " + key.Public().String(), Use: "signs heads of this log, receipts and backups"})
		}
	}
	if keys := s.Temporal.Encryption.Keys; len(keys) > 0 { // The others only read what is old.
		out = append(out, audit.Key{Name: "encryption key " + keys[0].ID, Use: "encrypts what Temporal keeps"})
	}
	return out
}

func payersInUse(s config.Settings) []audit.Key {
	var order []config.Payer
	vaults := map[config.Payer][]string{}
	for _, v := range s.Vaults {
		if !v.Enabled {
			continue
		}
		p := s.Payer(v)
		if vaults[p] == nil {
			order = append(order, p)
		}
		vaults[p] = append(vaults[p], v.ID)
	}
	out := make([]audit.Key, 0, len(order))
	for _, p := range order {
		address, err := payerAddress(p)
		if err != nil {
			out = append(out, audit.Key{Problem: fmt.Sprintf("fee payer of %s: %v", strings.Join(vaults[p], ", "), err)})
			continue
		}
		out = append(out, audit.Key{Name: "fee payer " + address, Use: "pays for " + strings.Join(vaults[p], ", ")})
	}
	return out
}

func payerAddress(p config.Payer) (string, error) {
	if p.Source == config.SourceFile {
		key, err := signer.OpenKeyFile(p.Key)
		if err != nil {
			return "", err
		}
		return key.PublicKey().String(), nil
	}
	if p.PublicKey == "" {
		return "", fmt.Errorf("the settings do not name the address of key %s", p.Key)
	}
	return p.PublicKey, nil
}
