package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// incidentList is incident list --json.
type incidentList struct {
	Incidents []domain.Incident `json:"incidents"`
}

// evidenceVerified is incident verify --json.
type evidenceVerified struct {
	OK       bool            `json:"ok"`
	Evidence []evidenceCheck `json:"evidence"`
}

// postmortemDraft is incident postmortem --json.
type postmortemDraft struct {
	ID       string `json:"id"`
	File     string `json:"file,omitempty"`
	Markdown string `json:"markdown"`
}

// incidentView is incident show --json.
type incidentView struct {
	Incident domain.Incident  `json:"incident"`
	Next     string           `json:"next,omitempty"` // What to do now.
	Money    []incident.Money `json:"money"`
	AtRisk   string           `json:"at_risk"`
	Failures []domain.Failure `json:"failures"`
	Alerts   []domain.Episode `json:"alerts"` // That opened it or belong to it, as they stand now.
	Evidence []evidenceCheck  `json:"evidence"`
}

// evidenceCheck is a bundle with whether it still is what was written.
type evidenceCheck struct {
	domain.Evidence

	OK      bool   `json:"ok"`
	Problem string `json:"problem,omitempty"`
}

func (c *cli) incidentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "incident",
		Short: "Incidents: list, show, take, hand over, end, write up",
		Long: "An incident is opened by a failing day, by an alert, or by hand. Its workflow is incident/ID in Temporal.\n" +
			"list, show, verify and postmortem read the store only and work while Temporal is down; the others go through Temporal.\n" +
			"Your name is FEEOPS_ACTOR, or else USER.",
	}
	cmd.AddCommand(c.incidentListCommand(), c.incidentShowCommand(), c.incidentVerifyCommand(), c.postmortemCommand(), c.incidentOpenCommand())
	cmd.AddCommand(c.incidentDeeds()...)
	return cmd
}

func (c *cli) incidentListCommand() *cobra.Command {
	var all bool
	f := store.IncidentFilter{Limit: 50}
	cmd := &cobra.Command{
		Use: "list", Short: "Incidents that are not over, newest first", Args: cobra.NoArgs,
		Example: "  feeops incident list\n  feeops incident list --all --vault usdc-vault --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.Open = !all
			return c.incidentList(cmd.Context(), f)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that are over")
	cmd.Flags().StringVar(&f.Vault, "vault", "", "only those that concern this `vault`")
	cmd.Flags().IntVar(&f.Limit, "limit", f.Limit, "at most so many; 0 is all")
	return cmd
}

func (c *cli) incidentShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "One incident: what, who, money at risk, what was done, what to do now", Args: cobra.ExactArgs(1),
		Example: "  feeops incident show INC-20261125-001\n  feeops incident show INC-20261125-001 --json",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.incidentShow(cmd.Context(), args[0]) },
	}
}

func (c *cli) incidentVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify ID", Short: "Compare the evidence on disk with the hashes in the store", Args: cobra.ExactArgs(1),
		Example: "  feeops incident verify INC-20261125-001",
		Long:    "Exit codes: 0 every bundle is as it was written, 1 one is gone, changed or cannot be read.",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.incidentVerify(cmd.Context(), args[0]) },
	}
}

func (c *cli) postmortemCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "postmortem ID", Short: "Draft of the post-mortem in Markdown, from recorded facts only", Args: cobra.ExactArgs(1),
		Long:    "Timeline, impact in money, what was done, signatures and open questions. A file that is there already is never written over.",
		Example: "  feeops incident postmortem INC-20261125-001 --output INC-20261125-001.md",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.postmortem(cmd.Context(), args[0], output) },
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "write it to this new `file`")
	return cmd
}

// incidentDesk is the store with the settings, for commands about incidents.
type incidentDesk struct {
	settings config.Settings
	store    *store.Store
}

func (c *cli) openIncidents(ctx context.Context) (incidentDesk, error) {
	s, err := c.settings()
	if err != nil {
		return incidentDesk{}, err
	}
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return incidentDesk{}, fmt.Errorf("open the store: %w", err)
	}
	return incidentDesk{settings: s, store: db}, nil
}

// one reads an incident. People type ids in small letters.
func (d incidentDesk) one(ctx context.Context, id string) (domain.Incident, error) {
	id = strings.ToUpper(strings.TrimSpace(id))
	i, found, err := d.store.Incident(ctx, id)
	if err != nil {
		return i, err
	}
	if !found {
		return i, fmt.Errorf("there is no incident %s. Look at the ids with feeops incident list --all", id)
	}
	return i, nil
}

