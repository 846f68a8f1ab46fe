package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// vaults joins the entries of the settings with the rows of vaults_file. A row with the id of an entry lies under it:
// what the entry says wins, key by key. The other rows come after the entries.
func (r *reader) vaults(k *koanf.Koanf) []any {
	entries, _ := k.Get("vaults").([]any)
	path := k.String("vaults_file")
	if path == "" {
		return entries
	}
	at := place{file: path, base: filepath.Dir(path), weak: true}
	index := map[string]int{}
	for i, e := range entries {
		if m, ok := e.(map[string]any); ok {
			if id, ok := m["id"].(string); ok {
				index[id] = i
			}
		}
	}
	taken := map[string]bool{}
	for i, row := range r.rows(path, at) {
		id := rowID(row)
		to, overlaid := index[id]
		if !overlaid || taken[id] || id == "" { // A second row of the same id stays, to be reported as a duplicate.
			to, overlaid = len(entries), false
			entries = append(entries, map[string]any{})
		}
		taken[id] = true
		v, ok := r.value(row, field{typ: reflect.TypeFor[Vault]()}, fmt.Sprintf("vaults[%d]", to), fmt.Sprintf("[%d]", i), at)
		base, isMap := v.(map[string]any)
		if !ok || !isMap {
			continue
		}
		if entry, ok := entries[to].(map[string]any); overlaid && ok {
			for key, value := range entry {
				base[key] = value
			}
		}
		entries[to] = base
	}
	return entries
}

// rows reads the file's JSON array. It is parsed as JSON for its syntax and as YAML, which JSON is part of, for its lines.
func (r *reader) rows(path string, at place) []*yaml.Node {
	data, err := os.ReadFile(path)
	if err != nil {
		e := r.source.locate(Error{Key: "vaults_file"})
		e.Got, e.Want = fmt.Sprintf("%q", path)+", which cannot be read ("+reason(err).Error()+")", "a JSON file of vaults"
		e.Next = "Correct the path, or make the file with feeops localnet --write-vaults."
		r.fail(e)
		return nil
	}
	var parsed any
	if err := json.Unmarshal(data, &parsed); err != nil {
		e := Error{File: path, Got: "something else (" + err.Error() + ")", Want: "JSON", Next: "Correct the syntax there or just above."}
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			e.Line = 1 + bytes.Count(data[:min(syntax.Offset, int64(len(data)))], []byte("\n"))
		}
		r.fail(e)
		return nil
	}
	var document yaml.Node
	if yaml.Unmarshal(data, &document) != nil || len(document.Content) == 0 {
		// Some escapes of JSON mean nothing to YAML. Written again without them the lines may be others, the values are not.
		again, err := json.MarshalIndent(parsed, "", "  ")
		if err != nil || yaml.Unmarshal(again, &document) != nil || len(document.Content) == 0 {
			r.fail(Error{File: path, Got: "JSON that cannot be walked", Want: "an array of vaults"})
			return nil
		}
	}
	if document.Content[0].Kind != yaml.SequenceNode {
		r.fail(Error{File: path, Line: document.Content[0].Line, Got: kindName(document.Content[0].Kind), Want: "an array of vaults"})
		return nil
	}
	return document.Content[0].Content
}

func rowID(row *yaml.Node) string {
	if row.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(row.Content); i += 2 {
		if row.Content[i].Value == "id" {
			return row.Content[i+1].Value
		}
	}
	return ""
}

// streams reads a vault's streams_file: a JSON array, or one address a line with # comments.
func (r *reader) streams(v *Vault, key string) {
	if v.StreamsFile == "" {
		return
	}
	e := r.source.locate(Error{Key: key + ".streams_file"})
	list := key + ".streams"
	data, err := os.ReadFile(v.StreamsFile)
	switch {
	case len(v.Streams) > 0:
		e.Got, e.Want, e.Next = "streams and streams_file", "one of them", "Remove one: their order would not be clear."
		r.fail(e)
	case err != nil:
		e.Got, e.Want = fmt.Sprintf("%q", v.StreamsFile)+", which cannot be read ("+reason(err).Error()+")", "a file of stream addresses"
		e.Next = "Correct the path."
		r.fail(e)
		r.source.record(list, Origin{File: e.File, Line: e.Line, Key: e.Key}, true) // The list is missing for this reason alone.
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")):
		if err := json.Unmarshal(data, &v.Streams); err != nil {
			r.fail(Error{File: v.StreamsFile, Key: list, Got: "something else (" + err.Error() + ")", Want: "a JSON array of addresses"})
			r.source.record(list, Origin{File: v.StreamsFile, Key: list}, true)
			v.Streams = nil
		}
	default:
		r.source.record(list, Origin{File: v.StreamsFile, Line: 1, Key: list}, true)
		for i, line := range strings.Split(string(data), "\n") {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line != "" {
				entry := fmt.Sprintf("%s[%d]", list, len(v.Streams))
				r.source.record(entry, Origin{File: v.StreamsFile, Line: i + 1, Key: entry}, true)
				v.Streams = append(v.Streams, line)
			}
		}
	}
}
