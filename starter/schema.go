package main

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

func (c *cli) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema [COMMAND…]", Short: "JSON schema of what a command prints with --json, or the commands that print any",
		Long: "Draft 2020-12. Amounts are strings of base units, times are RFC 3339. A field may be added in any version; a name and its meaning stay.\n" +
			"A command that fails before it has a result prints {\"ok\":false,\"error\":{…}}, which every schema allows.",
		Example: "  feeops schema\n  feeops schema status\n  feeops schema report daily > daily.schema.json",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return nextWords(args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.listSchemas()
			}
			s, err := schemaOf(strings.Join(args, " "))
			if err != nil {
				return err
			}
			return c.printJSON(s)
		},
	}
}

// schemasListed is schema --json without a command.
type schemasListed struct {
	Commands []string `json:"commands"`
}

func (c *cli) listSchemas() error {
	names := slices.Sorted(maps.Keys(shapes()))
	if c.json {
		return c.printJSON(schemasListed{names})
	}
	_, err := fmt.Fprintln(c.stdout, strings.Join(names, "\n"))
	return err
}

// nextWords completes the words of a command's name.
func nextWords(before []string) []string {
	var out []string
	for name := range shapes() {
		words := strings.Fields(name)
		if len(words) > len(before) && slices.Equal(words[:len(before)], before) && !slices.Contains(out, words[len(before)]) {
			out = append(out, words[len(before)])
		}
	}
	slices.Sort(out)
	return out
}

// schemaOf is the contract of a command's --json: one of its results, or the failure that comes instead of one.
func schemaOf(command string) (*jsonschema.Schema, error) {
	results, known := shapes()[command]
	if !known {
		return nil, usageError("%q prints nothing with --json that has a schema: feeops schema lists the commands", command)
	}
	out := &jsonschema.Schema{Schema: "https://json-schema.org/draft/2020-12/schema", Title: "feeops " + command + " --json"}
	for _, one := range append(results, failure{}) {
		t := reflect.TypeOf(one)
		special := map[reflect.Type]*jsonschema.Schema{}
		if err := collect(t, special, map[reflect.Type]bool{}); err != nil {
			return nil, err
		}
		s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: special})
		if err != nil {
			return nil, fault.Newf(fault.Human, "schema/type", "schema of %s: %w", command, err)
		}
		s.Title = ""
		out.AnyOf = append(out.AnyOf, s)
	}
	return out, nil
}

// collect finds the types that write themselves, and describes them by what their zero value looks like: an amount is a
// string whatever its kind in Go.
func collect(t reflect.Type, into map[reflect.Type]*jsonschema.Schema, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	if writesItself(t) {
		s, err := zeroLook(t)
		into[t] = s
		return err
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Array:
		return collect(t.Elem(), into, seen)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !writesItself(t.Elem()) {
			into[t] = &jsonschema.Schema{Types: []string{"null", "string"}, ContentEncoding: "base64"}
			return nil
		}
		return collect(t.Elem(), into, seen)
	case reflect.Map:
		return collect(t.Elem(), into, seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if err := collect(t.Field(i).Type, into, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

func writesItself(t reflect.Type) bool {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return false
	}
	for _, kind := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(kind) || reflect.PointerTo(t).Implements(kind) {
			return true
		}
	}
	return false
}

// zeroLook describes a type by its zero value. One that writes an object, or null, may write anything.
func zeroLook(t reflect.Type) (*jsonschema.Schema, error) {
	b, err := json.Marshal(reflect.New(t).Interface())
	if err != nil {
		return nil, fault.Newf(fault.Human, "schema/type", "the zero value of %s: %w", t, err)
	}
	switch b = bytes.TrimSpace(b); {
	case bytes.HasPrefix(b, []byte(`"`)):
		return &jsonschema.Schema{Type: "string"}, nil
	case bytes.Equal(b, []byte("true")), bytes.Equal(b, []byte("false")):
		return &jsonschema.Schema{Type: "boolean"}, nil
	case len(b) > 0 && b[0] >= '0' && b[0] <= '9':
		return &jsonschema.Schema{Type: "number"}, nil
	default:
		return &jsonschema.Schema{}, nil
	}
}
