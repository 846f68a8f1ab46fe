// Command checkimage looks at the program that goes into the worker's image: that it needs nothing of the image but itself,
// that its bill of materials is what the repository pins, and which known vulnerabilities stand in code that is linked.
// It shares no code with the program that it checks.
package main

import (
	"bufio"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	binary := flag.String("binary", "", "the program, built with the Dockerfile's command")
	sbom := flag.String("sbom", "", "its bill of materials (CycloneDX)")
	modules := flag.String("modules", "", "output of: go list -m -f '{{.Path}} {{.Version}}' all")
	packages := flag.String("packages", "", "output of: go list -deps ./starter")
	findings := flag.String("findings", "", "output of: govulncheck -mode=binary -format=json; empty: not assessed")
	flag.Parse()
	problems, err := check(os.Stdout, *binary, *sbom, *modules, *packages, *findings)
	if err != nil {
		problems = append(problems, err.Error())
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, "checkimage:", p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func check(w io.Writer, binary, sbom, modules, packages, findings string) ([]string, error) {
	problems, built, err := program(binary)
	if err != nil {
		return problems, err
	}
	pinned, err := pairs(modules)
	if err != nil {
		return problems, err
	}
	f, err := os.Open(sbom)
	if err != nil {
		return problems, err
	}
	defer f.Close()
	more, n, err := materials(f, built, pinned)
	problems = append(problems, more...)
	if err != nil {
		return problems, err
	}
	fmt.Fprintf(w, "one static program and %d modules; the bill of materials names each of them as go.mod pins it\n", n)
	return problems, vulnerabilities(w, packages, findings)
}

// program says what the file needs beside itself, and which modules stand in it.
func program(path string) (problems []string, built map[string]string, err error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	libraries, err := file.ImportedLibraries()
	if err != nil {
		return nil, nil, err
	}
	interpreted := slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
	if interpreted || len(libraries) > 0 {
		problems = append(problems, fmt.Sprintf("the program needs libraries that the image does not have: %v", libraries))
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return problems, nil, err
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{"CGO_ENABLED": "0", "-trimpath": "true"} {
		if settings[key] != want {
			problems = append(problems, fmt.Sprintf("the program was built with %s=%s, want %s", key, settings[key], want))
		}
	}
	built = map[string]string{"std": strings.TrimPrefix(info.GoVersion, "go")}
	for _, d := range info.Deps {
		if d.Replace != nil {
			problems = append(problems, fmt.Sprintf("%s is replaced by %s", d.Path, d.Replace.Path))
		}
		built[d.Path] = d.Version
	}
	return problems, built, nil
}

// materials holds the bill against the program and against what go.mod selects.
func materials(bill io.Reader, built, pinned map[string]string) (problems []string, n int, err error) {
	var bom struct {
		Components []struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"components"`
	}
	if err := json.NewDecoder(bill).Decode(&bom); err != nil {
		return nil, 0, fmt.Errorf("bill of materials: %w", err)
	}
	named := map[string]string{}
	for _, c := range bom.Components {
		named[c.Name] = strings.TrimPrefix(c.Version, "go")
	}
	for _, path := range slices.Sorted(maps.Keys(built)) {
		version := built[path]
		if named[path] != version {
			problems = append(problems, fmt.Sprintf("%s %s stands in the program, and the bill of materials says %q", path, version, named[path]))
		}
		if path != "std" && pinned[path] != version {
			problems = append(problems, fmt.Sprintf("%s %s stands in the program, and go.mod selects %q", path, version, pinned[path]))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(named)) {
		if built[path] == "" {
			problems = append(problems, fmt.Sprintf("the bill of materials names %s, which does not stand in the program", path))
		}
	}
	return problems, len(built) - 1, nil
}

// vulnerabilities tells those in packages that are linked. A program without symbols is searched by packages of its
// modules, which finds more than there is; the list of linked packages takes that away again.
func vulnerabilities(w io.Writer, packages, findings string) error {
	if findings == "" {
		fmt.Fprintln(w, "vulnerabilities: not assessed")
		return nil
	}
	linked, err := pairs(packages)
	if err != nil {
		return err
	}
	f, err := os.Open(findings)
	if err != nil {
		return err
	}
	defer f.Close()
	found, absent, err := sort(f, linked)
	if err != nil {
		return err
	}
	for _, line := range found {
		fmt.Fprintln(w, "vulnerable:", line)
	}
	fmt.Fprintf(w, "vulnerabilities: %d in linked packages, %d in packages of its modules that are not linked\n", len(found), absent)
	return nil
}

// sort parts findings into those in linked packages and the number of others.
func sort(r io.Reader, linked map[string]string) (found []string, absent int, err error) {
	byID, all, assessed := map[string]string{}, map[string]bool{}, false
	for d := json.NewDecoder(r); ; {
		var m struct {
			Config  *struct{} `json:"config"`
			Finding *struct {
				OSV   string `json:"osv"`
				Fixed string `json:"fixed_version"`
				Trace []struct {
					Module  string `json:"module"`
					Version string `json:"version"`
					Package string `json:"package"`
				} `json:"trace"`
			} `json:"finding"`
		}
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, 0, fmt.Errorf("findings: %w", err)
		}
		assessed = assessed || m.Config != nil
		if m.Finding == nil || len(m.Finding.Trace) == 0 {
			continue
		}
		at := m.Finding.Trace[0]
		all[m.Finding.OSV] = true
		if _, is := linked[at.Package]; is {
			byID[m.Finding.OSV] = fmt.Sprintf("%s in %s of %s %s, fixed in %s", m.Finding.OSV, at.Package, at.Module, at.Version, m.Finding.Fixed)
		}
	}
	if !assessed {
		return nil, 0, errors.New("findings: the scan said nothing, which is not none")
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		found = append(found, byID[id])
	}
	return found, len(all) - len(found), nil
}

// pairs reads lines of a word and a value.
func pairs(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]string{}
	for s := bufio.NewScanner(f); ; {
		if !s.Scan() {
			return out, s.Err()
		}
		key, value, _ := strings.Cut(s.Text(), " ")
		out[key] = value
	}
}
