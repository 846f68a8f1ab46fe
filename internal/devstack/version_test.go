package devstack

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersion_OnlyASuitableCLIIsUsed(t *testing.T) {
	tests := []struct {
		name, out, wantErr string
	}{
		{"the pinned one", "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)\n", ""},
		{"the oldest that suits", "temporal version 1.3.0 (Server 1.27.1, UI 2.36.0)", ""},
		{"a newer one", "temporal version 1.12.0 (Server 1.31.0, UI 2.45.0)", ""},
		{"a release candidate", "temporal version 1.6.0-rc.1 (Server 1.30.0, UI 2.43.0)", ""},
		{"built from source with a good server", "temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)", ""},
		{"built from source with an old server", "temporal version 0.0.0-DEV (Server 1.24.0, UI 2.27.0)", "want server 1.27"},
		{"built from source, server unknown", "temporal version 0.0.0-DEV", "version 0.0.0-DEV"},
		{"too old", "temporal version 1.2.0 (Server 1.26.2, UI 2.34.0)", "want 1.3 or newer"},
		{"the next major one", "temporal version 2.0.0 (Server 2.0.0, UI 3.0.0)", "below 2"},
		{"very old", "temporal version 0.13.2 (server 1.24.2) (ui 2.28.0)", "want 1.3 or newer"},
		{"another program of that name", "tctl version 1.18\nmore", `"tctl version 1.18" does not look like`},
		{"nothing", "", "does not look like"},
		{"absurd number", "temporal version 99999999999999999999.3.0", "want 1.3 or newer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := parseVersion(tt.out)
			if err == nil {
				err = v.suits()
			}
			if tt.wantErr == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.wantErr)
		})
	}
}
