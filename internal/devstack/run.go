package devstack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

const (
	runsDir   = "runs"
	pointer   = "stack.json"
	lockName  = "lock"
	deadRuns  = 5 // How many ended runs keep their logs.
	runFormat = "20060102-150405"
)

// Running describes a stack that other commands can use.
type Running struct {
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Dir      string    `json:"dir"`
	Config   string    `json:"config"`
	Vaults   string    `json:"vaults"`
	Temporal string    `json:"temporal"`
	UI       string    `json:"temporal_ui"`
	RPC      string    `json:"rpc_url"`
	Page     string    `json:"web_page"` // The worker's own page.
}

// Run is a stack's directory. A lock in it is held as long as the owner lives, so that an id that the system gave to
// another process meanwhile is not taken for the owner.
type Run struct {
	Dir   string
	owned *flock.Flock
}

// NewRun makes <state dir>/runs/<id>, mode 0700, and removes all but the newest few of the runs that ended.
func NewRun(stateDir string, now time.Time) (*Run, error) {
	parent := filepath.Join(stateDir, runsDir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, fmt.Errorf("make %s: %w", parent, err)
	}
	// Also unique when two commands start within one second.
	dir, err := os.MkdirTemp(parent, now.UTC().Format(runFormat)+"-")
	if err != nil {
		return nil, fmt.Errorf("make a run directory: %w", err)
	}
	r := &Run{Dir: dir, owned: flock.New(filepath.Join(dir, lockName))}
	if held, err := r.owned.TryLock(); err != nil || !held {
		return nil, fmt.Errorf("lock the run directory %s: %w", dir, cmp.Or(err, errors.New("somebody else holds it")))
	}
	return r, prune(parent)
}

// Path is a file of the run.
func (r *Run) Path(name string) string { return filepath.Join(r.Dir, name) }

// Publish lets other commands find the stack.
func (r *Run) Publish(s Running) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("describe the running stack: %w", err)
	}
	// Readers see the whole file or none.
	next := r.Path(pointer + ".new")
	if err := os.WriteFile(next, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("publish the running stack: %w", err)
	}
	if err := os.Rename(next, r.Path(pointer)); err != nil {
		return fmt.Errorf("publish the running stack: %w", err)
	}
	return nil
}

// Close ends the run: other commands no longer find it. With remove the directory goes, keys and logs included.
func (r *Run) Close(remove bool) error {
	err := os.Remove(r.Path(pointer))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if remove {
		err = errors.Join(err, os.RemoveAll(r.Dir))
	}
	if err = errors.Join(err, r.owned.Close()); err != nil {
		return fmt.Errorf("close the run %s: %w", r.Dir, err)
	}
	return nil
}

// Current finds the newest running stack; false when none runs. What a killed stack left behind is not taken for one.
func Current(stateDir string) (Running, bool, error) {
	files, err := filepath.Glob(filepath.Join(stateDir, runsDir, "*", pointer))
	if err != nil {
		return Running{}, false, fmt.Errorf("look for running stacks in %s: %w", stateDir, err)
	}
	var found []Running
	for _, file := range files {
		var s Running
		b, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // It stopped just now.
		}
		if err == nil {
			err = json.Unmarshal(b, &s)
		}
		if err != nil {
			return Running{}, false, fmt.Errorf("read %s: %w. Delete it if no stack runs", file, err)
		}
		if Alive(s.PID) && owned(filepath.Dir(file)) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return Running{}, false, nil
	}
	return slices.MaxFunc(found, func(a, b Running) int { return a.Started.Compare(b.Started) }), true, nil
}

// owned is true while the process that made the run lives.
func owned(dir string) bool {
	l := flock.New(filepath.Join(dir, lockName), flock.SetFlag(os.O_RDWR))
	free, err := l.TryRLock()
	_ = l.Close() // A shared lock that was tried for a moment.
	return err == nil && !free
}

// prune removes the oldest runs whose owner is gone; names sort by time.
func prune(parent string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return fmt.Errorf("list old runs: %w", err)
	}
	var dead []string
	for _, e := range entries {
		if dir := filepath.Join(parent, e.Name()); e.IsDir() && !owned(dir) {
			dead = append(dead, dir)
		}
	}
	for _, dir := range dead[:max(len(dead)-deadRuns, 0)] {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove the old run %s: %w", dir, err)
		}
	}
	return nil
}
