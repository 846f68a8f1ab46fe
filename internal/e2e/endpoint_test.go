package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// second puts another endpoint of the same chain before the good one in the settings.
func second(list ...localnet.Fault) change {
	return func(w *world) {
		url, err := w.node.Endpoint(list...)
		require.NoError(w.t, err)
		w.settings.RPC.MaxSlotLag = 40
		bad := config.Endpoint{Name: "second", URL: config.NewURL(url), WSURL: config.NewURL("ws" + url[len("http"):])}
		w.settings.RPC.Endpoints = append([]config.Endpoint{bad}, w.settings.RPC.Endpoints...)
	}
}

// TestP12_ABadEndpointBesideAGoodOne: an endpoint that lies about the chain costs time at most.
func TestP12_ABadEndpointBesideAGoodOne(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		bad  []localnet.Fault
	}{
		{"stale by 60 slots, health ok", []localnet.Fault{{Name: "stale", Value: 60}}},
		{"stale by 10 slots, health ok", []localnet.Fault{{Name: "stale", Value: 10}}},
		{"frozen, health ok", []localnet.Fault{{Name: "frozen"}}},
		{"drops everything", []localnet.Fault{{Name: "drop"}}},
		{"answers nothing but errors", []localnet.Fault{{Name: "5xx"}}},
		{"healthy", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, specs(localnet.VaultSpec{Investors: 12, MissingATAs: 1}), pageSize(3), second(tt.bad...))
			before := w.ledger("v")
			w.audited("v", before, w.pay("v"))
			require.Len(t, w.turned("v", before.slot), 4)
		})
	}
}

func TestP12_AnEndpointThatFreezesInMidDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 24}), pageSize(3), second(), with(slowly))
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 6)
	w.node.SetFaultAt(w.settings.RPC.Endpoints[0].URL.Reveal(), localnet.Fault{Name: "frozen"})
	w.audited("v", before, w.end(run))
	require.Len(t, w.turned("v", before.slot), 8)
}
