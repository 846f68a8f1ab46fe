package e2e

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// operatorKey is a person's key in these tests.
func operatorKey(name string) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	return ed25519.NewKeyFromSeed(seed)
}

// people puts two approvers and one who runs the day into the settings.
func people(s *config.Settings) {
	for name, role := range map[string]string{"ada": "approver", "bob": "approver", "joe": "operator"} {
		s.Operators = append(s.Operators, config.Operator{
			Name: name, Roles: []string{role}, PublicKey: operator.FormatKey(operatorKey(name).Public().(ed25519.PublicKey)),
		})
	}
}

func (w *world) switchID() string { return ops.SwitchID(w.settings.Temporal.TaskQueue) }

// temporalCLI runs the real temporal command line as an operator does, in a process of its own.
func (w *world) temporalCLI(args ...string) string {
	w.t.Helper()
	binary, err := devstack.TemporalBinary(context.Background(), func(string) {})
	require.NoError(w.t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append(args, "--address", w.settings.Temporal.Address, "--namespace", devstack.Namespace)...)
	cmd.Env = append(os.Environ(), "HOME="+w.t.TempDir()) // No settings of whoever runs the tests.
	out, err := cmd.CombinedOutput()
	require.NoError(w.t, err, "%s", out)
	return string(out)
}

func (w *world) safetyState() safety.State {
	w.t.Helper()
	var s safety.State
	w.until("the switch answers", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		value, err := w.client.QueryWorkflow(ctx, w.switchID(), "", ops.QueryState)
		s = safety.State{}
		return err == nil && value.Get(&s) == nil && len(s.Vaults) > 0
	})
	return s
}

// decree sends an update to the switch and gives its error.
func (w *world) decree(name string, arg, answer any) error {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	handle, err := w.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: w.switchID(), UpdateName: name, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageCompleted})
	if err != nil {
		return err
	}
	return handle.Get(ctx, answer)
}

// request asks until the checklist passes: what was in the air must come down first.
func (w *world) request() safety.Request {
	w.t.Helper()
	var answer ops.ResumeAnswer
	w.until("the checklist passes", func() bool {
		answer = ops.ResumeAnswer{}
		return w.decree(ops.UpdateRequestResume, safety.Ask{Reason: "found and mended", Actor: "joe"}, &answer) == nil
	})
	return *answer.Request
}

func (w *world) sign(name string, r safety.Request, key ed25519.PrivateKey) operator.Approval {
	w.t.Helper()
	a, err := operator.Sign(key, operator.Approval{Decision: operator.Resume, Request: r.ID, State: r.Hash, Operator: name, Expires: time.Now().Add(10 * time.Minute).Truncate(time.Second)})
	require.NoError(w.t, err)
	return a
}

func (w *world) approve(name string, r safety.Request) (ops.ResumeAnswer, error) {
	var answer ops.ResumeAnswer
	err := w.decree(ops.UpdateApproveResume, w.sign(name, r, operatorKey(name)), &answer)
	return answer, err
}

// resume lifts whatever is stopped.
func (w *world) resume() {
	w.t.Helper()
	r := w.request()
	for _, name := range []string{"ada", "bob"} {
		_, err := w.approve(name, r)
		require.NoError(w.t, err)
	}
}

// release brings an isolated vault back by one person's signature.
func (w *world) release(short, name string) {
	w.t.Helper()
	var flag domain.SafetyFlag
	w.until("the vault is isolated", func() bool {
		var up bool
		flag, up = w.safetyState().Find(domain.SafetyIsolate, w.slug(short))
		return up && w.safetyState().Stop.Stored.Done
	})
	w.until("the checklist passes", func() bool {
		b := safety.Back{Vault: w.slug(short), Reason: "corrected"}
		flag, _ = w.safetyState().Find(domain.SafetyIsolate, w.slug(short))
		hash := b.Sum(flag)
		var err error
		b.Approval, err = operator.Sign(operatorKey(name), operator.Approval{
			Decision: operator.Release, Request: b.Vault, State: hash, Operator: name, Expires: time.Now().Add(5 * time.Minute).Truncate(time.Second),
		})
		require.NoError(w.t, err)
		return w.decree(ops.UpdateReleaseVault, b, nil) == nil
	})
}

