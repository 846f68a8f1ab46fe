package app

import (
	"fmt"

	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/schedule"
)

// Schedules are the schedules that the settings switch on, with the server's side of them.
func Schedules(s config.Settings, c client.ScheduleClient) (schedule.Book, error) {
	b := schedule.Book{Client: c, Queue: s.Temporal.TaskQueue}
	routine := ops.RoutineInput{Actor: "schedule"}
	for _, one := range []struct {
		set config.Schedule
		def schedule.Definition
	}{
		{s.Schedules.DailyDistribution, schedule.Definition{
			ID: ops.ScheduleDaily, Workflow: ops.FleetDistribution, About: "Pays every vault when its day is due",
			Input: ops.FleetInput{WaitDue: true, Actor: "schedule"},
			// One vault that is stuck holds up its fleet's run, and must not keep the others from their next day. A vault has one
			// run at a time whatever starts it.
			Beside: true,
		}},
		{s.Schedules.MorningCheck, schedule.Definition{ID: ops.ScheduleMorning, Workflow: ops.MorningCheck, About: "Where every vault stands", Input: routine}},
		{s.Schedules.EveningReport, schedule.Definition{ID: ops.ScheduleEvening, Workflow: ops.EveningReport, About: "Report of the date", Input: routine}},
		{s.Schedules.WeeklyMaintenance, schedule.Definition{ID: ops.ScheduleWeekly, Workflow: ops.WeeklyMaintenance, About: "Looks after machine, store, endpoints and schedules", Input: routine}},
		{s.Schedules.MonthlyReview, schedule.Definition{ID: ops.ScheduleMonthly, Workflow: ops.MonthlyReview, About: "Review of the month before", Input: routine}},
	} {
		if !one.set.Enabled {
			continue
		}
		d := one.def
		name := d.ID
		d.ID = ops.ScheduleID(name, b.Queue)
		d.RunID, d.Jitter, d.CatchUp = d.ID, s.Schedules.Jitter, s.Schedules.CatchUp
		if name == ops.ScheduleDaily {
			d.RunID = ops.FleetID(domain.Day(ops.ScheduleID("scheduled", b.Queue)))
		}
		var err error
		if d.Calendar, err = one.set.Calendar(s.Schedules.TimeZone); err != nil {
			return b, fmt.Errorf("schedule %s: %w", d.ID, err)
		}
		b.Defs = append(b.Defs, d)
	}
	return b, nil
}
