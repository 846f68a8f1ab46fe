package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func (c *cli) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "audit", Short: "The log of who did what: list, review, verify, sign its head",
		Long: "Every entry of the audit log holds the hash of the one before it. verify walks the chain and names the first entry that is\n" +
			"broken; a head that was kept elsewhere also shows entries that were cut off and a log that was written anew.",
	}
	cmd.AddCommand(c.auditListCommand(), c.auditVerifyCommand(), c.auditHeadCommand(), c.auditKeygenCommand(), c.auditReviewCommand())
	return cmd
}

// auditFilter are the flags of audit list.
type auditFilter struct {
	limit                  int
	actor, action, subject string
	since                  string
}

func (c *cli) auditListCommand() *cobra.Command {
	f := auditFilter{limit: 50}
	cmd := &cobra.Command{
		Use: "list", Short: "The newest entries, oldest first", Args: cobra.NoArgs,
		Example: "  feeops audit list --action safety --since 2026-11-01\n  feeops audit list --actor ann --limit 500 --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.auditList(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.limit, "limit", f.limit, "at most so many of the newest")
	flags.StringVar(&f.actor, "actor", "", "only those of this `name`")
	flags.StringVar(&f.action, "action", "", "only actions that begin so, such as safety or day.stop")
	flags.StringVar(&f.subject, "subject", "", "only those about this vault or incident")
	flags.StringVar(&f.since, "since", "", "only from this UTC day or time on (YYYY-MM-DD or RFC 3339)")
	return cmd
}

func (c *cli) auditList(ctx context.Context, f auditFilter) (err error) {
	if f.limit < 1 {
		return usageError("--limit: got %d, want at least 1", f.limit)
	}
	since, err := parseSince(f.since)
	if err != nil {
		return err
	}
	db, _, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	found := []store.AuditEntry{}
	for after := int64(0); ; {
		page, err := db.AuditLog(ctx, after, 500)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			after = e.Seq
			if e.At.Before(since) || f.actor != "" && e.Actor != f.actor || f.subject != "" && e.Subject != f.subject || !strings.HasPrefix(e.Action, f.action) {
				continue
			}
			found = append(found, e)
		}
		found = found[max(0, len(found)-f.limit):]
	}
	if c.json {
		return c.printJSON(auditEntries{found})
	}
	if len(found) == 0 {
		fmt.Fprintln(c.stdout, "No entry.")
		return nil
	}
	t := newTable("", "Entry", "Time (UTC)", "Who", "Action", "About", "Detail")
	for _, e := range found {
		t.AppendRow([]any{e.Seq, e.At.UTC().Format(time.DateTime), wrap(e.Actor, 14), wrap(e.Action, 16), wrap(e.Subject, 14), wrap(e.Detail, 30)})
	}
	rightFrom(t, 1, 1)
	fmt.Fprintln(c.stdout, t.Render())
	return nil
}

func parseSince(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError("--since: got %q, want YYYY-MM-DD or a time such as 2026-11-23T14:00:00Z", text)
}

func (c *cli) auditVerifyCommand() *cobra.Command {
	var heads, key string
	cmd := &cobra.Command{
		Use: "verify", Short: "Walk the log and name the first entry that is broken", Args: cobra.NoArgs,
		Long: "Without --head a log that was cut off at its end, or written anew from the first entry, looks whole: keep heads elsewhere.\n" +
			"Exit codes: 0 nothing was changed, 1 something was, 3 it is not known whose heads these are.",
		Example: "  feeops audit verify\n  feeops audit verify --head heads.jsonl --key audit.key.pub\n  feeops audit verify --head feeops-head-1-…   # as the channels show it\n  pbpaste | feeops audit verify --head -",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.auditVerify(cmd.Context(), cmd.InOrStdin(), heads, key)
		},
	}
	cmd.Flags().StringVar(&heads, "head", "", "signed heads: a `file`, - for standard input, or the text itself, as a channel shows it")
	cmd.Flags().StringVar(&key, "key", "", "public `key` that signed them: hex or a file (default: that of audit.key_path)")
	return cmd
}

