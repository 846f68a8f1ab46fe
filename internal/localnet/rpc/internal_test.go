package rpc

import (
	"encoding/json"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

func TestDecimal_IsTheIntegerAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Uint64().Draw(t, "amount")
		decimals := rapid.Uint8Range(0, 18).Draw(t, "decimals")
		ui := uiTokenAmount(amount, decimals)
		scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil))
		for _, text := range []string{ui.UIAmountString, string(ui.UIAmount)} {
			value, ok := new(big.Rat).SetString(text)
			require.True(t, ok, text)
			require.Zero(t, value.Mul(value, scale).Cmp(new(big.Rat).SetInt(new(big.Int).SetUint64(amount))), text)
			require.True(t, json.Valid([]byte(text)))
		}
	})
}

func TestDataSlice_NeverLeavesTheData(t *testing.T) {
	tests := []struct {
		slice *dataSlice
		want  string
	}{
		{nil, "abcdef"},
		{&dataSlice{0, 2}, "ab"},
		{&dataSlice{4, 9}, "ef"},
		{&dataSlice{9, 1}, ""},
		{&dataSlice{-1, 2}, "ab"},
		{&dataSlice{2, -2}, ""},
	}
	for _, test := range tests {
		require.Equal(t, test.want, string(test.slice.cut([]byte("abcdef"))))
	}
}

func TestFilter_SelectsByBytesAndSize(t *testing.T) {
	account := bank.Account{Data: []byte("hello world")}
	tests := []struct {
		name, filter string
		want         bool
	}{
		{"size", `{"dataSize":11}`, true},
		{"other size", `{"dataSize":12}`, false},
		{"base64", `{"memcmp":{"offset":6,"bytes":"d29y","encoding":"base64"}}`, true},
		{"base58", `{"memcmp":{"offset":0,"bytes":"8wr"}}`, false},
		{"numbers", `{"memcmp":{"offset":0,"bytes":[104,101]}}`, true},
		{"past the end", `{"memcmp":{"offset":99,"bytes":"d29y","encoding":"base64"}}`, false},
		{"at the end", `{"memcmp":{"offset":10,"bytes":"ZGQ=","encoding":"base64"}}`, false},
		{"token state", `{"tokenAccountState":true}`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var f filter
			require.NoError(t, json.Unmarshal([]byte(test.filter), &f))
			require.NoError(t, f.prepare())
			require.Equal(t, test.want, f.match(account))
		})
	}
	for _, bad := range []string{`{"memcmp":{"bytes":"0"}}`, `{"memcmp":{"bytes":"!","encoding":"base64"}}`, `{"memcmp":{"bytes":{}}}`} {
		var f filter
		require.NoError(t, json.Unmarshal([]byte(bad), &f))
		require.Error(t, f.prepare(), bad)
	}
}

func newTestEndpoint(t testing.TB) *Endpoint {
	chain := NewChain(bank.New(bank.Options{}))
	e := NewEndpoint(Params{Chain: chain, Faults: faults.NewSet(1), Faucet: NewFaucet(solana.NewWallet().PrivateKey), Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(e.Close)
	return e
}

// Whatever bytes arrive, the node stays up and what it says is JSON.
func FuzzPost(f *testing.F) {
	for name := range handlers() {
		f.Add(`{"jsonrpc":"2.0","id":1,"method":"` + name + `","params":["11111111111111111111111111111111",{"encoding":"jsonParsed","limit":3}]}`)
		f.Add(`{"jsonrpc":"2.0","id":1,"method":"` + name + `","params":[[0],5]}`)
		f.Add(`{"jsonrpc":"2.0","id":1,"method":"` + name + `"}`)
	}
	f.Add(`[{"jsonrpc":"2.0","id":{},"method":"getSlot"},[],null,"x"]`)
	f.Fuzz(func(t *testing.T, body string) {
		e := newTestEndpoint(t)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		e.ServeHTTP(recorder, request)
		if recorder.Code == http.StatusOK && recorder.Body.Len() > 0 {
			require.True(t, json.Valid(recorder.Body.Bytes()), "%s", recorder.Body)
		}
	})
}

// Subscriptions read from the wire as well.
func FuzzSubscription(f *testing.F) {
	for _, kind := range subscriptionKinds() {
		f.Add(kind+"Subscribe", `["11111111111111111111111111111111",{"encoding":"base64","filters":[{"dataSize":1}]}]`)
		f.Add(kind+"Subscribe", `[{"mentions":["11111111111111111111111111111111"]}]`)
	}
	f.Fuzz(func(t *testing.T, method, text string) {
		list, err := positional(json.RawMessage(text))
		if err != nil || !json.Valid([]byte(text)) {
			return
		}
		sub, err := newSubscription(method, list)
		if err == nil {
			require.NotEmpty(t, sub.kind)
		}
	})
}
