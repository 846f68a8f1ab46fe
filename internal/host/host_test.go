package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/host"
)

var limits = host.Limits{DiskFreePercent: 10, MemoryFreePercent: 5, LoadPercent: 200}

func healthy() host.Figures {
	return host.Figures{Disks: []host.Disk{{Dir: "/d", Total: 1000, Free: 100}}, Memory: 1000, Available: 50, Load: 800, CPUs: 4}
}

func TestW01_W02_FiguresAreJudgedAndNotOnlyShown(t *testing.T) {
	tests := []struct {
		name   string
		change func(*host.Figures)
		want   map[string]domain.CheckResult
	}{
		{"at the limits", func(*host.Figures) {}, map[string]domain.CheckResult{"disk": domain.CheckOK, "memory": domain.CheckOK, "load": domain.CheckOK}},
		{"little disk", func(f *host.Figures) { f.Disks[0].Free = 99 }, map[string]domain.CheckResult{"disk": domain.CheckWarn, "memory": domain.CheckOK, "load": domain.CheckOK}},
		{"little memory", func(f *host.Figures) { f.Available = 49 }, map[string]domain.CheckResult{"disk": domain.CheckOK, "memory": domain.CheckWarn, "load": domain.CheckOK}},
		{"busy", func(f *host.Figures) { f.Load = 804 }, map[string]domain.CheckResult{"disk": domain.CheckOK, "memory": domain.CheckOK, "load": domain.CheckWarn}},
		{"unread is unknown", func(f *host.Figures) { f.MemoryErr, f.Memory, f.Available = errors.New("no"), 0, 0 }, map[string]domain.CheckResult{"disk": domain.CheckOK, "memory": domain.CheckUnknown, "load": domain.CheckOK}},
		{"an unread disk", func(f *host.Figures) { f.Disks, f.DiskErr = nil, errors.New("no") }, map[string]domain.CheckResult{"disk": domain.CheckUnknown, "memory": domain.CheckOK, "load": domain.CheckOK}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := healthy()
			tt.change(&f)
			got := map[string]domain.CheckResult{}
			for _, one := range f.Judge(limits) {
				got[one.Name] = one.Result
				require.Equal(t, one.Result != domain.CheckOK, one.Next != "", "what is not well says what to do: %+v", one)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestW03_LookReadsThisMachineAndItsFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), make([]byte, 1234), 0o600))
	f := host.Look(context.Background(), dir, filepath.Join(dir, "nowhere"))
	require.Len(t, f.Disks, 1)
	require.Equal(t, uint64(1234), f.Disks[0].Held)
	require.Equal(t, 1, f.Disks[0].Files)
	require.Positive(t, f.Disks[0].Total)
	require.Positive(t, f.Memory)
	require.NoError(t, f.MemoryErr)
	require.ErrorContains(t, f.DiskErr, "nowhere")
	free, err := host.Free(dir)
	require.NoError(t, err)
	require.Positive(t, free)
}
