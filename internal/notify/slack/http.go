package slack

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"

	"github.com/slack-go/slack"

	"github.com/meteora-fee-router/feeops/internal/notify"
)

// maxRequest bounds a body; a click carries the whole message.
const maxRequest = 1 << 20

// Handler takes clicks and commands over HTTP. Set it as the request URL of interactivity and of the command /feeops.
type Handler struct {
	secret string
	in     *Inbound
	seen   *notify.Seen
}

// NewHandler makes a handler. Without a secret nothing is ever accepted.
func NewHandler(signingSecret string, in *Inbound) *Handler {
	return &Handler{secret: signingSecret, in: in, seen: notify.NewSeen(seenFor, maxSeen)}
}

// ServeHTTP checks the signature, which holds for five minutes and once, before it looks at anything else.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := h.verified(w, r)
	if err != nil {
		h.in.o.Log.Warn("a request of Slack is refused", "error", err, "from", r.RemoteAddr)
		http.Error(w, "the signature does not fit", http.StatusUnauthorized)
		return
	}
	i, err := decodeForm(body)
	if err != nil {
		http.Error(w, "not understood", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusOK) // An empty reply shows nothing; the answer follows at its own address.
	h.in.take(i)
}

func (h *Handler) verified(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost {
		return nil, errors.New("method " + r.Method)
	}
	verifier, err := slack.NewSecretsVerifier(r.Header, h.secret)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return nil, err
	}
	if _, err := verifier.Write(body); err != nil {
		return nil, err
	}
	if err := verifier.Ensure(); err != nil {
		return nil, err
	}
	// Not the signature is remembered: its text can be written in several ways.
	once := sha256.Sum256(append([]byte(r.Header.Get("X-Slack-Request-Timestamp")+":"), body...))
	if !h.seen.First(string(once[:]), h.in.o.Now()) {
		return nil, errors.New("it came before: a replay")
	}
	return body, nil
}