func (w *world) refusals(db *store.Store) []string {
	w.t.Helper()
	log, err := db.AuditLog(context.Background(), 0, 1000)
	require.NoError(w.t, err)
	var out []string
	for _, e := range log {
		if e.Action == "update.refused" {
			out = append(out, e.Actor+" "+e.Detail)
		}
	}
	return out
}

// moveServer kills the world's Temporal server and starts another one on the same database, as a host that comes back.
func (w *world) moveServer(server *devstack.Temporal, binary, dir string) *devstack.Temporal {
	w.t.Helper()
	process, err := os.FindProcess(server.PID())
	require.NoError(w.t, err)
	require.NoError(w.t, process.Kill())
	<-server.Done()
	return w.ownServer(binary, dir)
}

// ownServer gives the world a Temporal server of its own, which keeps what it knows in a file.
func (w *world) ownServer(binary, dir string) *devstack.Temporal {
	w.t.Helper()
	server, err := devstack.StartTemporal(context.Background(), devstack.TemporalOptions{Binary: binary, DBFile: dir + "/temporal.db", Dir: dir})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, server.Stop(context.Background())) })
	w.settings.Temporal.Address = server.Address
	w.client, err = server.Dial()
	require.NoError(w.t, err)
	w.t.Cleanup(w.client.Close)
	return server
}

// TestS11_AStopByThePlainCLIOutlivesWorkerAndServerAndTwoPeopleLiftIt is the whole story on real parts: the temporal
// command line stops, every wrong way of resuming is refused and audited, worker and server are killed in between, and the
// right way pays the day to its end.
func TestS11_AStopByThePlainCLIOutlivesWorkerAndServerAndTwoPeopleLiftIt(t *testing.T) {
	t.Parallel()
	binary, err := devstack.TemporalBinary(context.Background(), func(line string) { t.Log(line) })
	require.NoError(t, err)
	dir := t.TempDir()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 24}), pageSize(3), with(slowly), with(hastily), with(people))
	server := w.ownServer(binary, dir)
	w.startWorker()
	db := w.store()
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 6)

	w.temporalCLI("workflow", "signal", "--workflow-id", w.switchID(), "--name", ops.SignalEmergencyStop,
		"--input", `{"scope":"all","reason":"strange payouts","actor":"the night shift"}`)
	report := w.end(run)
	require.Equal(t, domain.Stopped, report.State)
	require.Contains(t, report.Reason, "the night shift: strange payouts")
	at, sent := w.chainCursor("v"), w.node.Requests()["sendTransaction"]
	require.Less(t, at, uint32(24))
	again := w.pay("v")
	require.Equal(t, domain.Stopped, again.State, "a new run does not begin")
	require.Contains(t, again.Reason, "strange payouts")

	r := w.request()
	_, err = w.approve("ada", r)
	require.NoError(t, err)
	wrong := []struct {
		give operator.Approval
		code string
	}{
		{w.sign("ada", r, operatorKey("ada")), operator.CodeSame},
		{w.sign("bob", r, operatorKey("mallory")), operator.CodeWrongKey},
		{w.sign("mallory", r, operatorKey("mallory")), operator.CodeUnknown},
		{w.sign("joe", r, operatorKey("joe")), operator.CodeRole},
		{w.sign("bob", safety.Request{ID: r.ID, Hash: strings.Repeat("0", 64)}, operatorKey("bob")), safety.CodeStale},
		{operator.Approval{Decision: operator.Resume}, operator.CodeMalformed},
	}
	for _, one := range wrong {
		err := w.decree(ops.UpdateApproveResume, one.give, nil)
		require.Equal(t, one.code, fault.CodeOf(err), "%v", err)
	}
	w.until("all refusals are in the audit log", func() bool { return len(w.refusals(db)) >= len(wrong) })
	require.Contains(t, strings.Join(w.refusals(db), "\n"), "somebody as ada approve-resume: ada has approved already")

	w.stopWorker()
	server = w.moveServer(server, binary, dir)
	w.startWorker()
	state := w.safetyState()
	require.True(t, state.Up(), "the stop survived both")
	require.NotNil(t, state.Request)
	require.Len(t, state.Request.Approvals, 1, "and so did the first approval")
	require.Equal(t, domain.Stopped, w.pay("v").State)
	w.slots(20)
	require.Equal(t, at, w.chainCursor("v"))
	require.Equal(t, sent, w.node.Requests()["sendTransaction"], "nothing was sent from the stop on")

	answer, err := w.approve("bob", *state.Request)
	require.NoError(t, err)
	require.Len(t, answer.Lifted, 1)
	w.audited("v", before, w.pay("v"))
	_, err = db.VerifyAudit(context.Background())
	require.NoError(t, err)
	require.NotNil(t, server)
}

