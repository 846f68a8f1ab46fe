package distribution

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/lookuptable"
)

func TestTidying_TakesOnlyOurOwnIdleTablesAndClosesThemAfterTheirCooldown(t *testing.T) {
	v := aVault(1)
	const slot = 10_000
	tests := []struct {
		name  string
		table domain.Table
		want  string // The key's end; empty for nothing.
	}{
		{"used today", domain.Table{Active: true, UsedOn: "2026-03-10"}, ""},
		{"idle for six days", domain.Table{Active: true, UsedOn: "2026-03-04"}, ""},
		{"idle for a week", domain.Table{Active: true, UsedOn: "2026-03-03"}, "/deactivate"},
		{"its use was never noted", domain.Table{Active: true}, ""},
		{"cooling down", domain.Table{Deactivated: slot - lookuptable.Cooldown, UsedOn: "2026-01-01"}, ""},
		{"cooled down", domain.Table{Deactivated: slot - lookuptable.Cooldown - 1, UsedOn: "2026-01-01"}, "/close"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.table.Address, tt.table.Authority = key('l', 1).String(), v.Payer.String()
			r, err := tidying(v, tt.table, "2026-03-10", slot)
			require.NoError(t, err)
			require.Equal(t, tt.want == "", r == nil)
			if r != nil {
				require.Equal(t, "table/"+tt.table.Address+tt.want, r.Key)
				require.Equal(t, domain.IntentTable, r.Kind)
			}
			tt.table.Authority = key('x', 1).String()
			r, err = tidying(v, tt.table, "2026-03-10", slot)
			require.NoError(t, err)
			require.Nil(t, r, "another key's table stays as it is")
		})
	}
}
