package docs_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
)

// pinned is a tag with a version in it: latest and bare majors move under a running system.
var pinned = regexp.MustCompile(`^[a-z/-]+:v?\d+\.\d+(\.\d+)?$`)

// local is the env file of the stack with a local chain.
const local = root + "/deploy/local/local.env"

// compose loads docker-compose.yml as docker compose does, with an env file and every check of the library.
func compose(t *testing.T, envFile string) *types.Project {
	t.Helper()
	o, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithWorkingDirectory(root), cli.WithEnvFiles(envFile), cli.WithDotEnv, cli.WithDefaultProfiles(), cli.WithInterpolation(true), cli.WithConsistency(true))
	require.NoError(t, err)
	project, err := o.LoadProject(context.Background())
	require.NoError(t, err)
	require.Contains(t, project.Services, "worker")
	return project
}

// both loads the plain stack and the one with a local chain.
func both(t *testing.T) map[string]*types.Project {
	t.Helper()
	empty := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	out := map[string]*types.Project{"plain": compose(t, empty), "local": compose(t, local)}
	require.NotContains(t, out["plain"].Services, "localnet")
	require.Contains(t, out["local"].Services, "localnet")
	return out
}

func TestCompose_ImagesArePinnedAndPortsStayOnLoopback(t *testing.T) {
	for name, s := range compose(t, local).Services {
		if s.Build == nil {
			require.Regexp(t, pinned, s.Image, name)
		} else {
			require.FileExists(t, filepath.Join(s.Build.Context, s.Build.Dockerfile))
		}
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, "%s publishes %s", name, port.Published)
		}
	}
}

func TestCompose_EveryServiceIsBoundedWatchedAndMayNotGainPrivileges(t *testing.T) {
	for name, s := range compose(t, local).Services {
		require.Contains(t, s.SecurityOpt, "no-new-privileges:true", name)
		require.False(t, s.Privileged, name)
		require.Positive(t, s.Deploy.Resources.Limits.MemoryBytes, name)
		require.Positive(t, s.Deploy.Resources.Limits.NanoCPUs, name)
		once := name == "setup" || name == "temporal-schema"
		if once {
			require.True(t, strings.HasPrefix(s.Restart, types.RestartPolicyOnFailure), name)
			continue
		}
		require.Equal(t, types.RestartPolicyUnlessStopped, s.Restart, name)
		require.NotNil(t, s.HealthCheck, name)
		require.False(t, s.HealthCheck.Disable, name)
		require.NotEmpty(t, s.HealthCheck.Test, name)
	}
}

// TestCompose_TheWorkerCollectsGarbageBeforeItsContainerIsFull: what Go holds, what lies in /data and the program's own
// pages (67 MiB of it were in use when 1,000 vaults were paid) count together.
func TestCompose_TheWorkerCollectsGarbageBeforeItsContainerIsFull(t *testing.T) {
	const program = 70 << 20
	worker := compose(t, local).Services["worker"]
	var limit int64
	_, err := fmt.Sscanf(*worker.Environment["GOMEMLIMIT"], "%dMiB", &limit)
	require.NoError(t, err)
	require.Contains(t, worker.Tmpfs[0], "size=64m")
	require.LessOrEqual(t, (limit+64)<<20+program, int64(worker.Deploy.Resources.Limits.MemoryBytes))
	require.NotEmpty(t, worker.Environment["FEEOPS_CONFIG"], "and it has what the others have")
}

func TestCompose_OurOwnContainersAreReadOnlyAndNotRoot(t *testing.T) {
	for _, project := range both(t) {
		for name, s := range project.Services {
			if s.Build == nil {
				continue
			}
			require.True(t, s.ReadOnly, name)
			require.Equal(t, []string{"ALL"}, s.CapDrop, name)
			require.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, s.User, "%s is not root", name)
		}
	}
}

