package ops

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// Profile is a class of activities that share time limits and retries.
type Profile string

// Profiles. No other code writes a timeout.
const (
	Read   Profile = "read"   // Reads the chain or the store.
	Pay    Profile = "pay"    // May send; settles old signatures first, so it may repeat.
	Settle Profile = "settle" // Waits for finality.
	Audit  Profile = "audit"  // Reads a day's whole history.
	Save   Profile = "save"   // Writes the store.
	Watch  Profile = "watch"  // One look or judgement; the next one comes soon, so it gives up early.
	Tell   Profile = "tell"   // Tells people through every channel and its fallbacks; it waits for slow ones.
	Look   Profile = "look"   // Somebody waits for the answer.

	Flag    Profile = "flag"    // Raises or lifts a flag for the switch: tried again at once, and without end.
	Guard   Profile = "guard"   // Keeps money from moving. It is tried fast, and what follows does not wait for long.
	Collect Profile = "collect" // Takes evidence: each part has a limit of its own.
	Routine Profile = "routine" // A report or a piece of maintenance over the whole fleet. Nothing waits for it, and a later run makes up for it.

	Keep Profile = "keep" // Moves whole backups; how long that takes, their size decides.
)

// retry is the one place that spells a policy: the first wait, doubled up to a cap, so many attempts (0 = without end).
// The waits of Pay are 2, 4, 8 and 16 s (X15); then the workflow looks for orders, waits longer and begins again, so
// that a stop is never kept waiting by retries (X05).
func retry(first, most time.Duration, times int32) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: first, BackoffCoefficient: 2, MaximumInterval: most, MaximumAttempts: times}
}

var options = map[Profile]workflow.ActivityOptions{
	Read:   {StartToCloseTimeout: 30 * time.Second, RetryPolicy: retry(time.Second, 30*time.Second, 8)},
	Pay:    {StartToCloseTimeout: 5 * time.Minute, HeartbeatTimeout: 15 * time.Second, RetryPolicy: retry(2*time.Second, 30*time.Second, 5)},
	Settle: {StartToCloseTimeout: 10 * time.Minute, HeartbeatTimeout: 15 * time.Second, RetryPolicy: retry(2*time.Second, 30*time.Second, 0)},
	Audit:  {StartToCloseTimeout: 10 * time.Minute, HeartbeatTimeout: 15 * time.Second, RetryPolicy: retry(2*time.Second, 30*time.Second, 5)},
	Save:   {StartToCloseTimeout: 20 * time.Second, RetryPolicy: retry(time.Second, 30*time.Second, 0)},
	Watch:  {StartToCloseTimeout: 50 * time.Second, RetryPolicy: retry(time.Second, 5*time.Second, 3)},
	Tell:   {StartToCloseTimeout: 5 * time.Minute, HeartbeatTimeout: 15 * time.Second, RetryPolicy: retry(2*time.Second, time.Minute, 20)},
	Look:   {StartToCloseTimeout: 45 * time.Second, RetryPolicy: retry(500*time.Millisecond, 2*time.Second, 3)},

	Flag:    {StartToCloseTimeout: 15 * time.Second, RetryPolicy: retry(100*time.Millisecond, 5*time.Second, 0)},
	Guard:   {StartToCloseTimeout: 5 * time.Second, RetryPolicy: retry(200*time.Millisecond, 5*time.Second, 8)},
	Collect: {StartToCloseTimeout: time.Minute, RetryPolicy: retry(2*time.Second, 30*time.Second, 5)},
	Routine: {StartToCloseTimeout: 10 * time.Minute, HeartbeatTimeout: 15 * time.Second, RetryPolicy: retry(2*time.Second, time.Minute, 5)},

	Keep: {StartToCloseTimeout: time.Hour, HeartbeatTimeout: 15 * time.Second, RetryPolicy: retry(10*time.Second, 5*time.Minute, 5)},
}

// Options are a profile's time limits and retries.
func Options(p Profile) workflow.ActivityOptions { return options[p] }

