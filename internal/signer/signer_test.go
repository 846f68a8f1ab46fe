package signer_test

import (
	"bytes"
	"encoding/binary"
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
	"github.com/meteora-fee-router/feeops/internal/router"
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

func bench(t testing.TB) (*signer.Policy, solana.PublicKey) {
	raw, _ := keyJSON(t)
	k, err := signer.ParseKey(raw)
	require.NoError(t, err)
	return signer.WithPolicy(k, signer.Limits{Routers: []solana.PublicKey{router.ProgramLocalnet}, MaxUnitPrice: 1_000_000, MaxFeeLamports: 100_000}), k.PublicKey()
}

func ix(program solana.PublicKey, data []byte, accounts ...solana.PublicKey) solana.Instruction {
	metas := solana.AccountMetaSlice{}
	for _, a := range accounts {
		metas = append(metas, solana.NewAccountMeta(a, true, false))
	}
	return solana.NewInstruction(program, metas, data)
}

func pageCall(crank solana.PublicKey, size uint32, cursor *uint32) solana.Instruction {
	return router.DistributeFees{Program: router.ProgramLocalnet, Crank: crank, PageSize: size, Cursor: cursor}.Instruction()
}

func price(v uint64) solana.Instruction {
	return ix(solana.ComputeBudget, binary.LittleEndian.AppendUint64([]byte{3}, v))
}

func limit(v uint32) solana.Instruction {
	return ix(solana.ComputeBudget, binary.LittleEndian.AppendUint32([]byte{2}, v))
}

func table(kind uint32) []byte { return binary.LittleEndian.AppendUint32(nil, kind) }

func message(t testing.TB, payer solana.PublicKey, list ...solana.Instruction) []byte {
	tx, err := solana.NewTransaction(list, solana.Hash{1}, solana.TransactionPayer(payer))
	require.NoError(t, err)
	raw, err := tx.Message.MarshalBinary()
	require.NoError(t, err)
	return raw
}

func TestPolicy_SignsTheRoutersDayAndNothingElse(t *testing.T) {
	p, self := bench(t)
	other, zero, ten := solana.PublicKey{9}, uint32(0), uint32(10)
	ata, alt := solana.SPLAssociatedTokenAccountProgramID, solana.AddressLookupTableProgramID
	tests := []struct {
		name  string
		payer solana.PublicKey
		list  []solana.Instruction
		want  string // Empty: signed.
	}{
		{"a guarded page", self, []solana.Instruction{limit(300_000), price(1000), pageCall(self, 9, &ten)}, ""},
		{"page 0 is guarded too", self, []solana.Instruction{pageCall(self, 9, &zero)}, ""},
		{"token accounts", self, []solana.Instruction{ix(ata, nil, self), ix(ata, []byte{0}, self), ix(ata, []byte{1}, self)}, ""},
		{"a lookup table", self, []solana.Instruction{ix(alt, table(0), other), ix(alt, table(2), other)}, ""},
		{"a table closed to this key", self, []solana.Instruction{ix(alt, table(4), other, self, self)}, ""},
		{"no cursor", self, []solana.Instruction{pageCall(self, 9, nil)}, "without a cursor"},
		{"two pages", self, []solana.Instruction{pageCall(self, 9, &zero), pageCall(self, 9, &ten)}, "2 router calls"},
		{"empty page", self, []solana.Instruction{pageCall(self, 0, &zero)}, "page size"},
		{"page of 51", self, []solana.Instruction{pageCall(self, 51, &zero)}, "page size"},
		{"initialize", self, []solana.Instruction{router.InitializeHonoraryPosition{Program: router.ProgramLocalnet, Payer: self}.Instruction()}, "only distribute_fees"},
		{"unknown router call", self, []solana.Instruction{ix(router.ProgramLocalnet, []byte("12345678"), self)}, "discriminator"},
		{"a router that is not configured", self, []solana.Instruction{ix(router.ProgramDevnet, nil, self)}, "allow-list"},
		{"a transfer of SOL", self, []solana.Instruction{ix(solana.SystemProgramID, append(table(2), make([]byte, 8)...), self, other)}, "allow-list"},
		{"a transfer of tokens", self, []solana.Instruction{ix(solana.TokenProgramID, []byte{3, 1, 0, 0, 0, 0, 0, 0, 0}, self, other)}, "allow-list"},
		{"a transfer behind a page", self, []solana.Instruction{pageCall(self, 9, &zero), ix(solana.SystemProgramID, table(2), self, other)}, "allow-list"},
		{"recover nested", self, []solana.Instruction{ix(ata, []byte{2}, self)}, "creation"},
		{"a table closed to a stranger", self, []solana.Instruction{ix(alt, table(4), other, self, other)}, "rent"},
		{"a table frozen", self, []solana.Instruction{ix(alt, table(1), other)}, "not allowed"},
		{"somebody else pays", other, []solana.Instruction{pageCall(self, 9, &zero)}, "fee payer"},
		{"somebody else signs too", self, []solana.Instruction{pageCall(other, 9, &zero)}, "signatures"},
		{"price above the cap", self, []solana.Instruction{price(1_000_001), pageCall(self, 9, &zero)}, "above the cap"},
		{"fee above the cap", self, []solana.Instruction{price(1_000_000), limit(95_001), pageCall(self, 9, &zero)}, "above the cap"},
		{"fee at the cap", self, []solana.Instruction{price(1_000_000), limit(95_000), pageCall(self, 9, &zero)}, ""},
		{"a price without a limit counts for the whole transaction", self, []solana.Instruction{price(100_000), pageCall(self, 9, &zero)}, "above the cap"},
		{"two prices", self, []solana.Instruction{price(1), price(2), pageCall(self, 9, &zero)}, "stands twice"},
		{"the old request for units and an extra fee", self, []solana.Instruction{ix(solana.ComputeBudget, []byte{0, 1, 0, 0, 0, 255, 255, 255, 255})}, "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := message(t, tt.payer, tt.list...)
			sig, err := p.Sign(t.Context(), raw)
			if tt.want == "" {
				require.NoError(t, err)
				require.True(t, sig.Verify(self, raw))
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Human, fault.KindOf(err))
			require.Equal(t, signer.CodeRefused, fault.CodeOf(err))
			require.True(t, sig.IsZero())
		})
	}
}

