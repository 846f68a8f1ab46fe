package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"
)

// instruction is a line of a Dockerfile as BuildKit reads it.
type instruction struct {
	name  string
	flags []string
	words []string
}

// dockerfile gives the stages of deploy/Dockerfile, and the arguments before the first.
func dockerfile(t *testing.T) (args map[string]string, stages [][]instruction) {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "deploy", "Dockerfile"))
	require.NoError(t, err)
	defer f.Close()
	read, err := parser.Parse(f)
	require.NoError(t, err)
	require.Empty(t, read.Warnings)
	args = map[string]string{}
	for _, node := range read.AST.Children {
		one := instruction{name: strings.ToUpper(node.Value), flags: node.Flags}
		for word := node.Next; word != nil; word = word.Next {
			one.words = append(one.words, word.Value)
		}
		switch {
		case one.name == "FROM":
			stages = append(stages, []instruction{one})
		case len(stages) == 0:
			require.Equal(t, "ARG", one.name)
			key, value, _ := strings.Cut(one.words[0], "=")
			args[key] = value
		default:
			last := len(stages) - 1
			stages[last] = append(stages[last], one)
		}
	}
	return args, stages
}

// TestImage_HoldsTheProgramAndNothingElse holds the last stage, which is what runs, against a list of what it may do:
// files come from the building stage alone, and from there the one program and two empty directories.
func TestImage_HoldsTheProgramAndNothingElse(t *testing.T) {
	_, stages := dockerfile(t)
	require.Len(t, stages, 2)
	var copied [][]string
	for _, one := range stages[1] {
		switch one.name {
		case "FROM", "WORKDIR", "EXPOSE", "HEALTHCHECK", "CMD", "ENTRYPOINT":
		case "USER":
			require.Equal(t, []string{"65532:65532"}, one.words)
		case "COPY":
			require.Contains(t, one.flags, "--from=build")
			copied = append(copied, one.words)
		default:
			require.Failf(t, "not expected in the image", "%s %v", one.name, one.words) // RUN and ADD among them.
		}
	}
	require.Equal(t, [][]string{{"/out/feeops", "/usr/local/bin/feeops"}, {"/out/data", "/data"}, {"/out/chain", "/chain"}}, copied)
	var made []string
	for _, one := range stages[0] {
		if one.name == "RUN" {
			made = append(made, one.words...)
		}
	}
	require.Len(t, made, 3)
	require.Equal(t, "go mod download", made[0])
	require.Regexp(t, `^CGO_ENABLED=0 go build -trimpath .* -o /out/feeops \./starter$`, made[1])
	require.Equal(t, "mkdir /out/data /out/chain", made[2])
}

// TestImage_BasesArePinnedByVersionAndCanBePinnedByDigest keeps bases from moving. Digests are not in the repository,
// since no registry was at hand when it was written; docs/security.md says how a team takes them.
func TestImage_BasesArePinnedByVersionAndCanBePinnedByDigest(t *testing.T) {
	args, stages := dockerfile(t)
	for i, stage := range stages {
		name, isArg := strings.CutPrefix(strings.TrimSuffix(stage[0].words[0], "}"), "${")
		require.True(t, isArg, "stage %d takes its base from an argument", i)
		require.Regexp(t, `^[a-z0-9./-]+:(\d+\.\d+\.\d+-bookworm|nonroot)(@sha256:[0-9a-f]{64})?$`, args[name])
	}
	require.Contains(t, args["BASE_IMAGE"], "/distroless/static-debian12:nonroot", "no shell, no package manager, no root")
	require.Contains(t, read(t, "security.md"), "imagetools inspect")
}

// TestScan_WhatNobodyLookedAtIsNotClean runs the script with scanners that answer as the real ones do, and without any.
func TestScan_WhatNobodyLookedAtIsNotClean(t *testing.T) {
	script, err := filepath.Abs(filepath.Join(root, "deploy", "scan.sh"))
	require.NoError(t, err)
	tests := []struct {
		name    string
		scanner map[string]string
		images  []string
		code    int
		want    string
	}{
		{"no scanner", nil, nil, 3, "grafana/grafana:12.1.1: not assessed"},
		{"trivy finds nothing", map[string]string{"trivy": "exit 0"}, nil, 0, "postgres:16.10: nothing of HIGH"},
		{"trivy finds something", map[string]string{"trivy": `case "$*" in *postgres*) exit 9;; esac`}, nil, 1, "postgres:16.10: VULNERABLE"},
		{"trivy cannot pull", map[string]string{"trivy": "exit 1"}, nil, 3, "gcr.io/distroless/static-debian12:nonroot: not assessed"},
		{"one is vulnerable and one cannot be pulled", map[string]string{"trivy": `case "$*" in *postgres*) exit 9;; esac; exit 1`}, nil, 1, "not assessed"},
		{"grype finds something", map[string]string{"grype": "exit 2"}, []string{"feeops:local"}, 1, "feeops:local: VULNERABLE"},
		{"grype cannot pull", map[string]string{"grype": "exit 1"}, []string{"feeops:local"}, 3, "feeops:local: not assessed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bin := t.TempDir()
			for _, tool := range []string{"sh", "sed", "grep", "sort", "dirname"} {
				path, err := exec.LookPath(tool)
				require.NoError(t, err)
				require.NoError(t, os.Symlink(path, filepath.Join(bin, tool)))
			}
			for name, body := range tt.scanner {
				require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o700))
			}
			cmd := exec.Command(filepath.Join(bin, "sh"), append([]string{script}, tt.images...)...)
			cmd.Env = []string{"PATH=" + bin}
			out, err := cmd.CombinedOutput()
			if tt.code == 0 {
				require.NoError(t, err, string(out))
			}
			require.Equal(t, tt.code, cmd.ProcessState.ExitCode(), string(out))
			require.Contains(t, string(out), tt.want)
			if tt.images == nil {
				for _, s := range compose(t, local).Services {
					if s.Build == nil {
						require.Contains(t, string(out), s.Image+": ", "every image is named")
					}
				}
			}
		})
	}
}