// auditEntries is audit list --json.
type auditEntries struct {
	Entries []store.AuditEntry `json:"entries"`
}

// auditKey is audit keygen --json.
type auditKey struct {
	Path      string `json:"key_path"`
	PublicKey string `json:"public_key"`
}

// auditVerification is audit verify --json.
type auditVerification struct {
	OK bool `json:"ok"`
	audit.Report

	Signer string `json:"signer,omitempty"` // known, unknown, other; empty without heads.
}

func (c *cli) auditVerify(ctx context.Context, in io.Reader, headsText, keyText string) (err error) {
	s, err := c.settings()
	if err != nil {
		return err
	}
	var heads []audit.Head
	if headsText != "" {
		if heads, err = readHeads(in, headsText); err != nil {
			return usageError("--head: %w", err)
		}
	}
	db, _, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	report, err := audit.Verify(ctx, db, heads)
	if err != nil {
		return err
	}
	out := auditVerification{Report: report}
	if len(heads) > 0 {
		if out.Signer, err = signerOf(s, keyText, heads); err != nil {
			return err
		}
	}
	out.OK = report.OK() && (len(heads) == 0 || out.Signer == signerKnown)
	if c.json {
		err = c.printJSON(out)
	} else {
		c.printAudit(out)
	}
	switch {
	case err != nil:
		return err
	case !report.OK() || out.Signer == signerOther:
		return &exitError{code: exitFailed}
	case !out.OK:
		return &exitError{code: exitWarnings}
	}
	return nil
}

const (
	signerKnown   = "known"
	signerUnknown = "unknown"
	signerOther   = "other"
)

// signerOf compares the heads' key with the one that is given, or with that of the settings.
func signerOf(s config.Settings, keyText string, heads []audit.Head) (string, error) {
	var want seal.Public
	switch {
	case keyText != "":
		var err error
		if want, err = seal.LoadPublic(keyText); err != nil {
			return "", usageError("--key: %w", err)
		}
	case s.Audit.KeyPath != "":
		var err error
		if want, err = seal.LoadPublic(s.Audit.KeyPath + ".pub"); err != nil {
			return signerUnknown, nil //nolint:nilerr // Unknown is an answer.
		}
	default:
		return signerUnknown, nil
	}
	for _, h := range heads {
		if h.Key != want.String() {
			return signerOther, nil
		}
	}
	return signerKnown, nil
}

// readHeads reads heads from a file, from standard input, or from the text that was given.
func readHeads(in io.Reader, given string) (_ []audit.Head, err error) {
	if given == "-" {
		return audit.ReadHeads(in)
	}
	if found := audit.FindWords(given); len(found) > 0 {
		return found, nil
	}
	if text := strings.TrimSpace(given); strings.HasPrefix(text, "{") {
		return audit.ReadHeads(strings.NewReader(text))
	}
	f, err := os.Open(given)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return audit.ReadHeads(f)
}

