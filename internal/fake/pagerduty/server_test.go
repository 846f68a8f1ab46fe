package pagerduty_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fake/pagerduty"
)

// TestLimits_WhatPagerDutyRefusesIsRefused keeps the tests of the client honest.
func TestLimits_WhatPagerDutyRefusesIsRefused(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	s, err := pagerduty.Start(t.Context(), key)
	fake.ForTest(t, s, err)
	post := func(path, body string) (int, string) {
		resp, err := http.Post(s.URL+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		defer resp.Body.Close()
		said, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(said)
	}
	trigger := func(summary, severity, more string) string {
		return fmt.Sprintf(`{"routing_key":%q,"event_action":"trigger","dedup_key":"k","payload":{"summary":%q,"severity":%q,"source":"s"%s}}`, key, summary, severity, more)
	}
	tests := []struct {
		name string
		body string
		want int
	}{
		{"good", trigger("s", "critical", ""), 202},
		{"a severity of ours", trigger("s", "high", ""), 400},
		{"no summary", trigger("", "error", ""), 400},
		{"long summary", trigger(strings.Repeat("x", 1025), "error", ""), 400},
		{"details that are no object", trigger("s", "error", `,"custom_details":"x"`), 400},
		{"timestamp", trigger("s", "error", `,"timestamp":"yesterday"`), 400},
		{"too large", trigger("s", "error", `,"custom_details":{"a":"`+strings.Repeat("x", 512<<10)+`"}`), 413},
		{"another key", strings.Replace(trigger("s", "error", ""), key, strings.Repeat("f", 32), 1), 400},
		{"long dedup key", strings.Replace(trigger("s", "error", ""), `"k"`, `"`+strings.Repeat("k", 256)+`"`, 1), 400},
		{"another action", strings.Replace(trigger("s", "error", ""), "trigger", "shout", 1), 400},
		{"resolve without a key", `{"routing_key":"` + key + `","event_action":"resolve"}`, 400},
		{"no JSON", `{`, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, said := post("/v2/enqueue", tt.body)
			require.Equal(t, tt.want, got, said)
		})
	}
	require.Len(t, s.Alerts(), 1)
	for range 2 {
		got, _ := post("/v2/enqueue", `{"routing_key":"`+key+`","event_action":"resolve","dedup_key":"k"}`)
		require.Equal(t, 202, got)
	}
	require.Equal(t, 1, s.Dropped(), "what is over cannot end again")
	_, _ = post("/v2/enqueue", trigger("s", "error", ""))
	require.Len(t, s.Alerts(), 2, "a trigger after the end opens a new alert")
	got, _ := post("/v2/change/enqueue", `{"routing_key":"`+key+`"}`)
	require.Equal(t, 400, got)
}
