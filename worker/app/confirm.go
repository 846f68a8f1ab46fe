package app

import (
	"cmp"
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/store"
)

// actionMoney is the audit entry of money settings that a worker began to use; its detail is their hash.
const actionMoney = "settings.money"

// confirm compares the money settings with those of the worker that started last (U-S5). Other ones raise the stop when
// the settings ask for it: the two operators who lift it have then seen them. The stop comes before the entry, so that a
// worker that is killed between the two raises it again. The first start of a deployment has nothing to differ from.
func (w *Switch) confirm(ctx context.Context) error {
	now := w.s.MoneyHash()
	last, found, err := w.store.LastAudit(ctx, actionMoney)
	if err != nil {
		return fmt.Errorf("money settings of the last worker: %w", err)
	}
	if found && last.Detail == now {
		return nil
	}
	actor := cmp.Or(w.s.Worker.Identity, "worker")
	if found && w.s.Safety.ConfirmSettings {
		reason := fmt.Sprintf("%s starts with other money settings (%.12s) than %s (%.12s) did: two operators look at them and lift the stop", actor, now, last.Actor, last.Detail)
		if err := w.raise(ctx, reason); err != nil {
			return err
		}
	}
	if err := w.store.Audit(ctx, store.AuditEntry{At: w.clock(), Actor: actor, Action: actionMoney, Detail: now}); err != nil {
		return fmt.Errorf("audit the money settings: %w", err)
	}
	return nil
}
