package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/monitor"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const (
	dashboardEvery = 2 * time.Second
	plainWidth     = 80 // Of a dashboard that goes to a file or a pipe.
)

func (c *cli) dashboardCommand() *cobra.Command {
	var once, now bool
	cmd := &cobra.Command{
		Use:   "dashboard",
		Short: "The fleet at a glance: states, progress, deadlines, alerts",
		Long: "Shows the newest samples of the watch and the open alerts, what needs somebody first. Live on a terminal: q ends it, arrows\n" +
			"and page keys scroll, r reads again. Elsewhere, and with --once or --json, it is printed once. A sample that is too old is shown\n" +
			"as unknown with its age. Reads the store only; works while chain and Temporal are down. --now asks the watch for a look first.",
		Example: "  feeops dashboard\n  feeops dashboard --once\n  feeops dashboard --now --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.dashboard(cmd.Context(), once, now) },
	}
	cmd.Flags().BoolVar(&once, "once", false, "print it once")
	cmd.Flags().BoolVar(&now, "now", false, "let the watch look now, and wait for it")
	return cmd
}

func (c *cli) dashboard(ctx context.Context, once, now bool) (err error) {
	s, err := c.settings()
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	if now {
		if err := lookNow(ctx, s, db); err != nil {
			return err
		}
	}
	read := func() (domain.Dashboard, error) {
		return monitor.ReadDashboard(ctx, db, time.Now(), s.Monitor.StaleAfter)
	}
	if !once && !c.json && isTerminal(c.stdout) {
		return c.liveDashboard(ctx, read)
	}
	d, err := read()
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(d)
	}
	fmt.Fprintln(c.stdout, drawDashboard(d, plainWidth, 0, 0, c.colored()))
	return nil
}

// lookPatience is how long --now waits: a look over slow endpoints takes seconds.
const lookPatience = 30 * time.Second

// lookNow asks the watch for a look and waits until the store has it, and what the rules said of it.
func lookNow(ctx context.Context, s config.Settings, db *store.Store) error {
	tc, err := dialTemporal(s)
	if err != nil {
		return err
	}
	defer tc.Close()
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	asked := time.Now()
	if err := tc.SignalWorkflow(ctx, ops.MonitorID, "", ops.SignalTick, nil); err != nil {
		return fmt.Errorf("ask %s at %s for a look: %w. A worker that starts also starts the watch: feeops worker", ops.MonitorID, s.Temporal.Address, err)
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		all, err := db.Operations(ctx, asked, time.Now())
		if err != nil {
			return err
		}
		if judgedSince(all) {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("the watch has not looked within %s: %w. Is a worker running? feeops doctor", lookPatience, ctx.Err())
		}
	}
}

// judgedSince is true when one of the steps is a look, and a later one judged it.
func judgedSince(all []domain.Operation) bool {
	looked := slices.IndexFunc(all, func(o domain.Operation) bool { return o.Name == ops.TakeLook.Name })
	return looked >= 0 && slices.ContainsFunc(all, func(o domain.Operation) bool {
		return o.Name == ops.JudgeFleet.Name && !o.Started.Before(all[looked].Started.Add(all[looked].Duration))
	})
}

func (c *cli) liveDashboard(ctx context.Context, read func() (domain.Dashboard, error)) error {
	p := tea.NewProgram(dashboardModel{read: read, colors: c.colored(), width: plainWidth, height: 24}, tea.WithContext(ctx), tea.WithOutput(c.stdout))
	if _, err := p.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("draw the dashboard: %w. feeops dashboard --once prints it without drawing", err)
	}
	return nil
}

// dashboardModel is the live view.
type dashboardModel struct {
	read          func() (domain.Dashboard, error)
	colors        bool
	width, height int
	scroll        int
	last          domain.Dashboard
	err           error
}

type dashboardRead struct {
	d   domain.Dashboard
	err error
}

func (m dashboardModel) fetch() tea.Msg {
	d, err := m.read()
	return dashboardRead{d, err}
}

// Init reads for the first time.
func (m dashboardModel) Init() tea.Cmd {
	return tea.Batch(m.fetch, tea.Tick(dashboardEvery, func(time.Time) tea.Msg { return tick{} }))
}

// Update takes keys, sizes and readings. A reading that fails leaves the last one on the screen, and says so.
func (m dashboardModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case dashboardRead:
		if m.err = msg.err; msg.err == nil {
			m.last = msg.d
		}
	case tick:
		return m, tea.Batch(m.fetch, tea.Tick(dashboardEvery, func(time.Time) tea.Msg { return tick{} }))
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q", "esc", "ctrl+c":
			return m, tea.Quit
		case "r":
			return m, m.fetch
		case "down", "j":
			m.scroll++
		case "up", "k":
			m.scroll--
		case "pgdown", "space":
			m.scroll += 10
		case "pgup":
			m.scroll -= 10
		case "home":
			m.scroll = 0
		}
		m.scroll = max(0, min(m.scroll, len(m.last.Vaults)-1))
	}
	return m, nil
}

// View draws the whole screen.
func (m dashboardModel) View() tea.View {
	text := drawDashboard(m.last, max(40, m.width), m.height, m.scroll, m.colors)
	if m.err != nil {
		text += "\n" + clip("cannot read: "+m.err.Error(), m.width)
	}
	v := tea.NewView(text)
	v.AltScreen = true
	return v
}
