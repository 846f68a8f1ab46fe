// Package webhook tells any HTTP receiver: an SMS gateway, a ticket system, a script (N04).
//
// Each request is signed: X-Feeops-Signature is "v1=" and, in hexadecimal, the HMAC-SHA256 of "v1:TIMESTAMP:BODY" with
// the shared secret, where TIMESTAMP is the header X-Feeops-Timestamp (Unix seconds) and BODY the raw body. A receiver
// checks it with Verify, refuses what is older than five minutes, and remembers Idempotency-Key, because a request whose
// reply was lost is sent again with the same key.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Headers of a request.
const (
	HeaderSignature = "X-Feeops-Signature"
	HeaderTimestamp = "X-Feeops-Timestamp"
	HeaderKey       = "Idempotency-Key"
)

// Window is how old, or how far in the future, a request may be.
const Window = 5 * time.Minute

// maxShort fits one SMS of 160 characters, also when some of them are not ASCII.
const (
	maxShort = 150
	maxText  = 64 << 10
)

// Body is what a receiver gets.
type Body struct {
	Version int            `json:"version"` // 1
	Short   string         `json:"short"`   // One line, for SMS and displays.
	Color   string         `json:"color"`   // #rrggbb
	Message notify.Message `json:"message"` // Without files.
	Files   []string       `json:"files,omitempty"`
}

// Options are what a channel needs.
type Options struct {
	Name   string // As in the settings.
	URL    string
	Secret string
	HTTP   *http.Client
	Now    func() time.Time
}

// Channel is one receiver.
type Channel struct {
	o       Options
	address string
}

// New makes a channel.
func New(o Options) (*Channel, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("webhook " + o.Name + ": its address is not understood") // The address may hold a key.
	}
	return &Channel{o: o, address: u.String()}, nil
}

// Name is webhook/NAME.
func (c *Channel) Name() string { return notify.ChannelWebhook + c.o.Name }

// Deliver posts the message. The receiver tells repetitions apart by Idempotency-Key.
func (c *Channel) Deliver(ctx context.Context, m notify.Message, _ notify.Ref) (notify.Ref, error) {
	body, err := json.Marshal(compose(m))
	if err != nil {
		return "", fault.New(fault.Human, "webhook/request", errors.New(c.Name()+": the message could not be encoded"))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return "", fault.New(fault.Human, "webhook/request", errors.New(c.Name()+": the request could not be made"))
	}
	timestamp, key := strconv.FormatInt(c.o.Now().Unix(), 10), IdempotencyKey(m.Key, m.Seq)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "feeops")
	r.Header.Set(HeaderTimestamp, timestamp)
	r.Header.Set(HeaderSignature, Sign(c.o.Secret, timestamp, body))
	r.Header.Set(HeaderKey, key)
	resp, err := c.o.HTTP.Do(r)
	if err != nil {
		return "", notify.Unreachable(c.Name(), err)
	}
	defer resp.Body.Close()
	reply, err := notify.ReadReply(resp)
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return notify.Ref(key), nil // The status says that it was taken, even when the rest of the reply is lost.
	case err != nil:
		return "", notify.Unreachable(c.Name(), err)
	}
	next := "Look at the receiver's log; check notify.webhooks: its address and its secret."
	return "", notify.Refused(c.Name(), resp.StatusCode, notify.RetryAfter(resp.Header, c.o.Now()), notify.Hide(string(reply), c.o.Secret, c.address), next)
}

func compose(m notify.Message) Body {
	// The dot of a headline is in no SMS alphabet and would halve its length.
	b := Body{Version: 1, Short: notify.Cut(strings.ReplaceAll(m.Headline(), " · ", " - "), maxShort), Message: m}
	const digits = "0123456789abcdef"
	color := []byte("#")
	for shift := 20; shift >= 0; shift -= 4 {
		color = append(color, digits[m.Mark().Color>>shift&0xf])
	}
	b.Color = string(color)
	b.Files = m.FileNames()
	b.Message.Files, b.Message.Attach, b.Message.Actions = nil, nil, nil // There is no way back for a click.
	b.Message.Vault, b.Message.Team, b.Message.Alert = notify.Line(m.Vault), notify.Line(m.Team), notify.Line(m.Alert)
	b.Message.Title, b.Message.Text = notify.Line(m.Title), notify.Cut(notify.Plain(m.Text), maxText)
	b.Message.Links, b.Message.Fields = m.SafeLinks(), nil
	for _, f := range m.Fields {
		b.Message.Fields = append(b.Message.Fields, notify.Field{Name: notify.Line(f.Name), Value: notify.Cut(notify.Plain(f.Value), maxText)})
	}
	return b
}

// IdempotencyKey names one message of one key.
func IdempotencyKey(key string, seq int) string {
	sum := sha256.Sum256([]byte(key + "\x00" + strconv.Itoa(seq)))
	return hex.EncodeToString(sum[:16])
}

// Sign makes the value of X-Feeops-Signature.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v1:" + timestamp + ":"))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// Why a request is refused.
var (
	ErrSignature = errors.New("webhook: the signature does not fit")
	ErrTimestamp = errors.New("webhook: the time is missing, or not within five minutes")
)

// Verify checks a received request before its body is used. An empty secret verifies nothing.
func Verify(h http.Header, body []byte, secret string, now time.Time) error {
	timestamp := h.Get(HeaderTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return ErrTimestamp
	}
	if secret == "" || !hmac.Equal([]byte(h.Get(HeaderSignature)), []byte(Sign(secret, timestamp, body))) {
		return ErrSignature
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > Window || age < -Window {
		return ErrTimestamp
	}
	return nil
}
