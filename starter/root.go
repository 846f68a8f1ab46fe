package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// cli is what every command shares: where it writes, its environment, the global flags.
type cli struct {
	stdout, stderr io.Writer
	env            []string

	configPath string
	json       bool
	noColor    bool
	logLevel   string
}

// execute runs one command line and returns the exit code.
func (c *cli) execute(ctx context.Context, args []string) int {
	out := &counted{Writer: c.stdout}
	if f, ok := c.stdout.(*os.File); !ok || !isTerminal(f) {
		c.stdout = out // A terminal stays what it is: live views ask it for its size.
	}
	root := c.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var e *exitError
	if err != nil && c.json && out.bytes == 0 && c.stdout == io.Writer(out) {
		c.printFailure(err)
	}
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		if e.err != nil {
			c.say("feeops: %v", e.err)
		}
		return e.code
	default:
		// Only cobra's own errors come without a code: an unknown command or flag, a wrong number of arguments.
		c.say("feeops: %v\nRun 'feeops --help' for usage.", err)
		return exitUsage
	}
}

// counted knows whether a command has said anything.
type counted struct {
	io.Writer

	bytes int
}

// Write counts what passes.
func (w *counted) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	w.bytes += n
	return n, err //nolint:wrapcheck // A writer around a writer.
}

// failure is the one object on standard output of a command with --json that ended before it had a result.
type failure struct {
	OK    bool `json:"ok"`
	Error struct {
		Message  string `json:"message"`
		Code     string `json:"code,omitempty"`
		ExitCode int    `json:"exit_code"`
	} `json:"error"`
}

func (c *cli) printFailure(err error) {
	var f failure
	f.Error.Message, f.Error.Code, f.Error.ExitCode = err.Error(), fault.CodeOf(err), codeOf(err)
	if printErr := c.printJSON(f); printErr != nil {
		c.say("feeops: %v", printErr)
	}
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "feeops",
		Short: "Operations of the Meteora Fee Router",
		Long: "feeops runs the day of the Meteora Fee Router: it checks, pays, watches and reports, as durable Temporal workflows.\n" +
			"Start with 'feeops demo': a local chain, a real Temporal server and three vaults that are paid before your eyes.",
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return c.checkGlobals() },
	}
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	flags := root.PersistentFlags()
	flags.StringVar(&c.configPath, "config", "", "settings `file` (default: FEEOPS_CONFIG, ./feeops.yaml, the running dev stack)")
	flags.BoolVar(&c.json, "json", false, "one JSON object on standard output")
	flags.BoolVar(&c.noColor, "no-color", false, "no colours (also NO_COLOR)")
	flags.StringVar(&c.logLevel, "log-level", "", "debug, info, warn or error (default: the settings')")
	c.addGroups(root)
	withCompletion(root)
	root.SetFlagErrorFunc(wrongFlag)
	for _, cmd := range root.Commands() { // The program itself keeps cobra's answer, which guesses what was meant.
		withUsage(cmd)
	}
	withCodes(root)
	return root
}

// withCodes makes what a command returns a failure with exit code 1, unless it chose its own code.
func withCodes(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			err := run(cmd, args)
			var e *exitError
			if err == nil || errors.As(err, &e) {
				return err
			}
			return &exitError{code: exitFailed, err: err}
		}
	}
	for _, sub := range cmd.Commands() {
		withCodes(sub)
	}
}

func (c *cli) checkGlobals() error {
	if c.logLevel != "" && !slices.Contains([]string{"debug", "info", "warn", "error"}, c.logLevel) {
		return usageError("--log-level: got %q, want debug, info, warn or error", c.logLevel)
	}
	return nil
}

// say writes a line for people to standard error; standard output belongs to results.
func (c *cli) say(format string, args ...any) {
	fmt.Fprintf(c.stderr, format+"\n", args...)
}

// logger writes to standard error, in the level of --log-level or else the given one.
func (c *cli) logger(level, format string) *slog.Logger {
	if c.logLevel != "" {
		level = c.logLevel
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo // The settings' check and checkGlobals let no other word through.
	}
	o := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(c.stderr, o))
	}
	return slog.New(slog.NewTextHandler(c.stderr, o))
}
