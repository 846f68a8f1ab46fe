package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

var (
	fenced   = regexp.MustCompile("(?s)```\n(.*?)```")
	shellArg = regexp.MustCompile(`'[^']*'|\S+`)
)

// TestRunbooks_CommandsExist types every command of the runbooks, but for running it: names, flags and the number of
// arguments must be those of this program, and signals those of its workflows.
func TestRunbooks_CommandsExist(t *testing.T) {
	found := 0
	done := map[string]bool{}
	for _, row := range incident.Table() {
		if row.Runbook == "" || done[row.Runbook] {
			continue
		}
		done[row.Runbook] = true
		text, err := os.ReadFile(filepath.Join("..", "docs", "runbooks", row.Runbook+".md"))
		require.NoError(t, err)
		for _, block := range fenced.FindAllStringSubmatch(string(text), -1) {
			for line := range strings.Lines(block[1]) {
				args := shellArg.FindAllString(strings.TrimSpace(line), -1)
				for n := range args {
					args[n] = strings.Trim(args[n], "'")
				}
				require.NotEmpty(t, args, row.Runbook)
				found++
				switch args[0] {
				case "feeops":
					cmd, rest, err := (&cli{stdout: io.Discard, stderr: io.Discard}).root().Find(args[1:])
					require.NoError(t, err, "%s: %s", row.Runbook, line)
					require.NotNil(t, cmd.RunE, "%s: %s is not a whole command", row.Runbook, line)
					require.NoError(t, cmd.ParseFlags(rest), "%s: %s", row.Runbook, line)
					require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()), "%s: %s", row.Runbook, line)
				case "temporal":
					switch {
					case slices.Equal(args[1:4], []string{"workflow", "describe", "--workflow-id"}):
						require.Equal(t, ops.SwitchID(ops.TaskQueue), args[4], "%s: %s", row.Runbook, line)
						continue
					case slices.Equal(args[1:4], []string{"task-queue", "describe", "--task-queue"}):
						require.Equal(t, ops.SafetyQueue(ops.TaskQueue), args[4], "%s: %s", row.Runbook, line)
						continue
					}
					at := slices.Index(args, "--name")
					require.Positive(t, at, line)
					require.Contains(t, []string{ops.SignalStop, ops.SignalPause, ops.SignalResume}, args[at+1], "%s: %s", row.Runbook, line)
				default:
					require.Fail(t, "neither feeops nor temporal", "%s: %s", row.Runbook, line)
				}
			}
		}
	}
	require.Greater(t, found, 150)
}
