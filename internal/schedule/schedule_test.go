package schedule_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/schedule"
)

func TestMain(m *testing.M) { os.Exit(devstack.Main(m)) }

func definition(t *testing.T, id, at, zone string) schedule.Definition {
	t.Helper()
	c, err := domain.NewCalendar(at, "", 0, zone)
	require.NoError(t, err)
	return schedule.Definition{ID: id, Workflow: "MorningCheck", RunID: id, Input: map[string]string{"actor": "test"}, Calendar: c, CatchUp: time.Hour}
}

// book is a deployment's schedules on the shared server; the task queue is the test's name.
func book(t *testing.T, defs ...schedule.Definition) schedule.Book {
	t.Helper()
	c, err := devstack.ForTest(t).Dial()
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return schedule.Book{Client: c.ScheduleClient(), Queue: t.Name(), Defs: defs}
}

func plan(t *testing.T, b schedule.Book) map[string]schedule.Change {
	t.Helper()
	list, err := b.Plan(context.Background())
	require.NoError(t, err)
	out := map[string]schedule.Change{}
	for _, c := range list {
		out[c.ID] = c
	}
	return out
}

func apply(t *testing.T, b schedule.Book) {
	t.Helper()
	for _, c := range plan(t, b) {
		require.NoError(t, b.Apply(context.Background(), c))
	}
}

func TestApply_MakesTheServerMatchAndThenFindsNoDifference(t *testing.T) {
	a, c := definition(t, "apply-a", "07:00", "Europe/Vienna"), definition(t, "apply-b", "20:00", "UTC")
	c.Calendar.Weekday, c.Beside, c.Jitter = "sunday", true, time.Minute
	b := book(t, a, c)
	require.Equal(t, schedule.Create, plan(t, b)["apply-a"].Kind)
	apply(t, b)
	for id, change := range plan(t, b) {
		require.Equal(t, schedule.Same, change.Kind, "%s: %+v", id, change.Parts)
	}

	// An operator's pause survives another time of day.
	h, err := b.Own(context.Background(), "apply-a")
	require.NoError(t, err)
	require.NoError(t, h.Pause(context.Background(), client.SchedulePauseOptions{Note: "paused by ada"}))
	b.Defs[0] = definition(t, "apply-a", "06:30", "Europe/Vienna")
	change := plan(t, b)["apply-a"]
	require.Equal(t, schedule.Update, change.Kind)
	require.Equal(t, []schedule.Part{{Name: "time", Is: "07:00", Want: "06:30"}}, change.Parts)
	apply(t, b)
	rows, err := b.Look(context.Background(), time.Now())
	require.NoError(t, err)
	require.Equal(t, schedule.Paused, rows[0].Health)
	require.Equal(t, "paused by ada", rows[0].Note)
	require.Equal(t, schedule.Good, rows[1].Health, rows[1].Seen)
	require.False(t, rows[1].Next.IsZero())

	// What the settings do not have any more goes away.
	b.Defs = b.Defs[1:]
	require.Eventually(t, func() bool { return plan(t, b)["apply-a"].Kind == schedule.Delete }, 30*time.Second, 100*time.Millisecond, "lists of the server are a moment behind")
	apply(t, b)
	require.NoError(t, b.Apply(context.Background(), schedule.Change{ID: "apply-b", Kind: schedule.Delete}))
	_, err = b.Own(context.Background(), "apply-b")
	require.ErrorIs(t, err, schedule.ErrNone)
}

func TestApply_LeavesForeignSchedulesAlone(t *testing.T) {
	theirs := book(t, definition(t, "foreign", "01:00", "UTC"))
	theirs.Queue = "another deployment"
	apply(t, theirs)
	t.Cleanup(func() {
		require.NoError(t, theirs.Apply(context.Background(), schedule.Change{ID: "foreign", Kind: schedule.Delete}))
	})
	ours := book(t, definition(t, "foreign", "07:00", "UTC"))
	change := plan(t, ours)["foreign"]
	require.Equal(t, schedule.Foreign, change.Kind)
	require.Contains(t, change.Note, "another deployment")
	apply(t, ours)
	require.Equal(t, schedule.Same, plan(t, theirs)["foreign"].Kind, "it is as it was")
	_, err := ours.Own(context.Background(), "foreign")
	require.ErrorContains(t, err, "mark")
	require.ErrorContains(t, ours.Apply(context.Background(), schedule.Change{ID: "foreign", Kind: schedule.Delete}), "mark")
	rows, err := ours.Look(context.Background(), time.Now())
	require.NoError(t, err)
	require.Equal(t, schedule.Alien, rows[0].Health)
}

