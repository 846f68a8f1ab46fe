package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// OnCallPrefix before a rotation's name stands for whoever is on call then.
const OnCallPrefix = "oncall:"

// Step is one rung of a ladder.
type Step struct {
	After    time.Duration // Without an acknowledgement, since the ladder began.
	To       []string      // Operators, or oncall:ROTATION; empty: everybody whom the channels reach.
	Channels []string      // Empty: those that the routes choose.
}

// Ladder says whom to page when nobody acknowledges.
type Ladder struct {
	Severity      domain.Severity
	Team          string // Empty: of every team that has no ladder of its own.
	BusinessHours bool   // Steps outside of the hours wait for them.
	Steps         []Step
	Repeat        int // How many times the whole ladder is climbed again.
	RepeatAfter   time.Duration
}

// Policy is everything that decides who is paged, and when.
type Policy struct {
	Ladders    []Ladder
	Hours      Hours
	Roster     Roster
	AckExpires map[domain.Severity]time.Duration // 0: never.
}

// Facts are what the policy needs of an incident.
type Facts struct {
	Severity       domain.Severity
	Team           string
	State          domain.IncidentState
	LadderAt       time.Time
	Steps          int // Taken since LadderAt.
	AcknowledgedAt time.Time
}

// NextKind is what comes next.
type NextKind string

// What may come next.
const (
	NextNothing NextKind = "nothing"
	NextPage    NextKind = "page"
	NextExpire  NextKind = "expire" // The acknowledgement has lasted too long.
)

// Next is the next step and when it is due. A due time that has passed means now.
type Next struct {
	Kind     NextKind
	At       time.Time
	To       []string // People, by name.
	Channels []string
	Text     string
}

// Next works out what comes next for an incident. It looks at nothing else, so asking again is free.
func (p Policy) Next(f Facts, now time.Time) Next {
	switch {
	case f.State == domain.IncidentResolved, f.State == domain.IncidentMitigated:
		return Next{Kind: NextNothing, Text: fmt.Sprintf("the incident is %s", f.State)}
	case !f.AcknowledgedAt.IsZero():
		return p.expiry(f)
	}
	l, ok := p.ladder(f.Severity, f.Team)
	if !ok || len(l.Steps) == 0 {
		return Next{Kind: NextNothing, Text: fmt.Sprintf("there is no ladder for %s", f.Severity)}
	}
	if f.Steps >= len(l.Steps)*(l.Repeat+1) {
		return Next{Kind: NextNothing, Text: fmt.Sprintf("the ladder has ended after %d steps and nobody has acknowledged", f.Steps)}
	}
	round, n := f.Steps/len(l.Steps), f.Steps%len(l.Steps)
	at := f.LadderAt.Add(time.Duration(round)*(l.Steps[len(l.Steps)-1].After+l.RepeatAfter) + l.Steps[n].After)
	if l.BusinessHours {
		at = p.Hours.Next(at)
	}
	due := at
	if due.Before(now) {
		due = now // Who is on call when it is really done counts.
	}
	to, missing := p.people(l.Steps[n].To, due)
	text := fmt.Sprintf("step %d of %d", n+1, len(l.Steps))
	if round > 0 {
		text += fmt.Sprintf(", round %d", round+1)
	}
	text += ": " + audience(to, l.Steps[n].Channels)
	if len(missing) > 0 {
		text += " (" + strings.Join(missing, "; ") + ")"
	}
	return Next{Kind: NextPage, At: at, To: to, Channels: l.Steps[n].Channels, Text: text}
}

// expiry is when an acknowledgement ends by itself (I09).
func (p Policy) expiry(f Facts) Next {
	lasts := p.AckExpires[f.Severity]
	if lasts <= 0 {
		return Next{Kind: NextNothing, Text: fmt.Sprintf("an acknowledgement of %s does not expire", f.Severity)}
	}
	at := f.AcknowledgedAt.Add(lasts)
	if l, ok := p.ladder(f.Severity, f.Team); ok && l.BusinessHours {
		at = p.Hours.Next(at)
	}
	return Next{Kind: NextExpire, At: at, Text: fmt.Sprintf("acknowledgements of %s last %s", f.Severity, lasts)}
}

// ladder finds the team's own ladder, or the one of all teams.
func (p Policy) ladder(s domain.Severity, team string) (Ladder, bool) {
	var found Ladder
	ok := false
	for _, l := range p.Ladders {
		if l.Severity != s || l.Team != "" && l.Team != team {
			continue
		}
		if l.Team == team {
			return l, true
		}
		if !ok {
			found, ok = l, true
		}
	}
	return found, ok
}

// people turns oncall:ROTATION into a name. A rotation without anybody keeps nobody else from being paged.
func (p Policy) people(to []string, at time.Time) (names, missing []string) {
	for _, one := range to {
		rotation, onCall := strings.CutPrefix(one, OnCallPrefix)
		if !onCall {
			names = append(names, one)
			continue
		}
		person, err := p.Roster.OnCall(rotation, at)
		if err != nil {
			missing = append(missing, err.Error())
			continue
		}
		names = append(names, person)
	}
	return names, missing
}

func audience(to, channels []string) string {
	who, how := strings.Join(to, ", "), strings.Join(channels, ", ")
	if who == "" {
		who = "everybody"
	}
	if how == "" {
		how = "all channels"
	}
	return who + " by " + how
}
