// Package smtp is a real mail server that delivers to memory: STARTTLS or TLS with a certificate made at the start,
// authentication, size limit, refused addresses; it breaks on request at AUTH, MAIL, RCPT and DATA.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/meteora-fee-router/feeops/internal/fake"
)

// Options choose what the server asks for.
type Options struct {
	Username, Password string // Both empty: no authentication.
	TLS                string // "starttls", "tls" or "none".
	MaxBytes           int64  // 0 is 10 MiB.
}

// Mail is one message that was accepted.
type Mail struct {
	From      string
	To        []string // Of the envelope.
	Data      []byte
	Encrypted bool
	User      string
}

// Server is a running mail server.
type Server struct {
	*fake.Breaker

	Host string
	Port uint16

	roots  *x509.CertPool
	server *smtp.Server
	done   chan error
	once   sync.Once
	err    error

	mu     sync.Mutex
	mails  []Mail
	closed map[string]smtp.SMTPError
}

// Start runs a server on a free loopback port.
func Start(ctx context.Context, o Options) (*Server, error) {
	certificate, roots, err := selfSigned()
	if err != nil {
		return nil, err
	}
	s := &Server{Breaker: fake.NewBreaker(), roots: roots, done: make(chan error, 1), closed: map[string]smtp.SMTPError{}}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{s: s, o: o, conn: c}, nil }))
	s.server.Domain, s.server.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	s.server.ReadTimeout, s.server.WriteTimeout, s.server.MaxRecipients, s.server.EnableSMTPUTF8 = time.Minute, 10*time.Second, 50, true
	if s.server.MaxMessageBytes = o.MaxBytes; o.MaxBytes == 0 {
		s.server.MaxMessageBytes = 10 << 20
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s.Host, s.Port = host, uint16(number)
	switch o.TLS {
	case "tls":
		l = tls.NewListener(l, config)
	case "starttls":
		s.server.TLSConfig = config
	default:
		s.server.AllowInsecureAuth = true
	}
	go func() { s.done <- s.server.Serve(l) }()
	return s, nil
}

// Roots trust the server's certificate.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// Reject lets the server refuse an address with a code such as 550 or 451.
func (s *Server) Reject(address string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed[address] = smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "The address " + address + " is not taken"}
}

// Mails are all messages that were accepted, oldest first.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Close ends the server with all its connections.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.End()
		s.err = errors.Join(s.server.Close(), <-s.done)
	})
	return s.err
}

// session is one connection.
type session struct {
	s    *Server
	o    Options
	conn *smtp.Conn
	user string
	from string
	to   []string
}

// step lets a command go wrong.
func (c *session) step(command string) (lose bool, err error) {
	f, hit := c.s.Take(command)
	switch {
	case !hit:
		return false, nil
	case f.Name == fake.Hang:
		c.s.Hang(context.Background())
		return false, errors.New("the server ends")
	case f.Name == fake.LoseReply:
		return true, nil
	default:
		return false, &smtp.SMTPError{Code: f.Status, EnhancedCode: smtp.EnhancedCode{f.Status / 100, 0, 0}, Message: f.Code}
	}
}

// AuthMechanisms lists PLAIN and LOGIN, when there is anybody to authenticate.
func (c *session) AuthMechanisms() []string {
	if c.o.Username == "" {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth checks name and password.
func (c *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if _, err := c.step("AUTH"); err != nil {
			return err
		}
		if user != c.o.Username || password != c.o.Password {
			return smtp.ErrAuthFailed
		}
		c.user = user
		return nil
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case sasl.Login:
		return &login{check: check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// login is the mechanism of that name, which go-sasl has for clients only.
type login struct {
	check func(user, password string) error
	user  string
	asked int
}

// Next asks for the name, then for the password.
func (l *login) Next(response []byte) ([]byte, bool, error) {
	l.asked++
	switch {
	case l.asked == 1 && len(response) == 0:
		return []byte("Username:"), false, nil
	case l.user == "":
		l.user = string(response)
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.check(l.user, string(response))
	}
}

// Mail takes the sender.
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if c.o.Username != "" && c.user == "" {
		return smtp.ErrAuthRequired
	}
	if _, err := c.step("MAIL"); err != nil {
		return err
	}
	c.from = from
	return nil
}

// Rcpt takes a receiver.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if _, err := c.step("RCPT"); err != nil {
		return err
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if refused, ok := c.s.closed[to]; ok {
		return &refused
	}
	c.to = append(c.to, to)
	return nil
}

// Data takes the message.
func (c *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r) // All of it, so that what goes wrong goes wrong behind the mail.
	if err != nil {
		return err
	}
	lose, err := c.step("DATA")
	if err != nil {
		return err
	}
	_, encrypted := c.conn.TLSConnectionState()
	c.s.mu.Lock()
	c.s.mails = append(c.s.mails, Mail{From: c.from, To: slices.Clone(c.to), Data: data, Encrypted: encrypted, User: c.user})
	c.s.mu.Unlock()
	if lose {
		return c.conn.Close()
	}
	return nil
}

// Reset forgets the message that was begun.
func (c *session) Reset() { c.from, c.to = "", nil }

// Logout ends the session.
func (c *session) Logout() error { return nil }
