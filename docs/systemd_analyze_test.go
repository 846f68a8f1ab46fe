//go:build systemd

package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSystemd_SystemdReadsTheUnits asks systemd itself.
func TestSystemd_SystemdReadsTheUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	require.NoError(t, err)
	dir := t.TempDir()
	for _, name := range []string{"feeops-worker@.service", "feeops-setup.service"} {
		text := strings.ReplaceAll(read(t, filepath.Join(root, "deploy", "systemd", name)), "/usr/local/bin/feeops", "/bin/true")
		require.NoError(t, os.WriteFile(filepath.Join(dir, strings.Replace(name, "@", "@1", 1)), []byte(text), 0o600))
	}
	out, err := exec.Command(analyze, "verify", "--man=no", filepath.Join(dir, "feeops-setup.service"), filepath.Join(dir, "feeops-worker@1.service")).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotContains(t, string(out), "Unknown")
}
