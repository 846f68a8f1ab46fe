package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) auditReviewCommand() *cobra.Command {
	var through int64
	var note string
	cmd := &cobra.Command{
		Use: "review", Short: "What was done since somebody last read the log; sign it off", Args: cobra.NoArgs,
		Long: "Without flags it shows who did what since the last review and changes nothing. With --through and --note it writes down that you\n" +
			"have read the log up to that entry, and what you found. A broken log cannot be signed off. doctor and the monthly report ask\n" +
			"for a review when an entry is older than audit.review_every.\n" +
			"Exit codes: 0 nothing waits too long, 3 a review is due.",
		Example: "  feeops audit review\n  feeops audit review --through 128 --note \"stop of 3 November was the drill; nothing else unusual\"",
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("through") != cmd.Flags().Changed("note") {
				return usageError("--through and --note come together: up to which entry you have read, and what you found")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("through") {
				return c.auditSignOff(cmd.Context(), through, note)
			}
			return c.auditReview(cmd.Context())
		},
	}
	cmd.Flags().Int64Var(&through, "through", 0, "the last `entry` that you have read")
	cmd.Flags().StringVar(&note, "note", "", "what you found")
	return cmd
}

// auditSignedOff is audit review --through N --json.
type auditSignedOff struct {
	OK      bool   `json:"ok"`
	Through int64  `json:"through"`
	By      string `json:"by"`
}

// auditReviewed is audit review --json.
type auditReviewed struct {
	OK bool `json:"ok"` // No review is due.
	audit.Review

	Last int64 `json:"last"` // The newest entry: what --through takes when all was read.
}

func (c *cli) auditReview(ctx context.Context) (err error) {
	s, err := c.settings()
	if err != nil {
		return err
	}
	db, _, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	walked, err := audit.Verify(ctx, db, nil)
	if err != nil {
		return err
	}
	if walked.Broken != nil {
		return fmt.Errorf("the log is broken at entry %d: %s. Follow docs/runbooks/audit_broken.md", walked.Broken.Entry, walked.Broken.Why)
	}
	review, err := audit.LastReview(ctx, db)
	if err != nil {
		return err
	}
	out := auditReviewed{OK: review.Result(s.Audit.ReviewEvery, time.Now()) == domain.CheckOK, Review: review, Last: walked.Entries}
	if c.json {
		err = c.printJSON(out)
	} else {
		c.printReview(out)
	}
	if err == nil && !out.OK {
		return &exitError{code: exitWarnings}
	}
	return err
}

func (c *cli) printReview(r auditReviewed) {
	fmt.Fprintf(c.stdout, "Audit log: %s.\n", reviewSeen(r.Review))
	if len(r.Groups) == 0 {
		return
	}
	t := newTable("", "Who", "Action", "Entries", "First (UTC)", "Last (UTC)")
	for _, g := range r.Groups {
		t.AppendRow([]any{wrap(g.Actor, 24), wrap(g.Action, 24), g.Entries, g.First.UTC().Format(time.DateTime), g.Last.UTC().Format(time.DateTime)})
	}
	rightFrom(t, 3, 1)
	fmt.Fprintln(c.stdout, t.Render())
	fmt.Fprintf(c.stdout, "Look at single entries with feeops audit list --action ACTION. Sign off with feeops audit review --through %d --note TEXT\n", r.Last)
}

func (c *cli) auditSignOff(ctx context.Context, through int64, note string) (err error) {
	db, _, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	if err := audit.SignOff(ctx, db, actor(), through, note, time.Now()); err != nil {
		if errors.Is(err, audit.ErrReview) {
			return usageError("%w", err)
		}
		return err
	}
	if c.json {
		return c.printJSON(auditSignedOff{true, through, actor()})
	}
	fmt.Fprintf(c.stdout, "Written down: %s has read the log up to entry %d.\n", actor(), through)
	return nil
}

// Lines of the monthly security checklist that the log answers.
const (
	lineRotation = "key and secret rotation"
	lineReview   = "access logs reviewed"
)

// auditEvidence are the lines of the checklist that the log answers. What cannot be read is unknown.
func auditEvidence(ctx context.Context, db audit.Book, s config.Settings, now time.Time) []report.Assessment {
	rotation, review := report.Assessment{Name: lineRotation}, report.Assessment{Name: lineReview}
	ages, err := audit.Ages(ctx, db, app.KeysInUse(s), s.Audit.RotateAfter, now)
	rotation.State, rotation.Evidence = rotationState(ages, err)
	last, err := audit.LastReview(ctx, db)
	switch {
	case err != nil:
		review.State, review.Evidence = string(domain.CheckUnknown), err.Error()
	case last.By == "" && last.Result(s.Audit.ReviewEvery, now) == domain.CheckOK:
		review.State, review.Evidence = string(report.SourceNotAssessed), reviewSeen(last)
	default:
		review.State, review.Evidence = string(last.Result(s.Audit.ReviewEvery, now)), reviewSeen(last)
	}
	return []report.Assessment{rotation, review}
}

// rotationState is the worst of the keys. Tokens of channels are not among them, and it says so.
func rotationState(ages []audit.Aged, err error) (state, evidence string) {
	if err != nil {
		return string(domain.CheckUnknown), err.Error()
	}
	if len(ages) == 0 {
		return string(report.SourceNotAssessed), "no key is in use"
	}
	worst := domain.CheckOK
	for _, a := range ages {
		if a.Result == domain.CheckWarn || worst == domain.CheckOK {
			worst = a.Result
		}
		if evidence != "" {
			evidence += "; "
		}
		evidence += a.Seen
	}
	return string(worst), evidence + "; ages of tokens and passwords are not recorded"
}
