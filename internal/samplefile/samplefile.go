// Package samplefile reads and writes the watch's samples as JSON lines: one object a line, {"fleet":{…}} or
// {"vault":{…}}. Consecutive lines of one time are one look at the fleet. People write such files by hand to try the
// alerts, so reading is strict: an unknown key is a mistake with a line number, not something to pass over.
package samplefile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// maxLine bounds one line; a real one has about a kilobyte.
const maxLine = 1 << 20

// ErrBad means that the file is not a list of samples. The error names the line.
var ErrBad = errors.New("not a sample")

type line struct {
	Fleet *domain.FleetSample `json:"fleet,omitempty"`
	Vault *domain.VaultSample `json:"vault,omitempty"`
}

// Writer writes looks.
type Writer struct{ enc *json.Encoder }

// NewWriter makes a writer.
func NewWriter(w io.Writer) *Writer {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &Writer{enc: enc}
}

// Write adds one look: the fleet's line first.
func (w *Writer) Write(t domain.FleetTick) error {
	if err := w.enc.Encode(line{Fleet: &t.Fleet}); err != nil {
		return fmt.Errorf("write a fleet's sample: %w", err)
	}
	return w.Vaults(t.Vaults)
}

// Vaults adds samples of vaults alone.
func (w *Writer) Vaults(all []domain.VaultSample) error {
	for i := range all {
		if err := w.enc.Encode(line{Vault: &all[i]}); err != nil {
			return fmt.Errorf("write a sample of %s: %w", all[i].Vault, err)
		}
	}
	return nil
}

// Look is what the lines of one time say. Fleet is nil when there is only vaults' lines.
type Look struct {
	At     time.Time
	Fleet  *domain.FleetSample
	Vaults []domain.VaultSample
}

// Reader reads looks in the order of time.
type Reader struct {
	in   *bufio.Scanner
	n    int   // The line read last.
	next *line // Read, and belonging to the next look.
	last time.Time
}

// NewReader makes a reader.
func NewReader(r io.Reader) *Reader {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 64<<10), maxLine)
	return &Reader{in: in}
}

// Read gives the next look, or io.EOF. Errors wrap ErrBad and name the line.
func (r *Reader) Read() (Look, error) {
	var out Look
	vaults := map[string]bool{}
	for {
		one, err := r.take()
		switch {
		case errors.Is(err, io.EOF) && !out.At.IsZero():
			return out, nil
		case err != nil:
			return Look{}, err
		case out.At.IsZero():
			out.At = one.at()
		case !one.at().Equal(out.At):
			r.next = one
			return out, nil
		}
		switch {
		case one.Fleet != nil && out.Fleet != nil:
			return Look{}, r.bad("a second sample of the fleet at %s", one.at().Format(time.RFC3339))
		case one.Fleet != nil:
			out.Fleet = one.Fleet
		case vaults[one.Vault.Vault]:
			return Look{}, r.bad("a second sample of vault %s at %s", one.Vault.Vault, one.at().Format(time.RFC3339))
		default:
			vaults[one.Vault.Vault] = true
			out.Vaults = append(out.Vaults, *one.Vault)
		}
	}
}

// take gives the next line that is not empty.
func (r *Reader) take() (*line, error) {
	if r.next != nil {
		one := r.next
		r.next = nil
		return one, nil
	}
	for r.in.Scan() {
		r.n++
		text := bytes.TrimSpace(r.in.Bytes())
		if len(text) == 0 {
			continue
		}
		return r.parse(text)
	}
	if err := r.in.Err(); err != nil {
		r.n++
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, r.bad("it is longer than %d KiB: a line has one sample of one vault or of the fleet", maxLine>>10)
		}
		return nil, r.bad("%w", err)
	}
	return nil, io.EOF
}

func (r *Reader) parse(text []byte) (*line, error) {
	var one line
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&one); err != nil {
		return nil, r.bad("%w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, r.bad("something stands behind the object")
	}
	if (one.Fleet == nil) == (one.Vault == nil) {
		return nil, r.bad(`want exactly one of "fleet" and "vault"`)
	}
	if one.Vault != nil {
		if err := check(one.Vault); err != nil {
			return nil, r.bad("%w", err)
		}
	}
	at := one.at()
	switch {
	case at.IsZero():
		return nil, r.bad(`"at" is missing`)
	case at.Before(r.last):
		return nil, r.bad("it is of %s, and the line before of %s: lines stand in the order of time", at.Format(time.RFC3339), r.last.Format(time.RFC3339))
	}
	r.last = at
	return &one, nil
}

// check refuses what no watch would write and what would mislead a rule.
func check(v *domain.VaultSample) error {
	if v.Vault == "" {
		return errors.New(`"vault" is missing`)
	}
	if v.Day != nil {
		switch v.Day.Treasury.State {
		case domain.BalanceValue, domain.BalanceAbsent, domain.BalanceUnknown:
		default:
			return fmt.Errorf("treasury state %q, want value, absent or unknown", v.Day.Treasury.State)
		}
	}
	return nil
}

func (l *line) at() time.Time {
	if l.Fleet != nil {
		return l.Fleet.At
	}
	return l.Vault.At
}

func (r *Reader) bad(format string, args ...any) error {
	return fmt.Errorf("line %d: %w: %w", r.n, ErrBad, fmt.Errorf(format, args...))
}
