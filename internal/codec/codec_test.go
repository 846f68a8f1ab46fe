package codec_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/codec"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

const secret = "a reason that outsiders should not read"

func key(id string, fill byte) codec.Key {
	return codec.Key{ID: id, Bytes: bytes.Repeat([]byte{fill}, 32)}
}

func newCodec(t require.TestingT, keys ...codec.Key) *codec.Codec {
	c, err := codec.New(keys)
	require.NoError(t, err)
	return c
}

func payload(text string) *commonpb.Payload {
	return &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte("json/plain")}, Data: []byte(text)}
}

func TestCodec_WhatIsEncryptedComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCodec(t, key("k1", 1))
		in := []*commonpb.Payload{payload(rapid.String().Draw(t, "text")), {}}
		out, err := c.Encode(in)
		require.NoError(t, err)
		require.Len(t, out, 2)
		back, err := c.Decode(out)
		require.NoError(t, err)
		for i := range in {
			require.True(t, proto.Equal(in[i], back[i]))
		}
		again, err := c.Encode(in)
		require.NoError(t, err)
		require.NotEqual(t, out[0].Data, again[0].Data, "the same text twice looks different")
	})
}

func TestCodec_NothingCanBeReadOrChangedFromOutside(t *testing.T) {
	c := newCodec(t, key("k1", 1))
	out, err := c.Encode([]*commonpb.Payload{payload(secret)})
	require.NoError(t, err)
	wire, err := proto.Marshal(out[0])
	require.NoError(t, err)
	require.NotContains(t, string(wire), "outsiders")
	require.NotContains(t, string(wire), "json/plain")
	for i := range out[0].Data {
		changed := proto.Clone(out[0]).(*commonpb.Payload)
		changed.Data[i] ^= 1
		_, err := c.Decode([]*commonpb.Payload{changed})
		require.ErrorIs(t, err, codec.ErrKey)
	}
	for name, data := range map[string][]byte{"nothing": nil, "a nonce only": out[0].Data[:12], "cut short": out[0].Data[:20]} {
		changed := proto.Clone(out[0]).(*commonpb.Payload)
		changed.Data = data
		_, err := c.Decode([]*commonpb.Payload{changed})
		require.ErrorIs(t, err, codec.ErrKey, name)
	}
}

func TestCodec_KeysRotateWithoutLosingRuns(t *testing.T) {
	old, rotated, without := newCodec(t, key("k1", 1)), newCodec(t, key("k2", 2), key("k1", 1)), newCodec(t, key("k2", 2))
	before, err := old.Encode([]*commonpb.Payload{payload(secret)})
	require.NoError(t, err)
	back, err := rotated.Decode(before)
	require.NoError(t, err)
	require.Equal(t, secret, string(back[0].Data))
	after, err := rotated.Encode([]*commonpb.Payload{payload(secret)})
	require.NoError(t, err)
	require.Equal(t, "k2", string(after[0].Metadata["encryption-key-id"]), "the first key encrypts")

	_, err = without.Decode(before)
	require.ErrorIs(t, err, codec.ErrKey)
	require.ErrorContains(t, err, `encrypted with key "k1", and temporal.encryption.keys has 1 others, the first of them "k2". Add that key`)
	_, err = newCodec(t).Decode(before)
	require.ErrorContains(t, err, `temporal.encryption.keys has none`)
	_, err = newCodec(t, key("k1", 9)).Decode(before)
	require.ErrorContains(t, err, `another key has that name here`)
	renamed := proto.Clone(before[0]).(*commonpb.Payload)
	renamed.Metadata["encryption-key-id"] = []byte("k2")
	_, err = newCodec(t, key("k1", 1), key("k2", 1)).Decode([]*commonpb.Payload{renamed})
	require.ErrorIs(t, err, codec.ErrKey, "the name is part of what is sealed")
}

func TestCodec_PlainPayloadsOfOlderRunsAreRead(t *testing.T) {
	in := []*commonpb.Payload{payload("x")}
	out, err := newCodec(t, key("k1", 1)).Decode(in)
	require.NoError(t, err)
	require.Equal(t, in, out)
	out, err = newCodec(t).Encode(in)
	require.NoError(t, err)
	require.Equal(t, in, out, "without keys nothing is encrypted")
}

func TestNew_RefusesKeysThatCannotBeMeant(t *testing.T) {
	for name, keys := range map[string][]codec.Key{
		"short": {{ID: "k", Bytes: make([]byte, 16)}}, "without a name": {{Bytes: make([]byte, 32)}}, "one name twice": {key("k", 1), key("k", 2)},
	} {
		_, err := codec.New(keys)
		require.Error(t, err, name)
	}
}