func TestS11_AnEmptySignalOfThePlainCLIStopsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, []localnet.VaultSpec{{ID: "a", Investors: 6}, {ID: "b", Investors: 6}}, with(people))
	w.safetyState()
	w.temporalCLI("workflow", "signal", "--workflow-id", w.switchID(), "--name", ops.SignalEmergencyStop)
	db := w.store()
	w.until("the flag is up", func() bool {
		flags, err := db.AllSafety(context.Background())
		return err == nil && len(flags) == 1 && flags[0].Vault == "" && strings.Contains(flags[0].Reason, "without content")
	})
	for _, v := range []string{"a", "b"} {
		require.Equal(t, domain.Stopped, w.pay(v).State)
	}
	out := w.temporalCLI("workflow", "query", "--workflow-id", w.switchID(), "--type", ops.QueryState, "--output", "json")
	require.Contains(t, out, "without content", "the state is asked for by the plain CLI")
	w.until("nothing is in the air", func() bool { f := w.safetyState().Flights; return f != nil && f.Settled })
	w.temporalCLI("workflow", "update", "execute", "--workflow-id", w.switchID(), "--name", ops.UpdateRequestResume, "--input", `{"reason":"it was a test","actor":"the night shift"}`)
	r := w.safetyState().Request
	require.NotNil(t, r)
	for _, name := range []string{"ada", "bob"} { // Signed on their machines, sent by whoever has the CLI.
		approval, err := json.Marshal(w.sign(name, *r, operatorKey(name)))
		require.NoError(t, err)
		w.temporalCLI("workflow", "update", "execute", "--workflow-id", w.switchID(), "--name", ops.UpdateApproveResume, "--input", string(approval))
	}
	require.Equal(t, domain.Complete, w.pay("a").State)
}

// TestS11_AStopAtAnyMomentOfADayIsKeptAndTheDayIsPaidOnceInTheEnd stops a real day early, in its middle and late.
func TestS11_AStopAtAnyMomentOfADayIsKeptAndTheDayIsPaidOnceInTheEnd(t *testing.T) {
	t.Parallel()
	for name, ripe := range map[string]func(w *world){
		"before its first page": func(*world) {},
		"between two pages":     func(w *world) { w.cursor("v", 6) },
		"with a page in the air": func(w *world) {
			w.until("a page is sent", func() bool { return w.node.Requests()["sendTransaction"] > 0 })
		},
		"after its last page": func(w *world) { w.cursor("v", 15) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, specs(localnet.VaultSpec{Investors: 15, MissingATAs: 1}), pageSize(3), with(people), with(slowly))
			w.safetyState()
			before := w.ledger("v")
			run := w.start("v")
			ripe(w)
			require.NoError(t, w.client.SignalWorkflow(context.Background(), w.switchID(), "", ops.SignalEmergencyStop, map[string]string{"scope": "vault", "vault": w.slug("v"), "reason": name, "actor": "e2e"}))
			db := w.store()
			w.until("the flag is up", func() bool {
				flags, err := db.Safety(context.Background(), w.slug("v"))
				return err == nil && len(flags) == 1
			})
			w.slots(2) // A send that had passed its gate is on the wire by now.
			sent := w.node.Requests()["sendTransaction"]
			report := w.end(run)
			require.Contains(t, []domain.State{domain.Stopped, domain.Complete}, report.State, report.Reason)
			w.until("what was in the air is settled", func() bool {
				f := w.safetyState().Flights
				return f != nil && f.Settled
			})
			require.Equal(t, sent, w.node.Requests()["sendTransaction"], "nothing is sent behind the stop")
			var answer ops.ResumeAnswer
			require.NoError(t, w.decree(ops.UpdateRequestResume, safety.Ask{Vault: w.slug("v"), Reason: "go on", Actor: "joe"}, &answer))
			for _, who := range []string{"ada", "bob"} {
				_, err := w.approve(who, *answer.Request)
				require.NoError(t, err)
			}
			if report.State != domain.Complete {
				report = w.pay("v")
			}
			w.audited("v", before, report)
		})
	}
}

