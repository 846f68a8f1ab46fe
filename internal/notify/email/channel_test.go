package email_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fake"
	fakesmtp "github.com/meteora-fee-router/feeops/internal/fake/smtp"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/email"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
)

var update = flag.Bool("update", false, "write the golden files")

const password = "hunter2hunter2"

func start(t *testing.T, change ...func(*fakesmtp.Options, *email.Options)) (*fakesmtp.Server, *email.Channel) {
	t.Helper()
	server := fakesmtp.Options{Username: "feeops", Password: password, TLS: "starttls"}
	client := email.Options{Username: "feeops", Password: password, TLS: "starttls", From: "feeops@example.org", To: []string{"ann@example.org", "bob@example.org"}}
	for _, f := range change {
		f(&server, &client)
	}
	s, err := fakesmtp.Start(t.Context(), server)
	fake.ForTest(t, s, err)
	client.Host, client.Port = s.Host, s.Port
	if client.Config == nil {
		client.Config = &tls.Config{RootCAs: s.Roots(), MinVersion: tls.VersionTLS12}
	}
	return s, email.New(client)
}

func deliver(t *testing.T, c notify.Channel, m notify.Message, before notify.Ref) notify.Ref {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ref, err := c.Deliver(ctx, m, before)
	require.NoError(t, err)
	return ref
}

// readable writes a mail without what is random: the boundaries and the encoding of the parts.
func readable(t *testing.T, m fakesmtp.Mail) []byte {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(m.Data))
	require.NoError(t, err)
	var out bytes.Buffer
	fmt.Fprintf(&out, "envelope: %s -> %s, encrypted %v, user %s\n", m.From, strings.Join(m.To, " "), m.Encrypted, m.User)
	var names []string
	for name := range msg.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get(name))
		require.NoError(t, err)
		if name != "Content-Type" {
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	walk(t, &out, msg.Header.Get("Content-Type"), msg.Body)
	return out.Bytes()
}

func walk(t *testing.T, out io.Writer, kind string, body io.Reader) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	require.NoError(t, err)
	parts := multipart.NewReader(body, params["boundary"])
	for {
		part, err := parts.NextPart() // It decodes quoted-printable.
		if err == io.EOF {            //nolint:errorlint // As the package documents it.
			return
		}
		require.NoError(t, err)
		kind := part.Header.Get("Content-Type")
		if strings.HasPrefix(kind, "multipart/") {
			walk(t, out, kind, part)
			continue
		}
		data, err := io.ReadAll(part)
		require.NoError(t, err)
		fmt.Fprintf(out, "\n== %s in %s, file %q\n%s\n", kind, media, part.FileName(), strings.ReplaceAll(string(data), "\r\n", "\n"))
	}
}

func TestDeliver_TheWholeMail(t *testing.T) {
	s, c := start(t)
	ref := deliver(t, c, notifytest.Stuck(), "")
	deliver(t, c, notifytest.Then(2, notify.Resolve, "Resolved"), ref)
	deliver(t, c, notifytest.Hostile(), "")
	for i, name := range []string{"trigger.txt", "resolve.txt", "hostile.txt"} {
		notifytest.Golden(t, name, readable(t, s.Mails()[i]), *update)
	}
	for _, m := range s.Mails() {
		require.NotContains(t, string(m.Data), "\r\nBcc:", "no text makes a header")
	}
	deliver(t, c, notifytest.Huge(), "")
	require.Len(t, s.Mails(), 4)
}

