package router

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gagliardetto/solana-go"
)

// ErrLogs means that log lines do not form properly nested program calls, or that the router logged a broken event. The
// transaction's events must then be treated as unknown.
var ErrLogs = errors.New("transaction logs are not well formed")

// truncatedLine is what a node writes once the logs of a transaction pass 10 kB; nothing after it is kept.
const truncatedLine = "Log truncated"

// LoggedEvent is an event with its place in the logs.
type LoggedEvent struct {
	Event
	Line  int // Index of the log line.
	Depth int // 1 when the router was called by the transaction itself, more when by another program.
}

// ParseEvents finds the events that program itself logged. Any program can log any bytes, so a line counts only while
// program is the innermost running call. truncated means that events may be missing, which is not the same as none.
// The events found before an error are returned with it; a failed transaction's events never happened, and that the
// caller must check.
func ParseEvents(logs []string, program solana.PublicKey) (events []LoggedEvent, truncated bool, err error) {
	want := program.String()
	var stack []string
	for i, line := range logs {
		if line == truncatedLine {
			return events, true, nil
		}
		if data, ok := strings.CutPrefix(line, dataPrefix); ok {
			if len(stack) == 0 || stack[len(stack)-1] != want {
				continue
			}
			event, err := eventFromLog(data)
			if err != nil {
				return events, false, fmt.Errorf("%w: line %d: %w", ErrLogs, i, err)
			}
			if event != nil {
				events = append(events, LoggedEvent{Event: event, Line: i, Depth: len(stack)})
			}
			continue
		}
		if stack, err = step(stack, line); err != nil {
			return events, false, fmt.Errorf("%w: line %d: %w", ErrLogs, i, err)
		}
	}
	if len(stack) != 0 {
		return events, false, fmt.Errorf("%w: %d calls never end", ErrLogs, len(stack))
	}
	return events, false, nil
}

// step follows "Program <id> invoke [n]", "… success" and "… failed: …"; other lines change nothing. A program's own
// text cannot look like these, because the runtime puts "Program log: " before it.
func step(stack []string, line string) ([]string, error) {
	rest, ok := strings.CutPrefix(line, "Program ")
	if !ok {
		return stack, nil
	}
	id, what, ok := strings.Cut(rest, " ")
	if !ok || strings.HasSuffix(id, ":") {
		return stack, nil
	}
	if depth, ok := strings.CutPrefix(what, "invoke ["); ok {
		n, err := strconv.Atoi(strings.TrimSuffix(depth, "]"))
		if err != nil || n != len(stack)+1 {
			return stack, fmt.Errorf("call of %s at depth %q inside %d calls", id, depth, len(stack))
		}
		return append(stack, id), nil
	}
	if what != "success" && !strings.HasPrefix(what, "failed: ") {
		return stack, nil
	}
	if len(stack) == 0 || stack[len(stack)-1] != id {
		return stack, fmt.Errorf("end of %s, which is not the innermost call", id)
	}
	return stack[:len(stack)-1], nil
}

// eventFromLog gives nil for data that is no event of this version of the program: it may log other things, but what
// carries an event's tag has to be that event.
func eventFromLog(text string) (Event, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(data) < len(discriminator{}) {
		return nil, nil //nolint:nilerr // Several fields, or no event at all: the program may log such data.
	}
	event, err := DecodeEvent(data)
	if errors.Is(err, ErrDiscriminator) {
		return nil, nil
	}
	return event, err
}
