package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/build"
)

func thisMachine() Machine {
	return Machine{Processors: runtime.NumCPU(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Build: build.ID(), LoadBefore: load()}
}

// load is the average of the last minute; nil where the system has no /proc.
func load() *float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil
	}
	first, _, _ := strings.Cut(string(text), " ")
	v, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return nil
	}
	return &v
}

// memory is what a process holds and the most it held; nil where the system has no /proc.
func memory(pid int) *Memory {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return nil
	}
	m, ok := parseMemory(string(text))
	if !ok {
		return nil
	}
	return &m
}

// parseMemory reads the two lines of a Linux process's status, which are in KiB.
func parseMemory(status string) (Memory, bool) {
	found := map[string]float64{}
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) != 2 || fields[1] != "kB" {
			continue
		}
		if v, err := strconv.ParseFloat(fields[0], 64); err == nil {
			found[name] = v / 1024
		}
	}
	peak, one := found["VmHWM"]
	now, two := found["VmRSS"]
	return Memory{Peak: peak, Now: now}, one && two
}
