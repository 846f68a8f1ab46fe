package config

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/operator"
)

// Operator is a person who looks, runs the day or decides (U-S4).
type Operator struct {
	Name      string   `json:"name" validate:"required,operator" jsonschema_description:"Name in approvals, messages and the audit log: letters, digits and . _ @ / -"`
	Roles     []string `json:"roles" validate:"min=1,dive,oneof=viewer operator approver admin" jsonschema_description:"viewer looks, operator runs the day and brings an isolated vault back, approver and admin also lift a stop, two of them together."`
	PublicKey string   `json:"public_key,omitempty" validate:"omitempty,operator_key" jsonschema_description:"The line that feeops operator keygen prints: ed25519: and 32 bytes in base64. Whoever approves needs one."`
	Expires   string   `json:"expires,omitempty" validate:"omitempty,moment" jsonschema_description:"From then on nothing that the operator signs counts: 2027-01-31 or 2027-01-31T12:00:00Z. Empty: no end."`
	Slack     string   `json:"slack,omitempty" validate:"max=64" jsonschema_description:"Slack user id, unless notify.slack.members has one."`
	PagerDuty string   `json:"pagerduty,omitempty" validate:"max=64" jsonschema_description:"PagerDuty user id."`
}

// Roster is the operators as those who judge signatures need them: without their accounts elsewhere.
func (s Settings) Roster() operator.Roster {
	out := operator.Roster{}
	for _, o := range s.Operators {
		one := operator.Operator{Name: o.Name, Key: o.PublicKey}
		for _, r := range o.Roles {
			one.Roles = append(one.Roles, operator.Role(r))
		}
		one.Expires, _ = parseMoment(o.Expires) // Validate has refused what cannot be read.
		out = append(out, one)
	}
	return out
}

// operatorRules keep one person from being two.
func (s Settings) operatorRules() Errors {
	var out Errors
	names, keys := map[string]int{}, map[string]int{}
	for i, o := range s.Operators {
		key := fmt.Sprintf("operators[%d]", i)
		if first, ok := names[o.Name]; ok && o.Name != "" {
			out = append(out, Error{Key: key + ".name", Got: quote(o.Name) + " again", Want: "a name of its own", Next: fmt.Sprintf("operators[%d] has it.", first)})
		} else {
			names[o.Name] = i
		}
		first, ok := keys[o.PublicKey]
		switch {
		case o.PublicKey == "" && approves(o):
			out = append(out, Error{Key: key + ".public_key", Got: "nothing", Want: "a public key for one who approves", Next: "Make one with feeops operator keygen."})
		case ok && o.PublicKey != "":
			out = append(out, Error{Key: key + ".public_key", Got: "a key again", Want: "a key of its own", Next: fmt.Sprintf("operators[%d] has it: one person could approve as two.", first)})
		default:
			keys[o.PublicKey] = i
		}
	}
	if s.Safety.ConfirmSettings {
		if n := s.approvers(); n < 2 {
			out = append(out, Error{Key: "safety.confirm_settings", Got: fmt.Sprintf("%d operators who approve", n), Want: "two at least", Next: "Nobody could lift the stop that a change raises."})
		}
	}
	return out
}

func (s Settings) approvers() int {
	n := 0
	for _, o := range s.Operators {
		if approves(o) {
			n++
		}
	}
	return n
}

func approves(o Operator) bool {
	for _, r := range o.Roles {
		if r == string(operator.Approver) || r == string(operator.Admin) {
			return true
		}
	}
	return false
}

// parseMoment reads a day, which ends the time at its beginning, or a moment; nothing is the zero time.
func parseMoment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q: want 2027-01-31 or 2027-01-31T12:00:00Z", text)
	}
	return t.UTC(), nil
}
