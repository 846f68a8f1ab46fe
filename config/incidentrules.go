package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// incidentRules are what must hold within the sections that decide who is paged: each of these mistakes pages nobody,
// or the wrong person, on the night when it counts.
func (s Settings) incidentRules() Errors {
	var out Errors
	if s.Incidents.CriticalAbove < s.Incidents.HighAbove {
		out = append(out, Error{Key: "incidents.critical_above", Got: fmt.Sprint(s.Incidents.CriticalAbove), Want: fmt.Sprintf("at least incidents.high_above (%d)", s.Incidents.HighAbove)})
	}
	from, to := s.Escalation.BusinessFrom, s.Escalation.BusinessTo
	begin, err1 := time.Parse("15:04", from)
	end, err2 := time.Parse("15:04", to)
	if err1 == nil && err2 == nil && !begin.Before(end) { // What is no time says so by itself.
		out = append(out, Error{Key: "escalation.business_to", Got: quote(to), Want: "a time after " + from, Next: "Hours over midnight are two ladders."})
	}
	rotations := map[string]bool{}
	for n, r := range s.OnCall.Rotations {
		if rotations[r.Name] {
			out = append(out, Error{Key: fmt.Sprintf("oncall.rotations[%d].name", n), Got: quote(r.Name) + " again", Want: "a name of its own"})
		}
		rotations[r.Name] = true
	}
	for n, o := range s.OnCall.Overrides {
		key := fmt.Sprintf("oncall.overrides[%d]", n)
		if !rotations[o.Rotation] {
			out = append(out, Error{Key: key + ".rotation", Got: quote(o.Rotation), Want: "the name of a rotation", Next: knownNames(rotations)})
		}
		if o.From >= o.To { // The form sorts as time does.
			out = append(out, Error{Key: key + ".to", Got: quote(o.To), Want: "a time after " + o.From})
		}
	}
	return append(out, s.Escalation.rules(rotations, append(s.Notify.Channels(), "console"))...)
}

func (e Escalation) rules(rotations map[string]bool, channels []string) Errors {
	var out Errors
	seen := map[string]int{}
	for n, l := range e.Ladders {
		key := fmt.Sprintf("escalation.ladders[%d]", n)
		id := string(l.Severity) + "/" + l.Team
		if first, ok := seen[id]; ok {
			out = append(out, Error{Key: key + ".severity", Got: quote(string(l.Severity)) + " again", Want: "one ladder for each severity and team", Next: fmt.Sprintf("escalation.ladders[%d] has it.", first)})
		}
		seen[id] = n
		if l.Repeat > 0 && l.RepeatAfter == 0 {
			out = append(out, Error{Key: key + ".repeat_after", Got: "nothing", Want: "a duration, because the ladder repeats"})
		}
		last := time.Duration(0)
		for m, step := range l.Steps {
			at := fmt.Sprintf("%s.steps[%d]", key, m)
			if step.After < last {
				out = append(out, Error{Key: at + ".after", Got: step.After.String(), Want: "no less than the step before it: " + last.String()})
			}
			last = max(last, step.After)
			for k, channel := range step.Channels {
				if !slices.Contains(channels, channel) {
					out = append(out, Error{Key: fmt.Sprintf("%s.channels[%d]", at, k), Got: quote(channel), Want: "a channel that is set up: " + strings.Join(channels, ", ")})
				}
			}
			for k, to := range step.To {
				if rotation, ok := strings.CutPrefix(to, "oncall:"); ok && !rotations[rotation] {
					out = append(out, Error{Key: fmt.Sprintf("%s.to[%d]", at, k), Got: quote(to), Want: "the name of a rotation after oncall:", Next: knownNames(rotations)})
				}
			}
		}
	}
	return out
}

func knownNames(rotations map[string]bool) string {
	var names []string
	for name := range rotations {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "There are no rotations; list them under oncall.rotations."
	}
	slices.Sort(names)
	return "Known: " + strings.Join(names, ", ") + "."
}
