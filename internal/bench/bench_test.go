package bench

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

func TestPercentile_IsAValueThatWasMeasured(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		p      int
		want   *float64
	}{
		{"of nothing there is none", nil, 50, nil},
		{"of one it is the one", []float64{7}, 99, v(7)},
		{"the median of two is the smaller one, not one in between", []float64{9, 3}, 50, v(3)},
		{"the median of three", []float64{9, 1, 3}, 50, v(3)},
		{"99 of 100 values leave one above", hundred(), 99, v(99)},
		{"100 is the most", hundred(), 100, v(100)},
		{"0 is the least", hundred(), 0, v(1)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, percentile(test.values, test.p)) })
	}
}

func v(f float64) *float64 { return &f }

// hundred is 1 to 100, from the end.
func hundred() (out []float64) {
	for i := range 100 {
		out = append(out, float64(100-i))
	}
	return out
}

func TestPercentile_HasEnoughBelowItAndLeavesItsInputAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 1e6), 1, 50).Draw(t, "values")
		before := append([]float64{}, values...)
		p := rapid.IntRange(1, 100).Draw(t, "p")
		got := *percentile(values, p)
		require.Equal(t, before, values)
		below, under := 0, 0
		for _, x := range values {
			if x <= got {
				below++
			}
			if x < got {
				under++
			}
		}
		require.GreaterOrEqual(t, below*100, p*len(values))
		require.Less(t, under*100, p*len(values), "and no smaller one does")
	})
}

func TestCompare_TellsBetterFromWorseByTheFiguresSense(t *testing.T) {
	tests := []struct {
		name        string
		before, now *float64
		more        bool
		percent     *float64
		want        Verdict
	}{
		{"less time is better", v(100), v(50), false, v(-50), Better},
		{"more time is worse", v(100), v(150), false, v(50), Worse},
		{"more pages a second are better", v(10), v(20), true, v(100), Better},
		{"fewer pages a second are worse", v(10), v(5), true, v(-50), Worse},
		{"a little is noise", v(100), v(110), false, v(10), Same},
		{"no change", v(0), v(0), false, nil, Same},
		{"something where there was nothing is worse, by no percentage", v(0), v(3), false, nil, Worse},
		{"not measured before", nil, v(3), false, nil, Missing},
		{"not measured now is no improvement", v(3), nil, false, nil, Missing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := figure{more: test.more}.change("x", test.before, test.now)
			require.Equal(t, Change{Figure: "x", Before: test.before, Now: test.now, Percent: test.percent, Verdict: test.want}, got)
		})
	}
}

func TestCompare_DoesNotHoldUnlikeRunsAgainstEachOther(t *testing.T) {
	run := func(alter func(*Result)) Result {
		r := Result{SlotMS: 400, Machine: Machine{Processors: 2}, Cases: []Case{
			{Vaults: 1, Investors: 1000, Next: &Round{Seconds: 60}}, {Vaults: 100, Investors: 50, Next: &Round{Seconds: 100, PagesPerSecond: 2}, Memory: &Memory{Peak: 90}},
		}}
		alter(&r)
		r.conclude()
		return r
	}
	plain := func(*Result) {}
	slower := func(r *Result) { r.Cases[1].Next.Seconds = 200 }
	require.False(t, Compare(run(plain), run(plain)).Worse())
	require.True(t, Compare(run(plain), run(slower)).Worse())
	for name, alter := range map[string]func(*Result){
		"another machine":        func(r *Result) { r.Machine.Processors = 8 },
		"another number of days": func(r *Result) { r.Days = 1 },
		"other slots":            func(r *Result) { r.SlotMS = 40 },
		"another fleet":          func(r *Result) { r.Cases[1].Vaults = 10 },
		"another large vault":    func(r *Result) { r.Cases[0].Investors = 200 },
		"a fleet that was not":   func(r *Result) { r.Cases = r.Cases[:1] },
	} {
		c := Compare(run(alter), run(slower))
		require.NotEmpty(t, c.Unlike, name)
		require.False(t, c.Worse(), name)
	}
}

