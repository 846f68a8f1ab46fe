package keyfile_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/operator/keyfile"
)

func TestWrite_MakesAFileForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "ada.key")
	public, err := keyfile.Write(path, rand.Reader)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	private, err := keyfile.Read(path)
	require.NoError(t, err)
	require.Equal(t, public, private.Public())
	_, err = keyfile.Write(path, rand.Reader)
	require.ErrorContains(t, err, "never overwritten")
	again, err := keyfile.Read(path)
	require.NoError(t, err)
	require.Equal(t, private, again, "a lost key cannot be had back")
}

func TestRead_RefusesWhatCannotBeTrusted(t *testing.T) {
	dir := t.TempDir()
	write := func(name, body string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(body), mode))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	_, err := keyfile.Write(filepath.Join(dir, "good"), rand.Reader)
	require.NoError(t, err)
	good, err := os.ReadFile(filepath.Join(dir, "good"))
	require.NoError(t, err)
	tests := []struct{ name, path, want string }{
		{"readable by others", write("open", string(good), 0o644), "chmod 600"},
		{"absent", filepath.Join(dir, "absent"), "no such file"},
		{"a directory", dir, "not a regular file"},
		{"a Solana key file", write("solana", "[1,2,3]", 0o600), "no PEM block"},
		{"a public key", write("public", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", 0o600), "no PEM block"},
		{"damaged", write("damaged", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600), "no PKCS#8 key"},
		{"much too long", write("long", string(make([]byte, 5000)), 0o600), "more than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := keyfile.Read(tt.path)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// A key that openssl genpkey -algorithm ed25519 made is as good.
func TestParse_ReadsWhatOpensslWrites(t *testing.T) {
	key, err := keyfile.Parse([]byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIMYccMkGjVrqttLcMSu2TaG3WiHs9ps4FZhuwhwjoO/8\n-----END PRIVATE KEY-----\n"))
	require.NoError(t, err)
	require.Equal(t, "oSdt0pug9DmCmD6BTCpR/Xku9k6r6uVwTB/RTvL6TdI=", base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)))
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIMYccMkGjVrqttLcMSu2TaG3WiHs9ps4FZhuwhwjoO/8\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		key, err := keyfile.Parse(raw)
		if err == nil {
			require.Len(t, key, ed25519.PrivateKeySize)
		}
	})
}
