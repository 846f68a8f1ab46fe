package domain

import (
	"cmp"
	"slices"
	"time"
)

const (
	// RecentAlerts is how many of the newest alerts a dashboard shows (M18).
	RecentAlerts = 5
	// RecentWindow is how far back they may have opened.
	RecentWindow = time.Hour
)

// Dashboard is the fleet at a glance (M03, M16–M20). All times are UTC.
type Dashboard struct {
	At       time.Time        `json:"at"`
	Sampled  time.Time        `json:"sampled,omitzero"` // When the newest look was taken; zero is never.
	Stale    bool             `json:"stale"`            // The newest look is too old to say what is.
	Read     int              `json:"read"`
	Total    int              `json:"total"`
	States   map[State]int    `json:"states"`
	Vaults   []DashboardVault `json:"vaults"` // What needs somebody first.
	Open     []DashboardAlert `json:"open"`   // Gravest first.
	OpenAll  int              `json:"open_total"`
	Recent   []DashboardAlert `json:"recent"` // The newest of the last hour, newest first.
	Mutes    []DashboardMute  `json:"mutes"`
	Error    string           `json:"error,omitempty"` // Of the newest look.
	ChainNow *int64           `json:"chain_now"`
}

// DashboardVault is one vault's line. What is null is unknown.
type DashboardVault struct {
	Vault     string   `json:"vault"`
	State     State    `json:"state"` // Unknown when the sample is stale, whatever it said.
	Reason    string   `json:"reason,omitempty"`
	Age       int64    `json:"age_seconds"`
	Stale     bool     `json:"stale"`
	Day       Day      `json:"day,omitempty"`
	Done      *int     `json:"done"` // Investors of the day named.
	Of        int      `json:"of"`
	Percent   *int     `json:"percent"`
	Treasury  Balance  `json:"treasury"`
	Claimable *Amount  `json:"claimable"`
	Owed      *Amount  `json:"owed"`
	Token     Token    `json:"token"`
	NeverRun  bool     `json:"never_run"`
	UntilDue  *int64   `json:"until_due_seconds"` // Signed: negative is overdue (M20). By the chain's clock, carried on by the sample's age.
	Left      *int64   `json:"deadline_seconds"`  // Of an open day.
	Alerts    []string `json:"alerts,omitempty"`  // Ids of its open alerts.
}

// DashboardAlert is an episode's line.
type DashboardAlert struct {
	Key      string       `json:"key"`
	Alert    string       `json:"alert"`
	Subject  string       `json:"subject"`
	Severity Severity     `json:"severity"`
	State    EpisodeState `json:"state"`
	Opened   time.Time    `json:"opened"`
	Detail   string       `json:"detail"`
	Next     string       `json:"next,omitempty"`
	By       string       `json:"acknowledged_by,omitempty"`
	Muted    bool         `json:"muted,omitempty"`
}

