package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx/fxtest"

	"github.com/meteora-fee-router/feeops/config"
)

func TestW04_ALogFileIsTurnedOverAndOldOnesGo(t *testing.T) {
	dir := t.TempDir()
	s := config.Default()
	s.Log.File, s.Log.MaxMegabytes, s.Log.KeepFiles = filepath.Join(dir, "feeops.log"), 1, 2
	s.Log.Level, s.Log.Format = "info", "json"
	lc := fxtest.NewLifecycle(t)
	stderr := os.Stderr
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	os.Stderr = null
	log := newLogger(lc, s)
	os.Stderr = stderr
	lc.RequireStart()
	line := strings.Repeat("x", 64<<10)
	for range 17 * 5 { // More than five megabytes.
		log.Info("much", "text", line)
	}
	log.Debug("below the level")
	lc.RequireStop()
	require.Eventually(t, func() bool {
		files, err := filepath.Glob(filepath.Join(dir, "feeops-*"))
		require.NoError(t, err)
		packed, err := filepath.Glob(filepath.Join(dir, "feeops-*.gz"))
		require.NoError(t, err)
		return len(files) == 2 && len(packed) == 2
	}, 30*time.Second, 20*time.Millisecond, "two packed older files are kept, and the others are gone")
	now, err := os.ReadFile(s.Log.File)
	require.NoError(t, err)
	require.Less(t, len(now), 1<<20)
	require.NotContains(t, string(now), "below the level")
}

func TestW04_AFileThatTakesNothingTakesNoLineFromStandardError(t *testing.T) {
	var kept bytes.Buffer
	broken, err := os.OpenFile(os.DevNull, os.O_RDONLY, 0)
	require.NoError(t, err)
	logger(config.Default(), beside{&kept, broken}).Info("paid")
	require.Contains(t, kept.String(), "msg=paid")
}
