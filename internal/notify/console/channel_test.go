package console_test

import (
	"bytes"
	"errors"
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/console"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestDeliver_TheWholeMessageAsLines(t *testing.T) {
	var out bytes.Buffer
	c := console.New(&out)
	for _, m := range []notify.Message{notifytest.Stuck(), notifytest.Then(2, notify.Resolve, "Resolved"), notifytest.Hostile()} {
		_, err := c.Deliver(t.Context(), m, "")
		require.NoError(t, err)
	}
	notifytest.Golden(t, "lines.txt", out.Bytes(), *update)
	require.NotContains(t, out.String(), "\x1b", "no text moves the cursor")
	require.Equal(t, 3, bytes.Count(out.Bytes(), []byte("\n2026"))+1, "no text begins a message of its own")
}

// full is a writer like a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestDeliver_AFailedWriteIsNoDelivery(t *testing.T) {
	_, err := console.New(full{}).Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, fault.Human, fault.KindOf(err))
}
