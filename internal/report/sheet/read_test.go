package sheet_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

func TestRead_GivesSavedReportsAndNothingElse(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "reports")
	_, err := sheet.Save(dir, "daily", []sheet.File{{Ext: "md", Body: []byte("# daily")}})
	require.NoError(t, err)
	body, err := sheet.Read(dir, "daily.md", 7)
	require.NoError(t, err)
	require.Equal(t, "# daily", string(body))
	_, err = sheet.Read(dir, "daily.md", 6)
	require.ErrorIs(t, err, sheet.ErrTooLarge)

	secret := filepath.Join(base, "secret.md")
	require.NoError(t, os.WriteFile(secret, []byte("key"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "feeops.db"), []byte("key"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".hidden.md"), []byte("key"), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(dir, "link.md")))
	require.NoError(t, os.Symlink("daily.md", filepath.Join(dir, "inner.md")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.md"), 0o700))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe.md"), 0o600))
	for _, name := range []string{
		"", ".", "..", "../secret.md", secret, "reports/../../secret.md", "./daily.md", "daily.md/", `..\secret.md`, "link.md", "inner.md", "folder.md", "pipe.md",
		"feeops.db", ".hidden.md", "daily", "daily.md\x00", "gone.md",
	} {
		_, err := sheet.Read(dir, name, 1<<20)
		require.Error(t, err, name)
	}
	_, err = sheet.Read(filepath.Join(base, "nowhere"), "daily.md", 100)
	require.ErrorIs(t, err, os.ErrNotExist)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{"..", "/", "secret", ".md", "reports", ".", "\\", "link"}))
		name := ""
		for _, p := range parts.Draw(t, "parts") {
			name += p
		}
		body, err := sheet.Read(dir, name, 1<<20)
		require.Error(t, err, "%s", name)
		require.Empty(t, body)
	})
}
