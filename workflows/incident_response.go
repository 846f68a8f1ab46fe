package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// respond begins the response to the present severity, if it was not begun. A rise begins the next one beside the one
// that is under way: nothing critical waits for a recovery.
func (r *incidentRun) respond(ctx workflow.Context) (begun bool) {
	level := r.i.Response()
	if r.i.Over() || slices.Contains(r.begun, level) {
		return false
	}
	r.begun = append(r.begun, level)
	do := map[domain.Response]func(workflow.Context, string){
		domain.ResponseStandard: r.watchful, domain.ResponseHigh: r.high, domain.ResponseCritical: r.critical,
	}[level]
	occasion := "raised"
	if r.told == 0 {
		occasion = "opened"
	}
	r.busy++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { r.busy-- }()
		do(ctx, occasion)
	})
	return true
}

// mark comes before any deed, so that whoever looks sees what is under way (S01). It names a responder and no owner.
func (r *incidentRun) mark(ctx workflow.Context, format string, args ...any) {
	r.i.Responder = domain.Automation
	r.add(ctx, domain.EntryResponse, format, args...)
}

// standard leaves the retries to the day, which has the one layer of them (S10), and watches.
func (r *incidentRun) standard(ctx workflow.Context, occasion string) {
	r.mark(ctx, "standard response: the day's own retries go on; this incident ends when the day goes on")
	r.announce(ctx, occasion, r.i.Title)
	r.evidence(ctx)
	r.i.Responder = ""
}

// critical stops and tells first, side by side, then secures, takes evidence, and leaves the rest to people (S08). Each
// step that fails is written down and keeps none of the others from happening.
func (r *incidentRun) critical(ctx workflow.Context, occasion string) {
	r.i.NeedsHuman = true
	if !r.start.Respond {
		r.mark(ctx, "critical, and the settings (incidents.respond) forbid to act by itself: stop everything with feeops stop, or the signal emergency-stop of safety-switch")
		r.announce(ctx, occasion, r.i.Title)
		r.evidence(ctx)
		r.i.Responder = ""
		return
	}
	r.mark(ctx, "critical response: stopping everything and telling people, then securing and evidence")
	told := r.announce(ctx, occasion, r.i.Title+". Everything is being stopped")
	r.stopAll(ctx)
	if _, err := workflow.AwaitWithTimeout(ctx, tellPatience, told); err != nil {
		return
	}
	secured, err := ops.SecureState.Do(ctx, ops.EvidenceInput{Incident: r.bare(), Failure: r.start.Failure}, "lock the settings, take a snapshot")
	if err != nil {
		r.add(ctx, domain.EntryResponse, "securing failed: %s", errText(err))
	} else {
		r.i.Evidence = append(r.i.Evidence, secured.Snapshot)
		r.add(ctx, domain.EntryResponse, "the settings are locked at %.12s until this is over; snapshot %s", secured.Hash, describeEvidence(secured.Snapshot))
	}
	r.evidence(ctx)
	r.i.Responder = ""
	r.add(ctx, domain.EntryRecommended, "manual intervention required: %s; lifting the stop takes two people", r.runbook())
	r.announce(ctx, "manual", "The automatic response has ended: manual intervention required")
}

// tellPatience is how long a critical response waits for people to be told before it secures: a channel that is down
// must not hold it up, and is tried on meanwhile.
const tellPatience = 10 * time.Second

// stopAgain is how often a stop that did not work is ordered again.
const stopAgain = time.Minute

// stopAll orders the stop. One that fails is ordered again beside the rest, until it works.
func (r *incidentRun) stopAll(ctx workflow.Context) {
	order := ops.GuardInput{Incident: r.id, Reason: fmt.Sprintf("%s: %s", r.id, r.i.Title)}
	res, err := ops.StopAll.Do(ctx, order, "emergency stop")
	if err == nil {
		r.stopping = false
		r.add(ctx, domain.EntryResponse, "everything is stopped: %s", res.How)
		return
	}
	r.stopping = true
	r.add(ctx, domain.EntryResponse, "THE STOP FAILED and is ordered again every %s: %s. Stop by hand: EMERGENCY_STOP=true at the workers, or end them", stopAgain, errText(err))
	workflow.Go(ctx, func(ctx workflow.Context) {
		for workflow.Sleep(ctx, stopAgain) == nil && r.stopping && !r.i.Over() {
			if res, err := ops.StopAll.Do(ctx, order, "emergency stop, again"); err == nil {
				r.stopping = false
				r.add(ctx, domain.EntryResponse, "everything is stopped at last: %s", res.How)
			}
		}
	})
}

