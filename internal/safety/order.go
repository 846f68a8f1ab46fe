package safety

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// ScopeAll and ScopeVault are what an emergency stop may concern.
const (
	ScopeAll   = "all"
	ScopeVault = "vault"
)

// longest bounds texts that come from outside, in runes.
const longest = 500

// unknownActor stands for a person who did not say who it is.
const unknownActor = "unknown"

// Order is what a signal asks for, after everything that could not be read was taken for the safer thing.
type Order struct {
	Kind   domain.SafetyKind
	Vault  string // Empty: every vault.
	Reason string
	Actor  string
	At     time.Time // When it was given, if the order says so.
}

// ReadStop reads the payload of an emergency stop: {"scope":"all"|"vault","vault":…,"reason":…,"actor":…,"at":…}. It never
// fails: what cannot be read, has no scope, or names a vault that the settings do not have, stops everything, with what
// is known of it. vaults are those of the settings; nil is not known yet, and then a name is believed.
func ReadStop(payload []byte, vaults []string) Order {
	o, fields, problem := readOrder(payload)
	o.Kind = domain.SafetyStop
	switch scope := strings.ToLower(fields["scope"]); {
	case problem != "":
	case scope == ScopeAll:
		return o.everything("")
	case scope == "":
		problem = "an emergency stop without a scope"
	case scope != ScopeVault:
		problem = fmt.Sprintf("an emergency stop with the scope %q", clean(scope, 40))
	default:
		return o.one(vaults, "an emergency stop")
	}
	return o.everything(problem)
}

// ReadIsolate reads the payload of isolate-vault: {"vault":…,"reason":…,"actor":…}. One that names no vault of the
// settings means some vault, and nobody knows which: it stops everything.
func ReadIsolate(payload []byte, vaults []string) Order {
	o, _, problem := readOrder(payload)
	o.Kind = domain.SafetyIsolate
	if problem != "" {
		return o.everything(problem)
	}
	return o.one(vaults, "an isolation")
}

// trusted is how far an order's own time may be from the switch's.
const trusted = 10 * time.Minute

// Flag is the order as the store keeps it. Its own time counts when it can be right: the command line writes the same flag
// into the store itself, and the two must be one.
func (o Order) Flag(now time.Time) domain.SafetyFlag {
	at := now
	if away := now.Sub(o.At).Abs(); !o.At.IsZero() && away < trusted {
		at = o.At
	}
	return domain.SafetyFlag{Kind: o.Kind, Vault: o.Vault, Reason: o.Reason, Actor: o.Actor, At: at.UTC()}
}

// readOrder takes what can be had from a payload.
func readOrder(payload []byte) (Order, map[string]string, string) {
	var values map[string]any
	problem := ""
	err := json.Unmarshal(payload, &values) //workflowcheck:ignore One text gives one value.
	switch {
	case len(strings.TrimSpace(string(payload))) == 0 || string(payload) == "null":
		problem = "a signal without content"
	case err != nil:
		problem = fmt.Sprintf("a signal that cannot be read (%q)", clean(string(payload), 80))
	}
	fields := map[string]string{}
	// In one order, small letters last: of "Reason" and "reason" the same one wins on every replay.
	names := slices.Sorted(maps.Keys(values)) //workflowcheck:ignore Sorted.
	for _, name := range names {
		if text, ok := values[name].(string); ok {
			fields[strings.ToLower(name)] = strings.TrimSpace(text)
		}
	}
	at, _ := time.Parse(time.RFC3339Nano, fields["at"]) // Without one it was given just now.
	o := Order{At: at, Vault: fields["vault"], Reason: clean(fields["reason"], longest), Actor: clean(fields["actor"], 100)}
	if o.Actor == "" {
		o.Actor = unknownActor
	}
	if o.Reason == "" {
		o.Reason = "no reason was given"
	}
	return o, fields, problem
}

// everything widens the order to all vaults. An isolation of all vaults is a stop.
func (o Order) everything(why string) Order {
	o.Kind, o.Vault = domain.SafetyStop, ""
	if why != "" {
		o.Reason = clean(fmt.Sprintf("%s; %s stops everything", o.Reason, why), longest)
	}
	return o
}

// one narrows the order to the vault that it names.
func (o Order) one(vaults []string, what string) Order {
	switch {
	case o.Vault == "":
		return o.everything(what + " without a vault")
	case vaults != nil && !slices.Contains(vaults, o.Vault):
		return o.everything(fmt.Sprintf("%s of the vault %q, which the settings do not have,", what, clean(o.Vault, 80)))
	}
	return o
}

// clean makes text fit a line: valid, without control characters, at most n runes.
func clean(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	runes := []rune(strings.TrimSpace(text))
	if len(runes) > n {
		runes = append(runes[:n-1], '…')
	}
	return string(runes)
}
