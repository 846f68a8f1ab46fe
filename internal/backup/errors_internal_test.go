package backup

import (
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// A disk cannot be filled up in a test of every machine; what the system says of a full one is put in here.
func TestPlace_AFullOneIsNamed(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		err := refuse("backup x: %w", fromPlace(fmt.Errorf("blob: %w", &fs.PathError{Op: "write", Path: "/srv/backups/x", Err: errno})))
		require.ErrorIs(t, err, ErrFull)
		require.Equal(t, "backup/full", fault.CodeOf(err))
		require.Equal(t, fault.Human, fault.KindOf(err))
		require.NotContains(t, err.Error(), "network")
	}
}
