// Package email tells people by mail, over STARTTLS or TLS (N03).
//
// Messages of one key form a thread. A message that is sent again has the same Message-ID, by which mail systems and
// readers know it, so that an attempt whose reply was lost does little harm.
package email

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Options are what a channel needs.
type Options struct {
	Host               string
	Port               uint16
	Username, Password string
	TLS                string // "starttls", "tls", or "none" for a server of this machine.
	From               string
	To                 []string
	Config             *tls.Config // Nil trusts what the machine trusts.
}

// Channel is one mail server with a list of receivers.
type Channel struct{ o Options }

// New makes a channel. Nothing is asked yet.
func New(o Options) *Channel { return &Channel{o: o} }

// Name is email.
func (c *Channel) Name() string { return notify.ChannelEmail }

// Deliver sends one mail to all receivers. When the server refuses some of their addresses, the others get a mail each,
// and the refused ones are the error: they are people who believe that they will be told.
func (c *Channel) Deliver(ctx context.Context, m notify.Message, before notify.Ref) (notify.Ref, error) {
	ref := before
	if ref == "" {
		ref = notify.Ref(c.messageID(m))
	}
	session, err := c.dial(ctx)
	if err != nil {
		return "", err
	}
	defer session.close()
	err = session.send(c.compose(m, before, c.o.To))
	if err == nil {
		return ref, nil
	}
	if why := c.classify(err, "send"); len(m.Files) > 0 && refusesFiles(err) && fault.KindOf(why) == fault.Human && ctx.Err() == nil {
		m.Files = nil
		if session.send(c.compose(m, before, c.o.To)) == nil {
			return ref, &notify.Unattached{Why: why}
		}
	}
	var rcpt *mail.SendError
	if !errors.As(err, &rcpt) || rcpt.Reason != mail.ErrSMTPRcptTo || len(c.o.To) < 2 || ctx.Err() != nil {
		return "", c.classify(err, "send")
	}
	return c.one(ctx, session, m, before, ref)
}

// refusesFiles is true when the server refused the mail itself, as it does one that is too large or holds what it does
// not let through, and not who sends it or who should get it.
func refusesFiles(err error) bool {
	var sent *mail.SendError
	return errors.As(err, &sent) && (sent.Reason == mail.ErrSMTPData || sent.Reason == mail.ErrSMTPDataClose)
}

// one sends to each receiver by itself.
func (c *Channel) one(ctx context.Context, session *session, m notify.Message, before, ref notify.Ref) (notify.Ref, error) {
	var refused []string
	var worst error
	for _, to := range c.o.To {
		err := session.send(c.compose(m, before, []string{to}))
		if err == nil {
			continue
		}
		kind := c.classify(err, "send")
		if ctx.Err() != nil || fault.KindOf(kind) != fault.Human {
			worst = kind
		}
		refused = append(refused, to)
	}
	switch {
	case worst != nil && len(refused) < len(c.o.To):
		// Some have it. Those get it again, with the same Message-ID.
		return ref, fault.New(fault.Unknown, fault.CodeOf(worst), fmt.Errorf("%s could not be reached: %w", strings.Join(refused, ", "), worst))
	case worst != nil:
		return "", worst
	case len(refused) == 0:
		return ref, nil
	case len(refused) == len(c.o.To):
		ref = "" // Nobody has it: there is no thread.
	}
	return ref, fault.Newf(fault.Human, "email/refused", "the mail server refuses %s", strings.Join(refused, ", ")).
		WithNext("Correct notify.smtp.to; the other receivers have the mail.")
}

// messageID is the same for every attempt at a message.
func (c *Channel) messageID(m notify.Message) string {
	sum := sha256.Sum256([]byte(m.Key))
	_, domain, _ := strings.Cut(c.o.From, "@")
	return fmt.Sprintf("%s.%d@%s", hex.EncodeToString(sum[:12]), m.Seq, domain)
}

// session is one connection, which ends with its context.
type session struct {
	client *mail.Client
	smtp   *smtp.Client
	conn   net.Conn
	stop   func() bool
}

func (s *session) close() {
	s.stop()
	_ = s.smtp.Quit() // What was accepted stays accepted, also when the server does not say goodbye.
	_ = s.conn.Close()
}

// send counts a mail as sent as soon as the server has taken its last byte.
func (s *session) send(m *mail.Msg, err error) error {
	if err != nil {
		return err
	}
	if err := s.client.SendWithSMTPClient(s.smtp, m); err != nil && !m.IsDelivered() {
		return err
	}
	return nil
}