// TestCompose_SecretsAreFiles keeps passwords out of environments, which anyone who may look at a container can read.
func TestCompose_SecretsAreFiles(t *testing.T) {
	project := compose(t, local)
	secret := regexp.MustCompile(`(?i)password|secret|pwd|token`)
	for name, s := range project.Services {
		for key, value := range s.Environment {
			if secret.MatchString(key) && value != nil && *value != "" {
				require.Contains(t, *value, "/run/secrets/", "%s gets %s", name, key)
			}
		}
		for _, used := range s.Secrets {
			require.NotEmpty(t, project.Secrets[used.Source].File, used.Source)
		}
	}
	dir := t.TempDir()
	for range 2 { // A second run changes nothing.
		out, err := exec.Command("sh", filepath.Join(root, "deploy", "secrets.sh"), filepath.Join(dir, "secrets")).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	info, err := os.Stat(filepath.Join(dir, "secrets"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "the passwords can be read by the containers and by nobody else")
	for _, s := range project.Secrets {
		require.FileExists(t, filepath.Join(dir, "secrets", filepath.Base(s.File)), "secrets.sh makes all of them")
	}
}

// TestCompose_EveryMountExists holds the files that containers get against the repository.
func TestCompose_EveryMountExists(t *testing.T) {
	absolute, err := filepath.Abs(root)
	require.NoError(t, err)
	seen := 0
	for name, s := range compose(t, local).Services {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			require.True(t, v.ReadOnly, "%s may change %s", name, v.Source)
			path, err := filepath.Rel(absolute, v.Source)
			require.NoError(t, err)
			seen++
			if strings.HasPrefix(path, "deploy/grafana/") || path == "deploy/prometheus/rules.yml" {
				continue // They come with the alerts and dashboards.
			}
			_, err = os.Stat(v.Source)
			require.NoError(t, err, "%s mounts %s", name, path)
		}
	}
	require.Greater(t, seen, 5)
}

// TestCompose_TheWorkersSettingsAreAccepted loads the environment of the worker's service as the worker would.
func TestCompose_TheWorkersSettingsAreAccepted(t *testing.T) {
	secrets := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(secrets, "feeops_password"), []byte("hunter2"), 0o600))
	for name, project := range both(t) {
		worker := project.Services["worker"]
		var env []string
		for key, value := range worker.Environment {
			env = append(env, key+"="+strings.ReplaceAll(*value, "/run/secrets", secrets))
		}
		settings := filepath.Join(root, "config", "examples", "devnet.yaml")
		if name == "local" {
			settings = withVaults(t)
		}
		s, _, err := config.Load(config.LoadOptions{Path: settings, Env: env})
		require.NoError(t, err)
		require.Equal(t, "temporal:7233", s.Temporal.Address)
		require.Equal(t, "postgres://feeops:hunter2@postgres:5432/feeops?sslmode=disable", s.Store.DSN.Reveal())
		require.Greater(t, worker.StopGracePeriod.String(), s.Worker.DrainTimeout.String())
		require.Equal(t, 2, *worker.Deploy.Replicas)
		if name == "plain" {
			require.Equal(t, filepath.Join(secrets, "payer"), s.Signer.KeypairPath)
		}
	}
}

// withVaults is the local profile's settings with a file of vaults as its chain would have written it.
func withVaults(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text := read(t, filepath.Join(root, "deploy", "local", "feeops.yaml"))
	require.Contains(t, text, "/chain/vaults.json")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "vaults.json"), []byte("[]"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "feeops.yaml"), []byte(strings.ReplaceAll(text, "/chain/vaults.json", "vaults.json")), 0o600))
	return filepath.Join(dir, "feeops.yaml")
}

// TestCompose_NobodyStartsBeforeWhatItNeeds follows the order of the start.
func TestCompose_NobodyStartsBeforeWhatItNeeds(t *testing.T) {
	for name, project := range both(t) {
		for service, needs := range map[string]map[string]string{
			"temporal-schema": {"postgres": types.ServiceConditionHealthy},
			"temporal":        {"temporal-schema": types.ServiceConditionCompletedSuccessfully},
			"setup":           {"temporal": types.ServiceConditionHealthy, "postgres": types.ServiceConditionHealthy},
			"worker":          {"setup": types.ServiceConditionCompletedSuccessfully},
		} {
			for other, condition := range needs {
				require.Equal(t, condition, project.Services[service].DependsOn[other].Condition, "%s: %s waits for %s", name, service, other)
			}
		}
		chain := project.Services["worker"].DependsOn["localnet"]
		require.Equal(t, types.ServiceConditionHealthy, chain.Condition)
		require.False(t, chain.Required, "without the profile there is none")
	}
}
