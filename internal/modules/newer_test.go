package modules_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/modules"
)

func TestW05_NewerVersionsAreNamedAndWhatIsNotKnownIsCounted(t *testing.T) {
	answers := map[string]string{
		"/example.org/old/@latest":     `{"Version":"v1.10.0"}`,
		"/example.org/even/@latest":    `{"Version":"v2.0.0"}`,
		"/example.org/ahead/@latest":   `{"Version":"v1.0.0"}`,
		"/example.org/broken/@latest":  `<html>`,
		"/github.com/!big/!m/@latest":  `{"Version":"v0.3.1"}`,
		"/example.org/strange/@latest": `{"Version":"latest"}`,
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	defer proxy.Close()
	updates, unknown := modules.Newer(t.Context(), proxy.Client(), proxy.URL, []modules.Module{
		{Path: "example.org/old", Version: "v1.9.3"},
		{Path: "example.org/even", Version: "v2.0.0"},
		{Path: "example.org/ahead", Version: "v1.1.0"},
		{Path: "example.org/broken", Version: "v1.0.0"},
		{Path: "github.com/Big/M", Version: "v0.3.0"},
		{Path: "example.org/gone", Version: "v1.0.0"},
		{Path: "example.org/strange", Version: "v1.0.0"},
		{Path: "example.org/ours", Version: "../ours", Replaced: true},
	})
	require.Equal(t, []modules.Update{{"example.org/old", "v1.9.3", "v1.10.0"}, {"github.com/Big/M", "v0.3.0", "v0.3.1"}}, updates)
	require.Equal(t, 3, unknown)
	proxy.Close()
	updates, unknown = modules.Newer(t.Context(), proxy.Client(), proxy.URL, []modules.Module{{Path: "example.org/old", Version: "v1.9.3"}})
	require.Empty(t, updates)
	require.Equal(t, 1, unknown, "a proxy that is away says nothing about what is newest")
}

func TestProxy_IsTheFirstServerOfTheSetting(t *testing.T) {
	for setting, want := range map[string]string{
		"https://proxy.golang.org,direct": "https://proxy.golang.org", "direct": "", "off": "", "": "", "file:///tmp/x|http://127.0.0.1:3000/": "http://127.0.0.1:3000",
	} {
		require.Equal(t, want, modules.Proxy(setting), setting)
	}
}
