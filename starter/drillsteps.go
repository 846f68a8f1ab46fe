package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// refill gives the payer back what it had, whatever happened.
func (d *incidentDrill) refill(ctx context.Context) {
	var before uint64
	if err := localAdmin(ctx, d.rpc, "localnet_setLamports", []any{d.payer.String(), fmt.Sprint(d.lamports)}, &before); err != nil {
		d.cli.say("the fee payer %s was not filled again: %v", d.payer, err)
	}
}

// fail starts the day, on the next day when today's is over, and waits for it to fail.
func (d *incidentDrill) fail(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, drillPatience)
	defer cancel()
	for try := range 2 {
		run, err := startDay(ctx, d.door.Client, d.door.Queue, ops.DailyInput{Vault: d.vault.ID, Actor: actor()})
		if err != nil {
			return "", err
		}
		report, err := followDay(ctx, d.door.Client, run, func(ops.DailyStatus) {})
		switch {
		case err != nil:
			return "", err
		case report.State == domain.Failed:
			d.failedAt = report.EndedAt
			return report.Reason, nil
		case report.State != domain.NotDue || try > 0:
			return "", fmt.Errorf("the day is %s (%s), and was to fail", report.State, report.Reason)
		}
		var moved bool
		if err := localAdmin(ctx, d.rpc, "localnet_advanceClock", []any{domain.DaySeconds + 60}, &moved); err != nil {
			return "", err
		}
		if err := wait(ctx, 2*time.Second); err != nil { // Until its confirmed clock has moved as well.
			return "", err
		}
	}
	return "", errors.New("the day did not become due")
}

const drillPatience = 2 * time.Minute

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// opens waits for the incident with its evidence, and measures when its workflow began.
func (d *incidentDrill) opens(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, drillPatience)
	defer cancel()
	for {
		list, err := d.store.Incidents(ctx, store.IncidentFilter{Open: true, Vault: d.vault.ID})
		if err != nil {
			return "", err
		}
		for _, i := range list {
			if i.Cause != string(incident.ClassPayer) {
				continue
			}
			if d.incident, _, err = d.store.Incident(ctx, i.ID); err != nil {
				return "", err
			}
			if len(d.incident.Evidence) > 0 {
				return d.opened(ctx)
			}
		}
		if err := wait(ctx, 50*time.Millisecond); err != nil {
			return "", errors.New("no incident came in time")
		}
	}
}

func (d *incidentDrill) opened(ctx context.Context) (string, error) {
	i := d.incident
	d.result.Incident, d.result.Severity = i.ID, i.Severity
	run, err := d.door.Client.DescribeWorkflowExecution(ctx, ops.IncidentID(d.door.Queue, i.ID), "")
	if err != nil {
		return "", fmt.Errorf("its workflow: %w", err)
	}
	began := run.GetWorkflowExecutionInfo().GetStartTime().AsTime()
	d.result.OpenedMS = max(0, began.Sub(d.failedAt).Milliseconds())
	if i.Assignee != "" {
		return "", fmt.Errorf("it was assigned to %q, and nobody has taken it", i.Assignee)
	}
	return fmt.Sprintf("%s, %s, %d ms after the failure", i.ID, i.Severity, d.result.OpenedMS), nil
}

func (d *incidentDrill) refused(ctx context.Context) (string, error) {
	_, err := updateIncident(ctx, d.door, d.incident.ID, ops.UpdateResolve, ops.Deed{Actor: actor(), Channel: "cli", Text: "too early"})
	if codeOf(err) != exitRefused {
		return "", fmt.Errorf("it was not refused: %w", cmp.Or(err, errors.New("done")))
	}
	return err.Error(), nil
}

// act does an update and looks at what became of it.
func (d *incidentDrill) act(update string, deed ops.Deed, want domain.IncidentState) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		deed.Actor, deed.Channel = actor(), "cli"
		answer, err := updateIncident(ctx, d.door, d.incident.ID, update, deed)
		if err != nil {
			return "", err
		}
		if answer.State != want || !answer.Saved {
			return "", fmt.Errorf("it is %s (saved: %t), and was to be %s", answer.State, answer.Saved, want)
		}
		return fmt.Sprintf("held by %s", or(answer.Holder, "nobody")), nil
	}
}

func (d *incidentDrill) note(ctx context.Context) (string, error) {
	const text = "this is a drill"
	if err := d.door.Signal(ctx, d.incident.ID, ops.SignalNote, ops.Deed{Actor: actor(), Channel: "cli", Text: text}); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, deedPatience)
	defer cancel()
	for {
		i, _, err := d.store.Incident(ctx, d.incident.ID)
		if err != nil {
			return "", err
		}
		for _, e := range i.Timeline {
			if e.Kind == domain.EntryNote && e.Text == text {
				return fmt.Sprintf("line %d, by %s", e.Seq, e.Actor), nil
			}
		}
		if err := wait(ctx, 50*time.Millisecond); err != nil {
			return "", errors.New("the note did not come into the store in time")
		}
	}
}

func (d *incidentDrill) verify(ctx context.Context) (string, error) {
	v, err := incidentDesk{settings: d.settings, store: d.store}.view(ctx, d.incident)
	if err != nil {
		return "", err
	}
	d.result.Evidence = v.Evidence
	for _, e := range v.Evidence {
		if !e.OK {
			return "", errors.New(e.Problem)
		}
		if len(e.Unknown) > 0 {
			return "", fmt.Errorf("%s: %v could not be read", e.Path, e.Unknown)
		}
	}
	return fmt.Sprintf("%d bundle, %s", len(v.Evidence), v.Evidence[0].Path), nil
}

func (d *incidentDrill) draft(ctx context.Context) (string, error) {
	i, _, err := d.store.Incident(ctx, d.incident.ID)
	if err != nil {
		return "", err
	}
	failures, err := d.store.Failures(ctx, i.ID, 0)
	if err != nil {
		return "", err
	}
	text := incident.Draft(incident.Record{Incident: i, Failures: failures, Money: incident.ReadAll(ctx, d.store, failures)}, time.Now())
	return fmt.Sprintf("%d lines of timeline, %d bytes of Markdown", len(i.Timeline), len(text)), nil
}
