package config

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// MarshalJSON writes the settings as the file has them: durations as "10s", secrets and keys of addresses redacted.
func (s Settings) MarshalJSON() ([]byte, error) { return json.Marshal(plain(reflect.ValueOf(s))) }

// MarshalYAML does the same for YAML.
func (s Settings) MarshalYAML() (any, error) { return plain(reflect.ValueOf(s)), nil }

// plain turns typed settings into the values of the file. Secrets have no plain form here.
func plain(v reflect.Value) any {
	switch value := v.Interface().(type) {
	case Secret:
		return value.String()
	case URL:
		return value.String()
	case time.Duration:
		return value.String()
	case interface{ MarshalText() ([]byte, error) }:
		b, err := value.MarshalText()
		must(err) // Amounts always have a text.
		return string(b)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range v.Len() {
			out[i] = plain(v.Index(i))
		}
		return out
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if options != "omitempty" || !v.Field(i).IsZero() {
				out[name] = plain(v.Field(i))
			}
		}
		return out
	default:
		return v.Interface()
	}
}
