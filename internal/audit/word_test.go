package audit_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func TestWord_IsFoundInWhateverPeopleCopyOutOfAChannel(t *testing.T) {
	l := newLog(t, 3)
	first := l.head()
	l.add(2)
	second := l.head()
	one, err := first.Word()
	require.NoError(t, err)
	two, err := second.Word()
	require.NoError(t, err)
	broken := one[:90] + "\n> " + one[90:201] + "=\r\n" + one[201:] // A reply that quotes a mail with short lines.
	for name, text := range map[string]string{
		"alone":                 one,
		"a command":             "feeops audit verify --key 00 --head " + one + "\n",
		"a message of Slack":    "feeops APP  2:00 PM\nAudit log: signed head\n`" + one + "`\nThe next head comes after …",
		"a quoted mail":         "> Hello\n> " + broken + "\n> Bye",
		"curly quotes":          "“" + one + "”",
		"invisible signs":       strings.ReplaceAll(one, "-", "\u200b-\u00ad"),
		"a line of the log":     "time=2026-03-01T12:00:00.000Z level=INFO msg=\"audit head\" head=" + one + "\ntime=2026-03-01T13:00:00.000Z level=INFO",
		"a line of a JSON log":  `{"time":"2026-03-01T12:00:00Z","msg":"audit head","version":1,"entries":3,"head":"` + one + `"}`,
		"followed by more text": one + "ffff",
	} {
		heads, err := audit.ReadHeads(strings.NewReader(text))
		require.NoError(t, err, name)
		require.Equal(t, []audit.Head{first}, heads, name)
		require.NoError(t, heads[0].Verify(), name)
	}
	heads, err := audit.ReadHeads(strings.NewReader("1 March: " + one + "\n2 March: " + two))
	require.NoError(t, err)
	require.Equal(t, []audit.Head{first, second}, heads)
	r, err := audit.Verify(t.Context(), l, heads)
	require.NoError(t, err)
	require.True(t, r.OK(), "%+v", r)

	empty := newLog(t, 0).head()
	text, err := empty.Word()
	require.NoError(t, err)
	require.Equal(t, []audit.Head{empty}, audit.FindWords(text))
}

// TestWord_OneChangedSignIsNotTheHead changes each sign of a head in turn: none of them is one that its key signed.
func TestWord_OneChangedSignIsNotTheHead(t *testing.T) {
	h := newLog(t, 3).head()
	text, err := h.Word()
	require.NoError(t, err)
	for i := len("feeops-head-"); i < len(text); i++ {
		for _, to := range "0a" {
			changed := text[:i] + string(to) + text[i+1:]
			if changed == text {
				continue
			}
			for _, got := range audit.FindWords(changed) {
				require.Error(t, got.Verify(), "sign %d", i)
			}
		}
	}
}

// TestVerify_AHostThatWasTakenOverCannotHideBehindItsOwnKey is what heads in people's channels are for: whoever has the
// disk has the database, the file of heads and the audit key, writes all of them anew, and signs. What he cannot change
// is the word that stands in a channel.
func TestVerify_AHostThatWasTakenOverCannotHideBehindItsOwnKey(t *testing.T) {
	for name, attack := range map[string]func(l *logbook){
		"written anew":       func(l *logbook) { l.change("DELETE FROM audit"); l.addOther(9) },
		"tail written anew":  func(l *logbook) { l.change("DELETE FROM audit WHERE seq > 3"); l.addOther(5) },
		"cut off":            func(l *logbook) { l.change("DELETE FROM audit WHERE seq > 4") },
		"cut off and longer": func(l *logbook) { l.change("DELETE FROM audit WHERE seq > 5"); l.addOther(1) },
		"emptied":            func(l *logbook) { l.change("DELETE FROM audit") },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, 6)
			inChannel, err := l.head().Word()
			require.NoError(t, err)
			attack(l)
			file := filepath.Join(t.TempDir(), "heads.jsonl")
			_, err = audit.Publish(t.Context(), l, l.key, at, audit.File(file)) // The attacker signs with the true key.
			require.NoError(t, err)
			f, err := os.Open(file)
			require.NoError(t, err)
			defer f.Close()
			heads, err := audit.ReadHeads(f)
			require.NoError(t, err)
			r, err := audit.Verify(t.Context(), l, heads)
			require.NoError(t, err)
			require.True(t, r.OK(), "what stands on the host says that all is well")
			r, err = audit.Verify(t.Context(), l, audit.FindWords(inChannel))
			require.NoError(t, err)
			require.False(t, r.OK(), "what stands in the channel does not")
		})
	}
}

func (l *logbook) addOther(n int) {
	for range n {
		require.NoError(l.t, l.Audit(l.t.Context(), store.AuditEntry{At: at, Actor: "mallory", Action: "nothing"}))
	}
}

func TestWord_AndJSONSayTheSame(t *testing.T) {
	key := newLog(t, 0).key
	rapid.Check(t, func(t *rapid.T) {
		state := store.AuditState{Entries: rapid.Int64Range(0, 1<<53).Draw(t, "entries"), Head: rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "hash")}
		h, err := audit.NewHead(state, key, at.Add(time.Duration(rapid.Int64Range(0, 1<<60).Draw(t, "later"))))
		require.NoError(t, err)
		text, err := h.Word()
		require.NoError(t, err)
		asJSON, err := json.Marshal(h)
		require.NoError(t, err)
		heads, err := audit.ReadHeads(strings.NewReader(string(asJSON)))
		require.NoError(t, err)
		require.Equal(t, heads, audit.FindWords(text))
		require.NoError(t, heads[0].Verify())
	})
}
