package incident

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strings"
)

const hidden = "[redacted]"

// Redactor takes secrets out of what is kept or told. It knows the secrets of the settings, and what secrets look like.
type Redactor struct {
	secrets []string
	address func(string) string
}

// NewRedactor makes one. secrets are values that must not appear anywhere; address takes the keys out of an address.
func NewRedactor(secrets []string, address func(string) string) Redactor {
	r := Redactor{address: address}
	for _, s := range secrets {
		if len(s) >= minSecret { // A shorter one would blot out half of every text, and is no secret.
			r.secrets = append(r.secrets, s)
		}
	}
	// The longest first: a secret that holds another one goes as a whole.
	sort.Slice(r.secrets, func(a, b int) bool { return len(r.secrets[a]) > len(r.secrets[b]) })
	return r
}

const minSecret = 4

var (
	addressLike = regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^\s"'<>\\]+`)
	// A name that says so, a separator, and a value. The separator may be JSON's.
	namedSecret = regexp.MustCompile(`(?i)((?:api[_-]?key|token|secret|passw(?:or)?d|bearer|authorization|private[_-]?key|mnemonic)["']?\s*[:= ]\s*["']?(?:bearer\s+)?)([^\s"',;}]{4,})`)
	// 32 or 64 numbers of one byte each, as Solana's key files have them.
	keyNumbers = regexp.MustCompile(`\[\s*(?:\d{1,3}\s*,\s*){31,}\d{1,3}\s*\]`)
)

// Text redacts a text.
func (r Redactor) Text(s string) string {
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, hidden)
	}
	if r.address != nil {
		s = addressLike.ReplaceAllStringFunc(s, r.address)
	}
	s = namedSecret.ReplaceAllString(s, "${1}"+hidden)
	return keyNumbers.ReplaceAllString(s, hidden)
}

// secretNames are keys of objects whose value is a secret whatever it looks like.
var secretNames = regexp.MustCompile(`(?i)^(?:.*[_-])?(?:api_?key|token|secret|password|passwd|private_?key|keypair|mnemonic|authorization)$`)

// JSON redacts every text of a document, and everything under a name that says it is a secret. Numbers stay as they
// are written.
func (r Redactor) JSON(raw []byte) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("redact: %w", err)
	}
	out, err := json.Marshal(r.walk(v))
	if err != nil {
		return nil, fmt.Errorf("redact: %w", err)
	}
	return out, nil
}

func (r Redactor) walk(v any) any {
	switch v := v.(type) {
	case string:
		return r.Text(v)
	case []any:
		if keyBytes(v) {
			return hidden
		}
		for i := range v {
			v[i] = r.walk(v[i])
		}
		return v
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			if text, ok := value.(string); ok && text != "" && secretNames.MatchString(name) {
				out[r.Text(name)] = hidden
				continue
			}
			out[r.Text(name)] = r.walk(value)
		}
		return out
	}
	return v
}

// keyBytes is true for a list of at least 32 numbers that are all one byte: a key file's content.
func keyBytes(list []any) bool {
	if len(list) < 32 {
		return false
	}
	for _, one := range list {
		n, ok := one.(json.Number)
		if !ok {
			return false
		}
		if i, err := n.Int64(); err != nil || i < 0 || i > 255 {
			return false
		}
	}
	return true
}
