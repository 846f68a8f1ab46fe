package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// guard keeps money from moving on behalf of an incident. It raises the flag in the store, which every send reads, and
// signals the safety switch, which tells the runs and people. One of the two is enough: neither waits for the other.
type guard struct {
	client client.Client
	store  *store.Store
	queue  string
	now    func() time.Time
}

// Stop stops everything.
func (g guard) Stop(ctx context.Context, _, reason string) (string, error) {
	return g.raise(ctx, domain.SafetyFlag{Kind: domain.SafetyStop, Reason: reason})
}

// StopBy stops one vault, or everything when vault is empty, because a person says so.
func (g guard) StopBy(ctx context.Context, vault, actor, reason string) (string, error) {
	return g.raise(ctx, domain.SafetyFlag{Kind: domain.SafetyStop, Vault: vault, Reason: reason, Actor: actor})
}

// Isolate keeps a vault out of every run.
func (g guard) Isolate(ctx context.Context, vault, _, reason string) (string, error) {
	return g.raise(ctx, domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: vault, Reason: reason})
}

func (g guard) raise(ctx context.Context, flag domain.SafetyFlag) (string, error) {
	flag.Actor, flag.At = cmp.Or(flag.Actor, domain.Automation), g.now().UTC()
	var flagErr, signalErr error
	var wg sync.WaitGroup
	wg.Go(func() { flagErr = g.store.SetSafety(ctx, flag) })
	wg.Go(func() { signalErr = SignalFlag(ctx, g.client, g.queue, flag) })
	wg.Wait()
	switch {
	case flagErr == nil && signalErr == nil:
		return "the flag is up and the safety switch knows", nil
	case flagErr == nil:
		return "the flag is up; the safety switch was not reached", nil
	case signalErr == nil:
		return "the safety switch was told; the flag could not be stored by this worker: " + flagErr.Error(), nil
	}
	return "", fmt.Errorf("%s: neither the flag nor the safety switch took it: %w", flag.Kind, errors.Join(flagErr, signalErr))
}

// Release takes down the isolation that this incident put up. One that a person put up stays: only people lift it.
func (g guard) Release(ctx context.Context, vault, incident, reason string) (string, error) {
	flags, mark, err := g.store.SafetyMark(ctx)
	if err != nil {
		return "", fmt.Errorf("flags of %s: %w", vault, err)
	}
	for _, f := range flags {
		if f.Kind != domain.SafetyIsolate || f.Vault != vault {
			continue
		}
		if f.Actor != domain.Automation || !strings.HasPrefix(f.Reason, incident+":") {
			return "", fmt.Errorf("vault %s was isolated by %s (%s), and not by this incident", vault, f.Actor, f.Reason)
		}
		// By the mark nobody else's isolation of the same moment is taken down.
		lift := store.Lift{
			Flags: []domain.SafetyFlag{f}, AsOf: mark, Subject: fmt.Sprintf("%s/%s/%s", incident, vault, f.At.UTC().Format(time.RFC3339Nano)),
			Actor: domain.Automation, Reason: reason, At: g.now(),
		}
		if err := g.store.LiftSafety(ctx, lift); err != nil {
			return "", fmt.Errorf("release %s: %w", vault, err)
		}
		// The switch reads the flags again. Where it does not run there is nothing to tell.
		told := g.client.SignalWorkflow(ctx, ops.SwitchID(g.queue), "", ops.SignalLook, nil)
		return "the flag is down" + g.wake(ctx, vault, reason) + unless(told), nil
	}
	return "it was not isolated any more" + g.wake(ctx, vault, reason), nil
}

// wake lets a run that waits go on at once instead of at its next look.
func (g guard) wake(ctx context.Context, vault, reason string) string {
	if err := g.client.SignalWorkflow(ctx, ops.DailyID(vault), "", ops.SignalResume, ops.Order{Reason: reason, Actor: domain.Automation}); err != nil {
		return ", no run of it is under way"
	}
	return ", its run was told to go on"
}

func unless(err error) string {
	if err != nil {
		return "; the safety switch was not reached"
	}
	return ""
}
