package main

import (
	"errors"
	"fmt"
)

// Exit codes are part of the contract (DESIGN.md §6).
const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2 // Usage or settings.
	exitWarnings = 3
	exitRefused  = 4 // By a safety rule.
	exitNotDue   = 5
)

// exitError ends the program with a code. Without an error nothing more is printed: the command has said it all.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError is a mistake in the command line or the settings.
func usageError(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// codeOf is the exit code of an error; what no command gave a code has failed.
func codeOf(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	default:
		return exitFailed
	}
}
