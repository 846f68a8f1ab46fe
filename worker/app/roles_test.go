package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/operator"
)

func TestRoles_WhoLooksMayDoNothing(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	roster := operator.Roster{
		{Name: "vic", Roles: []operator.Role{operator.Viewer}},
		{Name: "carol", Roles: []operator.Role{operator.Viewer, operator.Operate}},
		{Name: "ada", Roles: []operator.Role{operator.Approver}},
		{Name: "root", Roles: []operator.Role{operator.Admin}},
		{Name: "left", Roles: []operator.Role{operator.Admin}, Expires: now},
		{Name: "leaves", Roles: []operator.Role{operator.Operate}, Expires: now.Add(time.Second)},
	}
	tests := []struct {
		name   string
		roster operator.Roster
		who    string
		want   string
	}{
		{"a viewer", roster, "vic", "may look and do nothing"},
		{"an operator", roster, "carol", ""},
		{"an approver", roster, "ada", ""},
		{"an admin", roster, "root", ""},
		{"somebody whose time is over", roster, "left", "was an operator until 2026-03-02T12:00:00Z"},
		{"somebody whose time is nearly over", roster, "leaves", ""},
		{"nobody of the settings", roster, "eve", "is not among the operators"},
		{"settings without operators", nil, "eve", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := roles{tt.roster, func() time.Time { return now }}.May(tt.who, "stop_all")
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}
