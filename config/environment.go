package config

import (
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

const (
	prefix      = "FEEOPS_"
	environment = "environment"
)

// documentNames are the variables of the operations document, and Temporal's own, with the settings they mean.
func documentNames() map[string]string {
	return map[string]string{
		"KEYPAIR_PATH":              "signer.keypair_path",
		"DISCORD_WEBHOOK_URL":       "notify.discord.webhook_url",
		"PAGERDUTY_INTEGRATION_KEY": "notify.pagerduty.routing_key",
		"EMERGENCY_STOP":            "safety.emergency_stop",
		"TEMPORAL_ADDRESS":          "temporal.address",
		"TEMPORAL_NAMESPACE":        "temporal.namespace",
	}
}

// commandNames belong to the command line, which reads them before there are settings.
func commandNames() []string {
	return []string{"FEEOPS_CONFIG", "FEEOPS_HOME", "FEEOPS_TEMPORAL", "FEEOPS_ACTOR"}
}

// scalars lists all settings that a variable can set, by key. Lists of sections have no variable.
func scalars(t reflect.Type, key string) map[string]field {
	out := map[string]field{}
	fields, names := fieldsOf(t)
	for _, name := range names {
		f, here := fields[name], join(key, name)
		switch {
		case f.leaf(), f.typ == reflect.TypeFor[[]string]():
			out[here] = f
		case f.typ.Kind() == reflect.Struct:
			for k, v := range scalars(f.typ, here) {
				out[k] = v
			}
		}
	}
	return out
}

// variable is the FEEOPS_ name of a key: rpc.max_slot_lag is FEEOPS_RPC__MAX_SLOT_LAG.
func variable(key string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "__"))
}

// loadEnvironment puts the variables over what the file said. A FEEOPS_ name wins over the document's name.
// An empty variable counts as not set, because service managers and compose files pass unset ones on as empty.
func (r *reader) loadEnvironment(k *koanf.Koanf, all []string, dir string) error {
	known := scalars(reflect.TypeFor[Settings](), "")
	at := place{file: environment, base: dir, literal: true}
	documented := env.Provider(".", env.Opt{EnvironFunc: func() []string { return all }, TransformFunc: func(name, text string) (string, any) {
		key, ok := documentNames()[name]
		switch {
		case text == "":
			return "", nil
		case name == "RPC_URL":
			return r.endpoints(text, at)
		case name == "SMTP_CONFIG":
			return r.smtp(text)
		case !ok:
			return "", nil
		}
		return r.variable(name, text, key, known[key], at)
	}})
	if err := k.Load(documented, nil); err != nil {
		return err
	}
	keys, variables := map[string]string{}, make([]string, 0, len(known))
	for key := range known {
		keys[variable(key)] = key
		variables = append(variables, variable(key))
	}
	slices.Sort(variables)
	own := env.Provider(".", env.Opt{Prefix: prefix, EnvironFunc: func() []string { return all }, TransformFunc: func(name, text string) (string, any) {
		key, ok := keys[name]
		switch {
		case slices.Contains(commandNames(), name):
			return "", nil
		case !ok:
			next := "Two underscores stand between the parts of a key. Lists of vaults and endpoints are set in the file."
			if near := nearest(name, variables); near != "" {
				next = "Did you mean " + near + "?"
			}
			r.fail(Error{File: environment, Key: clip(name), Got: "an unknown variable", Want: "a known one", Next: next})
			return "", nil
		case text == "":
			return "", nil
		}
		return r.variable(name, text, key, known[key], at)
	}})
	return k.Load(own, nil)
}

func (r *reader) variable(name, text, key string, f field, at place) (string, any) {
	origin := Origin{File: environment, Key: name}
	if f.typ.Kind() == reflect.Slice {
		r.source.forget(key)
		r.source.record(key, origin, true)
		return key, list(text)
	}
	v, problem := r.leaf(text, f, at)
	if problem != nil {
		problem.File, problem.Key = environment, name
		r.fail(*problem)
		return "", nil
	}
	r.source.record(key, origin, true)
	return key, v
}

// endpoints reads RPC_URL: one address, or several with commas. It replaces the file's list, so that a shell which
// points at a local chain never also talks to the network of the file.
func (r *reader) endpoints(text string, at place) (string, any) {
	const key = "rpc.endpoints"
	r.source.forget(key)
	r.source.record(key, Origin{File: environment, Key: "RPC_URL"}, true)
	var out []any
	for _, one := range list(text) {
		address, _, problem := r.resolve(one.(string), at)
		if problem != nil {
			problem.File, problem.Key = environment, "RPC_URL"
			r.fail(*problem)
			continue
		}
		out = append(out, map[string]any{"url": address})
	}
	return key, out
}

// list splits at commas.
func list(text string) []any {
	var out []any
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	return out
}
