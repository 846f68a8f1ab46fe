package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func num[T any](v T) *T { return &v }

// board is a fleet with something of everything.
func board(vaults int) domain.Dashboard {
	d := domain.Dashboard{
		At: noon, Sampled: noon.Add(-12 * time.Second), Read: vaults, Total: vaults, States: map[domain.State]int{domain.Complete: 1, domain.CompleteUnreconciled: 2}, OpenAll: 9,
		Recent: []domain.DashboardAlert{{Alert: "payer_low", Subject: "alpha", Severity: domain.SeverityHigh, State: domain.EpisodeResolved, Opened: noon.Add(-time.Minute)}},
		Mutes:  []domain.DashboardMute{{Kind: domain.MuteMaintenance, Until: noon.Add(time.Hour), Actor: "ann", Reason: "new nodes"}},
	}
	for i := range vaults {
		d.Vaults = append(d.Vaults, domain.DashboardVault{
			Vault: fmt.Sprint("vault-", i), State: domain.States()[i%len(domain.States())], Done: num(60), Of: 120, Percent: num(50), Token: domain.Token{Symbol: "USDC", Decimals: 6},
			Treasury: domain.Balance{State: domain.BalanceValue, Amount: 1_234_567_890}, UntilDue: num(int64(11_100)), Left: num(int64(11_100)),
		})
	}
	for i := range 9 {
		d.Open = append(d.Open, domain.DashboardAlert{Key: fmt.Sprint(i), Alert: "distribution_stuck", Subject: "alpha", Severity: domain.SeverityHigh, Opened: noon.Add(-time.Hour), Detail: "The cursor has stood at 45 of 120 for 31m"})
	}
	return d
}

func TestDashboard_FitsEightyColumnsAndNeedsNoColour(t *testing.T) {
	text := drawDashboard(board(20), 80, 0, 0, false)
	require.NotContains(t, text, "\x1b")
	for line := range strings.SplitSeq(text, "\n") {
		require.LessOrEqual(t, len([]rune(line)), 80, line)
	}
	require.Contains(t, text, "last look 2026-03-02 11:59:48Z (12s ago), 20 of 20 vaults read")
	require.Contains(t, text, "2 mismatch")
	require.Regexp(t, `vault-0 +never run ████···· +60/120 +1,234\.567890 +in 3h05m +3h05m`, text)
	require.Contains(t, text, "OPEN ALERTS (9)")
	require.Contains(t, text, "… 3 more: feeops alerts list")
	require.Contains(t, text, "11:59:00Z high     resolved     alpha payer_low")
	require.Contains(t, text, "maintenance: all all until 2026-03-02 13:00:00Z by ann: new nodes")
	require.Contains(t, drawDashboard(board(3), 80, 0, 0, true), "\x1b[")
	wide := board(1)
	wide.Vaults[0].Alerts = []string{"payer_low"}
	require.Contains(t, drawDashboard(wide, 120, 0, 0, false), "3h05m  ! payer_low")
	require.Regexp(t, `in 3h05m +3h05m\n`, drawDashboard(wide, 80, 0, 0, false), "no figure is cut for it")
}

func TestDashboard_EveryStateHasAMarkAndAWordThatFit(t *testing.T) {
	words := map[string]bool{}
	for _, s := range domain.States() {
		require.LessOrEqual(t, len(stateWord(s)), 9, s)
		require.Len(t, []rune(stateMark(s)), 1)
		words[stateWord(s)] = true
	}
	require.Len(t, words, len(domain.States()), "no two states read alike")
}

func TestM20_NextDayIsSigned(t *testing.T) {
	for seconds, want := range map[int64]string{11_100: "in 3h05m", 45: "in 45s", 0: "now", -59: "now", -60: "overdue 0h01m", -93_900: "overdue 26h05m"} {
		require.Equal(t, want, nextDay(domain.DashboardVault{UntilDue: num(seconds)}))
	}
	require.Equal(t, "now, first day", nextDay(domain.DashboardVault{UntilDue: num(int64(0)), NeverRun: true}))
	require.Equal(t, "unknown", nextDay(domain.DashboardVault{UntilDue: num(int64(5)), Stale: true}))
	require.Equal(t, "unknown", nextDay(domain.DashboardVault{}))
	require.Equal(t, "lost", lostIn(domain.DashboardVault{Left: num(int64(0))}))
	require.Equal(t, "-", lostIn(domain.DashboardVault{}))
}

