package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// What a command does to the installation.
const (
	reads = "reads" // It changes nothing that others use.
	local = "local" // It works on files or a stack of its own.
	runs  = "runs"  // It runs the worker, which audits what it does.
)

// deeds says of every command what it changes: reads, local, runs, or the audit entry that it leaves. A command that is
// not here may change something unseen.
func deeds() map[string]string {
	return map[string]string{
		"demo": local, "dev": local, "localnet": local, "chaos": local,
		"distribute": "distribute.start", "status": reads, "checks": reads, "explain": reads, "worker": runs,
		"catchup": reads, "catchup settle": "catchup.settle",
		"audit list": reads, "audit verify": reads, "audit head": reads, "audit keygen": local, "audit review": "audit.review",
		"receipt show": reads, "receipt make": "receipt.issue", "receipt verify": reads,
		"signer check": reads, "codec serve": reads,
		"dashboard": reads, "alerts list": reads, "alerts test": reads, "alerts ack": "alert.acknowledged", "mute": "alert.muted", "mute list": reads, "mute end": "mute.end",
		"report": reads, "report morning": reads, "report events": reads, "report daily": reads, "report weekly": reads, "report monthly": reads, "report investor": reads,
		"report performance": reads, "notify test": reads, "ready": reads, "setup": "setup.make", "deployment show": reads, "deployment promote": "deployment.promote",
		"incident list": reads, "incident show": reads, "incident verify": reads, "incident postmortem": reads, "incident open": "incident.opened",
		"incident ack": "incident.state", "incident assign": "incident.assigned", "incident escalate": "incident.severity", "incident investigate": "incident.state",
		"incident link": "incident.link", "incident mitigate": "incident.state", "incident note": "incident.note", "incident reopen": "incident.state",
		"incident resolve": "incident.state", "drill incident": local,
		"stop": "safety.set.stop", "isolate": "safety.set.isolate", "release": "safety.clear.isolate", "resume request": "safety.resume.requested", "resume approve": "safety.resume.approved", "resume status": reads,
		"operator keygen": local, "operator list": reads, "drill stop": "safety.set.drill",
		"approve-plan": "plan.approve", "simulate": local, "bench": local, "rpc rank": "rpc.order", "page-size": reads, "page-size list": reads, "page-size approve": "pagesize.approve", "page-size back": "pagesize.back",
		"schedule apply": "schedule.apply", "schedule list": reads, "schedule pause": "schedule.pause", "schedule resume": "schedule.resume", "schedule trigger": "schedule.trigger", "schedule backfill": "schedule.backfill",
		"backup": reads, "books": reads, "books rebuild": "books.rebuild", "rpc": reads, "schedule": reads, "backup create": local, "backup list": reads, "backup verify": reads, "backup keygen": local, "backup restore": "backup.restore", "backup prune": "backup.prune", "drill restore": local, "drill disaster": local, "drill recovery": local,
		"alerts": reads, "audit": reads, "codec": reads, "config": reads, "deployment": reads, "drill": reads, "incident": reads, "notify": reads, "operator": reads, "receipt": reads, "resume": reads, "signer": reads,
		"completion": reads, "completion bash": reads, "completion fish": reads, "completion powershell": reads, "completion zsh": reads,
		"config validate": reads, "config show": reads, "config schema": reads, "schema": reads, "doctor": reads, "version": reads,
	}
}

// TestCommands_EveryOneThatChangesSomethingLeavesAnAuditEntry finds commands that nobody has judged.
func TestCommands_EveryOneThatChangesSomethingLeavesAnAuditEntry(t *testing.T) {
	known := deeds()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		name := strings.TrimPrefix(cmd.CommandPath(), "feeops ")
		if cmd.Runnable() && name != "feeops" {
			what, ok := known[name]
			require.True(t, ok, "say in deeds() what %q changes, and write it to the audit log if others are concerned", name)
			require.True(t, what == reads || what == local || what == runs || strings.Contains(what, "."), "%q: %q is no audit action", name, what)
			delete(known, name)
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk((&cli{stdout: io.Discard, stderr: io.Discard}).root())
	require.Empty(t, known, "commands that are gone")
}

// words splits a line as a shell does, as far as examples need it: quotes, and an end at a pipe, a redirection or a
// comment.
func words(line string) []string {
	var out []string
	for _, word := range regexp.MustCompile(`(?:"[^"]*"|'[^']*'|[^\s"'])+`).FindAllString(line, -1) {
		if word == "|" || word == "#" || strings.HasPrefix(word, ">") {
			break
		}
		out = append(out, strings.NewReplacer(`"`, "", "'", "").Replace(word))
	}
	return out
}

// TestCommands_EachHasExamplesThatItTakes parses every line of every help.
func TestCommands_EachHasExamplesThatItTakes(t *testing.T) {
	var walk func(*cobra.Command)
	lines := 0
	walk = func(cmd *cobra.Command) {
		if cmd.Runnable() && !cmd.HasSubCommands() {
			require.NotEmpty(t, cmd.Example, "%s has no example", cmd.CommandPath())
		}
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			args := words(line)
			if len(args) == 0 || args[0] != "feeops" {
				continue
			}
			lines++
			found, rest, err := (&cli{stdout: io.Discard, stderr: io.Discard}).root().Find(args[1:])
			require.NoError(t, err, line)
			require.True(t, strings.HasPrefix(found.CommandPath(), cmd.CommandPath()), "%s stands with %s", line, cmd.CommandPath())
			require.NoError(t, found.ParseFlags(rest), line)
			require.NoError(t, found.ValidateArgs(found.Flags().Args()), line)
			require.Greater(t, len(args), 1, line)
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk((&cli{stdout: io.Discard, stderr: io.Discard}).root())
	require.Greater(t, lines, 100)
}

// TestCommands_OfTheSecurityDocumentsExist finds every command line of them, in blocks and in the text.
func TestCommands_OfTheSecurityDocumentsExist(t *testing.T) {
	line := regexp.MustCompile("(?m)^feeops ([^`\n]+)$|`feeops ([^`\n]+)`")
	found := 0
	for _, file := range []string{"../docs/security.md", "../docs/runbooks/key-compromised.md"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			args := strings.Fields(m[1] + m[2])
			cmd, rest, err := (&cli{stdout: io.Discard, stderr: io.Discard}).root().Find(args)
			require.NoError(t, err, "%s: feeops %s", file, strings.Join(args, " "))
			require.NotEqual(t, "feeops", cmd.CommandPath(), "%s: feeops %s", file, strings.Join(args, " "))
			for _, arg := range rest {
				if name, ok := strings.CutPrefix(arg, "--"); ok {
					name, _, _ = strings.Cut(name, "=")
					require.True(t, cmd.Flags().Lookup(name) != nil || cmd.InheritedFlags().Lookup(name) != nil, "%s: %s has no flag --%s", file, cmd.CommandPath(), name)
				}
			}
			found++
		}
	}
	require.Greater(t, found, 20)
}
