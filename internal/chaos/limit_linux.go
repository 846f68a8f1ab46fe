package chaos

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

const unlimited = math.MaxUint64

// limitFiles bounds how far a running process may write into a file. It needs no privilege: the process is our own
// child, and only the soft limit moves. Go programs see the failed write; the signal is ignored.
func limitFiles(pid int, bytes uint64) error {
	var now unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &now); err != nil {
		return fmt.Errorf("read the file size limit of process %d: %w", pid, err)
	}
	now.Cur = min(bytes, now.Max)
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &now, nil); err != nil {
		return fmt.Errorf("limit the file size of process %d: %w", pid, err)
	}
	return nil
}
