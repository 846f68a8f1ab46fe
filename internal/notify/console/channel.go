// Package console writes messages as lines, for a terminal or a log. It is what is left when no service is set up.
package console

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Channel writes to one place.
type Channel struct {
	mu sync.Mutex
	w  io.Writer
}

// New writes to w, one message at a time.
func New(w io.Writer) *Channel { return &Channel{w: w} }

// Name is console.
func (c *Channel) Name() string { return notify.ChannelConsole }

// Deliver writes a headline and, indented below it, the text, the fields and the links. No text of a message can begin
// a line of its own or move the cursor.
func (c *Channel) Deliver(_ context.Context, m notify.Message, _ notify.Ref) (notify.Ref, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  [%s #%d]\n", m.At.UTC().Format(time.RFC3339), m.Headline(), notify.Line(m.Key), m.Seq)
	for line := range strings.SplitSeq(strings.TrimSpace(notify.Plain(m.Text)), "\n") {
		if line != "" {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	for _, f := range m.Facts() {
		fmt.Fprintf(&b, "  %s: %s\n", f.Name, notify.Line(f.Value))
	}
	for _, l := range m.SafeLinks() {
		fmt.Fprintf(&b, "  %s: %s\n", l.Text, l.URL)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := io.WriteString(c.w, b.String()); err != nil {
		return "", fault.New(fault.Human, "console/write", fmt.Errorf("console: %w", err)).WithNext("Check where standard error of this process goes.")
	}
	return notify.Ref(m.Key), nil
}
