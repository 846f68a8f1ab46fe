package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

var updateSchemas = flag.Bool("update", false, "write testdata/schemas.json anew")

// mainUnderSchema is the program in the scripts: what a command prints with --json is held against its schema, whatever
// the script itself looks at. A result that does not fit ends with a code that no command has.
func mainUnderSchema() {
	var said bytes.Buffer
	code := mainTo(io.MultiWriter(os.Stdout, &said))
	if slices.Contains(os.Args, "--json") {
		if err := fits(os.Args[1:], said.Bytes()); err != nil {
			fmt.Fprintf(os.Stderr, "feeops %s: the result is not what its schema says: %v\n%s", strings.Join(os.Args[1:], " "), err, said.Bytes())
			code = 97
		}
	}
	os.Exit(code)
}

// fits holds every object that was printed against the command's schema.
func fits(args []string, said []byte) error {
	cmd, _, err := (&cli{stdout: io.Discard, stderr: io.Discard}).root().Find(args)
	if err != nil {
		return nil //nolint:nilerr // There is no such command, and it has said so.
	}
	name := strings.TrimPrefix(cmd.CommandPath(), "feeops ")
	if _, known := shapes()[name]; !known || name == "schema" && len(cmd.Flags().Args()) > 0 {
		return nil
	}
	schema, err := schemaOf(name)
	if err != nil {
		return err
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		return err
	}
	for dec := json.NewDecoder(bytes.NewReader(said)); ; {
		var one any
		if err := dec.Decode(&one); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := resolved.Validate(one); err != nil {
			return err
		}
	}
}

func TestSchema_EveryCommandHasOneOrSaysWhyNot(t *testing.T) {
	left, excused := shapes(), notJSON()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		name := strings.TrimPrefix(cmd.CommandPath(), "feeops ")
		_, has := left[name]
		_, without := excused[name]
		if !cmd.HasSubCommands() {
			require.True(t, has != without, "%q needs a type in shapes(), or a reason in notJSON()", name)
		}
		delete(left, name)
		delete(excused, name)
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk((&cli{stdout: io.Discard, stderr: io.Discard}).root())
	require.Empty(t, left, "commands that are gone")
	require.Empty(t, excused, "commands that are gone")
}

// fillMaps makes a zero value one that a command could print: commands print no map that is nil.
func fillMaps(v reflect.Value) {
	switch v.Kind() {
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fillMaps(v.Field(i))
			}
		}
	}
}

func TestSchema_EachSaysWhatItsTypesWrite(t *testing.T) {
	for name, results := range shapes() {
		schema, err := schemaOf(name)
		require.NoError(t, err, name)
		resolved, err := schema.Resolve(nil)
		require.NoError(t, err, name)
		for _, one := range append(results, failure{}) {
			v := reflect.New(reflect.TypeOf(one)).Elem()
			fillMaps(v)
			b, err := json.Marshal(v.Interface())
			require.NoError(t, err, name)
			var got any
			require.NoError(t, json.Unmarshal(b, &got))
			require.NoError(t, resolved.Validate(got), "%s: %s", name, b)
			if m, ok := got.(map[string]any); ok && name != "config show" { // Which writes what the settings' own schema says.
				m["not_in_any_version"] = 1
				require.Error(t, resolved.Validate(got), "%s takes what it does not name", name)
			}
		}
	}
}

// What scripts rely on is written down: a field that goes, or changes its type, shows in this file's difference.
func TestSchema_TheContractIsWrittenDown(t *testing.T) {
	all := map[string]any{}
	for name := range shapes() {
		if name == "config show" {
			continue // Its contract is that of the settings: config/testdata/schema.json.
		}
		s, err := schemaOf(name)
		require.NoError(t, err)
		all[name] = s
	}
	b, err := json.MarshalIndent(all, "", " ")
	require.NoError(t, err)
	const file = "testdata/schemas.json"
	if *updateSchemas {
		require.NoError(t, os.WriteFile(file, append(b, '\n'), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(b), "write it anew with: go test ./starter -run TestSchema -update, and tell in CHANGELOG.md what scripts must know")
}

func TestSchema_TheCommandShowsAndCompletesThem(t *testing.T) {
	run := func(args ...string) (string, int) {
		var out bytes.Buffer
		code := (&cli{stdout: &out, stderr: io.Discard}).execute(t.Context(), args)
		return out.String(), code
	}
	out, code := run("schema", "report", "daily")
	require.Zero(t, code)
	require.Contains(t, out, "feeops report daily --json")
	out, code = run("schema")
	require.Zero(t, code)
	require.Contains(t, strings.Split(out, "\n"), "report daily")
	_, code = run("schema", "worker")
	require.Equal(t, exitUsage, code)
	out, _ = run("__complete", "schema", "report", "")
	for _, word := range []string{"daily", "events", "morning"} {
		require.Contains(t, out, word)
	}
	require.NotContains(t, out, "stop")
}
