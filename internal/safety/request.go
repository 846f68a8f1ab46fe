package safety

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
)

// Codes of refusals that concern the switch; those that concern an approval are in package operator.
const (
	CodeMalformed = operator.CodeMalformed
	CodeStale     = "refused/stale_state"
	CodeNoRequest = "refused/no_request"
	CodeDeciding  = "refused/deciding"
	CodeNothing   = "refused/nothing_stopped"
	CodeChecklist = "refused/checklist"
	CodeWaiver    = "refused/waiver"
	CodeVault     = "refused/unknown_vault"
)

// Waiver lets one item of the checklist pass although it is not ok. Both approvers sign it.
type Waiver struct {
	Check  string `json:"check"`
	Reason string `json:"reason"`
}

// Ask is a request for a resume: of everything that is stopped, or of one vault.
type Ask struct {
	Vault   string   `json:"vault,omitempty"`
	Reason  string   `json:"reason"`
	Actor   string   `json:"actor"`
	Waivers []Waiver `json:"waivers,omitempty"`
}

// Request is an open request. Its hash covers everything that the two approvers decide on.
type Request struct {
	ID        string              `json:"id"`
	Vault     string              `json:"vault,omitempty"`
	Reason    string              `json:"reason"`
	Actor     string              `json:"actor"`
	At        time.Time           `json:"at"`
	AsOf      int64               `json:"as_of"` // Entry of the audit log at which a flag was last raised.
	Flags     []domain.SafetyFlag `json:"flags"` // Those that it lifts.
	Checks    domain.Checks       `json:"checks"`
	Waivers   []Waiver            `json:"waivers,omitempty"`
	Hash      string              `json:"hash"`
	Approvals []operator.Approval `json:"approvals,omitempty"`
}

// Needed is how many different people lift a stop.
const Needed = 2

// Approvers are the roles that lift a stop, Releasers those that bring one isolated vault back.
func Approvers() []operator.Role { return []operator.Role{operator.Approver, operator.Admin} }

// Releasers are the roles that bring one isolated vault back.
func Releasers() []operator.Role {
	return []operator.Role{operator.Operate, operator.Approver, operator.Admin}
}

// Lifts are the flags that a request for the vault takes down: the stops of that vault or, without one, every stop.
// Isolations have their own way back.
func Lifts(flags []domain.SafetyFlag, vault string) []domain.SafetyFlag {
	var out []domain.SafetyFlag
	for _, f := range flags {
		if f.Kind == domain.SafetyStop && (vault == "" || f.Vault == vault) {
			out = append(out, f)
		}
	}
	sortFlags(out)
	return out
}

// Sum is the hash that approvals sign: what is lifted, why it was up, what the checklist said, what was waived, for what
// reason and by whose request. What the checks saw in figures may change from second to second and stays out.
func (r Request) Sum() string {
	s := newSum("feeops resume v1")
	s.line("id", r.ID, "vault", r.Vault, "reason", r.Reason, "actor", r.Actor, "at", moment(r.At), "as of", strconv.FormatInt(r.AsOf, 10))
	for _, f := range r.Flags {
		s.flag(f)
	}
	for _, c := range r.Checks {
		s.line("check", c.Name, "result", string(c.Result))
	}
	s.waivers(r.Waivers)
	return s.hex()
}

// Sum is the hash that the release of an isolated vault signs.
func (b Back) Sum(flag domain.SafetyFlag) string {
	s := newSum("feeops release v1")
	s.line("vault", b.Vault, "reason", b.Reason)
	s.flag(flag)
	s.waivers(b.Waivers)
	return s.hex()
}

// CheckAsk says whether a request may be looked into at all.
func (s State) CheckAsk(a Ask, deciding bool) error {
	switch {
	case strings.TrimSpace(a.Reason) == "" || strings.TrimSpace(a.Actor) == "":
		return refuse(CodeMalformed, "a request for a resume needs a reason and an actor")
	case len([]rune(a.Reason)) > longest || len([]rune(a.Actor)) > 100:
		return refuse(CodeMalformed, "a reason has at most %d characters, an actor 100", longest)
	case deciding:
		return refuse(CodeDeciding, "a request is being decided just now").WithNext("Look at feeops resume status")
	case a.Vault != "" && len(s.Vaults) > 0 && !slices.Contains(s.Vaults, a.Vault):
		return refuse(CodeVault, "vault %q is not in the settings", clean(a.Vault, 80))
	}
	return checkWaivers(a.Waivers)
}

func checkWaivers(list []Waiver) error {
	seen := map[string]bool{}
	for _, w := range list {
		switch {
		case !Waivable(w.Check):
			return refuse(CodeWaiver, "%q cannot be waived; what can is %s", clean(w.Check, 80), strings.Join(waivable(), ", "))
		case strings.TrimSpace(w.Reason) == "" || len([]rune(w.Reason)) > longest:
			return refuse(CodeWaiver, "a waiver of %s needs a reason of at most %d characters", w.Check, longest)
		case seen[w.Check]:
			return refuse(CodeWaiver, "%s is waived twice", w.Check)
		}
		seen[w.Check] = true
	}
	return nil
}

// Open makes the request that approvals are given to. It replaces an open one. What blocks is a refusal that lists it.
func (s *State) Open(a Ask, checks domain.Checks, at time.Time) error {
	lifts := Lifts(s.Flags, a.Vault)
	if len(lifts) == 0 {
		return refuse(CodeNothing, "%s", nothing(a.Vault)).WithNext("An isolated vault comes back with feeops release")
	}
	if err := Passes(checks, a.Waivers); err != nil {
		return err
	}
	s.Asked++
	r := Request{
		ID: fmt.Sprintf("resume-%d", s.Asked), Vault: a.Vault, Reason: a.Reason, Actor: a.Actor, At: at.UTC(), AsOf: s.AsOf,
		Flags: lifts, Checks: checks, Waivers: a.Waivers,
	}
	r.Hash = r.Sum()
	s.Void(at, "another request came")
	s.Request = &r
	return nil
}

