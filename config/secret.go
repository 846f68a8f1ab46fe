package config

import (
	"log/slog"
	"net/url"
)

const redacted = "[redacted]"

// Secret is a value that no log, report or message may show. Only Reveal gives it out, so that every use can be found.
type Secret struct{ value string }

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal gives the value, for the client that needs it.
func (s Secret) Reveal() string { return s.value }

// IsZero is true when nothing was set.
func (s Secret) IsZero() bool { return s.value == "" }

// String never shows the value; an unset secret is the empty string.
func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return redacted
}

// GoString keeps the value out of %#v.
func (s Secret) GoString() string { return "config.Secret(" + s.String() + ")" }

// LogValue keeps the value out of slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps the value out of JSON and of everything else that writes text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON keeps the value out of JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML keeps the value out of YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// URL is an address that may hold a key, as RPC providers' do. It prints without the key; Reveal gives all of it.
type URL struct{ value string }

// NewURL wraps an address. It is checked by Validate, not here.
func NewURL(value string) URL { return URL{value} }

// Reveal gives the whole address, for the client that connects.
func (u URL) Reveal() string { return u.value }

// IsZero is true when nothing was set.
func (u URL) IsZero() bool { return u.value == "" }

// String gives the address without keys.
func (u URL) String() string { return RedactURL(u.value) }

// GoString keeps keys out of %#v.
func (u URL) GoString() string { return "config.URL(" + u.String() + ")" }

// LogValue keeps keys out of slog.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText keeps keys out of JSON and of everything else that writes text.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// MarshalYAML keeps keys out of YAML.
func (u URL) MarshalYAML() (any, error) { return u.String(), nil }

// host is the address without scheme, path and keys.
func (u URL) host() string {
	parsed, err := url.Parse(u.value)
	if err != nil {
		return ""
	}
	return parsed.Host
}
