package config

import (
	"net/url"
	"reflect"
	"regexp"
	"strings"
)

const ellipsis = "…"

// keyLength is the length from which a path segment or a query value is taken for a key. Providers' keys have 32 characters and more.
const keyLength = 20

// RedactURL gives an address without user info, key-like query values and key-like path segments.
// What is no address at all loses every long run of letters, or everything when it looks like a list of settings.
func RedactURL(raw string) string {
	if raw == "" || strings.HasPrefix(raw, "file:") {
		return raw
	}
	const hidden = "://" + ellipsis + "@" // No address may hold this character, so an address that is redacted already would not parse.
	if before, after, ok := strings.Cut(raw, hidden); ok {
		return strings.Replace(RedactURL(before+"://"+after), "://", hidden, 1)
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		if strings.ContainsAny(raw, "@=") {
			return ellipsis
		}
		return regexp.MustCompile(`[A-Za-z0-9_\-]{20,}`).ReplaceAllString(raw, ellipsis)
	}
	var out strings.Builder
	out.WriteString(u.Scheme + "://")
	if u.User != nil {
		out.WriteString(ellipsis + "@")
	}
	out.WriteString(u.Host)
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if looksLikeKey(s) || s == url.PathEscape(ellipsis) {
			segments[i] = ellipsis
		}
	}
	out.WriteString(strings.Join(segments, "/"))
	if u.RawQuery != "" {
		out.WriteString("?" + redactQuery(u.RawQuery))
	}
	if u.Fragment != "" {
		out.WriteString("#" + ellipsis)
	}
	return out.String()
}

// redactQuery keeps the order and the names of the parameters.
func redactQuery(raw string) string {
	parts := strings.Split(raw, "&")
	for i, p := range parts {
		name, value, ok := strings.Cut(p, "=")
		switch {
		case !ok && looksLikeKey(name):
			parts[i] = ellipsis
		case value != "" && (secretName(name) || looksLikeKey(value)):
			parts[i] = name + "=" + ellipsis
		}
	}
	return strings.Join(parts, "&")
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"key", "token", "secret", "auth", "pass", "pwd", "sig", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// looksLikeKey is deliberately wide: a path shown as "…" does less harm than a key in a log.
func looksLikeKey(s string) bool {
	if plain, err := url.PathUnescape(s); err == nil {
		s = plain
	}
	return len(s) >= keyLength
}

// Redacted gives a copy that may be shown: addresses without keys, secrets as "…".
// The copy cannot connect anywhere.
func (s Settings) Redacted() Settings {
	out := reflect.New(reflect.TypeOf(s)).Elem()
	copyRedacted(out, reflect.ValueOf(s))
	return out.Interface().(Settings)
}

func copyRedacted(to, from reflect.Value) {
	switch value := from.Interface().(type) {
	case Secret:
		if !value.IsZero() {
			to.Set(reflect.ValueOf(NewSecret(ellipsis)))
		}
		return
	case URL:
		to.Set(reflect.ValueOf(NewURL(value.String())))
		return
	}
	switch from.Kind() {
	case reflect.Struct:
		for i := range from.NumField() {
			copyRedacted(to.Field(i), from.Field(i))
		}
	case reflect.Slice:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			copyRedacted(to.Index(i), from.Index(i))
		}
	default:
		to.Set(from)
	}
}

// Secrets gives every secret value of the settings, and every address that holds one, for those who must take them out
// of texts from elsewhere. Whatever gets the list must show none of it.
func (s Settings) Secrets() []string {
	var out []string
	collectSecrets(reflect.ValueOf(s), &out)
	return out
}

func collectSecrets(v reflect.Value, out *[]string) {
	switch value := v.Interface().(type) {
	case Secret:
		if !value.IsZero() {
			*out = append(*out, value.Reveal())
		}
		return
	case URL:
		if raw := value.Reveal(); raw != "" && RedactURL(raw) != raw {
			*out = append(*out, raw)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			collectSecrets(v.Field(i), out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			collectSecrets(v.Index(i), out)
		}
	}
}
