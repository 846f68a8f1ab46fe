package seal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/seal"
)

func newKey(t *testing.T) (*seal.Key, string) {
	k, err := seal.Generate(rand.Reader)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "audit.key")
	require.NoError(t, k.Write(path))
	return k, path
}

func TestKey_SignsForOnePurposeOnly(t *testing.T) {
	k, path := newKey(t)
	opened, err := seal.Open(path)
	require.NoError(t, err)
	require.Equal(t, k.Public(), opened.Public())
	signature := opened.Sign(seal.Receipt, []byte("document"))
	require.NoError(t, k.Public().Verify(seal.Receipt, []byte("document"), signature))
	for name, err := range map[string]error{
		"another purpose":   k.Public().Verify(seal.AuditHead, []byte("document"), signature),
		"another document":  k.Public().Verify(seal.Receipt, []byte("documenT"), signature),
		"another signature": k.Public().Verify(seal.Receipt, []byte("document"), signature[4:]+"AAAA"),
		"no base64":         k.Public().Verify(seal.Receipt, []byte("document"), "%"),
		"another key":       seal.Public{1}.Verify(seal.Receipt, []byte("document"), signature),
	} {
		require.ErrorIs(t, err, seal.ErrSignature, name)
	}
}

func TestWrite_NeverOverwritesAKey(t *testing.T) {
	_, path := newKey(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	other, err := seal.Generate(rand.Reader)
	require.NoError(t, err)
	require.ErrorContains(t, other.Write(path), "exists")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestLoadPublic_TakesHexAndTheFileBesideTheKey(t *testing.T) {
	k, path := newKey(t)
	text := filepath.Join(t.TempDir(), "key.txt")
	require.NoError(t, os.WriteFile(text, []byte(k.Public().String()+"\n"), 0o600))
	for _, give := range []string{k.Public().String(), path + ".pub", text} {
		got, err := seal.LoadPublic(give)
		require.NoError(t, err)
		require.Equal(t, k.Public(), got)
	}
	for _, give := range []string{"", "abc", path, filepath.Join(t.TempDir(), "none")} {
		_, err := seal.LoadPublic(give)
		require.Error(t, err, give)
	}
}

func TestOpen_RefusesWhatIsNoKeyOfItsOwn(t *testing.T) {
	_, path := newKey(t)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(p256)
	require.NoError(t, err)
	tests := []struct {
		name, want string
		raw        []byte
		mode       os.FileMode
	}{
		{"readable by others", "chmod 600", good, 0o640},
		{"another kind of key", "no ed25519 key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600},
		{"no PEM", "no PEM private key", []byte("[1,2,3]"), 0o600},
		{"cut short", "no PEM private key", good[:len(good)/2], 0o600},
		{"empty", "no PEM private key", nil, 0o600},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "key")
			require.NoError(t, os.WriteFile(file, tt.raw, tt.mode))
			require.NoError(t, os.Chmod(file, tt.mode))
			_, err := seal.Open(file)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), strings.Split(string(good), "\n")[1])
		})
	}
	_, err = seal.Open(filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "feeops audit keygen")
}

func TestKey_NeverShowsItsSecret(t *testing.T) {
	k, path := newKey(t)
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	block, _ := pem.Decode(raw)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	secret := parsed.(ed25519.PrivateKey).Seed()
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", k, "any", any(*k))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		fmt.Fprintf(&out, verb+"\n", k)
	}
	asJSON, err := json.Marshal(map[string]any{"key": k})
	require.NoError(t, err)
	out.Write(asJSON)
	require.Contains(t, out.String(), k.Public().String())
	require.NotContains(t, out.String(), hex.EncodeToString(secret))
	require.NotContains(t, out.String(), base64.StdEncoding.EncodeToString(secret)[:20])
	require.NotContains(t, out.String(), fmt.Sprintf("%d %d %d", secret[0], secret[1], secret[2]))
}