// DashboardMute is a mute in force or to come.
type DashboardMute struct {
	ID     string    `json:"id"`
	Kind   MuteKind  `json:"kind"`
	Vault  string    `json:"vault,omitempty"`
	Alert  string    `json:"alert,omitempty"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
	Actor  string    `json:"actor"`
}

// NewDashboard joins a look with the episodes and mutes. What is older than stale is shown as unknown with its age.
func NewDashboard(now time.Time, t FleetTick, episodes []Episode, mutes []Mute, stale time.Duration) Dashboard {
	d := Dashboard{
		At: now.UTC(), Sampled: t.Fleet.At, Stale: t.Fleet.At.IsZero() || now.Sub(t.Fleet.At) > stale, Read: t.Fleet.Read, Total: t.Fleet.Vaults,
		States: map[State]int{}, Vaults: []DashboardVault{}, Open: []DashboardAlert{}, Recent: []DashboardAlert{}, Mutes: []DashboardMute{}, Error: t.Fleet.Error, ChainNow: t.Fleet.ChainTime,
	}
	open := map[string][]string{}
	for _, e := range episodes {
		if e.IsGroup() {
			continue
		}
		if e.Active() {
			d.Open = append(d.Open, alertLine(e))
			if e.Vault != "" {
				open[e.Vault] = append(open[e.Vault], e.Alert)
			}
		}
		if now.Sub(e.Opened) < RecentWindow {
			d.Recent = append(d.Recent, alertLine(e))
		}
	}
	slices.SortStableFunc(d.Open, func(a, b DashboardAlert) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), a.Opened.Compare(b.Opened), cmp.Compare(a.Key, b.Key))
	})
	slices.SortStableFunc(d.Recent, func(a, b DashboardAlert) int {
		return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(a.Key, b.Key))
	})
	d.OpenAll, d.Recent = len(d.Open), d.Recent[:min(RecentAlerts, len(d.Recent))]
	for _, m := range mutes {
		if !m.Ended && m.Until.After(now) {
			d.Mutes = append(d.Mutes, DashboardMute{m.ID, m.Kind, m.Vault, m.Alert, m.From, m.Until, m.Reason, m.Actor})
		}
	}
	for _, s := range t.Vaults {
		line := vaultLine(now, s, stale)
		line.Alerts = open[s.Vault]
		slices.Sort(line.Alerts)
		d.States[line.State]++
		d.Vaults = append(d.Vaults, line)
	}
	slices.SortStableFunc(d.Vaults, func(a, b DashboardVault) int {
		return cmp.Or(cmp.Compare(urgency(a), urgency(b)), cmp.Compare(len(a.Vault), len(b.Vault)), cmp.Compare(a.Vault, b.Vault))
	})
	return d
}

// Short keeps the first lines of each list, for places that carry little. The counts still say how many there are.
func (d Dashboard) Short(lines int) Dashboard {
	d.Vaults = d.Vaults[:min(lines, len(d.Vaults))]
	d.Open = d.Open[:min(lines, len(d.Open))]
	d.Mutes = d.Mutes[:min(lines, len(d.Mutes))]
	return d
}

func alertLine(e Episode) DashboardAlert {
	return DashboardAlert{Key: e.Key, Alert: e.Alert, Subject: e.Subject, Severity: e.Severity, State: e.State, Opened: e.Opened, Detail: e.Detail, Next: e.Next, By: e.AckedBy, Muted: e.Muted != ""}
}

func vaultLine(now time.Time, s VaultSample, stale time.Duration) DashboardVault {
	line := DashboardVault{
		Vault: s.Vault, State: s.State, Reason: s.Reason, Age: int64(s.Age(now) / time.Second), Stale: s.Stale(now, stale), Token: s.Token,
		Treasury: Balance{State: BalanceUnknown},
	}
	if line.Stale {
		line.State = UnknownState
		if s.Day != nil {
			line.Reason = "the newest sample is too old"
		}
	}
	if s.Fees != nil {
		line.Claimable = &s.Fees.Quote
	}
	done, of, percent, known := s.Progress()
	line.Of = of
	if known {
		line.Done, line.Percent = &done, &percent
	}
	if s.Day == nil {
		return line
	}
	t := s.Day.Timing()
	line.Day, line.Treasury, line.NeverRun = t.Day(), s.Day.Treasury, t.NeverRun()
	if s.Books != nil {
		line.Owed = s.Books.Owed
	}
	until := int64(t.UntilDue()/time.Second) - line.Age
	line.UntilDue = &until
	if s.Day.Open() {
		left := t.Deadline() - t.ChainNow - line.Age
		line.Left = &left
	}
	return line
}

// urgency puts what needs somebody first and what is done last; a due day comes before a finished one (M19).
func urgency(v DashboardVault) int {
	order := []State{
		UnknownState, Failed, CompleteUnreconciled, Stuck, Overdue, Stopped, Isolated, Paused, WaitingApproval, Capped, Running, Ready, NeverRun, NoFees, NotDue, Complete,
	}
	if i := slices.Index(order, v.State); i >= 0 {
		return i
	}
	return 0
}
