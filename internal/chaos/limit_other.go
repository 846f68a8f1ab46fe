//go:build !linux

package chaos

import "errors"

const unlimited = 1<<64 - 1

// limitFiles exists on Linux only.
func limitFiles(int, uint64) error {
	return errors.New("a running process's file size can only be limited on Linux: leave this scenario out")
}