func TestConclude_NamesWhatWasNotMeasured(t *testing.T) {
	r := Result{Cases: []Case{{Vaults: 1, Investors: 10, Error: "the chain is gone"}}}
	r.conclude()
	var names []string
	for _, g := range r.NotMeasured {
		require.NotEmpty(t, g.Why, g.What)
		names = append(names, g.What)
	}
	require.Equal(t, []string{
		"slots_per_page", "orchestration_ms_per_page", "rpc_requests_per_day", "pages_per_second", "tick_ms_1000", "tick_requests_1000", "rss_mib", "peer",
	}, names)
	body, err := json.Marshal(r)
	require.NoError(t, err)
	for _, name := range append(names, "stop_p99_ms") {
		require.Contains(t, string(body), `"`+name+`":null`, "never a zero")
	}
	for _, row := range r.summary().Rows {
		require.Equal(t, NoFigure, row[1], row[0])
	}
}

func TestConclude_TakesEachFigureFromItsCase(t *testing.T) {
	r := Result{
		Peer: &Peer{Cases: []PeerCase{
			{Behaviour: "published", Vaults: 1, Investors: 9_999, First: PeerDay{Complete: 1, SlotsPerPage: 99}},
			{Behaviour: "reference", Vaults: 1, Investors: 50, First: PeerDay{Complete: 1, SlotsPerPage: 3, Requests: 70}},
			{Behaviour: "reference", Vaults: 1, Investors: 200, First: PeerDay{Complete: 0, SlotsPerPage: 98}},
			{Behaviour: "reference", Vaults: 10, Investors: 50, First: PeerDay{Complete: 10, PagesPerSecond: 1}},
		}},
		Cases: []Case{
			{Vaults: 1, Investors: 50, Next: &Round{SlotsPerPage: 1}, Tick: &Tick{P50: 1}},
			{Vaults: 1, Investors: 1000, Next: &Round{SlotsPerPage: 2, Requests: 300, Orchestration: v(20)}},
			{Vaults: 1000, Investors: 50, Next: &Round{PagesPerSecond: 9}, Tick: &Tick{P50: 300, Requests: 35}, Memory: &Memory{Peak: 150, Now: 120}},
		},
	}
	r.conclude()
	require.Equal(t, []*float64{v(2), v(20), v(300), v(9), v(300), v(35), v(150)},
		[]*float64{r.SlotsPerPage, r.Orchestration, r.RequestsPerDay, r.PagesPerSecond, r.TickMS1000, r.TickRequests, r.RSSMiB})
	require.Equal(t, []*float64{v(3), v(70), v(1)}, []*float64{r.Peer.SlotsPerPage, r.Peer.RequestsPerDay, r.Peer.PagesPerSecond},
		"neither another program's days nor those that were not finished")
}

func TestSummarize_CountsOnlyDaysThatEqualTheChain(t *testing.T) {
	began := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	day := func(vault string, pages int, requests uint64) domain.DayReport {
		return domain.DayReport{
			Vault: vault, Day: "2026-03-01", State: domain.Complete, Pages: pages, Investors: pages * 25, Requests: requests, FeeLamports: 5_000 * uint64(pages),
			FirstSlot: 100, CloseSlot: 100 + 3*uint64(pages), StartedAt: began, EndedAt: began.Add(time.Duration(pages) * time.Second),
		}
	}
	wrong := day("differs", 4, 100)
	wrong.Result.Mismatches = 1
	old := day("old", 4, 100)
	old.Day = "2026-02-28"
	fleet := ops.FleetReport{}
	reports := map[string]domain.DayReport{"differs": wrong, "old": old, "a": day("a", 2, 40), "b": day("b", 4, 60)}
	for _, vault := range []string{"a", "differs", "b", "old", "unknown"} {
		fleet.Rows = append(fleet.Rows, ops.FleetRow{Vault: vault, Day: "2026-03-01", State: domain.Complete})
	}
	days, err := pick(fleet, reports)
	require.ErrorContains(t, err, "differs of 2026-03-01")
	require.ErrorContains(t, err, "and 2 other vaults")
	r := summarize(days, 20*time.Second, 10*time.Second, 120)
	require.Equal(t, Round{
		Complete: 2, Pages: 6, Seconds: 20, Closed: 10, PagesPerSecond: 0.6, InvestorsPerSecond: 15, DayP50: 2000, DayP99: 4000, SlotsPerPage: 3,
		Requests: 50, NodeRequests: 60, FeeLamports: 15_000, PerInvestor: 200,
	}, r)
}

