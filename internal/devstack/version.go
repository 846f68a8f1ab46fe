package devstack

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

// TemporalVersion is the Temporal CLI that tools/go.mod pins. Later ones need a module that the proxy does not serve.
const TemporalVersion = "1.5.1"

// cliVersion is what `temporal --version` says.
type cliVersion struct {
	text                       string
	major, minor               int
	serverMajor, serverMinor   int
	unreleased, serverIsStated bool
}

var (
	cliPattern    = regexp.MustCompile(`temporal version v?(\d+)\.(\d+)\.(\d+)(\S*)`)
	serverPattern = regexp.MustCompile(`Server v?(\d+)\.(\d+)\.(\d+)`)
)

// parseVersion reads the line "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)".
func parseVersion(out string) (cliVersion, error) {
	m := cliPattern.FindStringSubmatch(out)
	if m == nil {
		return cliVersion{}, fmt.Errorf("%q does not look like the version of a Temporal CLI", firstLine(out))
	}
	v := cliVersion{text: m[1] + "." + m[2] + "." + m[3] + m[4]}
	v.major, v.minor = number(m[1]), number(m[2])
	// A CLI built from source without a release tag calls itself 0.0.0-DEV; then the server inside it decides.
	v.unreleased = v.major == 0 && v.minor == 0
	if s := serverPattern.FindStringSubmatch(out); s != nil {
		v.serverIsStated, v.serverMajor, v.serverMinor = true, number(s[1]), number(s[2])
	}
	return v, nil
}

// suits accepts 1.3 ≤ version < 2. Version 1.3 carries server 1.27, the first with all that the workflows use.
func (v cliVersion) suits() error {
	if v.unreleased && v.serverIsStated {
		if v.serverMajor == 1 && v.serverMinor >= 27 {
			return nil
		}
		return fmt.Errorf("an unreleased Temporal CLI with server %d.%d: want server 1.27 or newer, below 2", v.serverMajor, v.serverMinor)
	}
	if v.major == 1 && v.minor >= 3 {
		return nil
	}
	return fmt.Errorf("version %s of the Temporal CLI: want 1.3 or newer, below 2", v.text)
}

// checkBinary runs the CLI and says whether its version suits.
func checkBinary(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s --version: %w", path, err)
	}
	v, err := parseVersion(string(out))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := v.suits(); err != nil {
		return fmt.Errorf("%s is %w", path, err)
	}
	return nil
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1 // Longer than an int: no version that suits.
	}
	return n
}

func firstLine(s string) string {
	for i, r := range s {
		if r == '\n' || i >= 80 {
			return s[:i]
		}
	}
	return s
}