func nothing(vault string) string {
	if vault == "" {
		return "nothing is stopped"
	}
	return fmt.Sprintf("vault %s has no stop of its own; a stop of everything is lifted without naming a vault", vault)
}

// CheckApproval says whether an approval counts now.
func (s State) CheckApproval(a operator.Approval, deciding bool, now time.Time) error {
	if err := s.Roster.Verify(a, now, Approvers()...); err != nil {
		return err
	}
	r := s.Request
	switch {
	case a.Decision != operator.Resume:
		return refuse(CodeMalformed, "the approval is for a %s", a.Decision)
	case deciding:
		return refuse(CodeDeciding, "the request is being decided just now").WithNext("Look at feeops resume status")
	case r == nil:
		return refuse(CodeNoRequest, "no resume is requested").WithNext("Open one: feeops resume request --reason …")
	case a.Request != r.ID || a.State != r.Hash:
		return refuse(CodeStale, "the approval is for %s with the state %.12s…, and open is %s with %.12s…", a.Request, a.State, r.ID, r.Hash).
			WithNext("Something has changed since it was signed: look at feeops resume status and sign what stands there")
	}
	for _, before := range r.Standing(now) {
		if err := s.Roster.Different(before.Operator, a.Operator); err != nil {
			return err
		}
	}
	return nil
}

// Worse refuses a checklist that has become worse than the one that was approved.
func Worse(approved, now domain.Checks) error {
	var found []string
	for _, c := range now {
		i := slices.IndexFunc(approved, func(a domain.Check) bool { return a.Name == c.Name })
		was := domain.Checks{{Result: domain.CheckOK}}
		if i >= 0 {
			was = domain.Checks{approved[i]}
		}
		if both := append(domain.Checks{c}, was...); both.Worst() != was.Worst() {
			found = append(found, fmt.Sprintf("%s was %s and is %s: %s", c.Name, was.Worst(), c.Result, c.Observed))
		}
	}
	if len(found) > 0 {
		return refuse(CodeStale, "the checklist has become worse since it was approved: %s", strings.Join(found, "; ")).
			WithNext("Look at it, and ask for the resume again")
	}
	return nil
}

// Standing are the approvals that still count.
func (r Request) Standing(now time.Time) []operator.Approval {
	return slices.DeleteFunc(slices.Clone(r.Approvals), func(a operator.Approval) bool { return !now.Before(a.Expires) })
}

// Approve adds an approval that was checked, drops those that have expired, and says whether there are enough.
func (r *Request) Approve(a operator.Approval, now time.Time) bool {
	r.Approvals = append(r.Standing(now), a)
	return len(r.Approvals) >= Needed
}

// VerifyLift judges a whole request with its approvals by a roster: the last word before flags are cleared, given by the
// worker that clears them and by its own settings, whatever a workflow believes.
func VerifyLift(r Request, roster operator.Roster, now time.Time) error {
	if hash := r.Sum(); hash != r.Hash {
		return refuse(CodeStale, "request %s hashes to %.12s…, and %.12s… was approved", r.ID, hash, r.Hash)
	}
	if err := Passes(r.Checks, r.Waivers); err != nil {
		return err
	}
	var counted []operator.Approval
	for _, a := range r.Approvals {
		if a.Decision != operator.Resume || a.Request != r.ID || a.State != r.Hash {
			return refuse(CodeStale, "an approval of %s is for something else", a.Operator)
		}
		if err := roster.Verify(a, now, Approvers()...); err != nil {
			return err
		}
		for _, before := range counted {
			if err := roster.Different(before.Operator, a.Operator); err != nil {
				return err
			}
		}
		counted = append(counted, a)
	}
	if len(counted) < Needed {
		return refuse(CodeNoRequest, "%d of %d approvals", len(counted), Needed)
	}
	return nil
}

// Back is the release of an isolated vault.
type Back struct {
	Vault    string            `json:"vault"`
	Reason   string            `json:"reason"`
	Waivers  []Waiver          `json:"waivers,omitempty"`
	Approval operator.Approval `json:"approval"`
}

// CheckBack says whether a release may be looked into.
func (s State) CheckBack(b Back, deciding bool, now time.Time) error {
	if strings.TrimSpace(b.Reason) == "" || len([]rune(b.Reason)) > longest {
		return refuse(CodeMalformed, "a release needs a reason of at most %d characters", longest)
	}
	if deciding {
		return refuse(CodeDeciding, "something else is being decided just now").WithNext("Look at feeops resume status")
	}
	if err := checkWaivers(b.Waivers); err != nil {
		return err
	}
	flag, up := s.Find(domain.SafetyIsolate, b.Vault)
	if !up {
		return refuse(CodeNothing, "vault %q is not isolated", clean(b.Vault, 80))
	}
	return VerifyBack(b, flag, s.Roster, now)
}

// VerifyBack judges a release by a roster.
func VerifyBack(b Back, flag domain.SafetyFlag, roster operator.Roster, now time.Time) error {
	if err := roster.Verify(b.Approval, now, Releasers()...); err != nil {
		return err
	}
	if b.Approval.Decision != operator.Release || b.Approval.Request != b.Vault || b.Approval.State != b.Sum(flag) {
		return refuse(CodeStale, "the approval of %s is for something else: the isolation, its reason or the vault is another", b.Approval.Operator).
			WithNext("Sign what stands in feeops resume status now")
	}
	return nil
}

func refuse(code, format string, args ...any) *fault.Error {
	return fault.Newf(fault.Human, code, format, args...)
}
