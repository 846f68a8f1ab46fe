package chain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxAnswer bounds one answer: 100 large accounts in base64 stay below it.
const maxAnswer = 64 << 20

type rpcRequest struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params,omitempty"`
}

type rpcAnswer struct {
	ID     json.RawMessage `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`
}

// callError is a request that gave no result, with everything that decides what it may mean.
type callError struct {
	endpoint string
	method   string
	refused  bool          // The request surely never reached a node.
	status   int           // HTTP status, 0 when there was no answer.
	after    time.Duration // Retry-After.
	code     int           // JSON-RPC error code, 0 when there was none.
	data     json.RawMessage
	err      error
}

func (e *callError) Error() string { return fmt.Sprintf("%s on %s: %v", e.method, e.endpoint, e.err) }
func (e *callError) Unwrap() error { return e.err }

// post makes one HTTP request. solana-go's client is not used here: it hides the status code and Retry-After and puts
// the URL, which may hold a key, into its errors.
func (e *endpoint) post(ctx context.Context, method string, params []any) (json.RawMessage, *callError) {
	fail := func(err error) *callError { return &callError{endpoint: e.Name, method: method, err: err} }
	body, err := json.Marshal(rpcRequest{Version: "2.0", ID: 1, Method: method, Params: params})
	if err != nil {
		ce := fail(fmt.Errorf("encode request: %w", err))
		ce.refused = true
		return nil, ce
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		ce := fail(errors.New("the endpoint's URL cannot be used"))
		ce.refused = true
		return nil, ce
	}
	req.Header.Set("Content-Type", "application/json")
	count(ctx)
	resp, err := e.client.Do(req)
	if err != nil {
		ce := fail(withoutURL(err))
		ce.refused = neverSent(err)
		return nil, ce
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		ce := fail(fmt.Errorf("the answer broke off after %d bytes: %w", len(raw), withoutURL(err)))
		ce.status = resp.StatusCode
		return nil, ce
	}
	return e.read(method, resp, raw)
}

func (e *endpoint) read(method string, resp *http.Response, raw []byte) (json.RawMessage, *callError) {
	ce := &callError{endpoint: e.Name, method: method, status: resp.StatusCode, after: e.retryAfter(resp.Header)}
	var a rpcAnswer
	err := json.Unmarshal(raw, &a)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		ce.err = errors.New("HTTP 429, too many requests")
	case err == nil && a.Error != nil:
		ce.code, ce.data = a.Error.Code, a.Error.Data
		ce.err = fmt.Errorf("RPC error %d: %s", a.Error.Code, a.Error.Message)
	case resp.StatusCode != http.StatusOK:
		ce.err = fmt.Errorf("HTTP %d", resp.StatusCode)
	case err != nil:
		ce.err = fmt.Errorf("the answer of %d bytes is not complete JSON: %w", len(raw), err)
	case a.Result == nil:
		ce.err = fmt.Errorf("the answer of %d bytes holds neither result nor error", len(raw))
	case string(a.ID) != "1":
		ce.err = fmt.Errorf("the answer belongs to request %s, not to this one", a.ID)
	default:
		return a.Result, nil
	}
	return nil, ce
}

// longestRest bounds what an endpoint may ask for: one that wants an hour is asked again after ten minutes, because a day
// that waits for it could be lost.
const longestRest = 10 * time.Minute

// retryAfter reads seconds or an HTTP date. A date is held against the answer's own, because this machine's clock may be
// wrong by a day.
func (e *endpoint) retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 && s < 86_400 {
		return min(time.Duration(s*float64(time.Second)), longestRest)
	}
	until, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = e.now()
	}
	return min(max(0, until.Sub(now)), longestRest)
}

// withoutURL drops the address that net/http puts around its errors, because it may hold a key.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// neverSent is true when no connection came about, so that nothing can have been handled.
func neverSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	var dns *net.DNSError
	return errors.As(err, &dns)
}
