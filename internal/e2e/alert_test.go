package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// watched is a fleet with a watch and a Slack of its own. Rules are due once an hour, so that nothing but the end of a
// look brings a judgement about.
func watched(t testing.TB, vaults int) (*world, *fakeslack.Server) {
	t.Helper()
	var fleet []localnet.VaultSpec
	for n := range vaults {
		fleet = append(fleet, localnet.VaultSpec{ID: fmt.Sprintf("v%d", n), Investors: 1})
	}
	w := newChain(t, fleet, with(quickly), with(func(s *config.Settings) { s.Monitor.RulesInterval, s.Monitor.StaleAfter = time.Hour, time.Hour }))
	slack := w.workspace()
	w.otherNamespace()
	w.startWorker()
	w.watchOf()
	return w, slack
}

// purse lets a vault's fee payer hold a part of what is reserved: below two it is low, below one that is grave.
func (w *world) purse(short string, part float64) {
	w.t.Helper()
	key := payer(w.vault(short))
	a, ok := w.node.Bank().Account(key, bank.Processed)
	require.True(w.t, ok)
	other := *a.Clone()
	other.Lamports = uint64(part * float64(w.settings.Distribution.PayerReserveLamports))
	w.node.Bank().SetAccount(key, other)
}

// alerted is one message's way: the look that saw it, its judgement, and its arrival at Slack.
type alerted struct {
	began, looked, told, arrived time.Time
	judgements                   int // From the end of that look to the one that gave the message, which is one of them.
}

// way finds the way of an episode's message in the watch's history and in Slack.
func (w *world) way(slack *fakeslack.Server, e domain.Episode, seq int) alerted {
	w.t.Helper()
	what := fmt.Sprintf(`"key":%q,"seq":%d`, e.Key, seq)
	var arrived []time.Time
	w.until("a message in Slack", func() bool {
		for _, m := range slack.Messages("ops") {
			if strings.Contains(string(m.Metadata), what+"}") {
				arrived = append(arrived, m.At)
			}
		}
		return len(arrived) > 0
	})
	require.Len(w.t, arrived, 1, "told once")
	names, began := map[int64]string{}, map[int64]time.Time{}
	way := alerted{arrived: arrived[0]}
	for _, event := range w.history(w.client.GetWorkflow(context.Background(), ops.MonitorID, "")).Events {
		at := event.EventTime.AsTime()
		if s := event.GetActivityTaskScheduledEventAttributes(); s != nil {
			names[event.EventId], began[event.EventId] = s.ActivityType.Name, at
			switch s.ActivityType.Name {
			case ops.JudgeFleet.Name:
				way.judgements++
			case ops.TellPeople.Name:
				if strings.Contains(string(s.Input.Payloads[0].Data), what+",") {
					way.told = at
					return way
				}
			}
		}
		if c := event.GetActivityTaskCompletedEventAttributes(); c != nil && names[c.ScheduledEventId] == ops.TakeLook.Name {
			way.began, way.looked, way.judgements = began[c.ScheduledEventId], at, 0
		}
	}
	require.FailNow(w.t, "the watch's history does not tell of it", what)
	return way
}

// TestAlert_ReachesSlackByTheLookThatSawIt follows an alert, and its rise, from the tick to Slack's wire: each is judged by
// the first judgement after the look, told at once, and in Slack once.
func TestAlert_ReachesSlackByTheLookThatSawIt(t *testing.T) {
	t.Parallel()
	w, slack := watched(t, 2)
	db := w.store()
	w.until("a look that saw nothing", func() bool {
		tick, found, err := db.LatestTick(context.Background())
		return err == nil && found && tick.Fleet.Read == 2
	})
	low := time.Now()
	w.purse("v0", 1.5)
	e := w.episode(db, "payer_low", told)
	w.followed(low, w.way(slack, e, 1))
	grave := time.Now()
	w.purse("v0", 0.5)
	e = w.episode(db, "payer_low", func(e domain.Episode) bool { return e.Severity == domain.SeverityHigh && told(e) })
	w.followed(grave, w.way(slack, e, 2))
}

// followed wants the steps of a message's way in their order.
func (w *world) followed(cause time.Time, way alerted) {
	w.t.Helper()
	require.Equal(w.t, 1, way.judgements, "its look was judged at its end, though rules are due once an hour")
	for _, step := range [][2]time.Time{{cause, way.looked}, {way.began, way.looked}, {way.looked, way.told}, {way.told, way.arrived}} {
		require.False(w.t, step[1].Before(step[0]), "%s before %s", step[1], step[0])
	}
}

// BenchmarkAlertToSlack measures how long after the end of the look that saw it an alert, or its rise, is at Slack. The bar
// is a second. Each iteration is one alert and its rise.
func BenchmarkAlertToSlack(b *testing.B) {
	for _, vaults := range []int{20, 1000} {
		b.Run(fmt.Sprintf("vaults=%d", vaults), func(b *testing.B) {
			w, slack := watched(b, vaults)
			db := w.store()
			var after, looks []float64
			for n := 0; b.Loop(); n++ {
				require.Less(b, n, 3, "the fourth of the same cause is told as a group: use -benchtime 3x")
				short := fmt.Sprintf("v%d", n)
				for seq, part := range []float64{1.5, 0.5} {
					w.purse(short, part)
					e := w.episode(db, "payer_low", func(e domain.Episode) bool { return e.Vault == w.slug(short) && e.Seq > seq && told(e) })
					way := w.way(slack, e, seq+1)
					after = append(after, float64(way.arrived.Sub(way.looked))/float64(time.Millisecond))
					looks = append(looks, float64(way.looked.Sub(way.began))/float64(time.Millisecond))
				}
			}
			b.ReportMetric(safety.Percentile(after, 50), "slack-p50-ms")
			b.ReportMetric(slices.Max(after), "slack-max-ms")
			b.ReportMetric(safety.Percentile(looks, 50), "look-p50-ms")
			b.ReportMetric(float64(len(after)), "messages")
		})
	}
}
