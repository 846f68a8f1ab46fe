package config_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
)

func TestStore_APasswordOfItsOwnJoinsTheAddress(t *testing.T) {
	const dsn = "store:\n  dsn: postgres://feeops@db:5432/feeops?sslmode=verify-full\n"
	dir := write(t, map[string]string{"password": "hunter2@/?# %\n", "feeops.yaml": dsn + "  password: file:password\n"})
	s, _, err := config.Load(config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml")})
	require.NoError(t, err)
	require.Equal(t, "postgres://feeops:hunter2%40%2F%3F%23%20%25@db:5432/feeops?sslmode=verify-full", s.Store.DSN.Reveal(), "escaped, as no person would do it right")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", s, s.Redacted(), s.Store), "hunter2")

	s, err = load(t, dsn)
	require.NoError(t, err)
	require.Equal(t, "postgres://feeops@db:5432/feeops?sslmode=verify-full", s.Store.DSN.Reveal(), "an address without a password is no secret")
}

func TestStore_APasswordIsNeverIgnored(t *testing.T) {
	tests := []struct {
		name string
		yaml string
		env  []string
		want string
	}{
		{"for a file", "", []string{"FEEOPS_STORE__PASSWORD=hunter2"}, `environment: FEEOPS_STORE__PASSWORD: got a password for "file:`},
		{"without a user", "store:\n  dsn: postgres://db/feeops\n", []string{"FEEOPS_STORE__PASSWORD=hunter2"}, "The address must name the user."},
		{"a second one", "", []string{"FEEOPS_STORE__DSN=postgres://u:other@db/feeops", "FEEOPS_STORE__PASSWORD=hunter2"}, "got a second password, want one"},
		{"in plain text", "store:\n  dsn: postgres://u@db/feeops\n  password: hunter2\n", nil, "feeops.yaml:3: store.password: got a secret in plain text"},
		{"in plain text in the address", "store:\n  dsn: postgres://u:hunter2@db/feeops\n", nil, "feeops.yaml:2: store.dsn: got an address with a key or a password in plain text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.yaml, tt.env...)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	_, err := load(t, "", "FEEOPS_STORE__DSN=postgres://u:hunter2@db/feeops", "FEEOPS_STORE__PASSWORD=hunter2")
	require.NoError(t, err, "the same one twice is one")
}

func TestWorker_ABuildNeedsADeployment(t *testing.T) {
	_, err := load(t, "worker:\n  build_id: \"1\"\n")
	require.ErrorContains(t, err, "feeops.yaml:2: worker.build_id")
	_, err = load(t, "worker:\n  deployment: fee.ops\n")
	require.ErrorContains(t, err, "feeops.yaml:2: worker.deployment")
	s, err := load(t, "worker:\n  deployment: feeops\n  build_id: 1f8397f\n")
	require.NoError(t, err)
	require.Equal(t, "1f8397f", s.Worker.BuildID)
}
