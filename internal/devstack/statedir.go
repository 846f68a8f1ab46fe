// Package devstack runs the operations on one machine for demo, dev and tests: a real Temporal development server,
// the local chain and a supervised worker, each ended with the process that started it.
package devstack

import (
	"fmt"
	"os"
	"path/filepath"
)

// StateDir is where feeops keeps what outlives one command: the built Temporal CLI and the runs. It is FEEOPS_HOME or
// the user's cache directory, made with mode 0700 because runs hold the local chain's key files.
func StateDir() (string, error) {
	dir := os.Getenv("FEEOPS_HOME")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find a directory for feeops' state: %w. Set FEEOPS_HOME to a directory you own", err)
		}
		dir = filepath.Join(cache, "feeops")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("state directory %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the state directory %s: %w. Set FEEOPS_HOME to a directory you may write", dir, err)
	}
	return dir, nil
}
