package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

// maxBody is the largest request body of a validator.
const maxBody = 50 * (1 << 10)

// noAnswer makes the server fall silent after it has done what was asked.
type noAnswer struct{ longest time.Duration }

func (*noAnswer) Error() string { return "no answer" }

// ServeHTTP answers POST / (JSON-RPC), GET /health, CORS preflights, and upgrades to WebSocket.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	switch {
	case r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		e.serveSocket(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/health":
		e.serveHealth(w)
	case r.Method == http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "*")
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusOK)
	case r.Method != http.MethodPost:
		http.Error(w, "Used HTTP Method is not allowed. POST or OPTIONS is required", http.StatusMethodNotAllowed)
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		http.Error(w, "Supplied content type is not allowed. Content-Type: application/json is required", http.StatusUnsupportedMediaType)
	default:
		e.servePost(w, r)
	}
}

func (e *Endpoint) serveHealth(w http.ResponseWriter) {
	text := "ok"
	if f, on := e.faults.Standing(faults.Behind, "getHealth"); on {
		text = "behind { distance: " + strconv.FormatInt(f.Value, 10) + " }"
	}
	_, _ = io.WriteString(w, text) // The client's end of the connection is its own business.
}

func (e *Endpoint) servePost(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return // The client went away while sending.
	}
	if len(body) > maxBody {
		http.Error(w, "Payload Too Large", http.StatusRequestEntityTooLarge)
		return
	}
	requests, batch, problem := parseBody(body)
	if problem != nil {
		e.write(w, errorResponse{version, problem, nil}, "")
		return
	}
	if e.disturb(w, r, requests) {
		return
	}
	e.answer(w, r, requests, batch)
}

// disturb carries out the faults that hide the node from the client. It reports whether the request ends there.
func (e *Endpoint) disturb(w http.ResponseWriter, r *http.Request, requests []request) bool {
	for _, method := range distinctMethods(requests) {
		if f, on := e.faults.Hit(faults.Latency, method); on && !e.pause(r.Context(), f.Wait()) {
			panic(http.ErrAbortHandler) // As in silence.
		}
		if f, on := e.faults.Hit(faults.Hang, method); on {
			e.silence(w, r, f.Duration)
			return true
		}
		if f, on := e.faults.Hit(faults.TooManyRequests, method); on {
			tooMany(w, f)
			return true
		}
		if f, on := e.faults.Hit(faults.ServerError, method); on {
			status := http.StatusServiceUnavailable
			if f.Value >= 500 && f.Value <= 599 {
				status = int(f.Value)
			}
			http.Error(w, http.StatusText(status), status)
			return true
		}
	}
	return false
}

func tooMany(w http.ResponseWriter, f faults.Fault) {
	seconds := max(int64(f.Duration/time.Second), f.Value, 1)
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = io.WriteString(w, `{"jsonrpc":"2.0","error":{"code": 429, "message":"Too many requests for a specific RPC call"}}`+"\n")
}

// pause waits; false when the client or the node went away meanwhile.
func (e *Endpoint) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-e.ctx.Done():
	}
	return false
}

// silence never answers, until the fault's longest time is over: then as a gateway would. When the client or the node
// goes away first, the connection is cut, because an empty answer would still be an answer.
func (e *Endpoint) silence(w http.ResponseWriter, r *http.Request, longest time.Duration) {
	if longest <= 0 {
		longest = 10 * time.Minute
	}
	if !e.pause(r.Context(), longest) {
		panic(http.ErrAbortHandler)
	}
	http.Error(w, "Gateway Timeout", http.StatusGatewayTimeout)
}

func (e *Endpoint) answer(w http.ResponseWriter, r *http.Request, requests []request, batch bool) {
	var answers []any
	var silent *noAnswer
	for i := range requests {
		response, err := e.call(r.Context(), &requests[i])
		if !errors.As(err, &silent) && response != nil {
			answers = append(answers, response)
		}
	}
	switch {
	case silent != nil:
		e.silence(w, r, silent.longest)
	case batch && len(answers) > 0:
		e.write(w, answers, requests[0].Method)
	case len(answers) == 1:
		e.write(w, answers[0], requests[0].Method)
	default:
		w.WriteHeader(http.StatusOK) // Only notifications: nothing is answered.
	}
}

const contentType = "application/json; charset=utf-8"

// write encodes the whole answer before the first byte leaves, so that it has a length and can be cut by a fault.
func (e *Endpoint) write(w http.ResponseWriter, answer any, method string) {
	body, err := encode(answer)
	if err != nil {
		e.log.Error("answer cannot be encoded", "method", method, "error", err)
		http.Error(w, "Internal error", http.StatusInternalServerError)
		return
	}
	if method != "" {
		if _, cut := e.faults.Hit(faults.TruncatedJSON, method); cut {
			body = body[:len(body)/2]
		}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // The client's end of the connection is its own business.
}

// encode writes JSON as a validator does: without HTML escapes.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
