package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// A vault that waits on purpose is not overdue while it does; one that sleeps past the end of the wait is, and so is one
// that nobody works on, whatever the policy says.
func TestOverdue_WaitingOnPurposeIsNotLate(t *testing.T) {
	at, err := domain.NewCalendar(noon.UTC().Add(2*time.Hour).Format("15:04"), "", 0, "UTC")
	require.NoError(t, err)
	limits := alert.DefaultLimits()
	limits.Reset = domain.DriftReset{At: at, After: 4 * time.Hour}
	limit := domain.Amount(70)
	tests := []struct {
		name   string
		reset  domain.DriftReset
		change func(*scene)
		want   bool
	}{
		{"on purpose", limits.Reset, func(s *scene) { s.due(3 * time.Hour); s.onPurpose() }, false},
		{"no policy", domain.DriftReset{}, func(s *scene) { s.due(3 * time.Hour); s.onPurpose() }, true},
		{"no run", limits.Reset, func(s *scene) { s.due(3 * time.Hour) }, true},
		{"a daily cap is never held", limits.Reset, func(s *scene) { s.due(3 * time.Hour); s.onPurpose(); s.v.Policy.DailyCap = &limit }, true},
		{"slept past the end of the wait", limits.Reset, func(s *scene) { s.due(24 * time.Hour); s.onPurpose() }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := quietScene()
			tt.change(&s)
			limits := limits
			limits.Reset = tt.reset
			r := alert.NewReplay(alert.New(alert.Catalogue(), limits, nil), limits)
			play(r, s, 0, 10*time.Minute)
			require.Equal(t, tt.want, fired(r, "distribution_overdue"))
		})
	}
}
