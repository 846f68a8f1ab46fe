package secretfile

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTrusted_AnotherUsersFileIsKnownToHim(t *testing.T) {
	require.True(t, trusted(1000, 1000))
	require.True(t, trusted(0, 1000), "secrets of orchestrators belong to root")
	require.True(t, trusted(0, 0))
	require.False(t, trusted(1001, 1000))
	require.False(t, trusted(1000, 0))
}
