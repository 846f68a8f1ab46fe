package safety

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// sum hashes what people sign. The text is made by hand, one line a thing with every value quoted, so that no two
// different states have one text, and no other version of a library makes another text of the same state.
type sum struct{ text strings.Builder }

func newSum(kind string) *sum {
	s := &sum{}
	s.line(kind)
	return s
}

func (s *sum) line(parts ...string) {
	for _, part := range parts {
		s.text.WriteString(strconv.Quote(part))
		s.text.WriteByte(' ')
	}
	s.text.WriteByte('\n')
}

func (s *sum) flag(f domain.SafetyFlag) {
	s.line("flag", string(f.Kind), f.Vault, f.Reason, f.Actor, moment(f.At))
}

func (s *sum) waivers(list []Waiver) {
	for _, w := range list {
		s.line("waiver", w.Check, w.Reason)
	}
}

func (s *sum) hex() string {
	h := sha256.Sum256([]byte(s.text.String()))
	return hex.EncodeToString(h[:])
}

// moment writes a time in one zone: a store or a wire in between changes no hash.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
