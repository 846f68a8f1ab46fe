package localnet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// A vault of 10,000 streams read as clients read it, HTTP included.
func BenchmarkStreams10000(b *testing.B) {
	n := localnet.NewForTest(b)
	v := vault(b, n, localnet.VaultSpec{Investors: 10_000})
	n.Slots(33)
	b.Run("getMultipleAccounts", func(b *testing.B) {
		for b.Loop() {
			for from := 0; from < len(v.Streams); from += 100 {
				post(b, n.URL(), body("getMultipleAccounts", `[`+list(v.Streams[from:from+100])+`,{"encoding":"base64"}]`))
			}
		}
	})
	b.Run("getProgramAccounts", func(b *testing.B) {
		params := `["` + streamflow.ProgramMainnet.String() + `",{"encoding":"base64","filters":[{"dataSize":1104}]}]`
		for b.Loop() {
			post(b, n.URL(), body("getProgramAccounts", params))
		}
	})
	b.Run("getProgramAccounts slice", func(b *testing.B) {
		params := `["` + streamflow.ProgramMainnet.String() + `",{"encoding":"base64","dataSlice":{"offset":0,"length":40}}]`
		for b.Loop() {
			post(b, n.URL(), body("getProgramAccounts", params))
		}
	})
}

// Transactions per second through sendTransaction with preflight, and their execution, HTTP included.
func BenchmarkSendTransaction(b *testing.B) {
	n := localnet.NewForTest(b)
	v := vault(b, n, localnet.VaultSpec{PayerLamports: 1 << 60})
	sent := 0
	for b.Loop() {
		tx := transfer(b, n, v.Payer, uint64(sent))
		_, answer := post(b, n.URL(), body("sendTransaction", sendParams(b, tx, `"preflightCommitment":"processed"`)))
		require.NotContains(b, string(answer), "error")
		if sent++; sent%80 == 0 {
			n.Slot()
		}
	}
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "tx/s")
}

func BenchmarkAddVault1000Investors(b *testing.B) {
	n := localnet.NewForTest(b)
	for i := 0; b.Loop(); i++ {
		vault(b, n, localnet.VaultSpec{ID: fmt.Sprint("v", i), Investors: 1000})
	}
}

func body(method, params string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`
}

func list(keys []solana.PublicKey) string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = `"` + key.String() + `"`
	}
	return "[" + strings.Join(texts, ",") + "]"
}

// A slot of a chain with 1,000 vaults in which nothing happens: fees are looked at, nobody waits.
func BenchmarkSlot1000Vaults(b *testing.B) {
	n := localnet.NewForTest(b, func(o *localnet.Options) { o.WarpClock = true })
	for i := range 1000 {
		vault(b, n, localnet.VaultSpec{ID: fmt.Sprint("v", i), Investors: 3})
	}
	for b.Loop() {
		n.Slot()
	}
}
