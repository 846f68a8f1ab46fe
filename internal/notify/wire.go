package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

const (
	maxReply = 64 << 10 // Of a service's reply; what stands behind that is not read.
	maxSaid  = 200      // Of what a service said, in an error.
	maxAfter = time.Hour
)

// NewHTTPClient makes the client of a channel. It follows no redirect: messages and secrets go where the settings say
// and nowhere else. Time limits come with the context.
func NewHTTPClient() *http.Client {
	transport := &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		// A channel talks to one host, a few times an hour.
		MaxIdleConns: 2, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: 5 * time.Second, ForceAttemptHTTP2: true,
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ReadReply reads a reply's beginning. The caller closes it.
func ReadReply(r *http.Response) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r.Body, maxReply))
}

// Refused classifies an HTTP status that is no success. What the service said is shortened; next says what people can
// do when only they can mend it.
func Refused(channel string, status int, after time.Duration, said, next string) *fault.Error {
	text := fmt.Sprintf("%s answered with status %d", channel, status)
	if said = Cut(Line(said), maxSaid); said != "" {
		text += ": " + said
	}
	e := fault.New(fault.Human, channel+"/"+strconv.Itoa(status), errors.New(text))
	switch {
	case status == http.StatusTooManyRequests:
		e.Kind, e.After = fault.Retry, after
	case status == http.StatusServiceUnavailable, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		e.Kind, e.After = fault.Retry, after
	case status >= http.StatusInternalServerError:
		e.Kind, e.After = fault.Unknown, after // Something behind the service may have taken it.
	default:
		e.Next = next
	}
	return e
}

// Unreachable classifies a request that got no reply. The address is not in the error, because it may hold a key.
func Unreachable(channel string, err error) *fault.Error {
	for {
		var u *url.Error
		if !errors.As(err, &u) {
			break
		}
		err = u.Err
	}
	var dial *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unknown, channel+"/timeout", fmt.Errorf("%s did not answer in time: %w", channel, err))
	case errors.As(err, &dns), errors.As(err, &dial) && dial.Op == "dial":
		return fault.New(fault.Retry, channel+"/unreachable", fmt.Errorf("%s cannot be reached: %w", channel, err))
	case errors.As(err, &certificate), errors.As(err, &authority):
		return fault.New(fault.Human, channel+"/certificate", fmt.Errorf("%s shows a certificate that is not trusted: %w", channel, err)).
			WithNext("Check the address in the settings, the clock, and the certificate authorities of this machine.")
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.New(fault.Unknown, channel+"/timeout", fmt.Errorf("%s did not answer in time: %w", channel, err))
	default:
		return fault.New(fault.Unknown, channel+"/connection", fmt.Errorf("%s ended the connection before it answered: %w", channel, err))
	}
}

// RetryAfter reads the header of that name, in seconds or as a date; 0 when there is none. More than an hour is taken
// for an hour.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 {
		return Seconds(seconds)
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return min(at.Sub(now), maxAfter)
	}
	return 0
}

// Seconds turns a service's figure into a wait of at most an hour.
func Seconds(s float64) time.Duration {
	if s >= maxAfter.Seconds() {
		return maxAfter
	}
	return max(0, time.Duration(s*float64(time.Second)))
}

// Hide takes secrets out of a text, for what a library or a server may have repeated.
func Hide(text string, secrets ...string) string {
	for _, s := range secrets {
		if len(s) > 3 {
			text = strings.ReplaceAll(text, s, ellipsis)
		}
	}
	return text
}
