package report

import (
	"context"
	"fmt"
	"time"
)

// Audit actions that tell of drills and resumes.
const (
	actionDrill    = "safety.set.drill"
	actionCleared  = "safety.clear.stop"
	actionApproved = "safety.resume.approved"
)

const (
	drillKind  = "restore"
	mostDrills = 100 // One a day for a month, and some by hand.
	wholeScore = 100
)

// drills are the rehearsals of a window and their results (O05): that of a restore first. Without a record none is called
// done.
func drills(ctx context.Context, books SecurityBooks, w Window) []Assessment {
	restore := Assessment{Name: "restore drill", State: string(SourceNotAssessed), Evidence: "no drill is recorded in this window"}
	stop := Assessment{Name: "stop drill", State: string(SourceNotAssessed), Evidence: "no drill is recorded in this window"}
	if books == nil {
		return []Assessment{restore, stop}
	}
	return []Assessment{restoreDrills(ctx, books, w, restore), stopDrills(ctx, books, w, stop)}
}

func restoreDrills(ctx context.Context, books SecurityBooks, w Window, a Assessment) Assessment {
	list, err := books.Drills(ctx, drillKind, mostDrills)
	if err != nil {
		return unread(a.Name, err)
	}
	done, whole := 0, 0
	for _, d := range list { // Newest first.
		if d.At.Before(w.From) || !d.At.Before(w.To) {
			continue
		}
		if done++; done == 1 {
			a.Evidence = fmt.Sprintf("the newest at %s scored %d of %d, data loss %s, back after %s", d.At.UTC().Format(time.RFC3339), d.Score, wholeScore, orUnknown(d.RPO, "s"), orUnknown(d.RTO, "ms"))
			if a.State = assessedOK; d.Score < wholeScore {
				a.State = assessedWarn
			}
		}
		if d.Score == wholeScore {
			whole++
		}
	}
	if done > 0 {
		a.Evidence = fmt.Sprintf("%d of %s whole; %s", whole, plural(done, "drill"), a.Evidence)
	}
	return a
}

func orUnknown(n *int64, unit string) string {
	if n == nil {
		return "unknown"
	}
	return fmt.Sprintf("%d %s", *n, unit)
}

func stopDrills(ctx context.Context, books SecurityBooks, w Window, a Assessment) Assessment {
	n, err := books.CountAudit(ctx, actionDrill, w.From, w.To)
	switch {
	case err != nil:
		return unread(a.Name, err)
	case n > 0:
		a.State, a.Evidence = assessedOK, plural(n, "sample")+" of the gate; the figures are in the runs of StopDrill"
	}
	return a
}

// backups answers whether there is a way back: the newest backup, and whether one was rehearsed.
func backups(ctx context.Context, books SecurityBooks, drill Assessment) Assessment {
	a := Assessment{Name: "backup and restore drill", State: assessedOK}
	last, good, err := books.LastBackup(ctx)
	if err != nil {
		return unread(a.Name, err)
	}
	if drill.State == string(SourceNotAssessed) {
		drill.State = assessedWarn // There is a backup that nobody has tried.
	}
	switch {
	case last == nil:
		a.State, a.Evidence = string(SourceNotAssessed), "no backup is recorded; "+drill.Evidence
		return a
	case good == nil:
		a.State, a.Evidence = assessedFail, "no backup has succeeded yet: "+last.Error
		return a
	}
	a.State, a.Evidence = drill.State, fmt.Sprintf("newest good backup of %s; %s", good.At.UTC().Format(time.RFC3339), drill.Evidence)
	if !last.OK {
		a.State, a.Evidence = assessedFail, fmt.Sprintf("the newest failed at %s (%s); %s", last.At.UTC().Format(time.RFC3339), last.Error, a.Evidence)
	}
	return a
}

// twoPeople holds lifted stops against the approvals of the window.
func twoPeople(ctx context.Context, books SecurityBooks, w Window) Assessment {
	a := Assessment{Name: "two people for a resume", State: assessedOK}
	lifted, err := books.CountAudit(ctx, actionCleared, w.From, w.To)
	if err != nil {
		return unread(a.Name, err)
	}
	approvals, err := books.CountAudit(ctx, actionApproved, w.From, w.To)
	if err != nil {
		return unread(a.Name, err)
	}
	a.Evidence = fmt.Sprintf("%s lifted, %s", plural(lifted, "stop"), plural(approvals, "approval"))
	if lifted > 0 && approvals < 2 {
		a.State = assessedWarn
	}
	return a
}
