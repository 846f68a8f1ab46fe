//go:build browser

package web_test

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browserTime bounds what a test may wait for its browser.
const browserTime = 2 * time.Minute

// tab is a page in a real browser.
type tab struct {
	b   *bench
	ctx context.Context

	mu       sync.Mutex
	wrong    []string // What the browser complained about, and what a page did that none of ours does. Guarded by mu, as is requests.
	requests []string
}

// newTab starts a browser that ends with the test. Without Chromium the test fails: nobody would see that the page is
// broken.
func newTab(t *testing.T, b *bench) *tab {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	require.NotEmpty(t, path, "no Chromium on PATH: apt-get install chromium")
	tb := &tab{b: b}
	ctx, cancel := context.WithTimeout(t.Context(), browserTime)
	t.Cleanup(cancel)
	// Without a sandbox, because the checks may run as root: it shows pages of this test alone.
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 900))...)
	t.Cleanup(cancel)
	tb.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(tb.hear))
	t.Cleanup(cancel)
	return tb
}

// hear keeps what must not happen.
func (t *tab) hear(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		t.requests = append(t.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		t.wrong = append(t.wrong, "exception: "+e.ExceptionDetails.Text)
	case *page.EventJavascriptDialogOpening:
		t.wrong = append(t.wrong, "dialog: "+e.Message)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			t.wrong = append(t.wrong, fmt.Sprintf("%s: %s (%s)", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	}
}

// complaints are what the browser complained about so far.
func (t *tab) complaints() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string{}, t.wrong...)
}

// foreign are requests that left the page's own server.
func (t *tab) foreign() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	own, err := url.Parse(t.b.url)
	require.NoError(t.b.t, err)
	var out []string
	for _, r := range t.requests {
		if u, err := url.Parse(r); err != nil || u.Host != own.Host {
			out = append(out, r)
		}
	}
	return out
}

func (t *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	t.b.t.Helper()
	require.NoError(t.b.t, chromedp.Do(t.ctx, steps...))
}

func (t *tab) open(path string) {
	t.b.t.Helper()
	t.do(chromedp.Navigate(t.b.url + path))
}

// until waits for an expression to become true on the page that stands open.
func (t *tab) until(expression string) {
	t.b.t.Helper()
	_, err := chromedp.Run(t.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(30*time.Second)))
	require.NoError(t.b.t, err, expression)
}

// ask evaluates an expression.
func ask[T any](t *tab, expression string) T {
	t.b.t.Helper()
	out, err := chromedp.Run(t.ctx, chromedp.Evaluate[T](expression))
	require.NoError(t.b.t, err, expression)
	return out
}

// look makes the browser a phone or a desk, light or dark.
func (t *tab) look(width, height int64, scheme string) {
	t.b.t.Helper()
	t.do(chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(t.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	require.NoError(t.b.t, err)
}

// signIn signs in as a person does.
func (t *tab) signIn(token string) {
	t.b.t.Helper()
	t.open("/sign-in")
	t.do(chromedp.SendKeys(chromedp.ID("token"), token+"\r"), chromedp.WaitVisible(chromedp.CSS("a.danger")))
}
