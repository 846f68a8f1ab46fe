// Command checksbom reads a CycloneDX bill of materials and fails when a component's licence is not one that lets
// anybody use the program, or is not known. It shares no code with the program that it checks.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
)

// allowed are licences that ask for nothing but their own text to be kept. MPL-2.0 asks for changes to its files to be
// published as well; ours contain none.
func allowed() []string {
	return []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-Source-Code", "ISC", "MIT", "MPL-2.0", "Unlicense", "CC0-1.0"}
}

// reviewed are modules whose licence the tool does not recognise, with what a person read.
func reviewed() map[string]string {
	return map[string]string{
		"std":                         "BSD-3-Clause: Go's own library",
		"github.com/pressly/goose/v3": "MIT: several copyright lines",
		"github.com/tmthrgd/go-hex":   "BSD-3-Clause: no heading",
		"github.com/gorilla/rpc":      "BSD-3-Clause: no heading",
		"github.com/nexus-rpc/nexus-proto-annotations": "no file in the module; Temporal's, which is MIT",
		"github.com/gagliardetto/treeout":              "no file in the module; by the author of solana-go, which is Apache-2.0",
	}
}

type licence struct {
	Expression string `json:"expression"`
	License    struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"license"`
}

type component struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Licences []licence `json:"licenses"`
	Evidence struct {
		Licences []licence `json:"licenses"`
	} `json:"evidence"`
}

func main() {
	problems, n := check(os.Stdin)
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, "checksbom:", p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d components, every licence is known and allowed\n", n)
}

func check(r io.Reader) ([]string, int) {
	var bom struct {
		Format     string      `json:"bomFormat"`
		Components []component `json:"components"`
	}
	if err := json.NewDecoder(r).Decode(&bom); err != nil {
		return []string{"not a bill of materials: " + err.Error()}, 0
	}
	if bom.Format != "CycloneDX" || len(bom.Components) < 50 {
		return []string{fmt.Sprintf("format %q with %d components: want CycloneDX with all modules of the program", bom.Format, len(bom.Components))}, 0
	}
	var problems []string
	for _, c := range bom.Components {
		if p := c.problem(); p != "" {
			problems = append(problems, p)
		}
	}
	return problems, len(bom.Components)
}

func (c component) problem() string {
	if _, ok := reviewed()[c.Name]; ok {
		return ""
	}
	all := slices.Concat(c.Licences, c.Evidence.Licences)
	if len(all) == 0 {
		return fmt.Sprintf("%s %s: its licence is not recognised. Read it, and add the module to reviewed with what it says", c.Name, c.Version)
	}
	for _, l := range all {
		if id := l.License.ID + l.Expression + l.License.Name; !slices.Contains(allowed(), id) {
			return fmt.Sprintf("%s %s: licence %s is not allowed: use another library, or allow it with a reason", c.Name, c.Version, id)
		}
	}
	return ""
}
