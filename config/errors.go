package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one problem in the settings. It never holds a secret.
type Error struct {
	File string // File as it was named, or "environment"; empty when the settings came from code.
	Line int    // Line in File; 0 when there is none.
	Key  string // Key as the user wrote it, such as vaults[1].page_size or FEEOPS_LOG__LEVEL.
	Got  string
	Want string
	Next string // What to do, as a sentence.

	unread bool // A reference whose value is not on this machine.
}

// Error renders "feeops.yaml:12: vaults[1].page_size: got 51, want 1..50. Next".
func (e Error) Error() string {
	var b strings.Builder
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	case e.File != "":
		b.WriteString(e.File + ": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	fmt.Fprintf(&b, "got %s, want %s.", e.Got, e.Want)
	if e.Next != "" {
		b.WriteString(" " + e.Next)
	}
	return b.String()
}

// Errors are all problems of one pass, in the order of the file.
type Errors []Error

// Error puts one problem on a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find a single Error.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// err is nil for an empty list: an Errors in an error interface is never nil by itself.
func (e Errors) err() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return e
}

// nearest finds the known name that is most like the given one, or "" when none is close.
func nearest(name string, known []string) string {
	best, bestDistance := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is Levenshtein's, over bytes. Very long names are not compared: nobody meant a known key by them.
func distance(a, b string) int {
	if len(a) > 100 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		previous := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			substitute := previous
			if a[i-1] != b[j-1] {
				substitute++
			}
			previous = row[j]
			row[j] = min(row[j]+1, row[j-1]+1, substitute)
		}
	}
	return row[len(b)]
}

// quote shortens what the user wrote, so that one bad value does not fill the screen.
func quote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:57]) + "..."
	}
	return fmt.Sprintf("%q", s)
}
