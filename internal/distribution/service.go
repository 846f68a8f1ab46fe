package distribution

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/sender"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Chain is what a day needs from Solana, and no more.
type Chain interface {
	Reader
	Simulate(ctx context.Context, raw []byte, accounts []solana.PublicKey) (chain.SimResult, error)
	Statuses(ctx context.Context, sigs []solana.Signature, search bool) ([]chain.Status, uint64, error)
	Transaction(ctx context.Context, sig solana.Signature, c rpc.CommitmentType) (*chain.Transaction, bool, error)
	SignaturesFor(ctx context.Context, address solana.PublicKey, before, until solana.Signature, limit int) ([]chain.SigInfo, error)
}

// Sender signs, stores, sends and settles.
type Sender interface {
	Build(ctx context.Context, r sender.Request) ([]byte, error)
	Send(ctx context.Context, r sender.Request) (sender.Receipt, error)
	SendAll(ctx context.Context, rs []sender.Request) ([]sender.Receipt, error)
	Settle(ctx context.Context, vault string) ([]domain.Intent, error)
}

// Store is what a day keeps.
type Store interface {
	PageOrders
	PageUnits

	Manifest(ctx context.Context, vault string, day domain.Day) (domain.Manifest, bool, error)
	LatestManifest(ctx context.Context, vault string) (domain.Manifest, bool, error)
	SaveManifest(ctx context.Context, m domain.Manifest) (domain.Manifest, error)
	ReplaceManifest(ctx context.Context, m domain.Manifest, oldHash string) error
	SetOpening(ctx context.Context, vault string, day domain.Day, o domain.Opening) error
	ClearOpening(ctx context.Context, vault string, day domain.Day) error
	Intents(ctx context.Context, vault string, day domain.Day) ([]domain.Intent, error)
	SettleIntent(ctx context.Context, signature string, u store.IntentUpdate) error
	DropPage(ctx context.Context, vault string, day domain.Day, cursor uint32, signature string) error
	SavePage(ctx context.Context, p domain.PageResult) error
	Pages(ctx context.Context, vault string, day domain.Day) ([]domain.PageResult, error)
	Outcomes(ctx context.Context, vault string, day domain.Day) ([]domain.Outcome, error)
	SaveOutcomes(ctx context.Context, vault string, day domain.Day, o []domain.Outcome) error
	Arrears(ctx context.Context, vault string) ([]domain.Arrear, error)
	SaveArrears(ctx context.Context, vault string, day domain.Day, list []domain.Arrear) error
	SaveRetests(ctx context.Context, tested []domain.Arrear) error
	SaveChecks(ctx context.Context, vault string, day domain.Day, c domain.Checks) error
	Report(ctx context.Context, vault string, day domain.Day) (domain.DayReport, bool, error)
	Safety(ctx context.Context, vault string) ([]domain.SafetyFlag, error)
	Tables(ctx context.Context, vault string) ([]domain.Table, error)
	SaveTable(ctx context.Context, t domain.Table) error
	DropTable(ctx context.Context, address string) error
}

// Params are the service's parts.
type Params struct {
	Chain     Chain
	Sender    func(vault string) (Sender, error) // One sender a fee payer.
	Store     Store
	Vaults    map[string]Vault
	Rules     Rules
	Endpoints func() []EndpointView
	Stopped   func() bool // EMERGENCY_STOP of the settings; it adds to the store's flags.
	Now       func() time.Time
	Sleep     func(ctx context.Context, d time.Duration) error
	SlotTime  time.Duration
	Log       *slog.Logger
}

// Service runs the steps of a vault's day.
type Service struct{ Params }

// New makes a service.
func New(p Params) *Service { return &Service{Params: p} }

// vault finds a vault of the settings.
func (s *Service) vault(id string) (Vault, error) {
	v, ok := s.Vaults[id]
	if !ok {
		return Vault{}, fault.Newf(fault.Human, "vault/unknown", "vault %q is not in the settings, or not enabled", id).
			WithNext("Look at the ids with feeops status")
	}
	return v, nil
}

// frozen loads the day's manifest and holds it against its hash and the caller's.
func (s *Service) frozen(ctx context.Context, id string, day domain.Day, hash string) (Vault, domain.Manifest, error) {
	v, err := s.vault(id)
	if err != nil {
		return Vault{}, domain.Manifest{}, err
	}
	m, ok, err := s.Store.Manifest(ctx, id, day)
	switch {
	case err != nil:
		return v, m, fmt.Errorf("manifest of %s for %s: %w", id, day, err)
	case !ok:
		return v, m, fault.Newf(fault.Human, "manifest/missing", "no manifest of %s for %s in the store", id, day).
			WithNext("Start the run again: it plans from the chain")
	case m.Hash != hash:
		return v, m, fault.Newf(fault.Human, "manifest/changed", "manifest of %s for %s is %.12s, this run has %.12s", id, day, m.Hash, hash).
			WithNext("Another run planned this day anew: end this run")
	}
	if err := m.Verify(); err != nil {
		return v, m, fault.New(fault.Human, "manifest/corrupt", err)
	}
	return v, m, nil
}

// Flags are the reasons why nothing may be sent for a vault now. An error means that they cannot be read, and then
// nothing may be sent either (DESIGN.md §1.4).
func (s *Service) Flags(ctx context.Context, vault string) ([]domain.SafetyFlag, error) {
	flags, err := s.Store.Safety(ctx, vault)
	if err != nil {
		return nil, fault.Newf(fault.Wait, "stopped", "safety flags of %s cannot be read: %w", vault, err).
			WithNext("Repair the store: an unreadable flag counts as stopped")
	}
	flags = slices.DeleteFunc(flags, func(f domain.SafetyFlag) bool { return !f.Kind.Closes() })
	if s.Stopped != nil && s.Stopped() {
		flags = append(flags, s.settingsStop())
	}
	return flags, nil
}

func (s *Service) settingsStop() domain.SafetyFlag {
	return domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "EMERGENCY_STOP is set in the environment or the settings", Actor: "settings", At: s.Now()}
}

// Gate is the sender's question before every send.
type Gate struct{ Service *Service }

// Open is nil when a transaction may leave for the vault.
func (g Gate) Open(ctx context.Context, vault string) error {
	flags, err := g.Service.Flags(ctx, vault)
	if err != nil {
		return err
	}
	if len(flags) == 0 {
		return nil
	}
	f := flags[0]
	return fault.New(fault.Wait, "stopped", fmt.Errorf("%s by %s: %s", f.Kind, f.Actor, f.Reason)).WithNext("Lift the stop when its reason is gone")
}

// errNoSuchPage means that a cursor lies behind the list.
var errNoSuchPage = errors.New("no page of the plan begins there")
