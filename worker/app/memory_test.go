package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCollectSooner_LeavesTheOperatorsChoiceAlone(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		want []int
	}{
		{"nothing chosen", nil, []int{50}},
		{"a limit in bytes holds beside it", map[string]string{"GOMEMLIMIT": "200MiB"}, []int{50}},
		{"another share", map[string]string{"GOGC": "100"}, nil},
		{"none at all", map[string]string{"GOGC": "off"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			collectSooner(func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }, func(percent int) int { got = append(got, percent); return 100 })
			require.Equal(t, tt.want, got)
		})
	}
}
