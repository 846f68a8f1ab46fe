package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) backupVerifyCommand() *cobra.Command {
	var f archiveFlags
	cmd := &cobra.Command{
		Use: "verify [ID]", Short: "Read an archive to its last byte and hold every part against its list", Args: cobra.MaximumNArgs(1),
		Example: "  feeops backup verify\n  feeops backup verify feeops-20261125T060000Z-5f0c2a --json",
		Long:    "Without an ID: the newest whole one of this deployment. Nothing is written. 'drill restore' also looks at what is in it.\nExit codes: 0 whole, 1 not, 2 no key or place, 4 no known key signed it, or another archive than --sha256 names.",
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:    func(cmd *cobra.Command, args []string) error { return c.backupVerify(cmd.Context(), args, f) },
	}
	f.addTo(cmd)
	return cmd
}

// keys are those of --identity and --signer, or of the settings. A SHA-256 that was kept elsewhere proves as much as a
// signature does: choose has held the label against it.
func (d *backupDesk) keys(f archiveFlags) (backup.Keys, error) {
	out := backup.Keys{Signers: slices.Clone(d.keeper.Signers()), Unsigned: f.unsigned || f.sha256 != ""}
	if f.signer != "" {
		key, err := seal.LoadPublic(f.signer)
		if err != nil {
			return out, usageError("--signer: %w", err)
		}
		out.Signers = append(out.Signers, key)
	}
	var err error
	out.Identities, err = d.identities(f)
	return out, err
}

// identities are the keys that open archives.
func (d *backupDesk) identities(f archiveFlags) ([]age.Identity, error) {
	path := cmp.Or(f.identity, d.settings.Backup.IdentityFile)
	if path == "" {
		return nil, usageError("there is no key to open archives with: --identity FILE, or backup.identity_file")
	}
	return backup.LoadIdentities(path)
}

func (c *cli) backupVerify(ctx context.Context, args []string, f archiveFlags) (err error) {
	d, err := c.openBackups(ctx, f.from, false)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close()) }()
	keys, err := d.keys(f)
	if err != nil {
		return backupError(err)
	}
	label, err := d.choose(ctx, args, f)
	if err != nil {
		return backupError(err)
	}
	began := time.Now()
	got, err := d.place.Verify(ctx, label, keys)
	if err != nil {
		return backupError(err)
	}
	return c.printChecked("whole", got, time.Since(began))
}

// backupChecked is backup verify --json and backup restore --json.
type backupChecked struct {
	OK bool `json:"ok"`
	backup.Checked

	TookMS int64 `json:"took_ms"`
}

// backupsPruned is backup prune --json.
type backupsPruned struct {
	OK      bool     `json:"ok"`
	DryRun  bool     `json:"dry_run"`
	Removed []string `json:"removed"`
}

func (c *cli) printChecked(word string, got backup.Checked, took time.Duration) error {
	if c.json {
		return c.printJSON(backupChecked{true, got, took.Milliseconds()})
	}
	fmt.Fprintf(c.stdout, "%s  %s\nmade %s by %s, from %s\n%d rows, %d files, %d bytes, sha256 %s\n%s\n%d ms\n",
		word, got.ID, got.MadeAt.UTC().Format(time.RFC3339), got.Program, got.Database, got.Rows, got.Files, got.Bytes, got.SHA256, signature(got), took.Milliseconds())
	return nil
}

// signature says who made an archive, as far as it is known.
func signature(got backup.Checked) string {
	switch {
	case got.Signed:
		return "signed by " + got.Signer
	case got.Signature == "":
		return "not signed"
	}
	return "signed by a key that is not known here, " + got.Signer
}

// restoreFlags say where a backup goes.
type restoreFlags struct {
	archiveFlags

	to       string
	noFiles  bool
	settings string
	yes      bool
}

func (c *cli) backupRestoreCommand() *cobra.Command {
	var f restoreFlags
	cmd := &cobra.Command{
		Use: "restore [ID]", Short: "Put a backup into an empty place", Args: cobra.MaximumNArgs(1),
		Long: "Without an ID: the newest whole one of this deployment. The store of the settings (or --to) must be empty or not there yet, and so must\n" +
			"the directories of evidence and reports: nothing is ever written over; what 'setup' wrote is in nobody's way. All of it appears only when\n" +
			"a known key signed the archive, and when it was read to its end and found whole. Stop the workers first. What the chain did since the backup is read from the chain when the next day begins.\n" +
			"Exit codes: 0 restored, 1 failed and nothing is left of it, 2 no key or place, 4 the place is not empty, no known key signed it, another archive, or not confirmed.",
		Example: "  feeops backup restore --identity /media/stick/backup.key\n  feeops backup restore --older-than 168h --to file:/srv/feeops/feeops.db --yes\n" +
			"  feeops backup restore main-20261125T120000Z-3fa9c1 --to postgres://feeops@db/feeops --no-files",
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:    func(cmd *cobra.Command, args []string) error { return c.backupRestore(cmd.Context(), args, f) },
	}
	f.addTo(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "another `store` than store.dsn: file:PATH or postgres://…")
	flags.BoolVar(&f.noFiles, "no-files", false, "leave evidence and reports in the archive")
	flags.StringVar(&f.settings, "settings-to", "", "also write the settings of that time, without secrets, into this new `file`")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	return cmd
}

