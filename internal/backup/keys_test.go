package backup_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/backup"
)

func TestKeys_AFileThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "backup.key")
	recipient, err := backup.GenerateKey(path, noon)
	require.NoError(t, err)
	keys, err := backup.LoadIdentities(path)
	require.NoError(t, err)
	require.Equal(t, []string{recipient}, backup.RecipientsOf(keys))
	_, err = backup.GenerateKey(path, noon)
	require.ErrorIs(t, err, backup.ErrTaken, "a key is never written over")

	require.NoError(t, os.Chmod(path, 0o644))
	_, err = backup.LoadIdentities(path)
	require.ErrorIs(t, err, backup.ErrKeyFile)
	require.ErrorContains(t, err, "chmod 600")
	for name, body := range map[string]string{"empty": "", "text": "hello hunter2", "public half": recipient} {
		bad := filepath.Join(t.TempDir(), "bad")
		require.NoError(t, os.WriteFile(bad, []byte(body), 0o600))
		_, err := backup.LoadIdentities(bad)
		require.ErrorIs(t, err, backup.ErrKeyFile, name)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err = backup.LoadIdentities(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, backup.ErrKeyFile)
}
