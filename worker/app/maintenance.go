package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/host"
	"github.com/meteora-fee-router/feeops/internal/modules"
	"github.com/meteora-fee-router/feeops/internal/namespace"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// findings are those of one step: the worst is its verdict, and what is not known is no better than a warning.
type findings struct {
	name    string
	verdict report.Verdict
	seen    []string
	next    []string
}

func (f *findings) add(result domain.CheckResult, seen, next string) {
	if f.verdict == "" {
		f.verdict = report.OK
	}
	if result == domain.CheckFail {
		f.verdict = report.Fail
	} else if result != domain.CheckOK && f.verdict == report.OK {
		f.verdict = report.Warn
	}
	f.seen = append(f.seen, seen)
	if result != domain.CheckOK && next != "" {
		f.next = append(f.next, next)
	}
}

func (f *findings) step() ops.RoutineStep {
	return ops.RoutineStep{Name: f.name, Verdict: string(cmp.Or(f.verdict, report.OK)), Seen: strings.Join(f.seen, "; "), Next: strings.Join(f.next, "; ")}
}

// host looks at the machine: disks, memory, load, and what store and reports hold (W01–W03). The program writes no log
// files of its own: what it says on standard error is kept, and rotated, by whoever starts it (W04).
func (r *routines) host(ctx context.Context, _ time.Time) (ops.RoutineStep, error) {
	m := r.Settings.Maintenance
	var dirs []string
	if dir := StoreDir(r.Settings); dir != "" {
		dirs = append(dirs, dir)
	}
	if _, err := os.Stat(r.Settings.Reports.Dir); err == nil {
		dirs = append(dirs, r.Settings.Reports.Dir)
	}
	f := findings{name: "host"}
	limits := host.Limits{DiskFreePercent: int(m.DiskFreePercent), MemoryFreePercent: int(m.MemoryFreePercent), LoadPercent: int(m.LoadPercent)}
	for _, one := range host.Look(ctx, dirs...).Judge(limits) {
		f.add(one.Result, one.Name+" "+one.Seen, one.Next)
	}
	return f.step(), nil
}

// backup sees to it that settings, store and reports have a copy elsewhere before anything is cleaned up (W07): a recent
// one is verified, and else one is made. One that cannot be made is a warning here and keeps nothing from being done: the
// attempt is recorded, and backup_failed is what tells of it.
func (r *routines) backup(ctx context.Context, _ time.Time) (ops.RoutineStep, error) {
	f := findings{name: "backup"}
	if r.Settings.Backup.Place.Reveal() == "" {
		f.add(domain.CheckOK, "not assessed: backup.place names no place", "")
		return f.step(), nil
	}
	keeper, err := Keeper(r.Settings, r.Store, r.Clock)
	if err != nil {
		f.add(domain.CheckWarn, err.Error(), "Correct backup.place")
		return f.step(), nil
	}
	e, err := keeper.Ensure(ctx)
	if e.Doubt != "" {
		f.add(domain.CheckWarn, e.Doubt, "feeops backup verify")
	}
	switch {
	case err != nil:
		f.add(domain.CheckWarn, "no backup could be made: "+err.Error(), "feeops backup create")
	case e.Made:
		f.add(domain.CheckOK, fmt.Sprintf("%s was made: %d bytes", e.ID, e.Bytes), "")
	default:
		how := "by its label; backup.identity_file names no key to open it with"
		if e.Verified {
			how = "read to its last byte"
		}
		f.add(domain.CheckOK, fmt.Sprintf("%s of %s is whole, %s: %d bytes", e.ID, e.MadeAt.In(r.zone).Format("2006-01-02 15:04 MST"), how, e.Bytes), "")
	}
	return f.step(), nil
}

// cleanUp removes what is older than its retention (W11), and looks whether Temporal keeps histories long enough.
func (r *routines) cleanUp(ctx context.Context, _ time.Time) (ops.RoutineStep, error) {
	keep := store.DefaultRetention()
	keep.Keep = r.Settings.Monitor.Keep
	if err := r.Store.Prune(ctx, r.Clock(), keep); err != nil {
		return ops.RoutineStep{}, err
	}
	f := findings{name: "clean-up"}
	f.add(domain.CheckOK, fmt.Sprintf("samples, steps and the alerts' record are kept for %d days", int(keep.Keep.Hours())/24), "")
	volume, err := r.Store.Volume(ctx)
	if err != nil {
		return ops.RoutineStep{}, err
	}
	f.add(domain.CheckOK, fmt.Sprintf("the store holds %d vault-days in %d bytes", volume.VaultDays, volume.Bytes), "")
	parts, err := namespace.Parts(ctx, r.Client, namespace.Want{Name: r.Settings.Temporal.Namespace, Retention: r.Settings.Temporal.Retention})
	if err != nil {
		f.add(domain.CheckUnknown, err.Error(), "feeops doctor")
	}
	for _, p := range parts {
		if p.Name == "retention" {
			result := domain.CheckOK
			if !p.Met {
				result = domain.CheckWarn
			}
			f.add(result, p.Seen, cmp.Or(p.Next, "feeops setup"))
		}
	}
	return f.step(), nil
}

