package codec

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"go.temporal.io/sdk/converter"

	"github.com/meteora-fee-router/feeops/internal/httpguard"
)

// ServerOptions say who may decrypt.
type ServerOptions struct {
	Token  string // Everybody who knows it.
	Origin string // The Temporal Web UI, such as http://127.0.0.1:8233.
	Log    *slog.Logger
}

// maxPayloads bounds a request: the Web UI asks for a page of a history at a time.
const maxPayloads = 8 << 20

// Handler decrypts for the Temporal Web UI and the temporal command (POST …/decode). It does not encrypt: nobody needs
// to, because workers read plain inputs as well. Every request is logged, its content is not.
func (c *Codec) Handler(o ServerOptions) (http.Handler, error) {
	if o.Token == "" || o.Origin == "" {
		return nil, fmt.Errorf("a codec server needs a token and the origin of the Web UI")
	}
	inner := converter.NewPayloadCodecHTTPHandler(c)
	decode := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/decode") {
			http.NotFound(w, r)
			return
		}
		o.Log.Info("payloads are decrypted", "from", r.RemoteAddr, "origin", r.Header.Get("Origin"), "namespace", r.Header.Get("X-Namespace"), "bytes", r.ContentLength)
		inner.ServeHTTP(w, r)
	})
	return httpguard.Handler(httpguard.Token(o.Token, decode), httpguard.Options{MaxBody: maxPayloads, Loopback: true, Origin: o.Origin})
}
