package docs_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
)

var update = flag.Bool("update", false, "write the table of configuration.md from the schema")

const (
	beginKeys = "<!-- begin keys -->\n"
	endKeys   = "<!-- end keys -->\n"
)

// schema is the little of a JSON schema that the table needs. Properties keep their order.
type schema struct {
	Type        string          `json:"type"`
	Description string          `json:"description"`
	Default     json.RawMessage `json:"default"`
	Enum        []string        `json:"enum"`
	Minimum     *json.Number    `json:"minimum"`
	Maximum     *json.Number    `json:"maximum"`
	Items       *schema         `json:"items"`
	Properties  properties      `json:"properties"`
}

type properties []property

type property struct {
	name  string
	value schema
}

// UnmarshalJSON keeps the order of the keys, which is that of the settings.
func (p *properties) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		one := property{name: name.(string)}
		if err := d.Decode(&one.value); err != nil {
			return err
		}
		*p = append(*p, one)
	}
	return nil
}

// rows walks the schema down to the keys that hold values.
func rows(s schema, key string, out *strings.Builder) {
	for _, p := range s.Properties {
		one, name := p.value, strings.TrimPrefix(key+"."+p.name, ".")
		switch {
		case one.Items != nil && len(one.Items.Properties) > 0:
			rows(*one.Items, name+"[]", out)
		case len(one.Properties) > 0:
			rows(one, name, out)
		default:
			fmt.Fprintf(out, "| `%s` | %s | %s |\n", name, value(one), strings.ReplaceAll(one.Description, "|", "\\|"))
		}
	}
}

// value is the default, or what is allowed when there is none.
func value(s schema) string {
	var parts []string
	if len(s.Default) > 0 {
		parts = append(parts, "`"+strings.Trim(string(s.Default), `"`)+"`")
	}
	if len(s.Enum) > 0 {
		parts = append(parts, "one of "+strings.Join(s.Enum, ", "))
	}
	if s.Minimum != nil && s.Maximum != nil {
		parts = append(parts, s.Minimum.String()+".."+s.Maximum.String())
	}
	return strings.Join(parts, "; ")
}

// TestConfiguration_ListsEveryKeyOfTheSchema holds the table of configuration.md against the schema of the settings.
func TestConfiguration_ListsEveryKeyOfTheSchema(t *testing.T) {
	body, err := config.Schema()
	require.NoError(t, err)
	var s schema
	require.NoError(t, json.Unmarshal(body, &s))
	var want strings.Builder
	want.WriteString("| Key | Default; allowed | Means |\n|---|---|---|\n")
	rows(s, "", &want)
	require.Greater(t, strings.Count(want.String(), "\n"), 60)
	text := read(t, "configuration.md")
	head, rest, ok := strings.Cut(text, beginKeys)
	require.True(t, ok)
	got, tail, ok := strings.Cut(rest, endKeys)
	require.True(t, ok)
	if *update {
		require.NoError(t, os.WriteFile("configuration.md", []byte(head+beginKeys+want.String()+endKeys+tail), 0o644))
		return
	}
	require.Equal(t, want.String(), got, "write it anew: go test ./docs -run TestConfiguration -update")
}
