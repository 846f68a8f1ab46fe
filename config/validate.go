package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // A container without zones must read the same settings as a machine with them.

	"github.com/go-playground/validator/v10"
	"github.com/mr-tron/base58"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/operator"
)

const (
	wantPageSize = "1..50"
	nextPageSize = "Leave it out to take as many investors as fit a transaction."
)

// deploymentPattern leaves out the marks that Temporal puts between a deployment and its build.
const deploymentPattern = `^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`

// idPattern fits ids into workflow ids, file names and labels.
const idPattern = `^[a-z0-9][a-z0-9._-]{0,62}$`

// Validate checks the settings as they are. Its error is an Errors without files and lines; Load adds them.
func (s Settings) Validate() error { return s.problems().err() }

// problems are those of single values, then those between values.
func (s Settings) problems() Errors {
	var out Errors
	var fields validator.ValidationErrors
	if err := newValidator().Struct(s); errors.As(err, &fields) {
		for _, f := range fields {
			out = append(out, explain(f))
		}
	}
	for _, e := range s.rules() {
		bad := false // A value that is bad by itself says enough.
		for _, o := range out {
			bad = bad || o.Key == e.Key
		}
		if !bad {
			out = append(out, e)
		}
	}
	return out
}

func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	v.RegisterCustomTypeFunc(func(f reflect.Value) any { return f.Interface().(Secret).Reveal() }, Secret{})
	v.RegisterCustomTypeFunc(func(f reflect.Value) any { return f.Interface().(URL).Reveal() }, URL{})
	id, deployment := regexp.MustCompile(idPattern), regexp.MustCompile(deploymentPattern)
	name := regexp.MustCompile(operator.NamePattern)
	for tag, ok := range map[string]func(string) bool{
		"id":           id.MatchString,
		"deployment":   deployment.MatchString,
		"operator":     name.MatchString,
		"operator_key": func(s string) bool { _, err := operator.ParseKey(s); return err == nil },
		"moment":       func(s string) bool { _, err := parseMoment(s); return err == nil },
		"pubkey":       isPublicKey,
		"hostport":     func(s string) bool { _, port, err := net.SplitHostPort(s); return err == nil && port != "" },
		"rpc_url":      func(s string) bool { return isURL(s, "http", "https") },
		"http_url":     func(s string) bool { return isURL(s, "http", "https") },
		"secret_url":   func(s string) bool { return isURL(s, "http", "https") },
		"aes_key":      func(s string) bool { _, err := EncryptionKey{Key: NewSecret(s)}.Bytes(); return err == nil },
		"ws_url":       func(s string) bool { return isURL(s, "ws", "wss") },
		"web_token":    isWebToken,
		"clock":        func(s string) bool { _, err := time.Parse("15:04", s); return err == nil },
		"time_zone":    func(s string) bool { _, err := time.LoadLocation(s); return err == nil && s != "" && s != "Local" },
		"dsn": func(s string) bool {
			return (strings.HasPrefix(s, "file:") && len(s) > len("file:")) || isURL(s, "postgres", "postgresql")
		},
		"backup_place":  isBackupPlace,
		"age_recipient": recipientPattern.MatchString,
		"signer":        signerPattern.MatchString,
	} {
		must(v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return ok(f.Field().String()) }))
	}
	must(v.RegisterValidation("page_size", func(f validator.FieldLevel) bool { return f.Field().Uint() <= domain.MaxPageSize }))
	return v
}

// must reports a programming error: a tag without a name. No setting can cause it.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func isPublicKey(s string) bool {
	if len(s) < 32 || len(s) > 44 { // No 32 bytes are shorter or longer in base58.
		return false
	}
	b, err := base58.Decode(s)
	return err == nil && len(b) == 32
}

func isURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return false
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme {
			return true
		}
	}
	return false
}