func (c *cli) incidentList(ctx context.Context, f store.IncidentFilter) (err error) {
	if f.Limit < 0 {
		return usageError("--limit: got %d, want 0 or more", f.Limit)
	}
	d, err := c.openIncidents(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.store.Close()) }()
	list, err := d.store.Incidents(ctx, f)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(incidentList{Incidents: list})
	}
	c.printIncidents(list, f)
	return nil
}

func (c *cli) incidentShow(ctx context.Context, id string) (err error) {
	d, err := c.openIncidents(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.store.Close()) }()
	i, err := d.one(ctx, id)
	if err != nil {
		return err
	}
	v, err := d.view(ctx, i)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(v)
	}
	c.printIncident(v)
	return nil
}

func (d incidentDesk) view(ctx context.Context, i domain.Incident) (incidentView, error) {
	failures, err := d.store.Failures(ctx, i.ID, shownDays)
	if err != nil {
		return incidentView{}, err
	}
	v := incidentView{Incident: i, Next: incident.NextStep(i), Failures: failures, Money: incident.ReadAll(ctx, d.store, failures), Evidence: []evidenceCheck{}}
	v.AtRisk = incident.TotalRisk(v.Money)
	if v.Alerts, err = d.store.IncidentEpisodes(ctx, i); err != nil {
		return incidentView{}, err
	}
	for _, e := range i.Evidence {
		one := evidenceCheck{Evidence: e, OK: true}
		if err := incident.Verify(e); err != nil {
			one.OK, one.Problem = false, err.Error()
		}
		v.Evidence = append(v.Evidence, one)
	}
	return v, nil
}

// shownDays is how many failures of a storm are shown with their money.
const shownDays = 100

func (c *cli) incidentVerify(ctx context.Context, id string) (err error) {
	d, err := c.openIncidents(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.store.Close()) }()
	i, err := d.one(ctx, id)
	if err != nil {
		return err
	}
	v, err := d.view(ctx, i)
	if err != nil {
		return err
	}
	var bad []error
	for _, e := range v.Evidence {
		if !e.OK {
			bad = append(bad, errors.New(e.Problem))
		}
	}
	if c.json {
		err = c.printJSON(evidenceVerified{len(bad) == 0, v.Evidence})
	} else {
		for _, e := range v.Evidence {
			if e.OK {
				fmt.Fprintf(c.stdout, "ok  %s  %s\n", e.SHA256, e.Path)
			}
		}
		if len(v.Evidence) == 0 {
			fmt.Fprintf(c.stdout, "%s has no evidence.\n", i.ID)
		}
	}
	if len(bad) > 0 {
		return &exitError{code: exitFailed, err: errors.Join(bad...)}
	}
	return err
}

func (c *cli) postmortem(ctx context.Context, id, output string) (err error) {
	d, err := c.openIncidents(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.store.Close()) }()
	i, err := d.one(ctx, id)
	if err != nil {
		return err
	}
	r := incident.Record{Incident: i}
	if r.Failures, err = d.store.Failures(ctx, i.ID, 0); err != nil {
		return err
	}
	r.Money = incident.ReadAll(ctx, d.store, r.Failures[:min(shownDays, len(r.Failures))])
	for _, m := range r.Money {
		intents, err := d.store.Intents(ctx, m.Vault, m.Day)
		if err != nil {
			return err
		}
		r.Signatures = append(r.Signatures, intents...)
	}
	draft := incident.Draft(r, time.Now())
	if output != "" {
		if err := writeNew(output, draft); err != nil {
			return err
		}
	}
	switch {
	case c.json:
		return c.printJSON(postmortemDraft{i.ID, output, draft})
	case output != "":
		fmt.Fprintf(c.stdout, "The draft of %s is in %s.\n", i.ID, output)
	default:
		fmt.Fprint(c.stdout, draft)
	}
	return nil
}

// writeNew writes a file that is not there yet: somebody may have gone on writing in the old one.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return &exitError{code: exitRefused, err: fmt.Errorf("%s is there already and is not written over: name another file", path)}
	}
	if err != nil {
		return fmt.Errorf("write the draft: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the draft to %s: %w", path, err)
	}
	return nil
}
