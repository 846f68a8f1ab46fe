package app

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/schedule"
)

// Schedules are all schedules of the settings, with the server's side of them: what Temporal starts by itself stands here
// and nowhere else.
func Schedules(s config.Settings, c client.ScheduleClient) (schedule.Book, error) {
	b := schedule.Book{Client: c, Queue: s.Temporal.TaskQueue}
	for _, list := range [][]wanted{timesOfDay(s), backupTimes(s)} {
		for _, one := range list {
			d := one.def
			if !one.on {
				b.Off = append(b.Off, d)
				continue
			}
			if d.Every == 0 {
				var err error
				if d.Calendar, err = one.at.Calendar(s.Schedules.TimeZone); err != nil {
					return b, fmt.Errorf("schedule %s: %w", d.ID, err)
				}
				d.Jitter, d.CatchUp = s.Schedules.Jitter, s.Schedules.CatchUp
			}
			b.Defs = append(b.Defs, d)
		}
	}
	return b, nil
}

// wanted is a schedule that the settings know.
type wanted struct {
	on  bool
	at  config.Schedule // When, unless the definition has an interval.
	def schedule.Definition
}

// timesOfDay are those with a time of day.
func timesOfDay(s config.Settings) []wanted {
	queue, routine := s.Temporal.TaskQueue, ops.RoutineInput{Actor: "schedule"}
	named := func(set config.Schedule, id, workflow, about string, input any) wanted {
		return wanted{set.Enabled, set, schedule.Definition{ID: id, RunID: id, Workflow: workflow, About: about, Input: input}}
	}
	t := s.Schedules
	daily := named(t.DailyDistribution, ops.ScheduleID(ops.ScheduleDaily, queue), ops.FleetDistribution, "Pays every vault when its day is due",
		ops.FleetInput{WaitDue: true, Actor: "schedule"})
	daily.def.RunID = ops.FleetID(domain.Day(ops.ScheduleID("scheduled", queue)))
	// One vault that is stuck holds up its fleet's run, and must not keep the others from their next day. A vault has one run
	// at a time whatever starts it.
	daily.def.Beside = true
	drill := named(t.StopDrill, ops.DrillSchedule(queue), ops.StopDrill, "Measures the emergency stop, stopping nothing", ops.DrillInput{})
	drill.def.Kept = true
	return []wanted{
		daily,
		named(t.MorningCheck, ops.ScheduleID(ops.ScheduleMorning, queue), ops.MorningCheck, "Where every vault stands", routine),
		named(t.EveningReport, ops.ScheduleID(ops.ScheduleEvening, queue), ops.EveningReport, "Report of the date", routine),
		named(t.WeeklyMaintenance, ops.ScheduleID(ops.ScheduleWeekly, queue), ops.WeeklyMaintenance, "Looks after machine, store, endpoints and schedules", routine),
		named(t.MonthlyReview, ops.ScheduleID(ops.ScheduleMonthly, queue), ops.MonthlyReview, "Review of the month before", routine),
		drill,
	}
}

// backupTimes are those of backups. Each run is about the present, so one that could not be started is made up for until the
// next is due.
func backupTimes(s config.Settings) []wanted {
	queue, place := s.Temporal.TaskQueue, s.Backup.Place.Reveal() != ""
	every := func(on bool, id, workflow, about string, input any, d time.Duration) wanted {
		return wanted{on: on, def: schedule.Definition{
			ID: id, RunID: id, Workflow: workflow, About: about, Input: input, Every: d, Jitter: min(d/10, 10*time.Minute), CatchUp: d, Kept: true,
		}}
	}
	backup := every(place, ops.BackupSchedule(queue), ops.Backup, "Backs up the store, evidence and reports", ops.BackupInput{}, s.Backup.Every)
	backup.def.AtOnce = true // A new deployment is not left without one until the first interval is over.
	return []wanted{
		backup,
		every(place && s.Backup.IdentityFile != "", ops.RestoreDrillSchedule(queue), ops.RestoreDrill, "Restores the newest backup beside the store and judges it",
			ops.RestoreDrillInput{}, s.Backup.DrillEvery),
	}
}
