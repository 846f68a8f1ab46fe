package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

func TestE07_SlackGetsTheSummaryWithTheFile(t *testing.T) {
	slack, err := fakeslack.Start(t.Context(), fakeslack.Options{Token: "xoxb-1", Channels: []string{"ops"}})
	fake.ForTest(t, slack, err)
	db := openStore(t)
	s := config.Default()
	s.Reports.Dir = filepath.Join(t.TempDir(), "reports")
	s.Notify.Slack.Token, s.Notify.Slack.BaseURL, s.Notify.Slack.Channel = config.NewSecret("xoxb-1"), slack.API(), "ops"
	channels, err := Channels(s, os.Stderr, func() time.Time { return noon })
	require.NoError(t, err)
	d, err := NewDispatcher(s, channels, db, func() time.Time { return noon }, quietLog())
	require.NoError(t, err)
	p := newPeople(s, d, quietLog())

	bodies := []sheet.File{{Ext: "md", Body: []byte("# day")}, {Ext: "json", Body: []byte("{}")}, {Ext: "html", Body: []byte("<p>day")}}
	paths, err := sheet.Save(s.Reports.Dir, "daily-report-2026-11-25", bodies)
	require.NoError(t, err)
	result := ops.RoutineResult{At: noon, Verdict: ops.VerdictOK, Steps: []ops.RoutineStep{{Name: "daily-report", Verdict: ops.VerdictOK, Seen: "1 vault", Files: paths}}}
	require.NoError(t, p.Tell(t.Context(), ops.RoutineMessage(ops.EveningReport, "run", result, noon)))
	all := slack.Messages("ops")
	require.Len(t, all, 2)
	require.Contains(t, string(all[0].Attachments), "daily-report-2026-11-25.json", "what is for programs is named")
	require.Equal(t, all[0].TS, all[1].Thread)
	require.Equal(t, map[string][]byte{"daily-report-2026-11-25.html": []byte("<p>day"), "daily-report-2026-11-25.md": []byte("# day")}, all[1].Bodies)

	large := filepath.Join(s.Reports.Dir, "large.html")
	require.NoError(t, os.WriteFile(large, make([]byte, attachedBytes+1), 0o600))
	result.Steps[0].Files = []string{large, "/another/machine/gone.md", paths[0]}
	m := ops.RoutineMessage(ops.EveningReport, "second", result, noon)
	m.Attach = append(m.Attach, "../feeops.md")
	require.NoError(t, p.Tell(t.Context(), m))
	all = slack.Messages("ops")
	require.Len(t, all, 4)
	require.Equal(t, []string{"daily-report-2026-11-25.md"}, all[3].Files, "what can be attached is")
	text := string(all[2].Attachments)
	for _, said := range []string{"not attached: report large.html: 7340033 bytes", "not attached: report gone.md: ", "../feeops.md"} {
		require.Contains(t, text, said)
	}
	records, err := db.Deliveries(t.Context(), m.Key)
	require.NoError(t, err)
	require.Equal(t, domain.DeliveryDelivered, records[0].State)
	require.Equal(t, notify.CodeUnattached, records[0].Code)
	require.Contains(t, records[0].Error, "gone.md")
}

func TestAttach_ADozenReportsAreNotOneMessage(t *testing.T) {
	var steps []ops.RoutineStep
	for range 12 {
		steps = append(steps, ops.RoutineStep{Name: "x", Files: []string{"/r/a.md", "/r/a.csv"}})
	}
	m := ops.RoutineMessage(ops.WeeklyMaintenance, "run", ops.RoutineResult{Steps: steps}, noon)
	require.Len(t, m.Attach, 10)
	require.NotContains(t, strings.Join(m.Attach, " "), "csv")
}
