package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// steps are the story, in its order. Each needs those before it.
func (r *recoveryRig) steps() []struct {
	name string
	do   func(context.Context) (string, error)
} {
	return []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"keys for backups and for the audit log are made", r.keygen},
		{"fresh host: setup makes what is missing", r.setup},
		{"setup a second time makes nothing", r.setupAgain},
		{"two workers take tasks", r.startWorkers},
		{"the first day is paid by both", r.payDay},
		{"a head of the audit log is signed and kept elsewhere", r.keepHead}, // Before the backup: what comes later is not in it.
		{"a backup is made, and read back to its last byte", r.backup},
		{"everything is lost: workers, Temporal, store, host", r.lose},
		{"another fresh host: setup", r.setup},
		{"the backup is restored", r.restore},
		{"the audit log goes on unbroken from the kept head", r.verifyAudit},
		{"the first day's books equal the chain", r.judgeBooks},
		{"two workers take tasks again", r.startWorkers},
		{"the next day is paid by both", r.payNextDay},
		{"the books of both days equal the chain", r.judgeBooks},
		{"the audit log is still one chain from the kept head", r.verifyAudit},
	}
}

func (r *recoveryRig) keygen(ctx context.Context) (string, error) {
	recipient, err := r.run(ctx, "backup", "keygen", "--output", r.elsewhere("backup.key"))
	if err != nil {
		return "", err
	}
	if _, err := r.run(ctx, "audit", "keygen", r.elsewhere("audit.key")); err != nil {
		return "", err
	}
	if err := r.writeSettings(strings.TrimSpace(recipient)); err != nil {
		return "", err
	}
	return "both stay off the host, with the settings and the fee payers' keys", nil
}

// made are the steps of setup that made something.
func (r *recoveryRig) made(ctx context.Context) ([]string, error) {
	text, err := r.run(ctx, "setup", "--json")
	if err != nil {
		return nil, err
	}
	var out setupResult
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, err
	}
	var made []string
	for _, step := range out.Steps {
		if step.Result == stepMade {
			made = append(made, step.Step)
		}
	}
	return made, nil
}

func (r *recoveryRig) setup(ctx context.Context) (string, error) {
	if err := r.freshHost(ctx); err != nil {
		return "", err
	}
	made, err := r.made(ctx)
	if err == nil && (len(made) < 2 || made[0] != "store") {
		err = fmt.Errorf("setup made %q, and a fresh host has nothing", made)
	}
	return "made " + strings.Join(made, ", "), err
}

func (r *recoveryRig) setupAgain(ctx context.Context) (string, error) {
	made, err := r.made(ctx)
	if err == nil && len(made) > 0 {
		err = fmt.Errorf("setup made %q again", made)
	}
	return "all was there", err
}

// payDay pays every vault by the command that operators use, and keeps what the chain moved meanwhile.
func (r *recoveryRig) payDay(ctx context.Context) (string, error) {
	before := r.balances()
	if _, err := r.run(ctx, "distribute", "--all", "--yes", "--wait"); err != nil {
		return "", err
	}
	if err := r.note(before); err != nil {
		return "", err
	}
	pages, err := r.pagesByWorker(ctx)
	if err == nil && (pages["one"] == 0 || pages["two"] == 0) {
		err = fmt.Errorf("one of the workers did nothing: %v", pages)
	}
	return fmt.Sprintf("%d vaults; pages: %d by one worker, %d by the other", len(r.chain.vaults), pages["one"], pages["two"]), err
}

func (r *recoveryRig) payNextDay(ctx context.Context) (string, error) {
	if err := r.chain.nextDay(ctx); err != nil {
		return "", err
	}
	return r.payDay(ctx)
}

func (r *recoveryRig) backup(ctx context.Context) (string, error) {
	if _, err := r.run(ctx, "backup", "create"); err != nil {
		return "", err
	}
	text, err := r.run(ctx, "backup", "verify", "--identity", r.elsewhere("backup.key"), "--json")
	if err != nil {
		return "", err
	}
	var out struct {
		ID     string `json:"id"`
		Rows   int64  `json:"rows"`
		Bytes  int64  `json:"bytes"`
		Signed bool   `json:"signed"`
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return "", err
	}
	if !out.Signed {
		return "", errors.New("the archive is not signed by a known key")
	}
	r.archive = out.ID
	return fmt.Sprintf("%s, signed, %d rows, %d bytes", out.ID, out.Rows, out.Bytes), nil
}

func (r *recoveryRig) keepHead(ctx context.Context) (string, error) {
	head, err := r.run(ctx, "audit", "head")
	if err != nil {
		return "", err
	}
	var out struct {
		Entries int64 `json:"entries"`
	}
	if err := json.Unmarshal([]byte(head), &out); err != nil {
		return "", err
	}
	return fmt.Sprintf("entry %d", out.Entries), os.WriteFile(r.elsewhere("head.json"), []byte(head), 0o600)
}

func (r *recoveryRig) lose(ctx context.Context) (string, error) {
	r.lostAt = time.Now()
	if err := r.destroy(ctx); err != nil {
		return "", err
	}
	return "left are the chain, the keys, the settings and " + r.elsewhere("backups"), nil
}

func (r *recoveryRig) restore(ctx context.Context) (string, error) {
	text, err := r.run(ctx, "backup", "restore", r.archive, "--identity", r.elsewhere("backup.key"), "--yes")
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(text, "\n")
	return first, nil
}

func (r *recoveryRig) verifyAudit(ctx context.Context) (string, error) {
	text, err := r.run(ctx, "audit", "verify", "--head", r.elsewhere("head.json"), "--json")
	if err != nil {
		return "", err
	}
	var out auditVerification
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return "", err
	}
	if !out.OK {
		return "", errors.New("the log does not go on from the head")
	}
	return fmt.Sprintf("%d entries", out.Entries), nil
}

// judgeBooks holds every day that the store reports against what the chain moved on it.
func (r *recoveryRig) judgeBooks(ctx context.Context) (_ string, err error) {
	db, err := store.Open(ctx, r.dsn)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var paid uint64
	for i := range r.days {
		d := &r.days[i]
		got, found, err := db.Report(ctx, d.Vault, d.Day)
		switch {
		case err != nil:
			return "", err
		case !found:
			return "", fmt.Errorf("vault %s has no books of %s", d.Vault, d.Day)
		case got.State != domain.Complete || !got.Result.Clean():
			return "", fmt.Errorf("vault %s, %s: %s, %d mismatches, %d paid twice, %d missed", d.Vault, d.Day, got.State, got.Result.Mismatches, got.Result.PaidTwice, got.Result.Missed)
		}
		d.Paid, d.Creator = got.Result.Paid, got.Result.Creator
		if d.Paid != d.ChainPaid || d.Creator != d.ChainCreator {
			return "", fmt.Errorf("vault %s, %s: the books say that %d went to investors and %d to the creator, the chain moved %d and %d", d.Vault, d.Day, d.Paid, d.Creator, d.ChainPaid, d.ChainCreator)
		}
		paid += uint64(d.Paid)
	}
	return fmt.Sprintf("%d days of vaults, %d base units to investors in both", len(r.days), paid), nil
}
