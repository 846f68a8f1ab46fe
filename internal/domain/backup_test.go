package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func TestBackupCondition_OnlyAYoungGoodOneIsWell(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(age time.Duration, ok bool) *domain.BackupRecord {
		return &domain.BackupRecord{At: now.Add(-age), OK: ok, Archive: "a", Error: "the place denies access"}
	}
	tests := []struct {
		name       string
		last, good *domain.BackupRecord
		want       bool
		detail     string
	}{
		{"none ever", nil, nil, false, "no backup was ever made"},
		{"young and good", at(time.Hour, true), at(time.Hour, true), true, "1h0m0s old"},
		{"the newest failed", at(time.Hour, false), at(7*time.Hour, true), false, "denies access"},
		{"too old", at(14*time.Hour, true), at(14*time.Hour, true), false, "may be 13h0m0s old"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := domain.BackupCondition(tt.last, tt.good, 13*time.Hour, now)
			require.Equal(t, tt.want, c.OK)
			require.Contains(t, c.Detail, tt.detail)
		})
	}
}

func TestDrill_WhatWasNotAssessedCountsForNothing(t *testing.T) {
	d := domain.Drill{Steps: []domain.DrillStep{{Result: domain.DrillOK}, {Result: domain.DrillNotAssessed}, {Result: domain.DrillOK}, {Result: domain.DrillFailed}}}
	require.Equal(t, 50, d.Grade())
	require.False(t, d.OK())
	require.Zero(t, domain.Drill{}.Grade())
}
