package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// place is where a command's settings come from.
type place struct {
	path string
	env  []string // What of the environment counts.
	dev  *devstack.Running
}

// findSettings looks for the settings file: --config, FEEOPS_CONFIG, ./feeops.yaml, the running dev stack.
func (c *cli) findSettings() (place, error) {
	env := withoutOurOwn(c.env)
	if path := c.configPath; path != "" {
		return place{path: path, env: env}, nil
	}
	if path := lookup(c.env, "FEEOPS_CONFIG"); path != "" {
		return place{path: path, env: env}, nil
	}
	if _, err := os.Stat("feeops.yaml"); err == nil {
		return place{path: "feeops.yaml", env: env}, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return place{}, usageError("settings file ./feeops.yaml: %w", err)
	}
	stateDir, err := devstack.StateDir()
	if err != nil {
		return place{}, err
	}
	running, found, err := devstack.Current(stateDir)
	if err != nil {
		return place{}, err
	}
	if !found {
		return place{}, usageError("no settings: there is no --config, no FEEOPS_CONFIG, no ./feeops.yaml and no running dev stack. " +
			"Start one with 'feeops dev', or write feeops.yaml ('feeops config schema' lists what may stand in it)")
	}
	c.say("using the running dev stack (process %d, %s)", running.PID, running.Config)
	return place{path: running.Config, env: devstack.Environment(c.env), dev: &running}, nil
}

// settings finds, loads and checks the settings. Problems are all named and end with exit code 2.
func (c *cli) settings() (config.Settings, error) {
	p, err := c.findSettings()
	if err != nil {
		return config.Settings{}, err
	}
	return p.load()
}

// urgentSettings are for what must not wait for a secret that it does not need.
func (c *cli) urgentSettings() (config.Settings, error) {
	p, err := c.findSettings()
	if err != nil {
		return config.Settings{}, err
	}
	s, source, err := p.read(true)
	for _, e := range source.Missing {
		c.say("left out, because it is not on this machine: %v", e)
	}
	return s, err
}

func (p place) load() (config.Settings, error) {
	s, _, err := p.read(false)
	return s, err
}

func (p place) read(urgent bool) (config.Settings, config.Source, error) {
	dir, err := os.Getwd()
	if err != nil {
		return config.Settings{}, config.Source{}, err
	}
	s, source, err := config.Load(config.LoadOptions{Path: p.path, Env: p.env, Dir: dir, Urgent: urgent})
	if err != nil {
		return s, source, &exitError{code: exitUsage, err: err}
	}
	return s, source, nil
}

// withoutOurOwn drops the variables that are no settings but the development stack's.
func withoutOurOwn(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, "FEEOPS_TEMPORAL=") })
}

func lookup(env []string, name string) string {
	for _, kv := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}
