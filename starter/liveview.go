package main

import (
	"image/color"
	"io"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// liveProgress redraws the vaults' lines in place; messages scroll above them.
type liveProgress struct {
	program *tea.Program
	ended   chan struct{}
	once    sync.Once
}

func newLiveProgress(w io.Writer, colors bool) *liveProgress {
	p := &liveProgress{ended: make(chan struct{})}
	// It reads no keys and handles no signals: Ctrl-C belongs to the command, which has more to end than a view.
	p.program = tea.NewProgram(liveModel{statuses: map[string]ops.DailyStatus{}, colors: colors},
		tea.WithOutput(w), tea.WithInput(nil), tea.WithoutSignalHandler(), tea.WithFPS(10))
	go func() {
		defer close(p.ended)
		_, _ = p.program.Run() // A view that cannot be drawn must not stop the work that it shows.
	}()
	return p
}

func (p *liveProgress) say(line string)          { p.program.Println(line) }
func (p *liveProgress) update(s ops.DailyStatus) { p.program.Send(s) }

func (p *liveProgress) close() {
	p.once.Do(func() {
		p.program.Quit()
		<-p.ended
	})
}

type liveModel struct {
	statuses map[string]ops.DailyStatus
	colors   bool
}

type tick struct{}

func nextTick() tea.Cmd { return tea.Tick(time.Second, func(time.Time) tea.Msg { return tick{} }) }

func (m liveModel) Init() tea.Cmd { return nextTick() }

func (m liveModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case ops.DailyStatus:
		m.statuses[msg.Vault] = msg
	case tick:
		return m, nextTick() // The estimates change with time alone.
	}
	return m, nil
}

func (m liveModel) View() tea.View {
	var b strings.Builder
	for _, s := range sortedStatuses(m.statuses) {
		line := vaultLine(s, time.Now())
		if m.colors {
			line = lipgloss.NewStyle().Foreground(stateColor(s.State)).Render(line)
		}
		b.WriteString(line + "\n")
	}
	return tea.NewView(b.String())
}

func stateColor(s domain.State) color.Color {
	switch s {
	case domain.Complete:
		return lipgloss.Green
	case domain.Running, domain.Ready:
		return lipgloss.Blue
	case domain.Failed, domain.Stuck, domain.Overdue, domain.CompleteUnreconciled:
		return lipgloss.Red
	default:
		return lipgloss.Yellow
	}
}