func TestDeliver_ARepetitionIsTheSameMailAndLaterOnesFormAThread(t *testing.T) {
	s, c := start(t)
	s.Break(fake.Fault{Name: fake.LoseReply, On: "DATA", Count: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := c.Deliver(ctx, notifytest.Stuck(), "")
	require.Equal(t, fault.Unknown, fault.KindOf(err), "%v", err)
	ref := deliver(t, c, notifytest.Stuck(), "")
	second := deliver(t, c, notifytest.Then(2, notify.Update, "Half"), ref)
	deliver(t, c, notifytest.Then(3, notify.Resolve, "Resolved"), second)
	var ids, refs []string
	for _, m := range s.Mails() {
		msg, err := mail.ReadMessage(bytes.NewReader(m.Data))
		require.NoError(t, err)
		ids, refs = append(ids, msg.Header.Get("Message-ID")), append(refs, msg.Header.Get("References"))
	}
	require.Len(t, ids, 4)
	require.Equal(t, ids[0], ids[1], "a reader shows it once")
	require.Equal(t, []string{"", "", ids[0], ids[0]}, refs)
	require.NotEqual(t, ids[2], ids[3])
}

func TestDeliver_TransportsAndLogins(t *testing.T) {
	tests := []struct {
		name   string
		change func(*fakesmtp.Options, *email.Options)
		secure bool
	}{
		{"STARTTLS", func(*fakesmtp.Options, *email.Options) {}, true},
		{"TLS", func(s *fakesmtp.Options, c *email.Options) { s.TLS, c.TLS = "tls", "tls" }, true},
		{"plain on this machine", func(s *fakesmtp.Options, c *email.Options) { s.TLS, c.TLS = "none", "none" }, false},
		{"no login", func(s *fakesmtp.Options, c *email.Options) {
			s.Username, s.Password, c.Username, c.Password = "", "", "", ""
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, c := start(t, tt.change)
			deliver(t, c, notifytest.Stuck(), "")
			require.Len(t, s.Mails(), 1)
			require.Equal(t, tt.secure, s.Mails()[0].Encrypted)
		})
	}
}

func TestDeliver_ARefusedAddressDoesNotKeepTheOthersFromTheMail(t *testing.T) {
	s, c := start(t)
	s.Reject("bob@example.org", 550)
	ref, err := c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.Equal(t, "email/refused", fault.CodeOf(err))
	require.ErrorContains(t, err, "refuses bob@example.org")
	require.ErrorContains(t, err, "notify.smtp.to")
	require.NotEmpty(t, ref)
	require.Len(t, s.Mails(), 1)
	require.Equal(t, []string{"ann@example.org"}, s.Mails()[0].To)
	s.Reject("bob@example.org", 451)
	_, err = c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, fault.Unknown, fault.KindOf(err), "one has it, the other may get it later")
	s.Reject("ann@example.org", 451)
	_, err = c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, fault.Retry, fault.KindOf(err), "nobody has it")
}

