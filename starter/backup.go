package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) backupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "backup", Short: "Encrypted backups: create, list, verify, restore, prune, keygen", Args: cobra.NoArgs,
		Long: "A backup holds every table of the store as it was at one moment, the settings without secrets, evidence and saved reports.\n" +
			"It is encrypted with age to the public keys of backup.recipients and lies in backup.place: a directory or an S3-compatible bucket.\n" +
			"Nothing is ever written over: not an archive, not a store that holds a row, not a file. What to do after which disaster: docs/recovery.md.",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.backupCreateCommand(), c.backupListCommand(), c.backupVerifyCommand(), c.backupRestoreCommand(), c.backupPruneCommand(), c.backupKeygenCommand())
	return cmd
}

// archiveFlags say which archive, from where, and with which key.
type archiveFlags struct {
	from      string
	identity  string
	sha256    string
	olderThan time.Duration
	signer    string
	unsigned  bool
}

func (f *archiveFlags) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "another `place` than backup.place: file:DIRECTORY or s3://BUCKET/PATH?region=…&endpoint=…")
	flags.StringVar(&f.identity, "identity", "", "`file` with the secret key (default: backup.identity_file)")
	flags.StringVar(&f.sha256, "sha256", "", "the archive must have this SHA-256, as 'backup create' printed it")
	flags.StringVar(&f.signer, "signer", "", "public half of the audit `key` that signed it, in hex or its file, besides those of the settings")
	flags.BoolVar(&f.unsigned, "unsigned", false, "take it though no known key signed it: anyone who can write to the place may have made it")
	flags.DurationVar(&f.olderThan, "older-than", 0, "without an ID: the newest one that is older than this, such as 168h after ransomware")
}

func (f *archiveFlags) check() error {
	if f.olderThan < 0 {
		return usageError("--older-than: got %s, want a duration such as 168h", f.olderThan)
	}
	return nil
}

// backupDesk is a place with the settings that it belongs to.
type backupDesk struct {
	settings config.Settings
	keeper   *backup.Keeper
	place    *backup.Place
	store    *store.Store // Nil unless it was asked for.
}

// openBackups opens the place, and the store when it is needed.
func (c *cli) openBackups(ctx context.Context, from string, withStore bool) (*backupDesk, error) {
	s, err := c.settings()
	if err != nil {
		return nil, err
	}
	d := &backupDesk{settings: s}
	if withStore {
		if d.store, err = store.Open(ctx, s.Store.DSN.Reveal()); err != nil {
			return nil, fmt.Errorf("open the store: %w", err)
		}
	}
	if d.keeper, err = app.Keeper(s, d.store, time.Now); err == nil {
		if from != "" {
			d.place, err = backup.Open(ctx, from)
		} else {
			d.place, err = d.keeper.Open(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(backupError(err), d.close())
	}
	return d, nil
}

func (d *backupDesk) close() error {
	var err error
	if d.place != nil {
		err = d.place.Close()
	}
	if d.store != nil {
		err = errors.Join(err, d.store.Close())
	}
	return err
}

// backupError makes mistakes of settings exit code 2, and what is refused for safety exit code 4.
func backupError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, backup.ErrNoPlace), errors.Is(err, backup.ErrPlace), errors.Is(err, backup.ErrKeyFile), errors.Is(err, backup.ErrNoKey):
		return usageError("%w", err)
	case errors.Is(err, backup.ErrTaken), errors.Is(err, backup.ErrUnsigned), errors.Is(err, store.ErrNotEmpty):
		return &exitError{code: exitRefused, err: err}
	}
	return err
}

// choose finds the archive, and holds it against --sha256.
func (d *backupDesk) choose(ctx context.Context, args []string, f archiveFlags) (backup.Label, error) {
	id := ""
	if len(args) > 0 {
		id = args[0]
	}
	l, err := d.place.Choose(ctx, id, d.keeper.Deployment(), time.Now().Add(-f.olderThan+time.Second))
	if err != nil {
		return l, err
	}
	if f.sha256 != "" && f.sha256 != l.SHA256 {
		return l, &exitError{code: exitRefused, err: fmt.Errorf("backup %s in %s has SHA-256 %s, wanted is %s: it is another archive than the one that was made", l.ID, d.place, l.SHA256, f.sha256)}
	}
	return l, nil
}

func (c *cli) backupCreateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "create", Short: "Make a backup now", Args: cobra.NoArgs,
		Example: "  feeops backup create\n  feeops backup create --json",
		Long: "Workers go on meanwhile: the backup sees one state of the store. The attempt is remembered in the store, also when it fails.\n" +
			"The audit key (audit.key_path) signs it: whoever can write to the place could else put another archive there.\n" +
			"Exit codes: 0 made, 1 failed, 2 the settings name no place or no key.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.backupCreate(cmd.Context()) },
	}
}

