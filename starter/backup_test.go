package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// fill adds a file's line to the list at the end of a settings file.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fill SETTINGS FILE")
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, []byte(ts.ReadFile(args[0])+"    - "+strings.TrimSpace(ts.ReadFile(args[1]))+"\n"), 0o600))
}

// damage changes a byte in the middle of each archive in a directory.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage DIRECTORY")
	}
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*.age"))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("%s has no archives", args[0])
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		ts.Check(err)
		b[len(b)/2] ^= 1
		ts.Check(os.WriteFile(file, b, 0o600))
	}
}
