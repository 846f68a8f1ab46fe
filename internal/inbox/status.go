package inbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// mostLines bounds what a status names of a kind.
const mostLines = 8

// status says how the fleet is, or one vault, from the newest look. Its age is said first: an old look is not how things
// are.
func (in *Inbox) status(ctx context.Context, words []string) (string, error) {
	tick, found, err := in.Store.LatestTick(ctx)
	if err != nil {
		return "", fmt.Errorf("the newest look cannot be read: %w", err)
	}
	flags, err := in.Store.AllSafety(ctx)
	if err != nil {
		return "", fmt.Errorf("whether something is stopped cannot be read, so nothing is sent: %w", err)
	}
	var b strings.Builder
	for _, f := range flags {
		fmt.Fprintf(&b, "%s: %s, by %s since %s\n", flagged(f), f.Reason, f.Actor, f.At.UTC().Format(time.RFC3339))
	}
	if !found {
		b.WriteString("No look has been kept yet: the watch is off, or has just begun.\n")
		return b.String(), nil
	}
	fmt.Fprintf(&b, "Seen %s ago, at %s.\n", in.Now().Sub(tick.Fleet.At).Round(time.Second), tick.Fleet.At.UTC().Format(time.RFC3339))
	if len(words) > 0 {
		return in.vault(&b, tick, words[0])
	}
	counts := map[domain.State]int{}
	for _, v := range tick.Vaults {
		counts[v.State]++
	}
	states := make([]string, 0, len(counts))
	for s, n := range counts {
		states = append(states, fmt.Sprintf("%d %s", n, s))
	}
	slices.Sort(states)
	fmt.Fprintf(&b, "%d vaults: %s.\n", len(tick.Vaults), strings.Join(states, ", "))
	if tick.Fleet.Read < len(tick.Vaults) {
		fmt.Fprintf(&b, "Not read from the chain: %d of them. %s\n", len(tick.Vaults)-tick.Fleet.Read, tick.Fleet.Error)
	}
	return b.String() + in.open(ctx), nil
}

func (in *Inbox) vault(b *strings.Builder, tick domain.FleetTick, id string) (string, error) {
	v, known := tick.Vault(id)
	if !known {
		return "", refuse("vault %q is not in the newest look. Known: %s", id, strings.Join(in.Vaults[:min(mostLines, len(in.Vaults))], ", "))
	}
	fmt.Fprintf(b, "%s is %s. %s\n", id, v.State, v.Reason)
	switch {
	case v.Day == nil:
		fmt.Fprintf(b, "Its day is unknown: %s\n", v.Error)
	case v.Day.Complete:
		fmt.Fprintf(b, "Its day is complete: %s went to investors.\n", v.Token.Format(v.Day.Distributed))
	default:
		fmt.Fprintf(b, "Its day is open at investor %d: %s went out so far.\n", v.Day.Cursor, v.Token.Format(v.Day.Distributed))
	}
	if v.Run != nil && v.Run.Live {
		fmt.Fprintf(b, "A run is under way, %s.\n", v.Run.State)
	}
	return b.String(), nil
}

// open names what waits for somebody. What cannot be read is said, and takes nothing from the rest.
func (in *Inbox) open(ctx context.Context) string {
	var b strings.Builder
	list, err := in.Store.Episodes(ctx, in.Now())
	if err != nil {
		fmt.Fprintf(&b, "The alerts cannot be read: %v\n", err)
	}
	list = slices.DeleteFunc(list, func(e domain.Episode) bool { return !e.Active() || e.Group != "" })
	for _, e := range list[:min(mostLines, len(list))] {
		fmt.Fprintf(&b, "Alert %s (%s, %s): %s\n", e.Key, e.Severity, e.State, e.Detail)
	}
	if more := len(list) - mostLines; more > 0 {
		fmt.Fprintf(&b, "and %d more alerts: feeops alerts list\n", more)
	}
	incidents, err := in.Store.Incidents(ctx, store.IncidentFilter{Open: true})
	if err != nil {
		fmt.Fprintf(&b, "The incidents cannot be read: %v\n", err)
	}
	for _, i := range incidents[:min(mostLines, len(incidents))] {
		fmt.Fprintf(&b, "%s (%s, %s): %s\n", i.ID, i.Severity, i.State, i.Title)
	}
	if more := len(incidents) - mostLines; more > 0 {
		fmt.Fprintf(&b, "and %d more incidents: feeops incident list\n", more)
	}
	if b.Len() == 0 {
		return "No alert and no incident is open.\n"
	}
	return b.String()
}

func flagged(f domain.SafetyFlag) string {
	switch {
	case f.Kind == domain.SafetyIsolate:
		return "ISOLATED " + f.Vault
	case f.Vault != "":
		return "STOPPED " + f.Vault
	}
	return "ALL STOPPED"
}
