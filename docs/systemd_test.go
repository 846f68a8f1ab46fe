package docs_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
)

// unit reads a unit file: the values of each key, by section and key.
func unit(t *testing.T, name string) map[string][]string {
	t.Helper()
	out, section := map[string][]string{}, ""
	for line := range strings.Lines(read(t, filepath.Join(root, "deploy", "systemd", name))) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			key, value, ok := strings.Cut(line, "=")
			require.True(t, ok, "%s: %s", name, line)
			out[section+"."+key] = append(out[section+"."+key], value)
		}
	}
	return out
}

func TestSystemd_UnitsAreHardenedAndDrain(t *testing.T) {
	for _, name := range []string{"feeops-worker@.service", "feeops-setup.service"} {
		u := unit(t, name)
		require.Equal(t, []string{"feeops"}, u["Service.User"], name)
		for _, key := range []string{"NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "MemoryDenyWriteExecute"} {
			require.Equal(t, []string{"yes"}, u["Service."+key], "%s: %s", name, key)
		}
		require.Equal(t, []string{"strict"}, u["Service.ProtectSystem"], name)
		require.Equal(t, []string{""}, u["Service.CapabilityBoundingSet"], name)
		require.Equal(t, []string{"0077"}, u["Service.UMask"], name)
	}
	worker := unit(t, "feeops-worker@.service")
	stop, err := time.ParseDuration(worker["Service.TimeoutStopSec"][0])
	require.NoError(t, err)
	require.Greater(t, stop, config.Default().Worker.DrainTimeout+5*time.Second, "systemd kills what it does not give the time to drain")
	require.Equal(t, []string{"2"}, worker["Service.RestartPreventExitStatus"])
	require.Contains(t, worker["Unit.Requires"], "feeops-setup.service")
}

// TestSystemd_TheEnvironmentOfTheUnitsIsAccepted loads it as the worker would.
func TestSystemd_TheEnvironmentOfTheUnitsIsAccepted(t *testing.T) {
	var env []string
	for _, pair := range strings.Fields(unit(t, "feeops-worker@.service")["Service.Environment"][0]) {
		env = append(env, strings.ReplaceAll(pair, "%i", "2"))
	}
	s, _, err := config.Load(config.LoadOptions{Path: filepath.Join(root, "config", "examples", "devnet.yaml"), Env: env})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8782", s.Worker.Listen, "two workers of one host listen apart")
}