func (c *Channel) dial(ctx context.Context) (*session, error) {
	s := &session{}
	config := c.o.Config.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	config.ServerName, config.MinVersion = c.o.Host, tls.VersionTLS12
	left := 30 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	if left <= 0 {
		return nil, c.classify(context.DeadlineExceeded, "connect")
	}
	o := []mail.Option{mail.WithPort(int(c.o.Port)), mail.WithTimeout(left), mail.WithTLSConfig(config), mail.WithDialContextFunc(c.dialer(s, config))}
	switch c.o.TLS {
	case "tls":
		o = append(o, mail.WithSSL())
	case "starttls":
		o = append(o, mail.WithTLSPolicy(mail.TLSMandatory)) // Never in plain because somebody on the way has cut the offer out.
	default:
		o = append(o, mail.WithTLSPolicy(mail.NoTLS))
	}
	if c.o.Username != "" {
		o = append(o, mail.WithUsername(c.o.Username), mail.WithPassword(c.o.Password))
		if c.o.TLS == "none" {
			o = append(o, mail.WithOpportunisticSMTPAuth(mail.SMTPAuthPlainNoEnc, mail.SMTPAuthLoginNoEnc))
		} else {
			o = append(o, mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5))
		}
	}
	var err error
	if s.client, err = mail.NewClient(c.o.Host, o...); err != nil {
		return nil, fault.New(fault.Human, "email/settings", fmt.Errorf("email: %w", err)).WithNext("Correct notify.smtp.")
	}
	if s.smtp, err = s.client.DialToSMTPClientWithContext(ctx); err != nil {
		if s.conn != nil {
			_ = s.conn.Close() // The library leaves it open when the greeting fails.
		}
		return nil, c.classify(err, "connect")
	}
	s.stop = context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	return s, nil
}

// dialer keeps hold of the connection, so that it can be ended.
func (c *Channel) dialer(s *session, config *tls.Config) mail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if c.o.TLS == "tls" {
			secure := tls.Client(conn, config)
			if err := secure.HandshakeContext(ctx); err != nil {
				return nil, errors.Join(err, conn.Close())
			}
			conn = secure
		}
		s.conn = conn
		return conn, nil
	}
}

// classify gives a failure its kind by the server's reply code. Until the mail is under way nothing can have happened.
func (c *Channel) classify(err error, phase string) error {
	var own *fault.Error
	if errors.As(err, &own) {
		return err
	}
	code, reason := 0, mail.SendErrReason(-1)
	var sent *mail.SendError
	var said *textproto.Error
	if errors.As(err, &said) {
		code = said.Code
	}
	if errors.As(err, &sent) {
		reason = sent.Reason
		if code == 0 {
			code = sent.ErrorCode()
		}
	}
	text := errors.New("email: " + notify.Cut(notify.Line(notify.Hide(err.Error(), c.o.Password)), 300))
	switch {
	case code >= 400 && code < 500:
		return fault.New(fault.Retry, fmt.Sprintf("email/%d", code), text)
	case code >= 500:
		return fault.New(fault.Human, fmt.Sprintf("email/%d", code), text).WithNext(c.next(code, reason, phase))
	case strings.Contains(err.Error(), "does not support STARTTLS"), strings.Contains(err.Error(), "support SMTP AUTH"), errors.Is(err, mail.ErrNoSupportedAuthDiscovered):
		return fault.New(fault.Human, "email/settings", text).WithNext("Correct notify.smtp: tls, port and login must be those that the mail server offers.")
	}
	e := notify.Unreachable(c.Name(), err)
	if e.Kind == fault.Unknown && (phase == "connect" || reason == mail.ErrSMTPMailFrom || reason == mail.ErrSMTPRcptTo || reason == mail.ErrSMTPData || reason == mail.ErrConnCheck) {
		e.Kind = fault.Retry
	}
	return e
}

func (c *Channel) next(code int, reason mail.SendErrReason, phase string) string {
	switch {
	case phase == "connect" && code != 554:
		return "Correct notify.smtp.username and notify.smtp.password."
	case reason == mail.ErrSMTPMailFrom:
		return "Correct notify.smtp.from: the mail server does not let this sender send."
	case reason == mail.ErrSMTPRcptTo:
		return "Correct notify.smtp.to."
	default:
		return "Ask the mail server's administrator; the reply says why it refuses."
	}
}
