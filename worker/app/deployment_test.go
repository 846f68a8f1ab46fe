package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/config"
)

func TestDeployment_IsOffUntilItIsNamedAndNeedsABuild(t *testing.T) {
	s := config.Default()
	got, err := deployment(s)
	require.NoError(t, err)
	require.Equal(t, worker.DeploymentOptions{}, got)

	s.Worker.Deployment = "feeops" // A test's program does not know its build.
	_, err = deployment(s)
	require.ErrorIs(t, err, errNoBuild)
	_, err = newWorkers(workerParams{Settings: s})
	require.ErrorIs(t, err, errNoBuild, "the worker does not start")

	s.Worker.BuildID = "7"
	got, err = deployment(s)
	require.NoError(t, err)
	require.Equal(t, worker.DeploymentOptions{
		UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: "feeops", BuildID: "7"}, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	}, got)
}

func TestClientOptions_TLSAndKeysComeFromTheEnvironmentAndAddressesFromTheSettings(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	profile := "[profile.default]\naddress = \"elsewhere:7233\"\nnamespace = \"other\"\n[profile.default.tls]\nserver_name = \"elsewhere\"\n"
	require.NoError(t, os.MkdirAll(filepath.Join(home, "temporalio"), 0o700))
	file := filepath.Join(home, "temporalio", "temporal.toml")
	require.NoError(t, os.WriteFile(file, []byte(profile), 0o600))
	s, log := config.Default(), slog.New(slog.DiscardHandler)

	o, err := ClientOptions(s, log, nil)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:7233", o.HostPort)
	require.Nil(t, o.ConnectionOptions.TLS, "a profile that nobody named does not count")

	t.Setenv("TEMPORAL_CONFIG_FILE", file)
	o, err = ClientOptions(s, log, nil)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:7233", o.HostPort, "where payments are run stands in the settings")
	require.Equal(t, "default", o.Namespace)
	require.Equal(t, "elsewhere", o.ConnectionOptions.TLS.ServerName)

	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(home, "none.toml"))
	t.Setenv("TEMPORAL_API_KEY", "hunter2")
	o, err = ClientOptions(s, log, nil)
	require.NoError(t, err)
	require.NotNil(t, o.ConnectionOptions.TLS, "a key never travels in plain")
	require.NotNil(t, o.Credentials)

	t.Setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", filepath.Join(home, "none.pem"))
	t.Setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", filepath.Join(home, "none.key"))
	_, err = ClientOptions(s, log, nil)
	require.ErrorContains(t, err, "TEMPORAL_")
	require.NotContains(t, err.Error(), "hunter2")
}