func TestPolicy_ReadsVersionedMessages(t *testing.T) {
	p, self := bench(t)
	zero := uint32(0)
	call := pageCall(self, 9, &zero)
	tables := map[solana.PublicKey]solana.PublicKeySlice{{77}: {solana.TokenProgramID, solana.SystemProgramID}}
	build := func(list ...solana.Instruction) []byte {
		tx, err := solana.NewTransaction(list, solana.Hash{1}, solana.TransactionPayer(self), solana.TransactionAddressTables(tables))
		require.NoError(t, err)
		raw, err := tx.Message.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, byte(0x80), raw[0])
		return raw
	}
	require.NoError(t, p.Check(build(call)))
	require.ErrorContains(t, p.Check(build(call, ix(solana.SystemProgramID, table(2), self))), "allow-list")

	for _, version := range []byte{0x81, 0xff, 0x7f} {
		other := build(call)
		other[0] = version
		require.Error(t, p.Check(other), "version byte %x", version)
	}
}

func FuzzPolicy(f *testing.F) {
	p, self := bench(f)
	zero := uint32(0)
	f.Add(message(f, self, pageCall(self, 9, &zero)))
	f.Add([]byte{0x80, 1, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		// Only a message that names this key first can pass; whatever passes is never longer or shorter than it says.
		if p.Check(raw) == nil && !bytes.Contains(raw, self[:]) {
			t.Fatal("a message without this key was allowed")
		}
		_ = p.Check(append(bytes.Clone(raw), 0))
		if p.Check(raw) == nil && p.Check(append(bytes.Clone(raw), 0)) == nil {
			t.Fatal("trailing bytes were allowed")
		}
	})
}
