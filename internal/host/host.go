// Package host looks at the machine that a worker runs on and judges what it sees (W01–W03).
package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Disk is the file system of one directory, in bytes.
type Disk struct {
	Dir   string `json:"dir"`
	Total uint64 `json:"total"`
	Free  uint64 `json:"free"` // For ordinary users.
	Held  uint64 `json:"held"` // By the directory's own files.
	Files int    `json:"files"`
}

// Figures are what could be read; what could not has its error.
type Figures struct {
	Disks     []Disk `json:"disks"`
	Memory    uint64 `json:"memory"`           // Bytes.
	Available uint64 `json:"memory_available"` // Without swapping.
	Load      int    `json:"load_percent"`     // Of the last 15 minutes, 100 for each processor that was busy.
	CPUs      int    `json:"cpus"`

	DiskErr, MemoryErr, LoadErr error `json:"-"`
}

// Free is what an ordinary user can still write in the file system of dir.
func Free(dir string) (uint64, error) {
	u, err := disk.Usage(dir)
	if err != nil {
		return 0, fmt.Errorf("free space at %s: %w", dir, err)
	}
	return u.Free, nil
}

// Look reads the figures. Nothing that cannot be read becomes 0: its error says so.
func Look(ctx context.Context, dirs ...string) Figures {
	f := Figures{CPUs: runtime.NumCPU()}
	for _, dir := range dirs {
		u, err := disk.UsageWithContext(ctx, dir)
		if err != nil {
			f.DiskErr = errors.Join(f.DiskErr, fmt.Errorf("disk of %s: %w", dir, err))
			continue
		}
		d := Disk{Dir: dir, Total: u.Total, Free: u.Free}
		if d.Held, d.Files, err = held(dir); err != nil {
			f.DiskErr = errors.Join(f.DiskErr, err)
		}
		f.Disks = append(f.Disks, d)
	}
	if m, err := mem.VirtualMemoryWithContext(ctx); err != nil {
		f.MemoryErr = fmt.Errorf("memory: %w", err)
	} else {
		f.Memory, f.Available = m.Total, m.Available
	}
	if l, err := load.AvgWithContext(ctx); err != nil {
		f.LoadErr = fmt.Errorf("load: %w", err)
	} else {
		f.Load = int(l.Load15 * 100)
	}
	return f
}

// mostFiles bounds the walk through a directory that somebody filled.
const mostFiles = 200_000

// held sums the files directly in a directory and below it. A file that goes away meanwhile holds nothing.
func held(dir string) (bytes uint64, files int, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case files >= mostFiles:
			return fs.SkipAll
		case e.Type().IsRegular():
			if info, err := os.Lstat(path); err == nil {
				bytes, files = bytes+uint64(info.Size()), files+1
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("sizes in %s: %w", dir, err)
	}
	return bytes, files, nil
}

// Limits are what is still well.
type Limits struct {
	DiskFreePercent   int // At least.
	MemoryFreePercent int // At least.
	LoadPercent       int // At most, of each processor.
}

// Finding is one judged figure.
type Finding struct {
	Name   string
	Result domain.CheckResult
	Seen   string
	Next   string
}

// Judge holds the figures against the limits. What could not be read is unknown and never ok.
func (f Figures) Judge(l Limits) []Finding {
	var out []Finding
	for _, d := range f.Disks {
		one := Finding{Name: "disk", Result: domain.CheckOK, Seen: fmt.Sprintf("%s: %s free of %s, %d %%; %d files hold %s", d.Dir, size(d.Free), size(d.Total), percent(d.Free, d.Total), d.Files, size(d.Held))}
		if percent(d.Free, d.Total) < l.DiskFreePercent {
			one.Result, one.Next = domain.CheckWarn, fmt.Sprintf("Free some space: below %d %% the store may not be able to write", l.DiskFreePercent)
		}
		out = append(out, one)
	}
	memory := Finding{Name: "memory", Result: domain.CheckOK, Seen: fmt.Sprintf("%s available of %s, %d %%", size(f.Available), size(f.Memory), percent(f.Available, f.Memory))}
	if percent(f.Available, f.Memory) < l.MemoryFreePercent {
		memory.Result, memory.Next = domain.CheckWarn, "Look for what uses it, or give the machine more"
	}
	busy := Finding{Name: "load", Result: domain.CheckOK, Seen: fmt.Sprintf("%d %% of each of %d processors over 15 minutes", f.Load/max(f.CPUs, 1), f.CPUs)}
	if f.Load/max(f.CPUs, 1) > l.LoadPercent {
		busy.Result, busy.Next = domain.CheckWarn, "Look for what keeps the processors busy: heartbeats and pages come late"
	}
	out = append(out, unknown(memory, f.MemoryErr), unknown(busy, f.LoadErr))
	if f.DiskErr != nil {
		out = append(out, unknown(Finding{Name: "disk"}, f.DiskErr))
	}
	return out
}

func unknown(f Finding, err error) Finding {
	if err != nil {
		f.Result, f.Seen, f.Next = domain.CheckUnknown, err.Error(), "Look at the machine by hand"
	}
	return f
}

func percent(part, whole uint64) int {
	if whole == 0 {
		return 0
	}
	return int(part / max(whole/100, 1))
}

func size(bytes uint64) string {
	const unit = 1 << 10
	n, name := bytes, 0
	for n >= 10*unit && name < 4 {
		n, name = n/unit, name+1
	}
	return fmt.Sprintf("%d %s", n, []string{"B", "KiB", "MiB", "GiB", "TiB"}[name])
}