func TestConverters_FailuresKeepTheirKindAndHideTheirText(t *testing.T) {
	c := newCodec(t, key("k1", 1))
	data, failures := c.Converters()
	sealed := fault.Seal(fault.New(fault.Human, "router/6001", errors.New(secret)).WithNext("look"))
	wire := failures.ErrorToFailure(sealed)
	b, err := protojson.Marshal(wire)
	require.NoError(t, err)
	require.NotContains(t, string(b), "outsiders")
	require.Contains(t, string(b), `"human"`, "the kind stays readable")
	again := func() *failurepb.Failure { return proto.Clone(wire).(*failurepb.Failure) } // Reading one writes into it.
	back := failures.FailureToError(again())
	require.Equal(t, fault.Human, fault.KindOf(back))
	require.Equal(t, "router/6001", fault.CodeOf(back))
	require.ErrorContains(t, back, secret)

	p, err := data.ToPayloads(map[string]string{"reason": secret})
	require.NoError(t, err)
	_, foreign := newCodec(t, key("k2", 2)).Converters()
	var app *temporal.ApplicationError
	require.NotContains(t, foreign.FailureToError(again()).Error(), "outsiders")
	require.ErrorAs(t, foreign.FailureToError(again()), &app)
	other, _ := newCodec(t, key("k2", 2)).Converters()
	var into map[string]string
	require.ErrorIs(t, other.FromPayloads(p, &into), codec.ErrKey, "outside of workflow code it is an error")
	strict := other.(interface {
		WithWorkflowContext(workflow.Context) converter.DataConverter
	}).WithWorkflowContext(nil)
	require.Panics(t, func() { _ = strict.FromPayloads(p, &into) }, "in workflow code it must not end the run")
	require.Panics(t, func() { _ = strict.FromPayload(p.Payloads[0], &into) })
	require.Error(t, strict.FromPayloads(&commonpb.Payloads{Payloads: []*commonpb.Payload{payload("{")}}, &into), "other errors stay errors")
}

func FuzzDecode(f *testing.F) {
	c := newCodec(f, key("k1", 1))
	out, err := c.Encode([]*commonpb.Payload{payload(secret)})
	require.NoError(f, err)
	f.Add([]byte("k1"), out[0].Data)
	f.Add([]byte(""), []byte{})
	f.Fuzz(func(t *testing.T, id, data []byte) {
		got, err := c.Decode([]*commonpb.Payload{{Metadata: map[string][]byte{converter.MetadataEncoding: []byte("binary/encrypted"), "encryption-key-id": id}, Data: data}})
		if err == nil && string(got[0].Data) != secret {
			t.Fatal("something was decrypted that was never encrypted")
		}
	})
}

const ui = "http://127.0.0.1:8233"

func TestServer_DecryptsForTheWebUIAlone(t *testing.T) {
	c := newCodec(t, key("k1", 1))
	var log bytes.Buffer
	h, err := c.Handler(codec.ServerOptions{Token: "codec-token", Origin: ui, Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	server := httptest.NewServer(h)
	defer server.Close()
	encrypted, err := c.Encode([]*commonpb.Payload{payload(secret)})
	require.NoError(t, err)
	body, err := protojson.Marshal(&commonpb.Payloads{Payloads: encrypted})
	require.NoError(t, err)
	call := func(method, path, origin, token string) (int, string, http.Header) {
		r, err := http.NewRequestWithContext(context.Background(), method, server.URL+path, bytes.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		if origin != "" {
			r.Header.Set("Origin", origin)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode, string(text), answer.Header
	}
	code, text, headers := call("POST", "/codec-token/decode", ui, "")
	require.Equal(t, 200, code)
	require.Equal(t, ui, headers.Get("Access-Control-Allow-Origin"))
	var back struct{ Payloads []struct{ Data []byte } }
	require.NoError(t, json.Unmarshal([]byte(text), &back))
	require.Equal(t, secret, string(back.Payloads[0].Data))
	code, text, _ = call("POST", "/decode", "", "codec-token")
	require.Equal(t, 200, code, "the temporal command: %s", text)
	for name, tt := range map[string][4]string{
		"no token": {"POST", "/decode", ui, ""}, "another token": {"POST", "/decode", ui, "x"}, "a foreign page": {"POST", "/codec-token/decode", "https://evil.example", ""},
		"encoding": {"POST", "/codec-token/encode", ui, ""}, "a read": {"GET", "/codec-token/decode", "", ""},
	} {
		code, text, _ := call(tt[0], tt[1], tt[2], tt[3])
		require.GreaterOrEqual(t, code, 400, name)
		require.NotContains(t, text, "outsiders", name)
	}
	require.Contains(t, log.String(), "payloads are decrypted")
	require.NotContains(t, log.String(), "outsiders")
	require.NotContains(t, log.String(), "codec-token")
	_, err = c.Handler(codec.ServerOptions{Origin: ui})
	require.ErrorContains(t, err, "needs a token")
}

func TestServer_AMissingKeyIsSaidToTheReader(t *testing.T) {
	encrypted, err := newCodec(t, key("k1", 1)).Encode([]*commonpb.Payload{payload(secret)})
	require.NoError(t, err)
	body, err := protojson.Marshal(&commonpb.Payloads{Payloads: encrypted})
	require.NoError(t, err)
	h, err := newCodec(t, key("k2", 2)).Handler(codec.ServerOptions{Token: "t", Origin: ui, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://127.0.0.1/t/decode", strings.NewReader(string(body))))
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), `encrypted with key "k1"`)
}
