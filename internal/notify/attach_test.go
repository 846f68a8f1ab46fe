package notify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
)

// summary is a report's message, which only chats are told of.
func summary() notify.Message {
	m := notifytest.Stuck()
	m.Kind, m.Files = notify.Info, map[string][]byte{"report.md": []byte("# report")}
	return m
}

func (d *desk) slackRecord(t *testing.T) domain.Delivery {
	t.Helper()
	all, err := d.store.Deliveries(t.Context(), summary().Key)
	require.NoError(t, err)
	require.Len(t, all, 1, "no other channel takes Slack's place: people have the summary")
	return all[0]
}

func TestDispatch_AReportThatCannotBeUploadedLeavesTheSummaryAndARecordOfIt(t *testing.T) {
	email := &spare{name: "email"}
	tests := []struct {
		name     string
		fault    fake.Fault
		attempts int
		code     string
		files    int
	}{
		{"the app may not upload", fake.Fault{Name: fake.Refuse, On: "files.getUploadURLExternal", Status: 200, Code: "missing_scope"}, 1, "slack/missing_scope", 0},
		{"an outage that lasts", fake.Fault{Name: fake.Refuse, On: "files.completeUploadExternal", Status: 503}, 3, "slack/503", 0},
		{"a short outage", fake.Fault{Name: fake.Refuse, On: "files.completeUploadExternal", Status: 503, Count: 2}, 3, "", 1},
		{"a lost reply", fake.Fault{Name: fake.LoseReply, On: "files.completeUploadExternal", Count: 1}, 2, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, func(p *notify.Params, _ *[]notify.Route) { p.Channels = append(p.Channels, email) })
			d.slack.Break(tt.fault)
			for range 2 { // Told again, it is told once.
				report := d.Dispatch(t.Context(), summary())
				require.True(t, report.Told)
				require.Empty(t, report.Down)
				require.Empty(t, report.Outcomes[0].Error)
			}
			all := d.slack.Messages("ops")
			require.Len(t, all, 1+tt.files, "one summary, and the files once")
			record := d.slackRecord(t)
			require.Equal(t, domain.DeliveryDelivered, record.State)
			require.Equal(t, tt.code, record.Code)
			require.Equal(t, tt.code != "", record.Error != "")
			require.Equal(t, tt.attempts, record.Attempts)
			require.Empty(t, email.got)
		})
	}
}

func TestDispatch_WhatCouldNotBeReadIsInTheRecord(t *testing.T) {
	d := newDesk(t, nil)
	m := summary()
	m.Files, m.Lacks = nil, "not attached: report big.html: larger"
	report := d.Dispatch(t.Context(), m)
	require.True(t, report.Told)
	require.Equal(t, m.Lacks, report.Outcomes[0].Unattached)
	record := d.slackRecord(t)
	require.Equal(t, domain.DeliveryDelivered, record.State)
	require.Equal(t, notify.CodeUnattached, record.Code)
	require.Equal(t, m.Lacks, record.Error)
}