func (c *cli) backupRestore(ctx context.Context, args []string, f restoreFlags) (err error) {
	d, err := c.openBackups(ctx, f.from, false)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close()) }()
	keys, err := d.keys(f.archiveFlags)
	if err != nil {
		return backupError(err)
	}
	label, err := d.choose(ctx, args, f.archiveFlags)
	if err != nil {
		return backupError(err)
	}
	to := backup.Target{DSN: cmp.Or(f.to, d.settings.Store.DSN.Reveal()), Settings: f.settings}
	if !f.noFiles {
		to.Folders = app.BackupFolders(d.settings)
	}
	if err := c.confirmRestore(label, d, f); err != nil {
		return err
	}
	began := time.Now()
	got, err := d.place.Restore(ctx, label, keys, to)
	if err != nil {
		return backupError(err)
	}
	if err := noteRestore(ctx, to.DSN, got, d.place.String(), f.archiveFlags); err != nil {
		return err
	}
	return c.printChecked("restored", got, time.Since(began))
}

// confirmRestore asks, unless told not to. Nothing can be lost by restoring, but the wrong archive costs time.
func (c *cli) confirmRestore(l backup.Label, d *backupDesk, f restoreFlags) error {
	if f.yes {
		return nil
	}
	if !isTerminal(os.Stdin) {
		return usageError("nobody can be asked here: give --yes")
	}
	fmt.Fprintf(c.stderr, "Restore %s, made %s (%s ago), into the empty store? Type yes: ", l.ID, l.MadeAt.UTC().Format(time.RFC3339), time.Since(l.MadeAt).Round(time.Minute))
	answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if strings.TrimSpace(answer) != "yes" {
		return &exitError{code: exitRefused, err: errors.New("not confirmed")}
	}
	return nil
}

// noteRestore writes into the restored audit log that it was restored, on whose word it was believed, and what setup had
// written into the store before.
func noteRestore(ctx context.Context, dsn string, got backup.Checked, place string, f archiveFlags) (err error) {
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return fmt.Errorf("restored, and the store cannot be opened: %w", err)
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	word := signature(got)
	switch {
	case !got.Signed && f.sha256 != "":
		word += ", accepted by its SHA-256 (--sha256)"
	case !got.Signed:
		word += ", accepted without proof (--unsigned)"
	}
	for _, e := range got.Setup {
		e.Detail += " (before the restore)"
		if err := db.Audit(ctx, e); err != nil {
			return err
		}
	}
	return db.Audit(ctx, store.AuditEntry{
		At: time.Now(), Actor: actor(), Action: "backup.restore", Subject: got.ID, Detail: fmt.Sprintf("from %s, made %s, sha256 %s, %s", place, got.MadeAt.UTC().Format(time.RFC3339), got.SHA256, word),
	})
}

func (c *cli) backupPruneCommand() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "prune", Short: "Remove the archives that backup.keep_* does not keep", Args: cobra.NoArgs,
		Example: "  feeops backup prune --dry-run\n  feeops backup prune",
		Long: "Removes archives of this deployment only. The newest ones always stay; each removal is in the audit log. The schedule prunes by itself.\n" +
			"Exit codes: 0 done, 1 failed, 2 the settings name no place.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.backupPrune(cmd.Context(), dryRun) },
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would go")
	return cmd
}

func (c *cli) backupPrune(ctx context.Context, dryRun bool) (err error) {
	d, err := c.openBackups(ctx, "", !dryRun)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close()) }()
	gone := []string{}
	if dryRun {
		drop, err := d.keeper.Expired(ctx, d.place)
		if err != nil {
			return err
		}
		for _, l := range drop {
			gone = append(gone, l.ID)
		}
	} else {
		removed, err := d.keeper.Prune(ctx, actor())
		if err != nil {
			return err
		}
		gone = append(gone, removed...)
	}
	if c.json {
		return c.printJSON(backupsPruned{true, dryRun, gone})
	}
	for _, id := range gone {
		fmt.Fprintln(c.stdout, id)
	}
	c.say("%d archives %s", len(gone), map[bool]string{true: "would be removed", false: "were removed"}[dryRun])
	return nil
}
