package app

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// pageSizes judges what approved page sizes did, and proposes others (W10). Nobody follows a proposal by itself: an
// operator approves it, and a day that is planned keeps its own.
func (r *routines) pageSizes(ctx context.Context, at time.Time) (ops.RoutineStep, error) {
	var vaults []report.VaultPages
	var trials []report.PageTrial
	f := findings{name: "page sizes"}
	for _, v := range r.Settings.Vaults {
		if !v.Enabled {
			continue
		}
		m, planned, err := r.Store.LatestManifest(ctx, v.ID)
		if err != nil {
			return ops.RoutineStep{}, err
		}
		o, ordered, err := r.Store.PageOrder(ctx, v.ID)
		switch {
		case err != nil:
			return ops.RoutineStep{}, err
		case ordered && o.State == domain.PageApproved:
			f.add(domain.CheckOK, fmt.Sprintf("%s: %d was approved by %s and waits for a new day", v.ID, o.Size, o.Actor), "")
		case ordered && o.State == domain.PageApplied:
			history, err := r.Store.PageOrders(ctx, v.ID)
			if err != nil {
				return ops.RoutineStep{}, err
			}
			trials = append(trials, report.NewPageTrial(o, history, len(m.Entries)))
		case !planned:
			vaults = append(vaults, report.VaultPages{Vault: v.ID, Most: MostPerPage(r.Settings, v)})
		default:
			vaults = append(vaults, vaultPages(r.Settings, v, m, o))
		}
	}
	list, err := r.reporter().PageSizes(ctx, at.Add(-168*time.Hour), at.Add(time.Second), vaults)
	if err != nil {
		return ops.RoutineStep{}, err
	}
	for _, a := range list {
		if a.Proposed != a.Size {
			f.add(domain.CheckWarn, fmt.Sprintf("%s: %d instead of %d investors a page, %s", a.Vault, a.Proposed, a.Size, a.Why),
				fmt.Sprintf("If you agree: feeops page-size approve %s %d --reason TEXT; it counts from the next new day on", a.Vault, a.Proposed))
			continue
		}
		f.add(domain.CheckOK, fmt.Sprintf("%s: stays at %d, %s", a.Vault, a.Size, a.Why), "")
	}
	judged, err := r.reporter().JudgePages(ctx, at, trials)
	if err != nil {
		return ops.RoutineStep{}, err
	}
	if err := endPageOrders(ctx, r.Store, &f, judged, r.Clock()); err != nil {
		return ops.RoutineStep{}, err
	}
	return f.step(), nil
}

// vaultPages is how a planned vault's pages are cut, and how long they may become.
func vaultPages(s config.Settings, v config.Vault, m domain.Manifest, o domain.PageOrder) report.VaultPages {
	one := report.VaultPages{Vault: v.ID, Size: m.PageSize, Most: MostPerPage(s, v)}
	if v.Behaviour == domain.Published || cmp.Or(o.Size, v.PageSize, s.Distribution.PageSize) == 0 {
		one.Most = m.PageSize // It is as long as fits already.
	}
	return one
}

// endPageOrders keeps orders or takes them back as their pages say, and tells of each with its figures.
func endPageOrders(ctx context.Context, db *store.Store, f *findings, list []report.PageJudgement, now time.Time) error {
	for _, j := range list {
		o := j.Order
		said := fmt.Sprintf("%s: %d since %s", o.Vault, o.Size, o.Since)
		if j.State == domain.PageApplied {
			f.add(domain.CheckOK, said+", "+j.Why, "")
			continue
		}
		err := db.EndPageOrder(ctx, store.PageVerdict{Seq: o.Seq, State: j.State, Was: j.Was, Is: j.Is, Actor: "weekly-maintenance", At: now, Note: j.Why})
		if err != nil {
			return err
		}
		if j.State == domain.PageTakenBack {
			f.add(domain.CheckWarn, said+" is taken back from the next new day on, "+j.Why, "feeops page-size list "+o.Vault)
			continue
		}
		f.add(domain.CheckOK, said+" is kept, "+j.Why, "")
	}
	return nil
}
