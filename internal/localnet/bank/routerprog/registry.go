package routerprog

import (
	"slices"

	"github.com/gagliardetto/solana-go"
)

// Registry holds the registered vaults. The bank guards it with its own lock.
type Registry struct {
	order []solana.PublicKey
	specs map[solana.PublicKey]VaultSpec
	units uint64 // See SetUnits.
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{specs: map[solana.PublicKey]VaultSpec{}, units: 100} }

// SetUnits makes the router take that many per cent of its usual compute units, as another build of it might.
func (r *Registry) SetUnits(percent uint64) { r.units = percent }

// Set registers a vault or changes its list.
func (r *Registry) Set(spec VaultSpec) {
	if _, known := r.specs[spec.Vault]; !known {
		r.order = append(r.order, spec.Vault)
	}
	spec.Streams = slices.Clone(spec.Streams)
	r.specs[spec.Vault] = spec
}

// All returns copies in order of registration.
func (r *Registry) All() []VaultSpec {
	list := make([]VaultSpec, 0, len(r.order))
	for _, vault := range r.order {
		spec := r.specs[vault]
		spec.Streams = slices.Clone(spec.Streams)
		list = append(list, spec)
	}
	return list
}

// of returns the vault's spec; an unregistered vault has an empty list and works as the reference does.
func (r *Registry) of(vault solana.PublicKey) VaultSpec {
	if spec, ok := r.specs[vault]; ok {
		return spec
	}
	return VaultSpec{Vault: vault, Behaviour: Reference}
}
