package httpguard_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/httpguard"
)

const page = "http://127.0.0.1:8233"

// echo gives the body back.
func echo(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	_, _ = w.Write(b) // To a recorder.
}

func serve(t *testing.T, o httpguard.Options, r *http.Request) *httptest.ResponseRecorder {
	h, err := httpguard.Handler(http.HandlerFunc(echo), o)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func request(method, host, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "http://"+host+"/path", strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func TestHandler_RefusesWhatAForeignPageSends(t *testing.T) {
	tests := []struct {
		name string
		o    httpguard.Options
		r    *http.Request
		want int
	}{
		{"a reader", httpguard.Options{}, request("GET", "127.0.0.1:8780", ""), 200},
		{"a program that changes something", httpguard.Options{}, request("POST", "127.0.0.1:8780", "x"), 200},
		{"our own page", httpguard.Options{}, request("POST", "127.0.0.1:8780", "x", "Sec-Fetch-Site", "same-origin", "Origin", "http://127.0.0.1:8780"), 200},
		{"a foreign page", httpguard.Options{}, request("POST", "127.0.0.1:8780", "x", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403},
		{"a foreign page in an old browser", httpguard.Options{}, request("POST", "127.0.0.1:8780", "x", "Origin", "https://evil.example"), 403},
		{"a sandboxed page", httpguard.Options{}, request("DELETE", "127.0.0.1:8780", "", "Origin", "null"), 403},
		{"the named page", httpguard.Options{Origin: page}, request("POST", "127.0.0.1:9", "x", "Sec-Fetch-Site", "cross-site", "Origin", page), 200},
		{"a page that only looks like it", httpguard.Options{Origin: page}, request("POST", "127.0.0.1:9", "x", "Sec-Fetch-Site", "cross-site", "Origin", page+".evil.example"), 403},
		{"the named page asks first", httpguard.Options{Origin: page}, request("OPTIONS", "127.0.0.1:9", "", "Origin", page, "Access-Control-Request-Method", "POST"), 204},
		{"a foreign page asks first", httpguard.Options{Origin: page}, request("OPTIONS", "127.0.0.1:9", "", "Origin", "https://evil.example"), 403},
		{"a name that points here", httpguard.Options{Loopback: true}, request("GET", "evil.example:8780", ""), 421},
		{"localhost", httpguard.Options{Loopback: true}, request("GET", "localhost:8780", ""), 200},
		{"the other loopback", httpguard.Options{Loopback: true}, request("GET", "[::1]:8780", ""), 200},
		{"a body that is said to be large", httpguard.Options{MaxBody: 4}, request("POST", "127.0.0.1:8780", "12345"), 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, serve(t, tt.o, tt.r).Code)
		})
	}
}

func TestHandler_ReadsNoMoreThanItSays(t *testing.T) {
	r := request("POST", "127.0.0.1:8780", "12345")
	r.ContentLength = -1 // Sent in chunks.
	require.Equal(t, http.StatusRequestEntityTooLarge, serve(t, httpguard.Options{MaxBody: 4}, r).Code)
}

func TestHandler_OnlyTheNamedPageMayReadTheAnswer(t *testing.T) {
	for origin, want := range map[string]string{page: page, "https://evil.example": "", "": ""} {
		w := serve(t, httpguard.Options{Origin: page}, request("GET", "127.0.0.1:9", "", "Origin", origin))
		require.Equal(t, want, w.Header().Get("Access-Control-Allow-Origin"))
		require.Equal(t, "Origin", w.Header().Get("Vary"))
	}
	_, err := httpguard.Handler(http.HandlerFunc(echo), httpguard.Options{Origin: "127.0.0.1:8233/ui"})
	require.ErrorContains(t, err, "scheme, host and port")
}

func TestHandler_EveryAnswerHasTheHeaders(t *testing.T) {
	h := serve(t, httpguard.Options{}, request("GET", "127.0.0.1:8780", "")).Header()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		require.Equal(t, want, h.Get(name))
	}
	require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'")
}

func TestServer_EveryWaitHasAnEnd(t *testing.T) {
	s := httpguard.Server(http.NotFoundHandler())
	require.NotZero(t, s.ReadHeaderTimeout)
	require.NotZero(t, s.ReadTimeout)
	require.NotZero(t, s.WriteTimeout)
	require.NotZero(t, s.IdleTimeout)
	require.LessOrEqual(t, s.MaxHeaderBytes, 64<<10)
}

func TestToken_OnlyWhoKnowsItGetsIn(t *testing.T) {
	h := httpguard.Token("secret-token", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }))
	tests := []struct {
		path, header string
		code         int
		seen         string
	}{
		{"/decode", "Bearer secret-token", 200, "/decode"},
		{"/secret-token/decode", "", 200, "/decode"},
		{"/decode", "", 401, ""},
		{"/decode", "Bearer secret-token2", 401, ""},
		{"/decode", "secret-token", 401, ""},
		{"/secret-toke/decode", "", 401, ""},
		{"/secret-token", "", 401, ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodPost, tt.path, nil)
		if tt.header != "" {
			r.Header.Set("Authorization", tt.header)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, tt.code, w.Code, "%s %s", tt.path, tt.header)
		if tt.code == 200 {
			require.Equal(t, tt.seen, w.Body.String())
		}
	}
	w := httptest.NewRecorder()
	httpguard.Token("", http.HandlerFunc(echo)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "//decode", nil))
	require.Equal(t, 401, w.Code, "no token is not an empty token")
}
