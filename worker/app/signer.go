package app

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"
	addresslookuptable "github.com/gagliardetto/solana-go/programs/address-lookup-table"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// OpenKey opens a fee payer's key where the settings say that it is. It must be the one that the settings name. A key of a
// service must be named: without a name the error tells its address.
func OpenKey(ctx context.Context, s config.Settings, p config.Payer) (signer.Signer, error) {
	var want solana.PublicKey
	if p.PublicKey != "" {
		var err error
		if want, err = solana.PublicKeyFromBase58(p.PublicKey); err != nil {
			return nil, fmt.Errorf("public_key %q: %w", p.PublicKey, err)
		}
	}
	var key signer.Signer
	var err error
	switch p.Source {
	case config.SourceVault:
		key, err = openTransit(ctx, s.Signer, p.Key, want)
	case config.SourceKMS:
		k := s.Signer.KMS
		key, err = signer.OpenKMS(ctx, signer.KMSOptions{Region: k.Region, Endpoint: k.Endpoint.Reveal(), KeyID: p.Key, Public: want, Timeout: s.Signer.Timeout})
	default:
		key, err = openFile(p.Key, want)
	}
	if err != nil {
		return nil, err // Not the key: a nil pointer in it would look like one.
	}
	if want.IsZero() && p.Source != config.SourceFile {
		return key, feefault.Newf(feefault.Human, signer.CodeKey, "%s is key %s, and the settings do not name it", key, key.PublicKey()).
			WithNext(fmt.Sprintf("If that is the fee payer, set signer.public_key (or signer_public_key of the vault) to %s: a worker then refuses any other", key.PublicKey()))
	}
	return key, nil
}

// openFile opens a key file. One that the settings name the address of must be that one: an old key that was put back, or
// another that was put in its place, signs nothing.
func openFile(path string, want solana.PublicKey) (signer.Signer, error) {
	key, err := signer.OpenKeyFile(path)
	if err != nil {
		return nil, err
	}
	if !want.IsZero() && key.PublicKey() != want {
		return nil, feefault.Newf(feefault.Human, signer.CodeRotated, "%s is key %s, and the settings say %s", path, key.PublicKey(), want).
			WithNext("If the key was rotated on purpose, set signer.public_key (or signer_public_key of the vault) to the new address; else find out who changed the file: docs/runbooks/key-compromised.md")
	}
	return key, nil
}

func openTransit(ctx context.Context, s config.Signer, key string, want solana.PublicKey) (signer.Signer, error) {
	token := func() (string, error) { return s.Vault.Token.Reveal(), nil }
	if s.Vault.TokenFile != "" {
		token = signer.TokenFile(s.Vault.TokenFile)
	}
	return signer.OpenTransit(ctx, signer.TransitOptions{
		Address: s.Vault.Address.Reveal(), Namespace: s.Vault.Namespace, Mount: s.Vault.Mount, Key: key, Version: int(s.Vault.KeyVersion),
		Token: token, CAFile: s.Vault.CAFile, Public: want, Timeout: s.Timeout,
	})
}

// SigningLimits are what a fee payer's signatures may do: pages of its own vaults, within the caps of the settings.
func SigningLimits(s config.Settings, payer solana.PublicKey, vaults map[string]distribution.Vault) signer.Limits {
	d, p := s.Distribution, s.Signer.Policy
	l := signer.Limits{
		MaxUnitPrice: d.MaxPriorityFeeMicroLamports, MaxFeeLamports: uint64(d.MaxFeePerTransaction), MaxRentLamports: uint64(p.MaxRentPerTransaction),
		Caps: domain.SpendCaps{Rent: uint64(p.MaxRentPerDay), Total: uint64(p.MaxSpendPerDay)},
	}
	for _, v := range vaults {
		if v.Payer == payer {
			l.Vaults = append(l.Vaults, signer.Vault{
				Program: v.Program, Address: v.Address, Position: v.Position, CPAMM: v.CPAMM, QuoteMint: v.QuoteMint, Creator: v.Creator, Accounts: v.Accounts,
			})
		}
	}
	return l
}

// chainTables reads lookup tables from the chain for the policy, which does not believe the store.
type chainTables struct{ pool *chain.Pool }

// LookupTables reads tables as the confirmed chain holds them.
func (c chainTables) LookupTables(ctx context.Context, addresses []solana.PublicKey) (map[solana.PublicKey]signer.Table, error) {
	snap, err := c.pool.Snapshot(ctx, addresses, chain.ReadOptions{})
	if err != nil {
		return nil, err
	}
	out := map[solana.PublicKey]signer.Table{}
	for _, key := range addresses {
		a := snap.Accounts[key]
		if !a.Exists || a.Owner != solana.AddressLookupTableProgramID {
			continue
		}
		state, err := addresslookuptable.DecodeAddressLookupTableState(a.Data)
		if err != nil {
			return nil, fmt.Errorf("lookup table %s: %w", key, err)
		}
		t := signer.Table{Addresses: state.Addresses}
		if state.Authority != nil {
			t.Authority = *state.Authority
		}
		out[key] = t
	}
	return out, nil
}

// storedPlans knows the wallets that the latest plans name. A wallet that no plan named when it was read last makes it
// read them again.
type storedPlans struct {
	store  *store.Store
	vaults map[string]distribution.Vault

	mu    sync.Mutex
	named map[solana.PublicKey]map[string]bool // Wallets by quote mint.
}

// Unnamed gives the wallets that no plan of a vault with the mint names.
func (p *storedPlans) Unnamed(ctx context.Context, mint solana.PublicKey, wallets []solana.PublicKey) ([]solana.PublicKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	unnamed := p.missing(mint, wallets)
	if len(unnamed) == 0 {
		return nil, nil
	}
	named := map[string]bool{}
	for id, v := range p.vaults {
		if v.QuoteMint != mint {
			continue
		}
		m, found, err := p.store.LatestManifest(ctx, id)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		for _, e := range m.Entries {
			named[e.Recipient] = true
		}
	}
	if p.named == nil {
		p.named = map[solana.PublicKey]map[string]bool{}
	}
	p.named[mint] = named
	return p.missing(mint, unnamed), nil
}

func (p *storedPlans) missing(mint solana.PublicKey, wallets []solana.PublicKey) []solana.PublicKey {
	return slices.DeleteFunc(slices.Clone(wallets), func(w solana.PublicKey) bool { return p.named[mint][w.String()] })
}

// openTimeout bounds the opening of one key at the worker's start.
const openTimeout = 20 * time.Second
