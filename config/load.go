package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/v2"
)

// LoadOptions say where settings come from. Load looks nowhere else.
type LoadOptions struct {
	Path string   // Settings file; empty for none.
	Env  []string // KEY=VALUE, as os.Environ gives them.
	Dir  string   // Directory for relative paths of defaults and variables; those in a file lie beside it.

	// Urgent leaves secrets and addresses out that are not on this machine, except those of the store and of Temporal: an
	// emergency stop must not wait for the token of a channel. They stand in the source's Missing.
	Urgent bool
}

// Load reads, merges and checks the settings. Its error is an Errors with everything that is wrong.
// The source is usable even then; the settings are not.
func Load(opts LoadOptions) (Settings, Source, error) {
	r := &reader{env: map[string]string{}, source: Source{Path: opts.Path, origins: map[string]Origin{}}}
	for _, entry := range opts.Env {
		name, value, _ := strings.Cut(entry, "=")
		r.env[name] = value
	}
	k := koanf.New(".")
	if err := k.Load(tree(r.file(opts.Path)), nil); err != nil {
		return Settings{}, r.source, fmt.Errorf("settings file %s: %w", opts.Path, err)
	}
	if err := r.loadEnvironment(k, opts.Env, opts.Dir); err != nil {
		return Settings{}, r.source, fmt.Errorf("settings from the environment: %w", err)
	}
	if err := k.Load(tree{"vaults": r.vaults(k)}, nil); err != nil {
		return Settings{}, r.source, fmt.Errorf("vaults of the settings: %w", err)
	}
	s, err := decode(k)
	if err != nil {
		return Settings{}, r.source, fmt.Errorf("settings: decode: %w", err)
	}
	if !k.Exists("store.dsn") {
		s.Store.DSN = NewURL("file:" + r.path(strings.TrimPrefix(s.Store.DSN.Reveal(), "file:"), opts.Dir))
	}
	if !k.Exists("reports.dir") {
		s.Reports.Dir = r.path(s.Reports.Dir, opts.Dir)
	}
	for i := range s.Vaults {
		r.streams(&s.Vaults[i], fmt.Sprintf("vaults[%d]", i))
	}
	s = s.derive()
	r.validate(s)
	if opts.Urgent {
		r.putAside()
	}
	return s, r.source, r.problems.err()
}

// putAside keeps what is only missing here out of the problems.
func (r *reader) putAside() {
	r.problems = slices.DeleteFunc(r.problems, func(e Error) bool {
		aside := e.unread && !slices.ContainsFunc([]string{"store", "temporal", "FEEOPS_STORE_", "FEEOPS_TEMPORAL_", "TEMPORAL_"}, func(begin string) bool {
			return strings.HasPrefix(e.Key, begin)
		})
		if aside {
			r.source.Missing = append(r.source.Missing, e)
		}
		return aside
	})
}

// validate adds the problems of the merged settings, except where a worse one is known: a value that could not be
// read has kept its default, and nothing said about that would help.
func (r *reader) validate(s Settings) {
	found := slices.Clone(r.problems)
	for _, e := range s.problems() {
		e = r.source.locate(e)
		known := slices.ContainsFunc(found, func(f Error) bool {
			return f.File == e.File && (within(f.Key, e.Key) || within(e.Key, f.Key))
		})
		if !known {
			r.fail(e)
		}
	}
}

// within is true for a key and everything under it.
func within(key, section string) bool {
	rest, ok := strings.CutPrefix(key, section)
	return ok && section != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// file reads the settings file into plain values.
func (r *reader) file(path string) map[string]any {
	if path == "" {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		r.fail(Error{File: path, Got: "a file that cannot be read (" + reason(err).Error() + ")", Want: "a settings file", Next: "Name another with --config or FEEOPS_CONFIG."})
		return nil
	}
	at := place{file: path, base: filepath.Dir(path)}
	n, ok := r.parse(data, at)
	if !ok {
		return nil
	}
	v, _ := r.value(n, field{typ: reflect.TypeFor[Settings]()}, "", "", at)
	out, _ := v.(map[string]any)
	return out
}

// reason is a file error without the path, which the message already has.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// tree is a koanf provider of values that are already read.
type tree map[string]any

func (t tree) ReadBytes() ([]byte, error)    { return nil, errors.New("a tree has no bytes") }
func (t tree) Read() (map[string]any, error) { return t, nil }

// decode puts the merged values over the defaults.
func decode(k *koanf.Koanf) (Settings, error) {
	out := Default()
	if k.Exists("rpc.endpoints") {
		out.RPC.Endpoints = nil // Else the first entry would be laid over the default one.
	}
	if k.Exists("escalation.ladders") {
		out.Escalation.Ladders = nil
	}
	if k.Exists("escalation.business_days") {
		out.Escalation.BusinessDays = nil
	}
	err := k.UnmarshalWithConf("", &out, koanf.UnmarshalConf{Tag: "json", DecoderConfig: &mapstructure.DecoderConfig{
		Result:      &out,
		TagName:     "json",
		ErrorUnused: true,
		DecodeHook:  hook,
	}})
	return out, err
}

// hook wraps secrets and addresses, and gives entries of lists their defaults before their keys are set.
func hook(from, to reflect.Value) (any, error) {
	switch {
	case to.Type() == reflect.TypeFor[Secret]() && from.Kind() == reflect.String:
		return NewSecret(from.String()), nil
	case to.Type() == reflect.TypeFor[URL]() && from.Kind() == reflect.String:
		return NewURL(from.String()), nil
	case to.Type() == reflect.TypeFor[Vault]() && from.Kind() == reflect.Map:
		to.Set(reflect.ValueOf(defaultVault()))
	case to.Type() == reflect.TypeFor[Endpoint]() && from.Kind() == reflect.Map:
		to.Set(reflect.ValueOf(defaultEndpoint()))
	}
	return from.Interface(), nil
}