func (c *cli) printAudit(v auditVerification) {
	if v.Broken == nil {
		fmt.Fprintf(c.stdout, "%d entries follow each other; the last has hash %s.\n", v.Entries, cmp.Or(v.Head, "(none: the log is empty)"))
	} else {
		fmt.Fprintf(c.stdout, "BROKEN at entry %d: %s.\n", v.Broken.Entry, v.Broken.Why)
		if e := v.Broken.Found; e != nil {
			fmt.Fprintf(c.stdout, "What stands there: entry %d, %s, %s by %s: %s\n", e.Seq, e.At.UTC().Format(time.RFC3339), e.Action, e.Actor, e.Detail)
		}
		fmt.Fprintln(c.stdout, "Keep a copy of the database as it is, and compare it with a backup: docs/runbooks/audit_broken.md")
	}
	bad := 0
	for _, h := range v.Heads {
		if h.Problem != "" {
			bad++
			fmt.Fprintf(c.stdout, "Head of entry %d: %s.\n", h.Entries, h.Problem)
		}
	}
	switch {
	case len(v.Heads) == 0:
		fmt.Fprintln(c.stdout, "No head was given: entries that were cut off at the end would not be seen. See feeops audit verify --help.")
	case bad == 0:
		fmt.Fprintf(c.stdout, "Signed heads that agree with the log: %d; the newest is of entry %d.\n", len(v.Heads), newest(v.Heads))
	}
	switch v.Signer {
	case signerUnknown:
		fmt.Fprintln(c.stdout, "Whose heads these are is not known: give the public key with --key.")
	case signerOther:
		fmt.Fprintln(c.stdout, "The heads were signed with another key than expected.")
	}
}

func newest(heads []audit.HeadResult) int64 {
	var out int64
	for _, h := range heads {
		out = max(out, h.Entries)
	}
	return out
}

func (c *cli) auditHeadCommand() *cobra.Command {
	return &cobra.Command{
		Use: "head", Short: "Print the log's head, signed with the audit key, to be kept elsewhere", Args: cobra.NoArgs,
		Example: "  feeops audit head >> /mnt/elsewhere/heads.jsonl",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.auditHead(cmd.Context()) },
	}
}

func (c *cli) auditHead(ctx context.Context) (err error) {
	s, err := c.settings()
	if err != nil {
		return err
	}
	key, err := openAuditKey(s)
	if err != nil {
		return err
	}
	db, _, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	head, err := audit.Publish(ctx, db, key, time.Now())
	if err != nil {
		return err
	}
	// One line, also for people: it is a document that is kept.
	b, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("write the head: %w", err)
	}
	_, err = fmt.Fprintf(c.stdout, "%s\n", b)
	return err
}

// auditDeed writes down what somebody is about to change outside of the store. What cannot be written down is not done.
func auditDeed(ctx context.Context, s config.Settings, action, subject, detail string) error {
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return fmt.Errorf("nothing is changed, because it cannot be written down: open the store: %w", err)
	}
	err = db.Audit(ctx, store.AuditEntry{At: time.Now(), Actor: actor(), Action: action, Subject: subject, Detail: detail})
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("nothing is changed, because it cannot be written down: %w", err)
	}
	return nil
}

// openAuditKey opens the key that signs.
func openAuditKey(s config.Settings) (*seal.Key, error) {
	if s.Audit.KeyPath == "" {
		return nil, usageError("there is no audit key: make one with feeops audit keygen, and set audit.key_path")
	}
	key, err := seal.Open(s.Audit.KeyPath)
	if err != nil {
		return nil, usageError("%w", err)
	}
	return key, nil
}

func (c *cli) auditKeygenCommand() *cobra.Command {
	return &cobra.Command{
		Use: "keygen FILE", Short: "Make the key that signs heads and receipts", Args: cobra.ExactArgs(1),
		Example: "  feeops audit keygen /etc/feeops/audit.key",
		Long: "Writes FILE (mode 0600) and FILE.pub, and never overwrites. Set audit.key_path to FILE; publish the public key where investors\n" +
			"find it. The key pays for nothing: keep it off the fee payer's machine if you can, and in a backup.",
		RunE: func(_ *cobra.Command, args []string) error { return c.auditKeygen(args[0]) },
	}
}

func (c *cli) auditKeygen(path string) error {
	key, err := seal.Generate(rand.Reader)
	if err != nil {
		return err
	}
	if err := key.Write(path); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(auditKey{path, key.Public().String()})
	}
	fmt.Fprintf(c.stdout, "Wrote %s and %s.pub.\nPublic key: %s\nSet audit.key_path to the file, and publish the public key.\n", path, path, key.Public())
	return nil
}
