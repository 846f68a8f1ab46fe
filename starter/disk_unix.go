//go:build linux || darwin || freebsd

package main

import (
	"fmt"
	"syscall"
)

// freeBytes is what an ordinary user can still write in the file system of dir.
func freeBytes(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("free space at %s: %w", dir, err)
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil //nolint:unconvert // The types differ between systems.
}
