package faults

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Parse reads a fault as it is typed: NAME, NAME=X, or NAME=X with more settings after commas, for example
// "drop=10%", "late=30", "429=200,method=getAccountInfo,count=5". X is a chance (thousandths, or N%), a number of
// slots, or milliseconds, by the fault's kind; a bare NAME takes the kind's moderate default.
func Parse(text string) (Fault, error) {
	head, rest, _ := strings.Cut(strings.TrimSpace(text), ",")
	name, value, given := strings.Cut(head, "=")
	r, known := ruleOf(Name(name))
	if !known {
		return Fault{}, fmt.Errorf("fault %q: unknown name, use one of %v", text, Names())
	}
	f := Fault{Name: r.name, PerMille: r.perMille, Count: r.count, Value: r.value}
	if given {
		if err := f.setFigure(r, value); err != nil {
			return Fault{}, fmt.Errorf("fault %q: %w", text, err)
		}
	}
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		if err := f.setOption(part); err != nil {
			return Fault{}, fmt.Errorf("fault %q: %w", text, err)
		}
	}
	return f, f.Check()
}

func (f *Fault) setFigure(r rule, text string) error {
	if r.unit == chance {
		perMille, err := parseChance(text)
		// Whoever names a chance for a one-time fault wants it again and again.
		f.PerMille, f.Count = perMille, 0
		return err
	}
	if r.unit == none {
		return fmt.Errorf("%s takes no value", r.name)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", text)
	}
	f.Value = n
	return nil
}

func (f *Fault) setOption(part string) error {
	key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
	var err error
	switch key {
	case "method":
		f.Method = value
	case "count":
		f.Count, err = strconv.Atoi(value)
	case "chance":
		f.PerMille, err = parseChance(value)
	case "value":
		f.Value, err = strconv.ParseInt(value, 10, 64)
	case "for":
		f.Duration, err = time.ParseDuration(value)
	default:
		return fmt.Errorf("unknown setting %q: use method, count, chance, value or for", key)
	}
	if err != nil {
		return fmt.Errorf("%s=%q cannot be read: %w", key, value, err)
	}
	return nil
}

// parseChance reads thousandths ("150") or whole percents ("15%").
func parseChance(text string) (int, error) {
	digits, percent := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0, fmt.Errorf("%q is not a chance: write thousandths (150) or percents (15%%)", text)
	}
	if percent {
		n *= 10
	}
	if n < 1 || n > 1000 {
		return 0, fmt.Errorf("chance %q is not within 1..1000 thousandths", text)
	}
	return n, nil
}

// wire is a fault as the admin method localnet_setFault carries it.
type wire struct {
	Name       Name   `json:"name"`
	Method     string `json:"method,omitempty"`
	PerMille   int    `json:"per_mille,omitempty"`
	Count      int    `json:"count,omitempty"`
	Value      int64  `json:"value,omitempty"`
	DurationMS int64  `json:"duration_ms,omitempty"`
}

// UnmarshalJSON accepts the typed form as a string, or an object with per_mille, count, value and duration_ms.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		parsed, err := Parse(text)
		*f = parsed
		return err
	}
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("read fault: %w", err)
	}
	*f = Fault{w.Name, w.Method, w.PerMille, w.Count, w.Value, time.Duration(w.DurationMS) * time.Millisecond}
	return f.Check()
}

// MarshalJSON is the inverse of UnmarshalJSON's object form.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(wire{f.Name, f.Method, f.PerMille, f.Count, f.Value, f.Duration.Milliseconds()})
}
