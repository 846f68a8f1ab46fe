package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// withUsage makes a mistake in the command line say what the command that was meant wanted. Without it cobra counts
// arguments, points at the help of the whole program, and answers a mistyped subcommand with help and exit code 0.
func withUsage(cmd *cobra.Command) {
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Args = cobra.NoArgs
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var own *exitError
			if err == nil || errors.As(err, &own) {
				return err
			}
			return usageError("%s: got %s, want %s. See %s --help", shortPath(cmd), given(args), wanted(cmd), cmd.CommandPath())
		}
	}
	for _, sub := range cmd.Commands() {
		withUsage(sub)
	}
}

func given(args []string) string {
	if len(args) == 0 {
		return "no argument"
	}
	return strings.Trim(fmt.Sprintf("%q", args), "[]")
}

// wanted is what a command's usage line names, or its subcommands.
func wanted(cmd *cobra.Command) string {
	if _, args, ok := strings.Cut(cmd.Use, " "); ok {
		return args
	}
	if !cmd.HasAvailableSubCommands() {
		return "no argument"
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return "one of " + strings.Join(names, ", ")
}

// wrongFlag names the command whose help tells its flags.
func wrongFlag(cmd *cobra.Command, err error) error {
	return usageError("%s: %w. See %s --help", shortPath(cmd), err, cmd.CommandPath())
}

// shortPath leaves the program's name out: every message begins with it.
func shortPath(cmd *cobra.Command) string { return strings.TrimPrefix(cmd.CommandPath(), "feeops ") }

// withCompletion makes cobra's command here already, so that its mistakes are answered as those of the others.
func withCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			for _, shell := range cmd.Commands() {
				shell.Example = "  feeops completion " + shell.Name()
			}
		}
	}
}