// explain turns a validator's finding into words.
func explain(f validator.FieldError) Error {
	_, key, _ := strings.Cut(f.Namespace(), ".")
	e := Error{Key: key, Got: quote(fmt.Sprint(f.Value())), Want: "another value"}
	if f.Kind() != reflect.String {
		e.Got = fmt.Sprint(f.Value())
	}
	switch f.Tag() {
	case "required":
		e.Got, e.Want = "nothing", "a value"
	case "oneof":
		e.Want = "one of " + strings.ReplaceAll(f.Param(), " ", ", ")
	case "page_size":
		e.Want, e.Next = wantPageSize, nextPageSize
	case "pubkey":
		e.Want, e.Next = "a public key (base58, 32 bytes)", publicKeyHint(fmt.Sprint(f.Value()))
	case "id":
		e.Want, e.Next = "a name that matches "+idPattern, "Use small letters, digits, dots and dashes."
	case "deployment":
		e.Want = "a name that matches " + deploymentPattern
	case "operator":
		e.Want, e.Next = "a name that matches "+operator.NamePattern, "Leave out spaces."
	case "operator_key":
		e.Want, e.Next = "ed25519: and 32 bytes in base64", "Copy the line that feeops operator keygen printed."
	case "moment":
		e.Want = "2027-01-31 or 2027-01-31T12:00:00Z"
	case "hostport":
		e.Want = "host:port"
	case "rpc_url", "http_url":
		e.Got, e.Want = quote(RedactURL(fmt.Sprint(f.Value()))), "an address http://… or https://…"
	case "ws_url":
		e.Got, e.Want = quote(RedactURL(fmt.Sprint(f.Value()))), "an address ws://… or wss://…"
	case "web_token": // What it is must not stand in a message.
		e.Got, e.Want, e.Next = "a token that is empty, short or has spaces", fmt.Sprintf("at least %d characters without spaces", leastToken), "Make one: openssl rand -base64 24."
	case "secret_url":
		e.Got, e.Want = "a secret that is no address", "an address https://…"
	case "aes_key":
		e.Got, e.Want, e.Next = "a secret that is no such key", "32 bytes in base64", "Make one with: openssl rand -base64 32"
	case "dsn":
		e.Got, e.Want = quote(RedactURL(fmt.Sprint(f.Value()))), "file:PATH or postgres://…"
	case "backup_place":
		e.Got, e.Want = quote(RedactURL(fmt.Sprint(f.Value()))), "file:DIRECTORY or s3://BUCKET/PATH"
	case "age_recipient":
		e.Got, e.Want, e.Next = "something else", "a public key age1…", "Never a secret half: feeops backup keygen prints the public one."
	case "signer":
		e.Want, e.Next = "a public key of 64 hex digits", "feeops audit keygen prints it; feeops doctor shows that of the key in use."
	case "clock":
		e.Want = "a time of day from 00:00 to 23:59"
	case "time_zone":
		e.Want, e.Next = "a time zone such as UTC or Europe/Berlin", "Take a name of the tz database: what this machine calls local is another place elsewhere."
	case "email":
		e.Want = "an e-mail address"
	case "datetime":
		e.Want = "a time such as " + f.Param()
	case "unique":
		e.Want = "every entry once"
	case "min", "max":
		e.Want = bound(f)
	}
	return e
}

func bound(f validator.FieldError) string {
	unit := ""
	switch f.Kind() {
	case reflect.String:
		unit = " characters"
	case reflect.Slice:
		unit = " entries"
	}
	if f.Tag() == "min" {
		return "at least " + f.Param() + unit
	}
	return "at most " + f.Param() + unit
}

func publicKeyHint(s string) string {
	for _, r := range s {
		if strings.ContainsRune("0OIl", r) {
			return fmt.Sprintf("%q does not occur in base58.", r)
		}
	}
	if b, err := base58.Decode(s); err == nil {
		return fmt.Sprintf("It has %d bytes: copy the whole address.", len(b))
	}
	return "Copy the whole address."
}

// limits words the min and max of a validate tag.
func limits(tags string) (string, bool) {
	low, hasLow := tagValue(tags, "min")
	high, hasHigh := tagValue(tags, "max")
	switch {
	case hasHigh && !hasLow:
		return "from 0 to " + high, true
	case hasHigh:
		return "from " + low + " to " + high, true
	case hasLow:
		return "from " + low, true
	}
	return "", false
}

func tagValue(tags, name string) (string, bool) {
	for tag := range strings.SplitSeq(tags, ",") {
		if v, ok := strings.CutPrefix(tag, name+"="); ok {
			return v, true
		}
	}
	return "", false
}