func (c *cli) backupCreate(ctx context.Context) (err error) {
	d, err := c.openBackups(ctx, "", true)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close()) }()
	made, err := d.keeper.Make(ctx, nil)
	if err != nil {
		return backupError(err)
	}
	if c.json {
		return c.printJSON(backupMade{true, made, made.Took.Milliseconds()})
	}
	fmt.Fprintf(c.stdout, "%s in %s\n%d rows, %d files, %d bytes in %d ms\nsha256 %s\n", made.ID, made.Place, made.Rows, made.Files, made.Bytes, made.Took.Milliseconds(), made.SHA256)
	if made.Signer == "" {
		fmt.Fprintln(c.stdout, "not signed: keep the SHA-256 elsewhere for 'backup restore --sha256', or make a key with feeops audit keygen and set audit.key_path")
		return nil
	}
	fmt.Fprintf(c.stdout, "signed by %s\n", made.Signer)
	return nil
}

func (c *cli) backupListCommand() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "list", Short: "Archives in the place, newest first", Args: cobra.NoArgs,
		Example: "  feeops backup list\n  feeops backup list --from s3://elsewhere/feeops --json",
		Long: "Believes the labels; 'backup verify' reads an archive. Works without the store. 'signed' is yes where a key that is known here signed\n" +
			"the label (audit.key_path, backup.signers); nothing else is restored unless --sha256 or --unsigned says so.\nExit codes: 0 the newest is whole, 3 there is none, or something is not whole, 1 failed.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.backupList(cmd.Context(), from) },
	}
	cmd.Flags().StringVar(&from, "from", "", "another `place` than backup.place")
	return cmd
}

// backupMade is backup create --json.
type backupMade struct {
	OK bool `json:"ok"`
	backup.Made

	TookMS int64 `json:"took_ms"`
}

// backupKey is backup keygen --json.
type backupKey struct {
	OK        bool   `json:"ok"`
	Recipient string `json:"recipient"`
	File      string `json:"identity_file"`
}

// backupsListed is backup list --json.
type backupsListed struct {
	OK       bool        `json:"ok"`
	Place    string      `json:"place"`
	Archives []listedRow `json:"archives"`
}

// listedRow is an archive with what is known here of who made it.
type listedRow struct {
	backup.Listed

	Signed bool `json:"signed"`
}

func (r listedRow) said() string {
	switch {
	case r.Signed:
		return "yes"
	case r.Signature == "":
		return "no"
	}
	return "by a key that is not known here"
}

func (c *cli) backupList(ctx context.Context, from string) (err error) {
	d, err := c.openBackups(ctx, from, false)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close()) }()
	all, err := d.place.List(ctx)
	if err != nil {
		return err
	}
	ok := len(all) > 0
	rows := make([]listedRow, 0, len(all))
	for _, l := range all {
		ok = ok && l.State == backup.Whole
		rows = append(rows, listedRow{l, l.SignedBy(d.keeper.Signers())})
	}
	if c.json {
		err = c.printJSON(backupsListed{ok, d.place.String(), rows})
	} else {
		c.say("%d archives in %s", len(all), d.place)
		t := newTable("", "archive", "state", "signed", "age", "bytes", "schema")
		for _, l := range rows {
			schema := "–"
			if n := len(l.Migrations); n > 0 {
				schema = fmt.Sprint(l.Migrations[n-1])
			}
			t.AppendRow(table.Row{l.ID, cmp.Or(l.State, "–"), l.said(), time.Since(l.MadeAt).Round(time.Second), l.Bytes, schema})
		}
		if len(all) > 0 {
			fmt.Fprintln(c.stdout, t.Render())
		}
	}
	if err == nil && !ok {
		return &exitError{code: exitWarnings}
	}
	return err
}

func (c *cli) backupKeygenCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "keygen --output FILE", Short: "Make a key: the secret half into a file, the public half for backup.recipients", Args: cobra.NoArgs,
		Example: "  feeops backup keygen --output /mnt/safe/backup.key",
		Long:    "Keep the file off the workers' host, and twice: without it no backup can be opened. A file that is there is never written over.",
		RunE: func(*cobra.Command, []string) error {
			if output == "" {
				return usageError("--output is needed: a new file for the secret half")
			}
			recipient, err := backup.GenerateKey(output, time.Now())
			switch {
			case err != nil:
				return backupError(err)
			case c.json:
				return c.printJSON(backupKey{true, recipient, output})
			}
			fmt.Fprintln(c.stdout, recipient)
			c.say("the secret half is in %s; put the line above into backup.recipients", output)
			return nil
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "new `file` for the secret half")
	return cmd
}
