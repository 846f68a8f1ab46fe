package vm

// logLimit is the validator's cut for the log lines of one transaction, in bytes.
const logLimit = 10_000

// Logs collects the lines of one transaction and cuts them as a validator does: a line that does not fit
// is lost, the first loss leaves the line "Log truncated", and a later line that still fits is kept. A
// reader of events must therefore never take a missing event for a missing payment.
type Logs struct {
	lines     []string
	bytes     int
	truncated bool
}

// Add appends one line.
func (l *Logs) Add(line string) {
	if l.bytes+len(line) < logLimit {
		l.bytes += len(line)
		l.lines = append(l.lines, line)
		return
	}
	if !l.truncated {
		l.truncated = true
		l.lines = append(l.lines, "Log truncated")
	}
}

// Lines returns what was kept, and whether something was lost.
func (l *Logs) Lines() ([]string, bool) { return l.lines, l.truncated }
