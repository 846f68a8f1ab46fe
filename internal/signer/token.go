package signer

import (
	"strings"

	"github.com/meteora-fee-router/feeops/internal/secretfile"
)

// TokenFile reads a token from a file each time it is asked, because agents renew it there. A file that everybody on the
// machine may read or replace is refused; agents often write for a group.
func TokenFile(path string) func() (string, error) {
	return func() (string, error) {
		b, err := secretfile.Read(path, secretfile.GroupToo, maxKeyFile)
		return strings.TrimSpace(string(b)), err
	}
}
