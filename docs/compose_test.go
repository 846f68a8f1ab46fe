package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

type composeFile struct {
	Services map[string]struct {
		Image   string
		User    string
		Ports   []string
		Command []string
		Build   struct {
			Context    string
			Dockerfile string
		}
		Environment map[string]string
	}
}

// pinned is a tag with a version in it: latest and bare majors move under a running system.
var pinned = regexp.MustCompile(`^[a-z/-]+:\d+\.\d+(\.\d+)?$`)

func compose(t *testing.T) composeFile {
	t.Helper()
	var c composeFile
	require.NoError(t, yaml.Unmarshal([]byte(read(t, filepath.Join(root, "docker-compose.yml"))), &c))
	require.Contains(t, c.Services, "worker")
	return c
}

func TestCompose_ImagesArePinnedAndPortsStayOnLoopback(t *testing.T) {
	for name, s := range compose(t).Services {
		if s.Build.Dockerfile == "" {
			require.Regexp(t, pinned, s.Image, name)
		} else {
			_, err := os.Stat(filepath.Join(root, s.Build.Context, s.Build.Dockerfile))
			require.NoError(t, err)
		}
		for _, port := range s.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s publishes %s", name, port)
		}
	}
}

// TestCompose_TheWorkersSettingsAreAccepted loads the environment of the worker's service as the worker would.
func TestCompose_TheWorkersSettingsAreAccepted(t *testing.T) {
	worker := compose(t).Services["worker"]
	require.NotContains(t, worker.User, "0:0", "the worker is not root")
	var env []string
	for name, value := range worker.Environment {
		if !strings.HasPrefix(value, "${") { // Filled in from .env, empty by default.
			env = append(env, name+"="+value)
		}
	}
	for _, example := range []string{"localnet.yaml", "devnet.yaml"} {
		s, _, err := config.Load(config.LoadOptions{Path: filepath.Join(root, "config", "examples", example), Env: env})
		require.NoError(t, err)
		require.Equal(t, "temporal:7233", s.Temporal.Address)
		require.Equal(t, "file:/data/feeops.db", s.Store.DSN.Reveal())
		require.Equal(t, "/data/payer.json", s.Signer.KeypairPath)
	}
}

func TestCompose_CreatesEverySearchAttribute(t *testing.T) {
	script := strings.Join(compose(t).Services["search-attributes"].Command, "\n")
	for _, name := range ops.SearchAttributes() {
		require.Regexp(t, `\b`+name+`\b`, script)
	}
}
