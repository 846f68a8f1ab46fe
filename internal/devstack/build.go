package devstack

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// declares says whether a go.mod has exactly this line.
func declares(file, line string) bool {
	b, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(strings.Split(string(b), "\n"), func(l string) bool { return strings.TrimSpace(l) == line })
}

// runWithProgress runs a build and tells how long it has taken; the error carries the end of its output.
func runWithProgress(cmd *exec.Cmd, progress func(string), every time.Duration) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	child, err := startChild(cmd)
	if err != nil {
		return err
	}
	started := time.Now()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	progress("building the Temporal CLI once, 2–3 min")
	for {
		select {
		case <-child.done:
			if child.err != nil {
				return fmt.Errorf("%w: %s", child.err, tail(out.String(), 800))
			}
			return nil
		case <-ticker.C:
			progress(fmt.Sprintf("building the Temporal CLI once, 2–3 min: %d s …", int(time.Since(started).Seconds())))
		}
	}
}

// tail is the end of a text, from a line's beginning where there is one.
func tail(s string, most int) string {
	s = strings.TrimSpace(s)
	if len(s) <= most {
		return s
	}
	s = s[len(s)-most:]
	if i := strings.IndexByte(s, '\n'); i >= 0 && i < len(s)-1 {
		s = s[i+1:]
	}
	return "… " + s
}
