package modules

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const answer = `{"config":{"protocol_version":"v1.0.0"}}
{"osv":{"id":"GO-2026-0001"}}
{"finding":{"osv":"GO-2026-0002","trace":[{"module":"example.com/b"}]}}
{"finding":{"osv":"GO-2026-0001","fixed_version":"v1.2.3","trace":[{"module":"example.com/a"}]}}
{"finding":{"osv":"GO-2026-0001","fixed_version":"v1.2.3","trace":[{"module":"example.com/a","function":"Parse"}]}}
`

func TestW06_FindingsAreJoinedAndThoseThatAreCalledComeFirst(t *testing.T) {
	got, err := parse(strings.NewReader(answer))
	require.NoError(t, err)
	require.Equal(t, []Vulnerability{{ID: "GO-2026-0001", Module: "example.com/a", Fixed: "v1.2.3", Called: true}, {ID: "GO-2026-0002", Module: "example.com/b"}}, got)
}

func TestW06_WhatWasNotAssessedIsNotNone(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "cut": answer[:len(answer)-20], "no JSON": "command not found"} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(strings.NewReader(text))
			require.ErrorIs(t, err, ErrNotAssessed)
		})
	}
	_, err := Scan(context.Background(), "no-such-tool-here", "program")
	require.ErrorIs(t, err, ErrNotAssessed)
}

func TestW06_TheToolIsRunOnTheProgram(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "scan")
	require.NoError(t, os.WriteFile(tool, []byte("#!/bin/sh\n[ \"$3\" = program ] || exit 3\ncat <<'X'\n"+answer+"X\n"), 0o700))
	got, err := Scan(context.Background(), tool, "program")
	require.NoError(t, err)
	require.Len(t, got, 2)
	_, err = Scan(context.Background(), tool, "another")
	require.ErrorIs(t, err, ErrNotAssessed)
}

func TestW05_ModulesAreThoseOfTheBuild(t *testing.T) {
	require.Empty(t, Of(nil))
	got := Of(&debug.BuildInfo{Deps: []*debug.Module{{Path: "a", Version: "v1"}, {Path: "b", Version: "v2", Replace: &debug.Module{Path: "./b"}}}})
	require.Equal(t, []Module{{Path: "a", Version: "v1"}, {Path: "b", Version: "./b ", Replaced: true}}, got)
}

func FuzzParse(f *testing.F) {
	f.Add(answer)
	f.Add("{}")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parse(strings.NewReader(text))
		require.True(t, err == nil || list == nil)
	})
}