// high isolates every affected vault and tells, then mends each by code where code can (S09).
func (r *incidentRun) high(ctx workflow.Context, occasion string) {
	if !r.start.Respond {
		r.i.NeedsHuman = true
		r.mark(ctx, "high, and the settings (incidents.respond) forbid to act by itself")
		r.announce(ctx, occasion, r.i.Title)
		r.evidence(ctx)
		r.i.Responder = ""
		return
	}
	r.mark(ctx, "high response: isolating what is affected, then mending it by code")
	var steps []func(workflow.Context)
	for _, v := range r.i.Vaults {
		steps = append(steps, func(ctx workflow.Context) { r.isolate(ctx, v.Vault) })
	}
	r.announce(ctx, occasion, r.i.Title)
	r.side(ctx, steps...)
	r.evidence(ctx)
	if len(r.i.Vaults) == 0 {
		r.i.NeedsHuman = true
		r.add(ctx, domain.EntryRecommended, "it concerns no vault that could be isolated or mended: %s", r.runbook())
	}
	var mend []func(workflow.Context)
	for _, v := range r.i.Vaults {
		mend = append(mend, func(ctx workflow.Context) { r.heal(ctx, v.Vault) })
	}
	r.side(ctx, mend...)
	r.i.Responder = ""
	r.healed(ctx)
}

// healSoon isolates and mends a vault that joined a high incident later.
func (r *incidentRun) healSoon(ctx workflow.Context, vault string) {
	if !r.start.Respond || vault == "" {
		return
	}
	r.busy++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { r.busy-- }()
		r.isolate(ctx, vault)
		r.heal(ctx, vault)
		r.healed(ctx)
	})
}

// isolate keeps one vault out of every run.
func (r *incidentRun) isolate(ctx workflow.Context, vault string) {
	if vault == "" || slices.Contains(r.isolated, vault) {
		return
	}
	r.isolated = append(r.isolated, vault) // Before it is done: a vault is not isolated twice, and a doubt counts as isolated.
	res, err := ops.IsolateVault.Do(ctx, ops.GuardInput{Incident: r.id, Vault: vault, Reason: fmt.Sprintf("%s: %s", r.id, r.i.Title)}, "isolate "+vault)
	if err != nil {
		r.add(ctx, domain.EntryResponse, "isolating %s failed: %s", vault, errText(err))
		return
	}
	r.add(ctx, domain.EntryResponse, "%s is isolated: %s", vault, res.How)
}

// heal tries the recovery that the cause has, and releases the vault when it worked. One that fails makes the incident
// critical; where code knows no cure, the vault stays isolated and people are asked.
func (r *incidentRun) heal(ctx workflow.Context, vault string) {
	if vault == "" || slices.Contains(r.healing, vault) || r.i.Response() == domain.ResponseCritical {
		return
	}
	r.healing = append(r.healing, vault)
	defer func() {
		r.healing = slices.DeleteFunc(r.healing, func(v string) bool { return v == vault })
	}()
	if r.relapses > 1 {
		r.i.NeedsHuman = true
		r.add(ctx, domain.EntryRecommended, "the recovery has not lasted twice: %s stays isolated; %s", vault, r.runbook())
		return
	}
	if r.i.Recovery == domain.RecoverNothing {
		r.i.NeedsHuman = true
		r.add(ctx, domain.EntryRecommended, "code knows no cure for this cause: %s stays isolated; %s", vault, r.runbook())
		return
	}
	if r.i.Recovery == domain.RecoverAccounts { // It sends, and nothing is sent for an isolated vault. A page would only fail again.
		r.release(ctx, vault)
	}
	res, err := ops.RecoverVault.Do(ctx, ops.RecoverInput{Incident: r.id, Vault: vault, Day: r.i.Day, Recovery: r.i.Recovery}, fmt.Sprintf("%s of %s", r.i.Recovery, vault))
	switch {
	case r.i.Response() == domain.ResponseCritical:
		return // It has grown meanwhile; nothing is released now.
	case err != nil:
		r.worse(ctx, vault, errText(err))
	case !res.Worked:
		r.worse(ctx, vault, res.Text)
	default:
		r.add(ctx, domain.EntryResponse, "recovery of %s worked (%s): %s", vault, r.i.Recovery, res.Text)
		if slices.Contains(r.isolated, vault) {
			r.release(ctx, vault)
		}
	}
}