func TestTracer_MeasuresBetweenAPagesEndAndTheNextOnesStart(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var h tracer
	id := int64(0)
	add := func(after time.Duration, e *history.HistoryEvent) int64 {
		id++
		at = at.Add(after)
		e.EventId, e.EventTime = id, timestamppb.New(at)
		h.add(e)
		return id
	}
	page := func(name string, wait, took time.Duration) {
		scheduled := add(0, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &history.ActivityTaskScheduledEventAttributes{ActivityType: &common.ActivityType{Name: name}},
		}})
		add(wait, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &history.ActivityTaskStartedEventAttributes{ScheduledEventId: scheduled},
		}})
		add(took, &history.HistoryEvent{Attributes: &history.HistoryEvent_ActivityTaskCompletedEventAttributes{
			ActivityTaskCompletedEventAttributes: &history.ActivityTaskCompletedEventAttributes{ScheduledEventId: scheduled},
		}})
	}
	page("PlanDay", time.Second, time.Second)
	page(ops.SendPage.Name, time.Second, time.Second)
	page(ops.SendPage.Name, 20*time.Millisecond, time.Second)
	page(ops.FixOpening.Name, 5*time.Millisecond, 10*time.Millisecond) // Between two pages: it counts.
	page(ops.SendPage.Name, 25*time.Millisecond, time.Second)
	require.Equal(t, []float64{20, 40}, h.gaps)
	require.Equal(t, 15, h.events)
	require.Positive(t, h.bytes)
}

func TestParseMemory_ReadsWhatLinuxSays(t *testing.T) {
	m, ok := parseMemory("Name:\tfeeops\nVmPeak:\t 9999999 kB\nVmHWM:\t  153600 kB\nVmRSS:\t  102400 kB\nThreads:\t12\n")
	require.True(t, ok)
	require.Equal(t, Memory{Peak: 150, Now: 100}, m)
	for _, text := range []string{"", "VmHWM:\t1 kB\n", "VmHWM: many kB\nVmRSS: 1 kB\n", "VmHWM:\t1 MB\nVmRSS:\t1 MB\n"} {
		_, ok := parseMemory(text)
		require.False(t, ok, "%q is no figure", text)
	}
}

func TestSlotTimes_SlotsThatWereMissedHaveTheTimeOfTheNextLook(t *testing.T) {
	s := &slotTimes{seen: map[uint64]time.Time{}}
	at := func(sec int64) time.Time { return time.Unix(sec, 0) }
	s.note(40, at(1))
	s.note(40, at(2))
	s.note(43, at(3))
	require.Equal(t, []time.Time{{}, at(1), at(3), at(3), at(3), {}}, []time.Time{s.at(39), s.at(40), s.at(41), s.at(42), s.at(43), s.at(44)})
}

func TestShapes_EachSizeIsMeasuredOnce(t *testing.T) {
	o := Options{Vaults: []int{10, 1, 10}, Investors: []int{50, 1000}}
	require.Equal(t, []shape{{1, 50}, {1, 1000}, {10, 50}}, o.shapes())
}

func TestLooks_TheMedianAndTheMost(t *testing.T) {
	got := summarizeLooks([]domain.Operation{
		{Duration: 30 * time.Millisecond, Requests: 35}, {Duration: 10 * time.Millisecond, Requests: 40}, {Duration: 20 * time.Millisecond, Requests: 35},
	})
	require.Equal(t, &Tick{Looks: 3, P50: 20, Most: 30, Requests: 40}, got)
}
