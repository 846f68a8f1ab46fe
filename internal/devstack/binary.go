package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// cliPackage is the Temporal CLI's main package.
const cliPackage = "github.com/temporalio/cli/cmd/temporal"

// finder looks for a Temporal CLI. Its fields are what a test replaces.
type finder struct {
	given    string                            // FEEOPS_TEMPORAL; "" when not set.
	lookPath func(name string) (string, error) // exec.LookPath
	goTool   string                            // The go command.
	stateDir string
	startDir string // Where the search for a checkout begins.
	progress func(line string)
	every    time.Duration // Between progress lines of a build.
}

// TemporalBinary gives the path of a Temporal CLI whose version suits: the one that FEEOPS_TEMPORAL names, the one on
// PATH, the one built earlier, or one that it builds now from the pinned version (2–3 minutes, once per machine).
// Commands and test packages that need it at the same time wait for one build. Progress gets a line now and then.
func TemporalBinary(ctx context.Context, progress func(line string)) (string, error) {
	stateDir, err := StateDir()
	if err != nil {
		return "", err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the working directory: %w", err)
	}
	f := finder{
		given: os.Getenv("FEEOPS_TEMPORAL"), lookPath: exec.LookPath, goTool: "go",
		stateDir: stateDir, startDir: cwd, progress: progress, every: 5 * time.Second,
	}
	return f.find(ctx)
}

func (f finder) find(ctx context.Context) (string, error) {
	if f.given != "" {
		if err := checkBinary(ctx, f.given); err != nil {
			return "", fmt.Errorf("FEEOPS_TEMPORAL: %w. Unset it to let feeops build version %s", err, TemporalVersion)
		}
		return f.given, nil
	}
	if path, err := f.lookPath("temporal"); err == nil {
		unfit := checkBinary(ctx, path)
		if unfit == nil {
			return path, nil
		}
		f.progress(fmt.Sprintf("not using the temporal on PATH: %v", unfit))
	}
	cached := f.cached()
	if isExecutable(cached) {
		return cached, nil
	}
	return cached, f.buildOnce(ctx, cached)
}

// cached is outside every checkout, so that all of them and all test packages share it.
func (f finder) cached() string {
	name := "temporal-" + TemporalVersion
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(f.stateDir, "bin", name)
}

// buildOnce holds a lock between processes while it builds; whoever waited finds the finished file.
func (f finder) buildOnce(ctx context.Context, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return fmt.Errorf("make %s: %w", filepath.Dir(target), err)
	}
	lock := flock.New(target + ".lock")
	held, err := lock.TryLock()
	if err == nil && !held {
		f.progress("waiting for another feeops that builds the Temporal CLI")
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("lock %s.lock for the build of the Temporal CLI: %w", target, err)
	}
	defer func() { _ = lock.Close() }() // Closing can only fail after the lock is gone.
	if isExecutable(target) {
		return nil
	}
	return f.build(ctx, target)
}

// build makes the binary beside its target and renames it, so that nobody ever runs half a file.
func (f finder) build(ctx context.Context, target string) error {
	goTool, err := f.lookPath(f.goTool)
	if err != nil {
		return fmt.Errorf("no Temporal CLI on PATH, and no go command to build it with: %w. Install Go 1.26 or a temporal CLI ≥ 1.3 (https://docs.temporal.io/cli)", err)
	}
	scratch, err := os.MkdirTemp(filepath.Dir(target), "build-")
	if err != nil {
		return fmt.Errorf("build the Temporal CLI: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }() // What stays behind is in our own cache directory and harmless.
	cmd, where, err := f.buildCommand(ctx, goTool, scratch)
	if err != nil {
		return err
	}
	if err := runWithProgress(cmd, f.progress, f.every); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("the building of the Temporal CLI was interrupted: %w. Nothing is left of it; start again and let it finish, or install a temporal CLI ≥ 1.3", context.Cause(ctx))
		}
		return fmt.Errorf("build the Temporal CLI %s from %s: %w. Check the network (module proxy) and the free disk space, or install a temporal CLI ≥ 1.3 and try again", TemporalVersion, where, err)
	}
	if err := os.Rename(filepath.Join(scratch, builtName()), target); err != nil {
		return fmt.Errorf("keep the built Temporal CLI: %w", err)
	}
	f.progress("built the Temporal CLI: " + target)
	return nil
}

// buildCommand builds from the checkout's tools module, or by version when feeops runs outside a checkout.
func (f finder) buildCommand(ctx context.Context, goTool, scratch string) (*exec.Cmd, string, error) {
	// Without the flag a build from the module proxy calls itself 0.0.0-DEV.
	stamp := "-ldflags=-X github.com/temporalio/cli/temporalcli.Version=" + TemporalVersion
	tools, err := toolsDir(f.startDir)
	if errors.Is(err, os.ErrNotExist) {
		cmd := exec.CommandContext(ctx, goTool, "install", stamp, cliPackage+"@v"+TemporalVersion)
		cmd.Env = append(os.Environ(), "GOBIN="+scratch, "GOFLAGS=")
		return cmd, "the module proxy", nil
	}
	if err != nil {
		return nil, "", err
	}
	cmd := exec.CommandContext(ctx, goTool, "build", "-C", tools, stamp, "-o", filepath.Join(scratch, builtName()), cliPackage)
	return cmd, filepath.Join(tools, "go.mod"), nil
}

func builtName() string {
	if runtime.GOOS == "windows" {
		return "temporal.exe"
	}
	return "temporal"
}

// toolsDir walks up from dir to the checkout's tools module; os.ErrNotExist outside a checkout.
func toolsDir(dir string) (string, error) {
	for {
		tools := filepath.Join(dir, "tools")
		if declares(filepath.Join(dir, "go.mod"), "module github.com/meteora-fee-router/feeops") && declares(filepath.Join(tools, "go.mod"), "tool "+cliPackage) {
			return tools, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("a feeops checkout above the working directory: %w", os.ErrNotExist)
		}
		dir = parent
	}
}

// isExecutable is true for a complete file; renames make complete files only.
func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}
