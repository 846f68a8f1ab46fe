package config

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// maxSecretBytes bounds a secret's file: a wrong path such as a disk image must not be read whole.
const maxSecretBytes = 64 << 10

// path makes a path absolute: ~/ is the home directory, anything relative lies beside the file that names it.
func (r *reader) path(p, base string) string {
	if rest, ok := strings.CutPrefix(p, "~/"); ok && r.env["HOME"] != "" {
		return filepath.Join(r.env["HOME"], rest)
	}
	if p == "" || filepath.IsAbs(p) || base == "" {
		return p
	}
	return filepath.Join(base, p)
}

// secret resolves a reference. In a file nothing but a reference will do: files are shown, copied and committed.
func (r *reader) secret(text string, at place) (any, *Error) {
	value, isReference, problem := r.resolve(text, at)
	switch {
	case problem != nil:
		return nil, problem
	case isReference, at.literal, text == "":
		return value, nil
	}
	return nil, &Error{
		Got: "a secret in plain text", Want: "env:NAME or file:PATH",
		Next: "Put the secret into the environment or into a file of its own, and change it: it has been written down here.",
	}
}

// address resolves a reference or takes the address as it is, if it holds no key.
func (r *reader) address(text string, f field, at place) (any, *Error) {
	if f.tag.Get("kind") == "dsn" && strings.HasPrefix(text, "file:") {
		return "file:" + r.path(strings.TrimPrefix(text, "file:"), at.base), nil
	}
	value, isReference, problem := r.resolve(text, at)
	plain := text
	if f.tag.Get("kind") == "dsn" {
		plain = withoutUser(text)
	}
	switch {
	case problem != nil:
		return nil, problem
	case isReference, at.literal, RedactURL(plain) == plain:
		return value, nil
	}
	return nil, &Error{
		Got: "an address with a key or a password in plain text (" + RedactURL(text) + ")", Want: "env:NAME or file:PATH",
		Next: "Put the whole address into the environment or into a file of its own.",
	}
}

// withoutUser takes the name of a database's user out of its address: a name without a password is no secret.
func withoutUser(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text
	}
	if _, has := u.User.Password(); has {
		return text
	}
	u.User = nil
	return u.String()
}

// resolve reads what env:NAME or file:PATH stands for.
func (r *reader) resolve(text string, at place) (string, bool, *Error) {
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		value := r.env[name]
		if value == "" {
			return "", true, &Error{Got: quote(text) + ", which is not set", Want: "a variable with the value", Next: fmt.Sprintf("Set %s in the environment of this process.", clip(name)), unread: true}
		}
		return value, true, nil
	}
	name, ok := strings.CutPrefix(text, "file:")
	if !ok {
		return text, false, nil
	}
	value, err := readSecret(r.path(name, at.base))
	if err != nil {
		return "", true, &Error{Got: fmt.Sprintf("%q", text) + ", which cannot be read (" + err.Error() + ")", Want: "a file with the value", Next: "Make the file, readable by this user only.", unread: true}
	}
	return value, true, nil
}

func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", reason(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", reason(err)
	}
	value := strings.TrimSpace(string(data))
	switch {
	case len(data) > maxSecretBytes:
		return "", fmt.Errorf("longer than %d bytes", maxSecretBytes)
	case value == "":
		return "", fmt.Errorf("the file is empty")
	case strings.ContainsAny(value, "\x00\n\r"):
		return "", fmt.Errorf("more than one line")
	}
	return value, nil
}
