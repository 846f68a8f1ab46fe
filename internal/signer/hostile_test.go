package signer_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/signer"
)

// hostile is a Vault that knows the key's public half and does what it likes when it is asked to sign.
func hostile(t *testing.T, sign http.HandlerFunc) (private ed25519.PrivateKey, o signer.TransitOptions) {
	t.Helper()
	private, address := newKey(t)
	public := base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/sign/") {
			sign(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{ // To a client that is there.
			"type": "ed25519", "latest_version": 1, "keys": map[string]any{"1": map[string]string{"public_key": public}},
		}})
	}))
	t.Cleanup(server.Close)
	o = transitOptions(server.URL)
	o.Public = address
	return private, o
}

func answer(w http.ResponseWriter, signature string) {
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]string{"signature": signature}})
}

// TestTransit_AServiceThatWasTakenOverGetsNothingSent lets the key service answer what an intruder in it would.
func TestTransit_AServiceThatWasTakenOverGetsNothingSent(t *testing.T) {
	asked := []byte("the message that the policy has looked at")
	var private ed25519.PrivateKey
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	tests := []struct {
		name string
		sign http.HandlerFunc
		kind fault.Kind
		code string
	}{
		{"the true key over another message", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, "vault:v1:"+base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte("a transfer to somebody"))))
		}, fault.Human, signer.CodeBroken},
		{"the true key over the message's hash", func(w http.ResponseWriter, _ *http.Request) {
			sig, err := private.Sign(nil, make([]byte, 64), &ed25519.Options{Hash: 7})
			if err == nil {
				answer(w, "vault:v1:"+base64.StdEncoding.EncodeToString(sig))
			}
		}, fault.Human, signer.CodeBroken},
		{"zeros", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, "vault:v1:"+base64.StdEncoding.EncodeToString(make([]byte, 64)))
		}, fault.Human, signer.CodeBroken},
		{"too short", func(w http.ResponseWriter, _ *http.Request) { answer(w, "vault:v1:AAAA") }, fault.Human, signer.CodeBroken},
		{"no base64", func(w http.ResponseWriter, _ *http.Request) { answer(w, "vault:v1:%%%") }, fault.Human, signer.CodeBroken},
		{"another version", func(w http.ResponseWriter, _ *http.Request) { answer(w, "vault:v2:AAAA") }, fault.Human, signer.CodeRotated},
		{"nothing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, fault.Human, signer.CodeBroken},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, fault.Retry, signer.CodeUnreachable},
		{"an answer without end", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"data":{"signature":"`))
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, fault.Retry, signer.CodeUnreachable},
		{"go and ask somebody else", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, fault.Human, signer.CodeBroken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o signer.TransitOptions
			private, o = hostile(t, tt.sign)
			key, err := signer.OpenTransit(t.Context(), o)
			require.NoError(t, err)
			sig, err := key.Sign(t.Context(), asked)
			require.Error(t, err)
			require.Equal(t, tt.kind, fault.KindOf(err), "%v", err)
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			require.True(t, sig.IsZero())
			require.NotContains(t, err.Error(), token)
		})
	}
	require.Zero(t, elsewhere.Load(), "the token went nowhere else")
}

// TestProbe_SignsNothingThatAChainTakes: every message of the chain begins with the number of signatures or with version
// 0, which is 0x80.
func TestProbe_SignsNothingThatAChainTakes(t *testing.T) {
	asked := make(chan []byte, 1)
	var private ed25519.PrivateKey
	private, o := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Input string `json:"input"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		raw, _ := base64.StdEncoding.DecodeString(body.Input)
		asked <- raw
		answer(w, "vault:v1:"+base64.StdEncoding.EncodeToString(ed25519.Sign(private, raw)))
	})
	key, err := signer.OpenTransit(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, signer.Probe(t.Context(), key))
	require.EqualValues(t, 0xff, (<-asked)[0])
}
