package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/workflow/v1"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// disaster is one row of the table in docs/recovery.md.
type disaster struct {
	name string
	what string
	play func(ctx context.Context, r *disasterRig) (detail string, err error)
}

// disasters lists the rows. Each begins with a fresh deployment and ends with a day that is paid to the base unit.
func disasters() []disaster {
	return []disaster{
		{"store-lost", "the store is gone, and there is no backup", storeLost},
		{"namespace-lost", "Temporal's namespace is gone in mid-day", namespaceLost},
		{"host-lost", "host and namespace are gone in mid-day; the backup is from before the day", hostLost},
		{"signer-lost", "the fee payer's key is gone in mid-day", signerLost},
		{"bad-manifest", "somebody changed the stored plan in mid-day", badManifest},
		{"wrong-settings", "a list in another order was pushed, and the store is gone", wrongSettings},
		{"rpc-gone", "the only RPC provider is gone in mid-day", rpcGone},
		{"ransomware", "the store and the newest backup were encrypted by somebody", ransomware},
	}
}

func openStoreOf(ctx context.Context, s config.Settings) (*store.Store, error) {
	return store.Open(ctx, s.Store.DSN.Reveal())
}

// booked compares the store's report of a day with the one that the chain was held against.
func (r *disasterRig) booked(ctx context.Context, want domain.DayReport) error {
	db, err := openStoreOf(ctx, r.settings)
	if err != nil {
		return err
	}
	got, found, err := db.Report(ctx, want.Vault, want.Day)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if !found || got.Result.Figures != want.Result.Figures {
		return fmt.Errorf("the books of %s are not those of the chain", want.Day)
	}
	return nil
}

func storeLost(ctx context.Context, r *disasterRig) (string, error) {
	if err := r.start(ctx); err != nil {
		return "", err
	}
	first, err := r.pay(ctx)
	if err != nil {
		return "", err
	}
	if err := errors.Join(r.lost(ctx, r.hostGone), r.back(ctx)); err != nil {
		return "", err
	}
	sent := r.chain.node.Requests()["sendTransaction"]
	if _, err := r.pay(ctx); err != nil {
		return "", err
	}
	if r.chain.node.Requests()["sendTransaction"] != sent {
		return "", errors.New("a paid day was sent again")
	}
	if err := r.booked(ctx, first); err != nil {
		return "", err
	}
	if err := r.chain.nextDay(ctx); err != nil {
		return "", err
	}
	_, err = r.pay(ctx)
	return "the paid day got its books back from the chain, the next day is paid", err
}

func namespaceLost(ctx context.Context, r *disasterRig) (string, error) {
	if err := r.start(ctx); err != nil {
		return "", err
	}
	if _, err := r.half(ctx); err != nil {
		return "", err
	}
	err := r.lost(ctx, func() error { return r.inNamespace(ctx, "disaster-"+r.name+"-2") })
	if err = errors.Join(err, r.back(ctx)); err != nil {
		return "", err
	}
	_, err = r.pay(ctx)
	return "a new run went on from the chain's cursor", err
}

func hostLost(ctx context.Context, r *disasterRig) (string, error) {
	if err := r.start(ctx); err != nil {
		return "", err
	}
	if _, err := r.backup(ctx); err != nil {
		return "", err
	}
	if _, err := r.half(ctx); err != nil {
		return "", err
	}
	err := r.lost(ctx, r.hostGone, func() error { return r.inNamespace(ctx, "disaster-"+r.name+"-2") })
	if err = errors.Join(err, r.restore(ctx, time.Now().Add(time.Second), ""), r.back(ctx)); err != nil {
		return "", err
	}
	_, err = r.pay(ctx)
	return "restored; the plan was made again and proved by the pages that were turned", err
}

func signerLost(ctx context.Context, r *disasterRig) (string, error) {
	_, err := r.halted(ctx)
	if err == nil {
		err = r.lost(ctx, func() error { return os.Remove(r.vault().KeypairPath) })
	}
	if err != nil {
		return "", err
	}
	if err := r.start(ctx); err == nil {
		return "", errors.New("the worker started without its key")
	}
	r.vault().KeypairPath = r.settings.Vaults[0].KeypairPath // Any funded key may turn pages.
	if err := r.back(ctx); err != nil {
		return "", err
	}
	_, err = r.pay(ctx)
	return "the worker refused to start; another funded key went on with the day", err
}

