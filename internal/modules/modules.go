// Package modules says what a program is built of, and which of it has known vulnerabilities. It reports; it updates
// nothing: a system that moves money is not changed by a timer (W05, W06).
package modules

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime/debug"
	"slices"
)

// Module is one dependency of the running program.
type Module struct {
	Path     string `json:"path"`
	Version  string `json:"version"`
	Replaced bool   `json:"replaced,omitempty"`
}

// Of lists what a build is made of.
func Of(info *debug.BuildInfo) []Module {
	out := []Module{}
	if info == nil {
		return out
	}
	for _, d := range info.Deps {
		m := Module{Path: d.Path, Version: d.Version}
		if d.Replace != nil {
			m.Version, m.Replaced = d.Replace.Path+" "+d.Replace.Version, true
		}
		out = append(out, m)
	}
	return out
}

// Vulnerability is one that is known of a module of the program.
type Vulnerability struct {
	ID     string `json:"id"`
	Module string `json:"module"`
	Fixed  string `json:"fixed,omitempty"` // First version without it; empty: there is none.
	Called bool   `json:"called"`          // The program has the vulnerable function, and not only its module.
}

// ErrNotAssessed says that nobody looked: no finding is then not "none".
var ErrNotAssessed = errors.New("not assessed")

// Scan runs govulncheck on a built program. Without the tool nothing is assessed.
func Scan(ctx context.Context, tool, program string) ([]Vulnerability, error) {
	path, err := exec.LookPath(tool)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not installed on this machine", ErrNotAssessed, tool)
	}
	cmd := exec.CommandContext(ctx, path, "-mode=binary", "-format=json", program)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil { // With -format=json a finding is no failure.
		return nil, fmt.Errorf("%w: %s failed: %w: %.200s", ErrNotAssessed, tool, err, errs.String())
	}
	return parse(&out)
}

// parse reads govulncheck's stream of messages. One that ends in the middle of a message was cut, and says nothing.
func parse(r io.Reader) ([]Vulnerability, error) {
	byID := map[string]Vulnerability{}
	seen := false
	for dec := json.NewDecoder(r); ; {
		var m struct {
			Config  *struct{} `json:"config"`
			Finding *struct {
				OSV   string `json:"osv"`
				Fixed string `json:"fixed_version"`
				Trace []struct {
					Module   string `json:"module"`
					Function string `json:"function"`
				} `json:"trace"`
			} `json:"finding"`
		}
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: the scan's answer cannot be read: %w", ErrNotAssessed, err)
		}
		seen = seen || m.Config != nil
		if f := m.Finding; f != nil && len(f.Trace) > 0 {
			v := byID[f.OSV]
			v.ID, v.Module, v.Fixed = f.OSV, f.Trace[0].Module, f.Fixed
			v.Called = v.Called || f.Trace[0].Function != ""
			byID[f.OSV] = v
		}
	}
	if !seen {
		return nil, fmt.Errorf("%w: the scan said nothing", ErrNotAssessed)
	}
	out := []Vulnerability{}
	for _, v := range byID {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b Vulnerability) int {
		if a.Called != b.Called {
			if a.Called {
				return -1
			}
			return 1
		}
		return bytes.Compare([]byte(a.ID), []byte(b.ID))
	})
	return out, nil
}