// rank measures the endpoints, and follows the order when the settings say so (W12–W14).
func (r *routines) rank(ctx context.Context, _ time.Time) (ops.RoutineStep, error) {
	list := r.Pool.Rank(ctx, int(r.Settings.Maintenance.RankSamples))
	f := findings{name: "endpoints"}
	changes := false
	for _, e := range list {
		changes = changes || e.Position != e.Before
		if !e.Healthy {
			f.add(domain.CheckWarn, e.Name+" is not healthy: "+e.Reason, "feeops rpc rank")
		}
	}
	f.add(domain.CheckOK, chain.Cause(list), "")
	if !changes {
		return f.step(), nil
	}
	if !r.Settings.Maintenance.FollowRanking {
		f.add(domain.CheckWarn, "the measured order differs from the one that holds", "feeops rpc rank --apply")
		return f.step(), nil
	}
	err := ApplyRanking(ctx, r.Store, list, "weekly-maintenance", r.Clock())
	if errors.Is(err, ErrNoneHealthy) {
		f.add(domain.CheckFail, err.Error(), "feeops doctor")
		return f.step(), nil
	}
	f.add(domain.CheckOK, "this order is followed from now on; back with feeops rpc rank --back", "")
	return f.step(), err
}

// modules reports what the program is built of and what is known against it (W05, W06). Nothing is updated.
func (r *routines) modules(ctx context.Context, _ time.Time) (ops.RoutineStep, error) {
	info, _ := debug.ReadBuildInfo()
	f := findings{name: "modules"}
	parts := modules.Of(info)
	f.add(domain.CheckOK, fmt.Sprintf("%d modules", len(parts)), "")
	r.outdated(ctx, &f, parts)
	self, err := os.Executable()
	if err != nil {
		return ops.RoutineStep{}, fmt.Errorf("find this program: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	list, err := modules.Scan(ctx, r.Settings.Maintenance.Govulncheck, self)
	switch {
	case err != nil:
		f.add(domain.CheckOK, "vulnerabilities "+err.Error(), "")
	case len(list) == 0:
		f.add(domain.CheckOK, "no vulnerability is known of them", "")
	}
	for _, v := range list {
		result := domain.CheckWarn
		if v.Called {
			result = domain.CheckFail
		}
		f.add(result, fmt.Sprintf("%s in %s, fixed in %s, called %t", v.ID, v.Module, cmp.Or(v.Fixed, "no version yet"), v.Called), "Build the program anew with a fixed version")
	}
	return f.step(), nil
}

// outdated names newer versions. It is news and no warning: what runs is what was tested.
func (r *routines) outdated(ctx context.Context, f *findings, parts []modules.Module) {
	proxy := modules.Proxy(r.Settings.Maintenance.ModuleProxy)
	if proxy == "" {
		f.add(domain.CheckOK, "newer versions not assessed: maintenance.module_proxy names no server", "")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	updates, unknown := modules.Newer(ctx, &http.Client{Timeout: 10 * time.Second}, proxy, parts)
	f.add(domain.CheckOK, fmt.Sprintf("%d of %d modules have a newer version, %d could not be asked for", len(updates), len(parts), unknown), "")
	for _, u := range updates[:min(len(updates), namedUpdates)] {
		f.add(domain.CheckOK, fmt.Sprintf("%s %s, newest %s", u.Module, u.Has, u.Latest), "")
	}
}

// namedUpdates bounds what a report names.
const namedUpdates = 20

// schedules looks whether the server has the schedules of the settings, and whether a run was missed.
func (r *routines) schedules(ctx context.Context, _ time.Time) (ops.RoutineStep, error) {
	book, err := Schedules(r.Settings, r.Client.ScheduleClient())
	if err != nil {
		return ops.RoutineStep{}, err
	}
	rows, err := book.Look(ctx, time.Now()) // Temporal's time, which is no chain's.
	if err != nil {
		return ops.RoutineStep{}, err
	}
	f := findings{name: "schedules"}
	for _, row := range rows {
		result, next := row.Check()
		f.add(result, row.ID+" "+string(row.Health)+": "+row.Seen, next)
	}
	return f.step(), nil
}
