package backup_test

import (
	"io"
	"os"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// decrypted does what the programs age and zstd do.
func decrypted(path string, keys []age.Identity) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := age.Decrypt(f, keys...)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(plain)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(z)
}
