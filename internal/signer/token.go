package signer

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// TokenFile reads a token from a file each time it is asked, because agents renew it there. A file that everybody on the
// machine may read is refused; agents often write for a group.
func TokenFile(path string) func() (string, error) {
	return func() (string, error) {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return "", err
		}
		if perm := info.Mode().Perm(); perm&0o007 != 0 && runtime.GOOS != "windows" {
			return "", fmt.Errorf("%s may be used by everybody on this machine (mode %04o); run: chmod o-rwx %q", path, perm, path)
		}
		b, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
		return strings.TrimSpace(string(b)), err
	}
}
