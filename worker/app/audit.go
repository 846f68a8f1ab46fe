package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/receipt"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var auditModule = fx.Module("audit",
	fx.Provide(newAuditKey, newReceipts),
	fx.Invoke(noteSettings, noteKeys, postHeads),
)

// newAuditKey opens the key that signs heads and receipts; nil without one.
func newAuditKey(s config.Settings) (*seal.Key, error) {
	if s.Audit.KeyPath == "" {
		return nil, nil
	}
	key, err := seal.Open(s.Audit.KeyPath)
	if err != nil {
		return nil, fault(err)
	}
	return key, nil
}

type receiptParams struct {
	fx.In

	Settings config.Settings
	Key      *seal.Key
	Pool     *chain.Pool
	Store    *store.Store
	Service  *distribution.Service
}

func newReceipts(p receiptParams) *receipt.Service {
	return Receipts(p.Settings, p.Key, p.Store, p.Service.Vaults, p.Pool.Genesis)
}

// Receipts makes the service of receipts; commands use the same. found is a chain's genesis hash for settings that name
// none.
func Receipts(s config.Settings, key *seal.Key, db *store.Store, vaults map[string]distribution.Vault, found func() string) *receipt.Service {
	out := &receipt.Service{
		Store: db, Key: key, Vaults: map[string]receipt.Accounts{},
		Genesis: func(context.Context) (string, error) { return cmp.Or(s.GenesisHash, found()), nil },
	}
	for id, v := range vaults {
		out.Vaults[id] = receipt.Accounts{Treasury: v.Accounts.Treasury.String(), Creator: v.Accounts.Creator.String()}
	}
	return out
}

// actionSettings is the audit entry of settings that a worker began to use.
const actionSettings = "settings.use"

// noteSettings writes down which settings and keys decide from now on, when they are others than last time.
func noteSettings(lc fx.Lifecycle, s config.Settings, db *store.Store, keys *senders, clock Clock) {
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		detail := settingsInUse(s, keys)
		last, found, err := db.LastAudit(ctx, actionSettings)
		if err != nil {
			return fault(fmt.Errorf("audit the settings: %w", err))
		}
		if found && last.Detail == detail {
			return nil
		}
		err = db.Audit(ctx, store.AuditEntry{At: clock(), Actor: cmp.Or(s.Worker.Identity, "worker"), Action: actionSettings, Detail: detail})
		if err != nil {
			return fault(fmt.Errorf("audit the settings: %w", err))
		}
		return nil
	}))
}

// noteKeys writes down which keys are in use, each once: doctor and the monthly report count their age from there.
func noteKeys(lc fx.Lifecycle, s config.Settings, db *store.Store, clock Clock) {
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		if err := audit.NoteKeys(ctx, db, KeysInUse(s), cmp.Or(s.Worker.Identity, "worker"), clock()); err != nil {
			return fault(err)
		}
		return nil
	}))
}

func settingsInUse(s config.Settings, keys *senders) string {
	payers := make([]string, 0, len(keys.keys))
	for id, key := range keys.keys {
		payers = append(payers, id+"="+key.String())
	}
	slices.Sort(payers)
	p := s.Signer.Policy
	return fmt.Sprintf("settings %s, network %s, emergency_stop %t, signer %s, rent caps %s and %s, spend cap %s, fee payers %s", s.Hash(), s.Network,
		s.Safety.EmergencyStop, s.Signer.Source, p.MaxRentPerTransaction, p.MaxRentPerDay, p.MaxSpendPerDay, strings.Join(payers, " "))
}
