//go:build unix

package secretfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/secretfile"
)

const secret = "the secret itself"

func write(t *testing.T, path string, mode os.FileMode) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(secret), 0o600))
	require.NoError(t, os.Chmod(path, mode)) // Whatever the mask of new files is.
	return path
}

func dir(t *testing.T, mode os.FileMode) string {
	t.Helper()
	path := t.TempDir()
	require.NoError(t, os.Chmod(path, mode))
	return path
}

func TestRead_RefusesWhatOthersMayReadOrReplace(t *testing.T) {
	safe := dir(t, 0o700)
	pipe := filepath.Join(safe, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	long := filepath.Join(safe, "long")
	require.NoError(t, os.WriteFile(long, []byte(strings.Repeat("x", 101)), 0o600))
	link := func(at, to string) string {
		require.NoError(t, os.Symlink(to, at))
		return at
	}
	open := dir(t, 0o777)
	tests := []struct {
		name    string
		path    string
		readers secretfile.Readers
		want    string // Empty: it is read.
	}{
		{"owner alone", write(t, filepath.Join(safe, "a"), 0o600), secretfile.OwnerAlone, ""},
		{"read-only", write(t, filepath.Join(safe, "b"), 0o400), secretfile.OwnerAlone, ""},
		{"a directory of a group", write(t, filepath.Join(dir(t, 0o775), "c"), 0o600), secretfile.OwnerAlone, ""},
		{"a sticky directory of everybody", write(t, filepath.Join(dir(t, 0o777|os.ModeSticky), "d"), 0o600), secretfile.OwnerAlone, ""},
		{"a link to a safe file", link(filepath.Join(safe, "l1"), filepath.Join(safe, "a")), secretfile.OwnerAlone, ""},
		{"a token for a group", write(t, filepath.Join(safe, "e"), 0o640), secretfile.GroupToo, ""},

		{"a group may read", write(t, filepath.Join(safe, "f"), 0o640), secretfile.OwnerAlone, "chmod 600"},
		{"everybody may read", write(t, filepath.Join(safe, "g"), 0o604), secretfile.OwnerAlone, "chmod 600"},
		{"everybody may write and nobody read", write(t, filepath.Join(safe, "h"), 0o602), secretfile.OwnerAlone, "chmod 600"},
		{"a token for everybody", write(t, filepath.Join(safe, "i"), 0o644), secretfile.GroupToo, "chmod o-rwx"},
		{"a directory of everybody", write(t, filepath.Join(open, "j"), 0o600), secretfile.OwnerAlone, "in the place of"},
		{"a link in a directory of everybody", link(filepath.Join(open, "l2"), filepath.Join(safe, "a")), secretfile.OwnerAlone, "in the place of"},
		{"a link into a directory of everybody", link(filepath.Join(safe, "l3"), filepath.Join(open, "j")), secretfile.OwnerAlone, "in the place of"},
		{"a link to what everybody may read", link(filepath.Join(safe, "l4"), filepath.Join(safe, "g")), secretfile.OwnerAlone, "chmod 600"},
		{"a link to nothing", link(filepath.Join(safe, "l5"), filepath.Join(safe, "none")), secretfile.OwnerAlone, "no such file"},
		{"a link to itself", link(filepath.Join(safe, "l6"), filepath.Join(safe, "l6")), secretfile.OwnerAlone, "too many"},
		{"a directory", safe, secretfile.OwnerAlone, "not a regular file"},
		{"a pipe that nobody writes to", pipe, secretfile.OwnerAlone, "not a regular file"},
		{"a device", "/dev/zero", secretfile.OwnerAlone, "not a regular file"},
		{"much too long", long, secretfile.OwnerAlone, "more than 100 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := secretfile.Read(tt.path, tt.readers, 100)
			if tt.want == "" {
				require.NoError(t, err)
				require.Equal(t, secret, string(got))
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), secret)
			require.Nil(t, got)
		})
	}
}