func badManifest(ctx context.Context, r *disasterRig) (string, error) {
	run, err := r.halted(ctx)
	if err != nil {
		return "", err
	}
	if _, err := r.backup(ctx); err != nil {
		return "", err
	}
	if err := r.lost(ctx, func() error { return r.changePlan(ctx) }); err != nil {
		return "", err
	}
	if err := r.start(ctx); err != nil {
		return "", err
	}
	if run, err = r.begin(ctx); err != nil {
		return "", err
	}
	err = r.until(ctx, "the changed plan is refused", func() (bool, error) {
		d, err := r.client.DescribeWorkflowExecution(ctx, run.GetID(), run.GetRunID())
		if err != nil {
			return false, err
		}
		return slices.ContainsFunc(d.GetPendingActivities(), func(a *workflow.PendingActivityInfo) bool {
			return strings.Contains(a.GetLastFailure().GetMessage(), "the stored plan was changed")
		}), nil
	})
	if err != nil {
		return "", err
	}
	if err := errors.Join(r.stop(ctx), r.hostGone(), r.restore(ctx, time.Now().Add(time.Second), ""), r.back(ctx)); err != nil {
		return "", err
	}
	_, err = r.good(r.end(ctx, run))
	return "the changed plan was refused and nothing was sent; the backup's plan was paid", err
}

// changePlan changes the plan behind the store's back.
func (r *disasterRig) changePlan(ctx context.Context) error {
	db, err := sql.Open("sqlite", strings.TrimPrefix(r.settings.Store.DSN.Reveal(), "file:"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `UPDATE manifests SET document = replace(document, '"page_size":3', '"page_size":4')`)
	return errors.Join(err, db.Close())
}

func wrongSettings(ctx context.Context, r *disasterRig) (string, error) {
	_, err := r.halted(ctx)
	if err != nil {
		return "", err
	}
	if _, err := r.backup(ctx); err != nil {
		return "", err
	}
	right := slices.Clone(r.vault().Streams)
	if err := r.lost(ctx, r.hostGone); err != nil {
		return "", err
	}
	slices.Reverse(r.vault().Streams)
	if err := r.start(ctx); err != nil {
		return "", err
	}
	if err := r.refused(ctx, "is not the day's list"); err != nil {
		return "", err
	}
	kept := filepath.Join(r.dir, "elsewhere", "settings-of-the-backup.json")
	if err := errors.Join(r.stop(ctx), r.hostGone(), r.restore(ctx, time.Now().Add(time.Second), kept)); err != nil {
		return "", err
	}
	body, err := os.ReadFile(kept)
	if err != nil {
		return "", err
	}
	at := -1
	for _, stream := range right {
		next := strings.Index(string(body), stream)
		if next <= at {
			return "", errors.New("the backup's settings do not tell the right order")
		}
		at = next
	}
	r.vault().Streams = right
	if err := r.back(ctx); err != nil {
		return "", err
	}
	_, err = r.pay(ctx)
	return "the wrong list was refused and nothing was sent; the backup's settings told the right one", err
}

func rpcGone(ctx context.Context, r *disasterRig) (string, error) {
	gone, err := r.chain.node.Endpoint()
	if err != nil {
		return "", err
	}
	good := r.settings.RPC.Endpoints
	r.settings.RPC.Endpoints = []config.Endpoint{{Name: "gone", URL: config.NewURL(gone)}}
	if err := r.start(ctx); err != nil {
		return "", err
	}
	run, err := r.half(ctx)
	if err != nil {
		return "", err
	}
	r.chain.node.SetFaultAt(gone, localnet.Fault{Name: "5xx"})
	if err := r.lost(ctx); err != nil {
		return "", err
	}
	r.settings.RPC.Endpoints = good
	if err := r.back(ctx); err != nil {
		return "", err
	}
	_, err = r.good(r.end(ctx, run))
	return "the same run went on with the provider in the new settings", err
}

func ransomware(ctx context.Context, r *disasterRig) (string, error) {
	if err := r.start(ctx); err != nil {
		return "", err
	}
	first, err := r.pay(ctx)
	if err != nil {
		return "", err
	}
	if _, err := r.backup(ctx); err != nil {
		return "", err
	}
	at := time.Now()
	if err := r.chain.nextDay(ctx); err != nil {
		return "", err
	}
	if _, err := r.pay(ctx); err != nil {
		return "", err
	}
	if err := wait(ctx, time.Second); err != nil { // Archives are named by the second.
		return "", err
	}
	newer, err := r.backup(ctx)
	if err != nil {
		return "", err
	}
	trash := func(path string) func() error {
		return func() error { return os.WriteFile(path, []byte(strings.Repeat("pay us ", 1000)), 0o600) }
	}
	place := strings.TrimPrefix(r.settings.Backup.Place.Reveal(), "file:")
	err = r.lost(ctx, trash(filepath.Join(place, newer.ID+".tar.zst.age")), trash(strings.TrimPrefix(r.settings.Store.DSN.Reveal(), "file:")))
	if err != nil {
		return "", err
	}
	if err := errors.Join(r.hostGone(), r.restore(ctx, at, ""), r.booked(ctx, first), r.back(ctx)); err != nil {
		return "", err
	}
	if err := r.chain.nextDay(ctx); err != nil {
		return "", err
	}
	_, err = r.pay(ctx)
	return "an older archive was restored; the day after is paid", err
}