func TestDeliver_FailuresSayWhatMayBeDoneNext(t *testing.T) {
	tests := []struct {
		name   string
		fault  fake.Fault
		change func(*fakesmtp.Options, *email.Options)
		kind   fault.Kind
		code   string
		text   string
	}{
		{"wrong password", fake.Fault{}, func(_ *fakesmtp.Options, c *email.Options) { c.Password = "wrong" }, fault.Human, "email/535", "notify.smtp.password"},
		{"login down", fake.Fault{Name: fake.Refuse, On: "AUTH", Status: 454, Code: "later"}, nil, fault.Retry, "email/454", "later"},
		{"sender refused", fake.Fault{Name: fake.Refuse, On: "MAIL", Status: 553, Code: "not yours"}, nil, fault.Human, "email/553", "notify.smtp.from"},
		{"all receivers refused", fake.Fault{Name: fake.Refuse, On: "RCPT", Status: 550, Code: "no such user"}, nil, fault.Human, "email/refused", "notify.smtp.to"},
		{"greylisted", fake.Fault{Name: fake.Refuse, On: "RCPT", Status: 450, Code: "greylisted"}, nil, fault.Retry, "email/450", "greylisted"},
		{"content refused", fake.Fault{Name: fake.Refuse, On: "DATA", Status: 554, Code: "spam"}, nil, fault.Human, "email/554", "administrator"},
		{"mailbox full", fake.Fault{Name: fake.Refuse, On: "DATA", Status: 452, Code: "full"}, nil, fault.Retry, "email/452", "full"},
		{"hang before the mail", fake.Fault{Name: fake.Hang, On: "MAIL"}, nil, fault.Retry, "email/", ""},
		{"hang behind the mail", fake.Fault{Name: fake.Hang, On: "DATA"}, nil, fault.Unknown, "email/", ""},
		{"no STARTTLS", fake.Fault{}, func(s *fakesmtp.Options, _ *email.Options) { s.TLS = "none" }, fault.Human, "email/settings", "STARTTLS"},
		{"no login there", fake.Fault{}, func(s *fakesmtp.Options, _ *email.Options) { s.Username, s.Password = "", "" }, fault.Human, "email/settings", "SMTP AUTH"},
		{"untrusted certificate", fake.Fault{}, func(_ *fakesmtp.Options, c *email.Options) { c.Config = &tls.Config{MinVersion: tls.VersionTLS12} }, fault.Human, "email/certificate", "not trusted"},
		{"too large", fake.Fault{}, func(s *fakesmtp.Options, _ *email.Options) { s.MaxBytes = 100 }, fault.Human, "email/552", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			change := tt.change
			if change == nil {
				change = func(*fakesmtp.Options, *email.Options) {}
			}
			s, c := start(t, change)
			if tt.fault.Name != "" {
				s.Break(tt.fault)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			hanging := make(chan struct{})
			go func() {
				defer close(hanging)
				select {
				case <-s.Hung():
					cancel()
				case <-ctx.Done():
				}
			}()
			_, err := c.Deliver(ctx, notifytest.Stuck(), "")
			require.Equal(t, tt.kind, fault.KindOf(err), "%v", err)
			require.Contains(t, fault.CodeOf(err), tt.code)
			require.ErrorContains(t, err, tt.text)
			require.NotContains(t, err.Error(), password)
			require.Empty(t, s.Mails())
			cancel()
			<-hanging
		})
	}
}

func TestDeliver_AServerThatIsNotThereWasNotTold(t *testing.T) {
	c := email.New(email.Options{Host: "127.0.0.1", Port: 1, TLS: "none", From: "a@example.org", To: []string{"b@example.org"}})
	_, err := c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, fault.Retry, fault.KindOf(err))
	require.Equal(t, "email/unreachable", fault.CodeOf(err))
}

func TestDeliver_FilesAreAttached(t *testing.T) {
	s, c := start(t)
	m := notifytest.Stuck()
	m.Files = map[string][]byte{"report.md": []byte("# report"), "evil\r\nX: y.csv": []byte("a,b")}
	deliver(t, c, m, "")
	text := string(readable(t, s.Mails()[0]))
	require.Contains(t, text, `file "report.md"`)
	require.Contains(t, text, `file "evil X_ y.csv"`)
}

func TestDeliver_AnAttachmentThatIsRefusedLeavesTheMail(t *testing.T) {
	tests := []struct {
		name  string
		most  int64
		fault fake.Fault
		code  string
	}{
		{"too large", 64 << 10, fake.Fault{Count: 1, On: "nothing"}, "email/552"},
		{"not let through", 0, fake.Fault{Name: fake.Refuse, On: "DATA", Status: 554, Code: "attachment", Count: 1}, "email/554"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, c := start(t, func(o *fakesmtp.Options, _ *email.Options) { o.MaxBytes = tt.most })
			s.Break(tt.fault)
			m := notifytest.Stuck()
			m.Files = map[string][]byte{"report.html": bytes.Repeat([]byte("report"), 20_000)}
			ref, err := c.Deliver(t.Context(), m, "")
			var lacks *notify.Unattached
			require.ErrorAs(t, err, &lacks)
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.NotEmpty(t, ref)
			require.Len(t, s.Mails(), 1)
			require.NotContains(t, string(readable(t, s.Mails()[0])), "report.html")
		})
	}
}
