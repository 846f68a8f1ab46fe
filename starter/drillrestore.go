package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) drillRestoreCommand() *cobra.Command {
	var f archiveFlags
	cmd := &cobra.Command{
		Use: "restore", Short: "Restore the newest backup beside everything else, look at it, and remove it again", Args: cobra.NoArgs,
		Example: "  feeops drill restore\n  feeops drill restore --json",
		Long: "Measures how old the backup is (what would be lost: RPO) and how long it takes until a restored store opens (RTO), and scores\n" +
			"what comes out. The live store and the place are only read; the result is remembered in the store. The files of the drill lie in a\n" +
			"directory of their own that only you can read, and are removed. The schedule restore-drill does the same on a worker.\n" +
			"Exit codes: 0 every step was right, 3 something could not be assessed, 1 something failed, 2 no place.",
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.drillRestore(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.identity, "identity", "", "`file` with the secret key (default: backup.identity_file)")
	flags.StringVar(&f.signer, "signer", "", "public half of the audit `key` that signed it, in hex or its file, besides those of the settings")
	flags.DurationVar(&f.olderThan, "older-than", 0, "the newest backup that is older than this")
	return cmd
}

func (c *cli) drillRestore(ctx context.Context, f archiveFlags) (err error) {
	s, err := c.settings()
	if err != nil {
		return err
	}
	s.Backup.IdentityFile = cmp.Or(f.identity, s.Backup.IdentityFile)
	if f.signer != "" {
		key, err := seal.LoadPublic(f.signer)
		if err != nil {
			return usageError("--signer: %w", err)
		}
		s.Backup.Signers = append(slices.Clone(s.Backup.Signers), key.String())
	}
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		c.say("the live store cannot be opened, so nothing is compared with it or remembered: %v", err)
	} else {
		defer func() { err = cmp.Or(err, db.Close()) }()
	}
	keeper, err := app.Keeper(s, db, time.Now)
	if err != nil {
		return backupError(err)
	}
	if s.Backup.Place.Reveal() == "" {
		return usageError("%w: set backup.place and backup.recipients (docs/recovery.md)", backup.ErrNoPlace)
	}
	d, err := keeper.Drill(ctx, time.Now().Add(-f.olderThan+time.Second))
	if err != nil {
		return err
	}
	if err := c.printDrill(d); err != nil {
		return err
	}
	failed := false
	for _, step := range d.Steps {
		failed = failed || step.Result == domain.DrillFailed
	}
	switch {
	case failed:
		return &exitError{code: exitFailed, err: errors.New("the backup would not have saved everything: see the failed steps")}
	case !d.OK():
		return &exitError{code: exitWarnings}
	}
	return nil
}

// restoreDrilled is drill restore --json.
type restoreDrilled struct {
	OK bool `json:"ok"`
	domain.Drill
}

func (c *cli) printDrill(d domain.Drill) error {
	if c.json {
		return c.printJSON(restoreDrilled{d.OK(), d})
	}
	for _, s := range d.Steps {
		fmt.Fprintf(c.stdout, "%-13s %-42s %6d ms  %s\n", s.Result, s.Name, s.TookMS, s.Detail)
	}
	say := func(n *int64, unit time.Duration) string {
		if n == nil {
			return "no data"
		}
		return (time.Duration(*n) * unit).String()
	}
	fmt.Fprintf(c.stdout, "score %d of 100, RPO %s, RTO %s\n", d.Score, say(d.RPO, time.Second), say(d.RTO, time.Millisecond))
	return nil
}