// The server and our own calendar name the same moments over both changes of the clock.
func TestSpec_TheServerAgreesOverDaylightSaving(t *testing.T) {
	b := book(t)
	for _, tt := range []struct{ name, from, zone string }{
		{"spring", "2027-03-25T12:00:00Z", "Europe/Vienna"}, {"autumn", "2027-10-28T12:00:00Z", "Europe/Vienna"}, {"new york", "2027-03-11T14:00:00Z", "America/New_York"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, err := time.Parse(time.RFC3339, tt.from)
			require.NoError(t, err)
			d := definition(t, "dst-"+tt.from, "07:00", tt.zone)
			spec := schedule.Spec(d)
			spec.StartAt = from
			h, err := b.Client.Create(context.Background(), client.ScheduleOptions{ID: d.ID, Spec: spec, Action: &client.ScheduleWorkflowAction{ID: d.ID, Workflow: "MorningCheck", TaskQueue: b.Queue}})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, h.Delete(context.Background())) })
			is, err := h.Describe(context.Background())
			require.NoError(t, err)
			require.Len(t, is.Info.NextActionTimes, 10)
			at := from
			for _, next := range is.Info.NextActionTimes {
				at = d.Calendar.Next(at)
				require.True(t, at.Equal(next), "ours %s, the server's %s", at, next)
			}
		})
	}
}

func TestLook_NoticesAMissedRun(t *testing.T) {
	d := definition(t, "missed", "07:00", "UTC")
	b := book(t, d)
	apply(t, b)
	t.Cleanup(func() {
		require.NoError(t, b.Apply(context.Background(), schedule.Change{ID: "missed", Kind: schedule.Delete}))
	})
	health := func(now time.Time) schedule.Row {
		rows, err := b.Look(context.Background(), now)
		require.NoError(t, err)
		return rows[0]
	}
	now := time.Now()
	require.Equal(t, schedule.Good, health(now).Health, "nothing was due since it was made")
	next := d.Calendar.Next(now)
	require.Equal(t, schedule.Good, health(next.Add(time.Minute)).Health, "it may be on its way")
	row := health(next.Add(5 * time.Minute))
	require.Equal(t, schedule.Missed, row.Health)
	result, what := row.Check()
	require.Equal(t, domain.CheckWarn, result)
	require.Contains(t, what, "schedule trigger missed")

	// A backfill makes up for it.
	h, err := b.Own(context.Background(), "missed")
	require.NoError(t, err)
	last := d.Calendar.Last(now)
	require.NoError(t, h.Backfill(context.Background(), client.ScheduleBackfillOptions{Backfill: []client.ScheduleBackfill{{Start: last.Add(-time.Second), End: last.Add(time.Second)}}}))
	require.Eventually(t, func() bool { return health(now).Last.Equal(last) }, 30*time.Second, 100*time.Millisecond)
	require.Equal(t, "missed-"+last.Format(time.RFC3339), health(now).RunID)
}

func TestLook_NamesWhatIsAbsent(t *testing.T) {
	b := book(t, definition(t, "absent", "07:00", "UTC"))
	rows, err := b.Look(context.Background(), time.Now())
	require.NoError(t, err)
	require.Equal(t, schedule.Absent, rows[0].Health)
	require.Contains(t, rows[0].Seen, "schedule apply")
}

