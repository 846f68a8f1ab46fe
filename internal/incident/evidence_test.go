package incident_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
)

func clock() time.Time { return night }

func subject() incident.Subject {
	return incident.Subject{Incident: domain.Incident{ID: "INC-20261125-001", Severity: domain.SeverityCritical}, Failure: domain.Failure{Key: "k", Vault: "alpha", Code: "router/6001"}}
}

func TestS13_APartThatCannotBeReadIsUnknownAndLosesNothingElse(t *testing.T) {
	sources := []incident.Source{
		{Name: "plan", Read: func(context.Context, incident.Subject) (any, error) { return map[string]string{"hash": "ab"}, nil }},
		{Name: "chain", Read: func(context.Context, incident.Subject) (any, error) { return nil, errors.New("no endpoint answers") }},
		{Name: "broken", Read: func(context.Context, incident.Subject) (any, error) { panic("index out of range") }},
		{Name: "odd", Read: func(context.Context, incident.Subject) (any, error) { return make(chan int), nil }},
		{Name: "nothing", Read: func(context.Context, incident.Subject) (any, error) { return []string{}, nil }},
	}
	b := incident.Collect(t.Context(), sources, incident.KindBundle, subject(), incident.Redactor{}, clock)
	require.Equal(t, []string{"broken", "chain", "odd"}, b.Unknown)
	require.Equal(t, "no endpoint answers", b.Parts[1].Unknown)
	require.Contains(t, b.Parts[2].Unknown, "index out of range")
	require.JSONEq(t, `{"hash":"ab"}`, string(b.Parts[0].Value))
	require.JSONEq(t, `[]`, string(b.Parts[4].Value), "nothing is a value")
	for _, p := range b.Parts {
		require.Equal(t, p.Value == nil, p.Unknown != "", p.Name)
	}
}

func TestS13_WrittenOnceAndVerifiable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "incidents")
	b := incident.Collect(t.Context(), nil, incident.KindBundle, subject(), incident.Redactor{}, clock)
	seen := map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 20 { // The same moment, the same incident.
		wg.Go(func() {
			e, err := incident.Write(dir, b)
			require.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			require.False(t, seen[e.Path], "%s was written over", e.Path)
			seen[e.Path] = true
			require.NoError(t, incident.Verify(e))
		})
	}
	wg.Wait()
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 20, "nothing half-written stays behind")
	info, err := left[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o400), info.Mode().Perm())
}

func TestS13_AChangeOfOneByteShows(t *testing.T) {
	e, err := incident.Write(t.TempDir(), incident.Collect(t.Context(), nil, incident.KindBundle, subject(), incident.Redactor{}, clock))
	require.NoError(t, err)
	body, err := os.ReadFile(e.Path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(e.Path, 0o600))
	require.NoError(t, os.WriteFile(e.Path, []byte(strings.Replace(string(body), "alpha", "beta!", 1)), 0o600))
	require.ErrorIs(t, incident.Verify(e), incident.ErrEvidenceChanged)
	require.NoError(t, os.Remove(e.Path))
	require.ErrorIs(t, incident.Verify(e), incident.ErrEvidenceGone)
}

func TestS13_ADirectoryThatCannotBeWrittenIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := incident.Write(filepath.Join(file, "incidents"), incident.Bundle{Incident: "../../INC", Kind: "bundle"})
	require.ErrorContains(t, err, "write evidence of")
}

// TestS13_NoPlantedSecretSurvives plants secrets where they have been seen in the wild: in errors, logs, settings, keys.
func TestS13_NoPlantedSecretSurvives(t *testing.T) {
	const (
		webhook = "hooks-T00000000-B00000000-XXXXXXXXXXXX"
		routing = "R0UT1NGKEY0123456789abcdef"
		apiKey  = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
		pass    = "hunter2hunter2"
	)
	keypair := strings.TrimSuffix(strings.Repeat("17,", 64), ",")
	var numbers []int
	for range 64 {
		numbers = append(numbers, 211)
	}
	planted := map[string]any{
		"error":       "POST https://rpc.example.com/v2/" + apiKey + "?api-key=" + apiKey + ": 401",
		"log":         "Authorization: Bearer " + routing + ", password=" + pass,
		"nested":      []any{map[string]any{"token": webhook, "note": "sent to " + webhook}},
		"key file":    "[" + keypair + "]",
		"keypair":     numbers,
		routing:       "as a name",
		"dsn":         "postgres://feeops:" + pass + "@db/feeops",
		"private_key": "whatever it is",
	}
	redact := incident.NewRedactor([]string{webhook, routing, "", "x"}, chain.Redact)
	s := subject()
	s.Failure.Message = "reply of https://user:" + pass + "@rpc.example.com was lost"
	sources := []incident.Source{
		{Name: "planted", Read: func(context.Context, incident.Subject) (any, error) { return planted, nil }},
		{Name: "failed", Read: func(context.Context, incident.Subject) (any, error) {
			return nil, errors.New("GET https://x.io/" + apiKey + " with " + routing)
		}},
		{Name: "broken", Read: func(context.Context, incident.Subject) (any, error) { panic("token=" + routing) }},
	}
	e, err := incident.Write(t.TempDir(), incident.Collect(t.Context(), sources, incident.KindBundle, s, redact, clock))
	require.NoError(t, err)
	body, err := os.ReadFile(e.Path)
	require.NoError(t, err)
	for _, secret := range []string{webhook, routing, apiKey, pass, "17,17,17", "211", "whatever it is"} {
		require.NotContains(t, string(body), secret)
	}
	require.Contains(t, string(body), "rpc.example.com", "what is no secret stays readable")
	var b incident.Bundle
	require.NoError(t, json.Unmarshal(body, &b), "it is still JSON")
}

func TestRedactor_LeavesSignaturesAndAmountsAlone(t *testing.T) {
	r := incident.NewRedactor(nil, chain.Redact)
	raw := `{"signature":"5Uf4b1mWHdWWqd4NmzHUpNaHgw8xqDtfzQH9Ag9nVbqj1Q3FtGQcTQcN5L7W1UfDqgb2PNHqxW1T6fP5tqZhVvJx","amount":18446744073709551615,"slots":[1,2,3]}`
	got, err := r.JSON([]byte(raw))
	require.NoError(t, err)
	require.JSONEq(t, raw, string(got))
	require.Contains(t, string(got), "18446744073709551615", "no digit is lost")
}

func FuzzRedactor(f *testing.F) {
	f.Add("https://u:p@h/k?token=abcdefgh")
	f.Add(`{"token": "abcd efgh"}`)
	f.Add("password: \"s3cr3t!\"\n[1,2,3]")
	r := incident.NewRedactor([]string{"s3cr3t!"}, chain.Redact)
	f.Fuzz(func(t *testing.T, text string) {
		once := r.Text(text)
		require.NotContains(t, once, "s3cr3t!")
		raw, err := json.Marshal(map[string]string{"v": text})
		require.NoError(t, err)
		_, err = r.JSON(raw)
		require.NoError(t, err)
	})
}
