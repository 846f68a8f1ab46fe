package domain

import (
	"fmt"
	"slices"
)

// Severity says how soon somebody must look (I01).
type Severity string

// Severities, from least to most.
const (
	SeverityLow      Severity = "low"      // In working hours.
	SeverityMedium   Severity = "medium"   // Today.
	SeverityHigh     Severity = "high"     // Now: money waits or will be lost.
	SeverityCritical Severity = "critical" // Now, and nothing is sent until people have decided.
)

// Severities lists them from least to most.
func Severities() []Severity {
	return []Severity{SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical}
}

// Rank orders severities: 1 for low to 4 for critical, 0 for what is none.
func (s Severity) Rank() int { return slices.Index(Severities(), s) + 1 }

// ParseSeverity reads a severity.
func ParseSeverity(text string) (Severity, error) {
	if s := Severity(text); s.Rank() > 0 {
		return s, nil
	}
	return "", fmt.Errorf("severity %q: want one of %v", text, Severities())
}