// worse raises the incident because a recovery failed (S09).
func (r *incidentRun) worse(ctx workflow.Context, vault, why string) {
	r.add(ctx, domain.EntryResponse, "recovery of %s failed (%s): %s", vault, r.i.Recovery, why)
	r.isolate(ctx, vault)
	confirmed := r.i.Confirm(domain.SeverityCritical)
	if err := r.i.Raise(domain.Auto(), workflow.Now(ctx), domain.SeverityCritical, "the automatic recovery of "+vault+" failed"); err != nil && !confirmed {
		return // It was raised or resolved meanwhile.
	}
	r.changed(ctx)
	r.rung++
	r.respond(ctx)
}

func (r *incidentRun) release(ctx workflow.Context, vault string) {
	res, err := ops.ReleaseVault.Do(ctx, ops.GuardInput{Incident: r.id, Vault: vault, Reason: r.id + ": the automatic recovery worked"}, "release "+vault)
	if err != nil {
		r.i.NeedsHuman = true
		r.add(ctx, domain.EntryRecommended, "releasing %s failed: %s. Release it by hand", vault, errText(err))
		return
	}
	r.isolated = slices.DeleteFunc(r.isolated, func(v string) bool { return v == vault })
	r.add(ctx, domain.EntryResponse, "%s is released: %s", vault, res.How)
}

// healed says that the harm is stopped, once every affected vault is mended and released.
func (r *incidentRun) healed(ctx workflow.Context) {
	if len(r.isolated) > 0 || len(r.healing) > 0 || r.i.NeedsHuman || r.i.Severity == domain.SeverityCritical {
		return
	}
	if err := r.i.Mitigate(domain.Auto(), workflow.Now(ctx), "the automatic recovery worked; this ends when the day goes on"); err != nil {
		return
	}
	r.changed(ctx)
	r.rung++
	r.announce(ctx, "mitigated", r.lastLine())
}

// evidence takes a bundle. What could not be read is in it as unknown.
func (r *incidentRun) evidence(ctx workflow.Context) {
	e, err := ops.CollectEvidence.Do(ctx, ops.EvidenceInput{Incident: r.bare(), Failure: r.start.Failure}, "evidence bundle")
	if err != nil {
		r.add(ctx, domain.EntryEvidence, "taking evidence failed: %s", errText(err))
		return
	}
	r.i.Evidence = append(r.i.Evidence, e)
	r.add(ctx, domain.EntryEvidence, "evidence taken: %s", describeEvidence(e))
}

func describeEvidence(e domain.Evidence) string {
	text := fmt.Sprintf("%s, SHA-256 %.12s…", e.Path, e.SHA256)
	if len(e.Unknown) > 0 {
		text += ", unknown: " + strings.Join(e.Unknown, ", ")
	}
	return text
}

// side does steps side by side and waits for all of them.
func (r *incidentRun) side(ctx workflow.Context, steps ...func(workflow.Context)) {
	wg := workflow.NewWaitGroup(ctx)
	for _, step := range steps {
		wg.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wg.Done()
			step(ctx)
		})
	}
	wg.Wait(ctx)
}

func (r *incidentRun) runbook() string {
	if r.i.Runbook == "" {
		return "there is no runbook for it: decide, and write down what you do"
	}
	return "follow the runbook " + r.i.Runbook
}
