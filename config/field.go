package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// field is a setting's Go type with the tags that say what it means.
type field struct {
	typ reflect.Type
	tag reflect.StructTag
}

// fieldsOf lists a section's settings by name, and the names in order.
func fieldsOf(t reflect.Type) (map[string]field, []string) {
	fields := make(map[string]field, t.NumField())
	names := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		typ := f.Type
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		fields[name] = field{typ: typ, tag: f.Tag}
		names = append(names, name)
	}
	return fields, names
}

// is compares the field's type with that of an example.
func (f field) is(example any) bool { return f.typ == reflect.TypeOf(example) }

// leaf is true for a single value, as opposed to a section or a list.
func (f field) leaf() bool {
	return f.is(Secret{}) || f.is(URL{}) || (f.typ.Kind() != reflect.Struct && f.typ.Kind() != reflect.Slice)
}

// want says in words what fits the field.
func (f field) want() string {
	tags := f.tag.Get("validate")
	switch {
	case f.is(time.Duration(0)):
		return "a duration such as 500ms, 10s or 15m"
	case f.is(Secret{}):
		return "env:NAME or file:PATH"
	case f.is(URL{}):
		return "an address, env:NAME or file:PATH"
	case strings.Contains(tags, "page_size"):
		return wantPageSize
	case f.is(domain.Amount(0)):
		return "a whole number of base units"
	case f.typ.Kind() == reflect.Bool:
		return "true or false"
	case f.typ.Kind() == reflect.String:
		if options, ok := tagValue(tags, "oneof"); ok {
			return "one of " + strings.ReplaceAll(options, " ", ", ")
		}
		return "text"
	case f.typ.Kind() == reflect.Struct:
		return "a section with keys"
	}
	if limit, ok := limits(tags); ok {
		return "a whole number " + limit
	}
	return fmt.Sprintf("a whole number from 0 to %d", uint64(1)<<(f.typ.Bits()-1)<<1-1)
}

// leaf reads one value from text. The values are plain ones (text, numbers, truth), as koanf wants them.
func (r *reader) leaf(text string, f field, at place) (any, *Error) {
	bad := func(next string) (any, *Error) {
		return nil, &Error{Got: quote(text), Want: f.want(), Next: next}
	}
	switch {
	case f.is(time.Duration(0)):
		d, err := time.ParseDuration(text)
		if err != nil {
			return bad("Add the unit.")
		}
		return d, nil
	case f.is(domain.Amount(0)):
		a, err := domain.ParseAmount(strings.ReplaceAll(text, "_", ""))
		if err != nil {
			return bad("Write base units (lamports), without a decimal point or an exponent.")
		}
		return uint64(a), nil
	case f.is(Secret{}):
		return r.secret(text, at)
	case f.is(URL{}):
		return r.address(text, f, at)
	}
	switch f.typ.Kind() {
	case reflect.Bool:
		switch strings.ToLower(text) {
		case "true", "1", "yes", "on":
			return true, nil
		case "false", "0", "no", "off":
			return false, nil
		}
		return bad("")
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v, err := strconv.ParseUint(strings.ReplaceAll(text, "_", ""), 10, f.typ.Bits())
		if err != nil {
			return bad("")
		}
		if v == 0 && strings.Contains(f.tag.Get("validate"), "page_size") {
			return bad(nextPageSize) // A page of nobody would never reach the end of the list (X01).
		}
		return v, nil
	}
	if f.tag.Get("kind") == "path" {
		return r.path(text, at.base), nil
	}
	return text, nil
}
