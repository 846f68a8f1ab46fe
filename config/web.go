package config

import (
	"fmt"
	"slices"
	"time"
)

// Web is the worker's own page. Everybody who reaches worker.listen may read it; a token is needed to do something.
type Web struct {
	Enabled bool          `json:"enabled" jsonschema_description:"false leaves the page out; health, metrics and hooks stay."`
	Session time.Duration `json:"session" validate:"min=5m,max=24h" jsonschema_description:"How long somebody who has signed in stays so."`
	Tokens  []WebToken    `json:"tokens,omitempty" validate:"dive" jsonschema_description:"Who may do something on the page. Without any it can only be read."`
}

// WebToken is one person's key to the page's buttons.
type WebToken struct {
	Operator string `json:"operator" validate:"required,operator" jsonschema_description:"Name in the audit log and in messages, as in FEEOPS_ACTOR. With operators in the settings it is one of them."`
	Token    Secret `json:"token" validate:"web_token" jsonschema_description:"What the person signs in with: at least 24 characters without spaces, such as openssl rand -base64 24 makes them."`
}

// leastToken is the length from which a token cannot be guessed by somebody who tries all day.
const leastToken = 24

// isWebToken is true for what a person can paste and nobody can guess.
func isWebToken(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return len(s) >= leastToken
}

// rules keep it clear who pressed a button.
func (w Web) rules(operators []Operator) Errors {
	var out Errors
	people, tokens := map[string]int{}, map[string]int{}
	for i, t := range w.Tokens {
		key := fmt.Sprintf("worker.web.tokens[%d]", i)
		if first, ok := people[t.Operator]; ok && t.Operator != "" {
			out = append(out, Error{Key: key + ".operator", Got: quote(t.Operator) + " again", Want: "each person once", Next: fmt.Sprintf("Entry %d has it.", first)})
		} else {
			people[t.Operator] = i
		}
		if len(operators) > 0 && t.Operator != "" && !slices.ContainsFunc(operators, func(o Operator) bool { return o.Name == t.Operator }) {
			out = append(out, Error{Key: key + ".operator", Got: quote(t.Operator), Want: "a name of operators", Next: "With operators in the settings only they do something on the page."})
		}
		if first, ok := tokens[t.Token.Reveal()]; ok && !t.Token.IsZero() {
			out = append(out, Error{Key: key + ".token", Got: "a token again", Want: "a token of its own", Next: fmt.Sprintf("Entry %d has it: nobody could tell the two people apart.", first)})
		} else {
			tokens[t.Token.Reveal()] = i
		}
	}
	return out
}