// What a worker does at its start: it makes what it may, and names the rest instead of changing it.
func TestEnsure_MakesWhatAWorkerMayAndNamesTheRest(t *testing.T) {
	kept := schedule.Definition{ID: "ensure-backup", Workflow: "Backup", RunID: "ensure-backup", Input: struct{}{}, Every: 6 * time.Hour, CatchUp: 6 * time.Hour, Kept: true}
	b := book(t, kept, definition(t, "ensure-morning", "07:00", "UTC"))
	ensure := func() map[string]schedule.Kind {
		left, err := b.Ensure(context.Background())
		require.NoError(t, err)
		out := map[string]schedule.Kind{}
		for _, c := range left {
			require.NotEmpty(t, c.Text())
			out[c.ID] = c.Kind
		}
		return out
	}
	require.Equal(t, map[string]schedule.Kind{"ensure-morning": schedule.Create}, ensure())
	require.Equal(t, schedule.Same, plan(t, b)["ensure-backup"].Kind, "%+v", plan(t, b)["ensure-backup"])
	h, err := b.Own(context.Background(), "ensure-backup")
	require.NoError(t, err)
	require.NoError(t, h.Pause(context.Background(), client.SchedulePauseOptions{Note: "paused by ada"}))

	// Another interval is shown by every start, and changed by an operator's apply alone.
	b.Defs[0].Every = 2 * time.Hour
	require.Equal(t, map[string]schedule.Kind{"ensure-morning": schedule.Create, "ensure-backup": schedule.Update}, ensure())
	change := plan(t, b)["ensure-backup"]
	require.Equal(t, []schedule.Part{{Name: "time", Is: "every 6h0m0s offset 0s", Want: "every 2h0m0s offset 0s"}}, change.Parts)
	require.NoError(t, b.Apply(context.Background(), change))
	rows, err := b.Look(context.Background(), time.Now())
	require.NoError(t, err)
	require.Equal(t, schedule.Paused, rows[0].Health, "the pause stays")
	require.Equal(t, "every 2h0m0s", rows[0].Calendar)

	// What the settings switch off is named, and goes by an operator's apply.
	b.Off, b.Defs = b.Defs[:1], b.Defs[1:]
	require.Equal(t, map[string]schedule.Kind{"ensure-morning": schedule.Create, "ensure-backup": schedule.Delete}, ensure())
	require.NoError(t, b.Apply(context.Background(), plan(t, b)["ensure-backup"]))
	_, err = b.Own(context.Background(), "ensure-backup")
	require.ErrorIs(t, err, schedule.ErrNone)
}

// Workers of earlier versions made theirs without a mark.
func TestApply_TakesOverWhatAnEarlierVersionMade(t *testing.T) {
	d := schedule.Definition{ID: "earlier-drill", Workflow: "StopDrill", RunID: "earlier-drill", Input: struct{}{}, Every: time.Hour, CatchUp: time.Hour, Kept: true}
	b := book(t, d)
	for _, tt := range []struct {
		name, workflow, queue string
		want                  schedule.Kind
	}{
		{"ours", "StopDrill", b.Queue, schedule.Update},
		{"another workflow", "MorningCheck", b.Queue, schedule.Foreign},
		{"another deployment", "StopDrill", "elsewhere", schedule.Foreign},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := b.Client.Create(context.Background(), client.ScheduleOptions{
				ID: d.ID, Spec: client.ScheduleSpec{CronExpressions: []string{"0 9 * * 1"}}, Paused: true, Note: "0 9 * * 1",
				Action: &client.ScheduleWorkflowAction{ID: d.ID, Workflow: tt.workflow, TaskQueue: tt.queue, Args: []any{struct{}{}}},
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, h.Delete(context.Background())) })
			require.Equal(t, tt.want, plan(t, b)[d.ID].Kind)
			apply(t, b)
			rows, err := b.Look(context.Background(), time.Now())
			require.NoError(t, err)
			if tt.want == schedule.Foreign {
				require.Equal(t, schedule.Alien, rows[0].Health)
				return
			}
			require.Equal(t, schedule.Same, plan(t, b)[d.ID].Kind)
			require.True(t, rows[0].Paused)
			off := b
			off.Defs, off.Off = nil, b.Defs
			require.Equal(t, schedule.Delete, plan(t, off)[d.ID].Kind, "also when the settings switch it off")
		})
	}
}

func TestLook_NoticesAMissedInterval(t *testing.T) {
	d := schedule.Definition{ID: "missed-interval", Workflow: "Backup", RunID: "missed-interval", Input: struct{}{}, Every: time.Hour, Jitter: 6 * time.Minute, CatchUp: time.Hour, Kept: true, AtOnce: true}
	b := book(t, d)
	apply(t, b)
	t.Cleanup(func() {
		require.NoError(t, b.Apply(context.Background(), schedule.Change{ID: d.ID, Kind: schedule.Delete}))
	})
	health := func(now time.Time) schedule.Row {
		rows, err := b.Look(context.Background(), now)
		require.NoError(t, err)
		return rows[0]
	}
	now := time.Now()
	require.Equal(t, schedule.Good, health(now).Health, "nothing was due since it was made")
	require.Eventually(t, func() bool { return !health(now).Last.IsZero() }, 30*time.Second, 100*time.Millisecond, "the first run is started at once")
	next := now.Truncate(time.Hour).Add(time.Hour)
	require.Equal(t, schedule.Good, health(next.Add(7*time.Minute)).Health, "it may be on its way: jitter and patience")
	row := health(next.Add(9 * time.Minute))
	require.Equal(t, schedule.Missed, row.Health)
	require.True(t, row.Expected.Equal(next))
}