// Activity is a typed handle: a name, its profile, and the only way to execute it.
type Activity[I, O any] struct {
	Name    string
	Profile Profile
}

// Do executes the activity and waits for it. Summary is shown beside it in the Temporal UI.
func (a Activity[I, O]) Do(ctx workflow.Context, in I, summary string) (O, error) {
	var out O
	err := a.Start(ctx, in, summary).Get(ctx, &out)
	return out, err
}

// nowLimit bounds what is done within a workflow task: the task's other commands wait for it.
const nowLimit = time.Second

// Now executes the activity once within the workflow task itself, without the two ways over the server that Do takes. It
// is for what must not wait for anything; whoever gets an error goes on with Do.
func (a Activity[I, O]) Now(ctx workflow.Context, in I) (O, error) {
	var out O
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: nowLimit, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	err := workflow.ExecuteLocalActivity(ctx, a.Name, in).Get(ctx, &out)
	return out, err
}

// Start executes the activity and returns its future, for work beside the main line.
func (a Activity[I, O]) Start(ctx workflow.Context, in I, summary string) workflow.Future {
	o := Options(a.Profile)
	o.Summary = summary
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), a.Name, in)
}

// The activities of a day, in the order in which it uses them.
var (
	CheckGate      = Activity[string, GateResult]{"CheckGate", Read}
	PlanDay        = Activity[string, Plan]{"PlanDay", Read}
	RunChecks      = Activity[DayRef, ChecksResult]{"RunChecks", Read}
	EnsureAccounts = Activity[DayRef, AccountsResult]{"EnsureAccounts", Pay}
	Preflight      = Activity[PageInput, PreflightResult]{"Preflight", Read}
	SendPage       = Activity[PageInput, PageResult]{"SendPage", Pay}
	FixOpening     = Activity[DayRef, OpeningResult]{"FixOpening", Audit}
	AwaitFinality  = Activity[DayRef, FinalityResult]{"AwaitFinality", Settle}
	Reconcile      = Activity[DayRef, ReconcileResult]{"Reconcile", Audit}
	TidyTables     = Activity[DayRef, TidyResult]{"TidyTables", Pay}
	SaveReport     = Activity[ReportInput, SaveResult]{"SaveReport", Save}
	ListVaults     = Activity[ListInput, ListResult]{"ListVaults", Save}
)

// The activities of the watch.
var (
	TakeLook      = Activity[LookInput, LookResult]{"TakeLook", Watch}
	JudgeFleet    = Activity[JudgeInput, JudgeResult]{"JudgeFleet", Watch}
	TellPeople    = Activity[domain.Message, TellAnswer]{"Tell", Tell}
	ShowDashboard = Activity[ShowInput, domain.Dashboard]{"ShowDashboard", Watch}
)

// The activities of the safety switch; it tells people by TellPeople.
var (
	ReadSafety    = Activity[struct{}, safety.Facts]{"ReadSafety", Flag}
	StoreFlag     = Activity[domain.SafetyFlag, struct{}]{"StoreFlag", Flag}
	StopRuns      = Activity[StopOrder, safety.Runs]{"StopRuns", Look}
	TakeEvidence  = Activity[StopOrder, safety.Bundle]{"TakeEvidence", Collect}
	ListFlights   = Activity[struct{}, safety.Flights]{"ListFlights", Look}
	SettleFlights = Activity[SettleInput, safety.Flights]{"SettleFlights", Settle}
	InspectSafety = Activity[InspectInput, InspectResult]{"InspectSafety", Look}
	LiftStop      = Activity[LiftInput, struct{}]{"LiftStop", Flag}
	LiftIsolation = Activity[BackInput, struct{}]{"LiftIsolation", Flag}
	AuditSafety   = Activity[safety.Entry, struct{}]{"AuditSafety", Save}
	MeasureStop   = Activity[DrillSample, DrillTook]{"MeasureStop", Look}
)
