package signer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/signer"
)

func keyJSON(t testing.TB) ([]byte, solana.PrivateKey) {
	private, err := solana.NewRandomPrivateKey()
	require.NoError(t, err)
	numbers := make([]int, 0, len(private))
	for _, b := range private {
		numbers = append(numbers, int(b))
	}
	raw, err := json.Marshal(numbers)
	require.NoError(t, err)
	return raw, private
}

func write(t *testing.T, raw []byte, mode os.FileMode) string {
	path := filepath.Join(t.TempDir(), "id.json")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	require.NoError(t, os.Chmod(path, mode))
	return path
}

func TestOpenKeyFile_SignsWithTheKeyOfTheFile(t *testing.T) {
	raw, private := keyJSON(t)
	k, err := signer.OpenKeyFile(write(t, append(raw, '\n'), 0o400))
	require.NoError(t, err)
	require.Equal(t, private.PublicKey(), k.PublicKey())
	sig, err := k.Sign(t.Context(), []byte("message"))
	require.NoError(t, err)
	require.True(t, sig.Verify(k.PublicKey(), []byte("message")))
}

func TestOpenKeyFile_RefusesWhatCannotBeTrusted(t *testing.T) {
	good, private := keyJSON(t)
	mixed, _ := keyJSON(t)
	swapped := strings.Split(strings.Trim(string(good), "[]"), ",")
	copy(swapped[32:], strings.Split(strings.Trim(string(mixed), "[]"), ",")[32:])
	tests := []struct {
		name string
		raw  string
		mode os.FileMode
		want string
	}{
		{"readable by the group", string(good), 0o640, "chmod 600"},
		{"readable by all", string(good), 0o604, "chmod 600"},
		{"63 numbers", "[" + strings.Join(swapped[:63], ",") + "]", 0o600, "63 numbers"},
		{"65 numbers", "[" + strings.Join(append(append([]string{}, swapped...), "1"), ",") + "]", 0o600, "65 numbers"},
		{"halves of two keys", "[" + strings.Join(swapped, ",") + "]", 0o600, "does not belong"},
		{"number too large", strings.Replace(string(good), "[", "[256,", 1), 0o600, "numbers"},
		{"base58 text", `"` + private.String() + `"`, 0o600, "not a JSON array"},
		{"base64 text", `"` + strings.Repeat("A", 88) + `"`, 0o600, "not a JSON array"},
		{"two arrays", string(good) + string(good), 0o600, "follows"},
		{"empty", "", 0o600, "not a JSON array"},
		{"huge", strings.Repeat(" ", 5000), 0o600, "more than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := signer.OpenKeyFile(write(t, []byte(tt.raw), tt.mode))
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Human, fault.KindOf(err))
			require.NotContains(t, err.Error(), private.String())
			require.NotContains(t, err.Error(), strings.Join(swapped[:4], ","))
		})
	}
	_, err := signer.OpenKeyFile(filepath.Join(t.TempDir(), "none.json"))
	require.ErrorContains(t, err, "KEYPAIR_PATH")
	_, err = signer.OpenKeyFile(t.TempDir())
	require.ErrorContains(t, err, "not a regular file")
}

func TestKeyFile_NeverShowsItsSecret(t *testing.T) {
	raw, private := keyJSON(t)
	k, err := signer.ParseKey(raw)
	require.NoError(t, err)
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", k, "any", any(*k))
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", k)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		fmt.Fprintf(&out, verb+"\n", k)
	}
	asJSON, err := json.Marshal(map[string]any{"key": k})
	require.NoError(t, err)
	out.Write(asJSON)
	require.Contains(t, out.String(), private.PublicKey().String())
	require.NotContains(t, out.String(), private.String())
	first := strconv.Itoa(int(private[0])) + " " + strconv.Itoa(int(private[1])) + " " + strconv.Itoa(int(private[2]))
	require.NotContains(t, out.String(), first)
	require.NotContains(t, out.String(), fmt.Sprintf("%x", []byte(private[:8])))
}