func TestDashboard_UnknownIsShownAsUnknown(t *testing.T) {
	row := vaultRow(domain.DashboardVault{Vault: "a", State: domain.UnknownState, Treasury: domain.Balance{State: domain.BalanceUnknown}, Stale: true})
	require.Contains(t, row, "????????")
	require.Contains(t, row, "unknown")
	require.NotContains(t, row, "0/")
	require.Contains(t, drawDashboard(domain.Dashboard{At: noon}, 80, 0, 0, false), "NO DATA")
	stale := board(1)
	stale.Stale, stale.Sampled = true, noon.Add(-time.Hour)
	require.Contains(t, drawDashboard(stale, 80, 0, 0, false), "STALE: the newest look is of 2026-03-02 11:00:00Z, 1h00m old")
}

func TestDashboard_HostileTextsStayInTheirLine(t *testing.T) {
	d := board(1)
	d.Vaults[0].Vault = "a\n\x1b[31mred"
	d.Open = []domain.DashboardAlert{{Subject: "x\r\n", Detail: "\x1b]0;title\x07 two\nlines", Opened: noon}}
	d.Error = "503\n\n\n"
	lines := strings.Count(drawDashboard(board(1), 80, 0, 0, false), "\n")
	text := drawDashboard(d, 80, 0, 0, false)
	require.NotContains(t, text, "\x1b")
	require.LessOrEqual(t, strings.Count(text, "\n"), lines+1)
}

func TestDashboard_FitsAnyScreenAndScrolls(t *testing.T) {
	for _, height := range []int{10, 24, 60} {
		text := drawDashboard(board(200), 80, height, 0, false)
		require.LessOrEqual(t, strings.Count(text, "\n")+1, height)
		require.Contains(t, text, "vault-0 ")
	}
	require.Contains(t, drawDashboard(board(200), 80, 24, 0, false), "more below")
	m := tea.Model(dashboardModel{read: func() (domain.Dashboard, error) { return board(200), nil }, width: 80, height: 30})
	press := func(code rune) { m, _ = m.Update(tea.KeyPressMsg{Code: code}) }
	m, _ = m.Update(m.(dashboardModel).fetch())
	for range 3 {
		press(tea.KeyDown)
	}
	require.Contains(t, m.View().Content, "vault-3 ")
	require.NotContains(t, m.View().Content, "vault-2 ")
	press(tea.KeyPgUp)
	require.Contains(t, m.View().Content, "vault-0 ")
	for range 100 {
		press(tea.KeyPgDown)
	}
	require.Contains(t, m.View().Content, "vault-199", "the last vault stays in sight")
	_, quit := m.Update(tea.KeyPressMsg{Code: 'q', Text: "q"})
	require.IsType(t, tea.QuitMsg{}, quit())
}

func TestDashboard_AReadingThatFailsLeavesTheLastOne(t *testing.T) {
	m := tea.Model(dashboardModel{width: 80, height: 40})
	m, _ = m.Update(dashboardRead{d: board(1)})
	m, _ = m.Update(dashboardRead{err: errors.New("locked")})
	require.Contains(t, m.View().Content, "vault-0")
	require.Contains(t, m.View().Content, "cannot read: locked")
}

func TestDashboard_NowWaitsForTheJudgementOfTheLookThatWasAskedFor(t *testing.T) {
	look := domain.Operation{Name: "TakeLook", Started: noon, Duration: time.Second}
	judge := func(after time.Duration) domain.Operation {
		return domain.Operation{Name: "JudgeFleet", Started: noon.Add(after)}
	}
	require.False(t, judgedSince(nil))
	require.False(t, judgedSince([]domain.Operation{look}))
	require.False(t, judgedSince([]domain.Operation{judge(-time.Second), look, judge(500 * time.Millisecond)}), "that one judged the look before")
	require.True(t, judgedSince([]domain.Operation{look, judge(1_100 * time.Millisecond)}))
}