// The flag that the command line wrote while Temporal was away is followed when a worker starts.
func TestS11_AFlagInTheStoreIsFollowedWhenAWorkerStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), with(people))
	w.safetyState()
	w.stopWorker()
	require.NoError(t, w.store().SetSafety(context.Background(), domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "by hand", Actor: "joe", At: time.Now()}))
	w.startWorker()
	w.until("the switch knows it", func() bool {
		s := w.safetyState()
		return s.Up() && s.Stop != nil && s.Stop.Told.Done && s.Stop.Evidence.Done
	})
}

func TestS11_EmergencyStopOfTheSettingsIsDurable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), with(people), with(stopped))
	w.until("the durable stop is up", func() bool { return w.safetyState().Up() })
	var answer ops.ResumeAnswer
	err := w.decree(ops.UpdateRequestResume, safety.Ask{Reason: "go on", Actor: "joe"}, &answer)
	require.Equal(t, safety.CodeChecklist, fault.CodeOf(err))
	require.ErrorContains(t, err, safety.CheckSwitch, "a worker that has it would keep its gate closed")
	w.stopWorker()
	w.settings.Safety.EmergencyStop = false
	w.startWorker()
	require.Equal(t, domain.Stopped, w.pay("v").State, "taking the variable away lifts nothing")
	w.resume()
	require.Equal(t, domain.Complete, w.pay("v").State)
}

// Somebody who terminates the switch opens no gate, and it comes back with what the store says.
func TestS11_ATerminatedSwitchComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), with(people))
	w.safetyState()
	ctx := context.Background()
	require.NoError(t, w.client.SignalWorkflow(ctx, w.switchID(), "", ops.SignalEmergencyStop, map[string]string{"scope": "all", "reason": "look", "actor": "e2e"}))
	w.until("the stop is stored", func() bool { s := w.safetyState(); return s.Stop != nil && s.Stop.Stored.Done })
	require.NoError(t, w.client.TerminateWorkflow(ctx, w.switchID(), "", "by mistake"))
	require.Equal(t, domain.Stopped, w.pay("v").State)
	w.stopWorker()
	w.startWorker()
	w.until("it is back", func() bool { return w.safetyState().Up() })
	w.resume()
	require.Equal(t, domain.Complete, w.pay("v").State)
}

func TestStopDrill_MeasuresTheLiveSystemAndStopsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 24}), pageSize(3), with(slowly))
	w.safetyState()
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 3)
	drill, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "drill/" + t.Name(), TaskQueue: w.settings.Temporal.TaskQueue},
		ops.StopDrill, ops.DrillInput{Samples: 2, Limit: time.Minute})
	require.NoError(t, err)
	var report ops.DrillReport
	require.NoError(t, drill.Get(context.Background(), &report))
	require.True(t, report.OK)
	require.Equal(t, 2, report.Samples)
	require.Equal(t, 1, report.Running)
	require.Positive(t, report.P50)
	w.audited("v", before, w.end(run))
	flags, err := w.store().AllSafety(context.Background())
	require.NoError(t, err)
	require.Empty(t, flags)
}

func TestSafetySchedule_FollowsTheSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 3}))
	id := ops.DrillSchedule(w.settings.Temporal.TaskQueue)
	describe := func() (*client.ScheduleDescription, error) {
		return w.client.ScheduleClient().GetHandle(context.Background(), id).Describe(context.Background())
	}
	_, err := describe()
	require.Error(t, err, "no schedule without a time")
	w.stopWorker()
	w.settings.Schedules.StopDrill.Enabled = true
	w.startWorker()
	w.until("the worker makes it", func() bool { _, err := describe(); return err == nil })
	for _, at := range []string{"09:00", "10:30", ""} {
		w.settings.Schedules.StopDrill.Enabled = at != ""
		if at != "" {
			w.settings.Schedules.StopDrill.At = at
		}
		book, err := app.Schedules(w.settings, w.client.ScheduleClient())
		require.NoError(t, err)
		plan, err := book.Plan(context.Background())
		require.NoError(t, err)
		for _, c := range plan {
			if c.ID == id {
				require.NoError(t, book.Apply(context.Background(), c))
			}
		}
		d, err := describe()
		if at == "" {
			require.Error(t, err, "switched off")
			return
		}
		require.NoError(t, err)
		require.Len(t, d.Schedule.Spec.Calendars, 1)
		c := d.Schedule.Spec.Calendars[0]
		require.Equal(t, at, fmt.Sprintf("%02d:%02d", c.Hour[0].Start, c.Minute[0].Start))
	}
}
