package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader turns files and variables into plain values of the right type, and collects what is wrong with them.
type reader struct {
	env      map[string]string
	source   Source
	problems Errors
}

// place is what a value's meaning depends on besides the value.
type place struct {
	file    string
	base    string // Directory for relative paths.
	literal bool   // Secrets may stand here in plain: true in the environment only.
	weak    bool   // Origins found before stay.
}

func (r *reader) fail(e Error) { r.problems = append(r.problems, e) }

// parse reads one YAML document. Errors of the syntax get their line.
func (r *reader) parse(data []byte, at place) (*yaml.Node, bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1}, true // An empty file sets nothing.
	}
	if err == nil {
		if e := decoder.Decode(&second); !errors.Is(e, io.EOF) && e == nil {
			r.fail(Error{File: at.file, Line: second.Line, Got: "a second document", Want: "one document", Next: "Remove the line with three dashes."})
		}
		return document.Content[0], true
	}
	line := 0
	if m := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	r.fail(Error{File: at.file, Line: line, Got: quote(strings.TrimPrefix(err.Error(), "yaml: ")), Want: "YAML", Next: "Check indentation and quotes there and just above."})
	return nil, false
}

// value walks a node beside the Go type that it must fit. The second result is false when there is nothing to set.
func (r *reader) value(n *yaml.Node, f field, key, shown string, at place) (any, bool) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.fail(Error{File: at.file, Line: n.Line, Key: shown, Got: "a YAML anchor or alias", Want: "the value itself", Next: "Write the value out: a setting that changes two places at once is easy to misread."})
		return nil, false
	}
	if n.Tag == "!!null" {
		return nil, false
	}
	r.source.record(key, Origin{File: at.file, Line: n.Line, Key: shown}, !at.weak)
	switch t := f.typ; {
	case f.leaf():
		if n.Kind != yaml.ScalarNode {
			r.fail(Error{File: at.file, Line: n.Line, Key: shown, Got: kindName(n.Kind), Want: f.want()})
			return nil, false
		}
		v, problem := r.leaf(n.Value, f, at)
		if problem != nil {
			problem.File, problem.Line, problem.Key = at.file, n.Line, shown
			r.fail(*problem)
			return nil, false
		}
		return v, true
	case t.Kind() == reflect.Slice:
		return r.list(n, f, key, shown, at)
	default:
		return r.section(n, t, key, shown, at)
	}
}

func (r *reader) list(n *yaml.Node, f field, key, shown string, at place) (any, bool) {
	if n.Kind != yaml.SequenceNode {
		r.fail(Error{File: at.file, Line: n.Line, Key: shown, Got: kindName(n.Kind), Want: "a list", Next: "Begin each entry on its own line with a dash."})
		return nil, false
	}
	out := make([]any, 0, len(n.Content))
	for i, item := range n.Content {
		index := fmt.Sprintf("[%d]", i)
		v, ok := r.value(item, field{typ: f.typ.Elem()}, key+index, shown+index, at)
		if !ok {
			v = map[string]any{} // The entry keeps its place, so that later entries keep their numbers.
			if f.typ.Elem().Kind() == reflect.String {
				v = ""
			}
		}
		out = append(out, v)
	}
	return out, true
}

func (r *reader) section(n *yaml.Node, t reflect.Type, key, shown string, at place) (any, bool) {
	if n.Kind != yaml.MappingNode {
		r.fail(Error{File: at.file, Line: n.Line, Key: shown, Got: kindName(n.Kind), Want: "a section with keys"})
		return nil, false
	}
	out := map[string]any{}
	fields, names := fieldsOf(t)
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, child := n.Content[i], n.Content[i+1]
		f, known := fields[name.Value]
		here := join(shown, name.Value)
		switch {
		case !known:
			next := "Known keys: " + strings.Join(names, ", ") + "."
			if near := nearest(name.Value, names); near != "" {
				next = fmt.Sprintf("Did you mean %s?", near)
			}
			r.fail(Error{File: at.file, Line: name.Line, Key: join(shown, clip(name.Value)), Got: "an unknown key", Want: "a known one", Next: next})
			continue
		case seen[name.Value] > 0:
			r.fail(Error{File: at.file, Line: name.Line, Key: here, Got: "the key twice", Want: "it once", Next: fmt.Sprintf("Line %d has it too.", seen[name.Value])})
			continue
		}
		seen[name.Value] = name.Line
		if v, ok := r.value(child, f, join(key, name.Value), here, at); ok {
			out[name.Value] = v
		}
	}
	return out, true
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// clip keeps a strange key readable in a message.
func clip(s string) string {
	quoted := quote(s)
	return quoted[1 : len(quoted)-1]
}

func kindName(k yaml.Kind) string {
	switch k {
	case yaml.MappingNode:
		return "a section"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}
