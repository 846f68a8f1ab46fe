package e2e

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake/vaulttransit"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/receipt"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/worker/app"
)

const vaultToken = "hvs.CAESIPlantedTokenOfTheKeyService"

// inVault moves the fee payer's key from its file into a key service, and takes the file away.
func inVault(w *world) *vaulttransit.Server {
	w.t.Helper()
	server := vaulttransit.Start(vaultToken)
	w.t.Cleanup(server.Close)
	v := w.vault("v")
	server.SetKey("payer", "ed25519", ed25519.PrivateKey(v.Payer))
	require.NoError(w.t, os.Remove(w.settings.Vaults[0].KeypairPath))
	w.settings.Vaults[0].KeypairPath = ""
	w.settings.Signer.Source, w.settings.Signer.PublicKey = config.SourceVault, payer(v).String()
	w.settings.Signer.Vault = config.SignerVault{Address: config.NewURL(server.URL), Mount: "transit", Key: "payer", Token: config.NewSecret(vaultToken)}
	return server
}

func TestADayIsPaidWithAKeyThatIsInNoFile(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 30, MissingATAs: 3}), pageSize(5), with(slowly))
	server := inVault(w)
	w.startWorker()
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 10)
	server.Seal()
	status := w.state(run, domain.Stuck)
	require.Contains(t, status.Reason, "Unseal", "the day waits for people and says for what")
	server.Unseal()
	w.audited("v", before, w.end(run))
	w.ours(w.vault("v"), w.turned("v", before.slot))
}

func TestAWorkerRefusesAnotherKeyThanTheSettingsName(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 3}))
	server := inVault(w)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	server.SetKey("payer", "ed25519", other)
	err = app.New(w.settings).Err()
	require.ErrorContains(t, err, payer(w.vault("v")).String())
	require.ErrorContains(t, err, "rotated")
	require.NotContains(t, err.Error(), vaultToken)
}

// TestAStopWithARemoteKeyAndEncryptionIsLiftedWhenTheKeySigns puts the parts together: the order to stop is encrypted, one
// from the plain command line is understood too, and two people lift it no sooner than the key service signs again.
func TestAStopWithARemoteKeyAndEncryptionIsLiftedWhenTheKeySigns(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 24}), pageSize(3), with(slowly), with(people))
	server := inVault(w)
	w.encrypted("k1")
	w.startWorker()
	ctx, db, before := context.Background(), w.store(), w.ledger("v")
	run := w.start("v")
	w.cursor("v", 6)
	const reason = "a reason that nobody else may read"
	require.NoError(t, app.SignalFlag(ctx, w.client, w.settings.Temporal.TaskQueue, domain.SafetyFlag{Kind: domain.SafetyStop, Reason: reason, Actor: "joe", At: time.Now()}))
	report := w.end(run)
	require.Equal(t, domain.Stopped, report.State)
	require.Contains(t, report.Reason, reason, "the switch could read it")
	_, raw := w.kept(w.client.GetWorkflow(ctx, w.switchID(), ""))
	require.NotContains(t, string(raw), reason)

	server.Seal()
	var answer ops.ResumeAnswer
	require.Eventually(t, func() bool {
		err := w.decree(ops.UpdateRequestResume, safety.Ask{Reason: "mended", Actor: "joe"}, &answer)
		return err != nil && strings.Contains(err.Error(), safety.CheckSigner)
	}, patient, w.slot, "a key that does not sign keeps the stop")
	server.Unseal()
	w.resume()
	w.audited("v", before, w.pay("v"))

	w.temporalCLI("workflow", "signal", "--workflow-id", w.switchID(), "--name", ops.SignalEmergencyStop, "--input", `{"scope":"all","reason":"from outside","actor":"ann"}`)
	w.until("the plain order is followed", func() bool {
		flags, err := db.AllSafety(ctx)
		return err == nil && len(flags) == 1 && flags[0].Reason == "from outside"
	})
	_, err := db.VerifyAudit(ctx)
	require.NoError(t, err)
}

// newPayer makes another fee payer with SOL and gives it to the vault, as a rotation does.
func (w *world) newPayer() solana.PrivateKey {
	w.t.Helper()
	key, err := solana.NewRandomPrivateKey()
	require.NoError(w.t, err)
	w.node.Bank().SetAccount(key.PublicKey(), bank.Account{Lamports: 5 * solana.LAMPORTS_PER_SOL, Owner: solana.SystemProgramID})
	file := filepath.Join(w.t.TempDir(), "next.json")
	require.NoError(w.t, os.WriteFile(file, keyJSON(w.t, key), 0o600))
	w.settings.Vaults[0].KeypairPath = file
	return key
}

// keyJSON is a key in the format of the Solana command line.
func keyJSON(t testing.TB, key solana.PrivateKey) []byte {
	t.Helper()
	numbers := make([]int, 0, len(key))
	for _, b := range key {
		numbers = append(numbers, int(b))
	}
	raw, err := json.Marshal(numbers)
	require.NoError(t, err)
	return raw
}

func TestARotatedKeyPaysTheNextDayWithTablesOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 60}))
	before := w.ledger("v")
	w.audited("v", before, w.pay("v"))
	old, err := w.store().Tables(context.Background(), w.slug("v"))
	require.NoError(t, err)
	require.NotEmpty(t, old, "the day used lookup tables")
	w.stopWorker()
	next := w.newPayer()
	w.startWorker()
	w.nextDay()
	before = w.ledger("v")
	w.audited("v", before, w.pay("v"))
	for _, c := range w.turned("v", before.slot) {
		require.Equal(t, next.PublicKey(), c.signer)
	}
	tables, err := w.store().Tables(context.Background(), w.slug("v"))
	require.NoError(t, err)
	require.Greater(t, len(tables), len(old), "the signing policy takes only tables of the key that signs")
	entry, found, err := w.store().LastAudit(context.Background(), "settings.use")
	require.NoError(t, err)
	require.True(t, found)
	require.Contains(t, entry.Detail, next.PublicKey().String(), "the log shows from when on another key pays")
}

// encrypted gives the world's settings keys, and its client the same.
func (w *world) encrypted(ids ...string) {
	w.t.Helper()
	w.settings.Temporal.Encryption.Keys = nil
	for _, id := range ids {
		key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(id[:1]), 32))
		w.settings.Temporal.Encryption.Keys = append(w.settings.Temporal.Encryption.Keys, config.EncryptionKey{ID: id, Key: config.NewSecret(key)})
	}
	w.redial()
}

// redial gives the world a client with its settings' keys.
func (w *world) redial() {
	w.t.Helper()
	o := client.Options{HostPort: w.settings.Temporal.Address, Namespace: w.settings.Temporal.Namespace}
	require.NoError(w.t, app.Encrypted(w.settings, &o))
	c, err := client.NewLazyClient(o)
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	w.client = c
}

// kept is a run's whole history as the server keeps it.
func (w *world) kept(run interface {
	GetID() string
	GetRunID() string
},
) (asJSON, asBytes []byte) {
	w.t.Helper()
	it := w.client.GetWorkflowHistory(context.Background(), run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		event, err := it.Next()
		require.NoError(w.t, err)
		b, err := protojson.Marshal(event)
		require.NoError(w.t, err)
		asJSON = append(append(asJSON, b...), '\n')
		raw, err := proto.Marshal(event)
		require.NoError(w.t, err)
		asBytes = append(append(asBytes, raw...), '\n')
	}
	return asJSON, asBytes
}

func TestTemporalKeepsNothingReadable(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 9}), pageSize(3), with(slowly))
	w.encrypted("k1")
	w.startWorker()
	before := w.ledger("v")
	run, resume := w.paused("v", 3)
	report := resume()
	w.audited("v", before, report)
	_, raw := w.kept(run)
	for name, text := range map[string]string{
		"a signature": report.Signatures[0], "the plan's hash": report.Manifest, "an actor": `"actor"`, "a mint": report.Token.Mint, "an amount": report.Result.Claimed.String(),
		"a summary": "snapshot and manifest",
	} {
		require.NotContains(t, string(raw), text, name)
	}
	require.Contains(t, string(raw), "binary/encrypted")
	require.Contains(t, string(raw), w.slug("v"), "ids and search attributes stay readable, so no secret may stand in them")

	t.Run("the key is rotated and old runs are still read", func(t *testing.T) {
		w.stopWorker()
		w.encrypted("k2", "k1")
		w.startWorker()
		again := w.end(w.client.GetWorkflow(context.Background(), run.GetID(), run.GetRunID()))
		require.Equal(t, report.Manifest, again.Manifest)
		w.nextDay()
		before := w.ledger("v")
		w.audited("v", before, w.pay("v"))
	})
	t.Run("a worker without the key fails the task and not the run", func(t *testing.T) {
		w.stopWorker()
		w.nextDay()
		before := w.ledger("v")
		run := w.start("v")
		keys := w.settings.Temporal.Encryption.Keys
		w.settings.Temporal.Encryption.Keys = nil
		w.startWorker()
		w.until("the task fails with a reason", func() bool {
			asJSON, _ := w.kept(run)
			return bytes.Contains(asJSON, []byte("WORKFLOW_TASK_FAILED")) && bytes.Contains(asJSON, []byte("temporal.encryption.keys has none"))
		})
		described, err := w.client.DescribeWorkflowExecution(context.Background(), run.GetID(), run.GetRunID())
		require.NoError(t, err)
		require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, described.GetWorkflowExecutionInfo().GetStatus(), "an open day would be lost with its run")
		w.stopWorker()
		w.settings.Temporal.Encryption.Keys = keys
		w.startWorker()
		w.audited("v", before, w.end(run))
	})
}

// audits gives the worker a key for heads and receipts.
func audits(w *world) *seal.Key {
	w.t.Helper()
	key, err := seal.Generate(rand.Reader)
	require.NoError(w.t, err)
	w.settings.Audit.KeyPath = filepath.Join(w.t.TempDir(), "audit.key")
	w.settings.Audit.HeadsFile = filepath.Join(w.t.TempDir(), "heads.jsonl")
	require.NoError(w.t, key.Write(w.settings.Audit.KeyPath))
	return key
}

func TestAReceiptIsVerifiedByTheChainAlone(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 40, ClosedStreams: 1, BelowMinimum: 2, DuplicateRecipients: 6, MissingATAs: 2}), pageSize(7))
	key := audits(w)
	w.startWorker()
	before := w.ledger("v")
	report := w.pay("v")
	got := w.audited("v", before, report)
	service := &receipt.Service{Store: w.store()}
	whole, err := service.Find(context.Background(), w.slug("v"), report.Day)
	require.NoError(t, err)
	require.Equal(t, got.Paid, uint64(whole.Statement.Figures.Paid))
	require.Len(t, whole.Lines, 40)

	pool := w.stranger()
	public := key.Public()
	verify := func(r receipt.Receipt) receipt.Findings {
		return append(r.VerifyForm(&public), r.VerifyChain(context.Background(), pool)...)
	}
	require.Equal(t, domain.CheckOK, verify(whole).Worst(), "%+v", verify(whole))
	for _, i := range w.vault("v").Investors {
		one, err := whole.For(i.Wallet.String())
		if err != nil {
			one, err = whole.For(i.Stream.String()) // A closed stream's recipient may not be known.
		}
		require.NoError(t, err)
		require.Equal(t, domain.CheckOK, verify(one).Worst(), "%+v", verify(one))
	}
	other := newChain(t, specs(localnet.VaultSpec{Investors: 2}))
	require.Equal(t, "chain", whole.VerifyChain(context.Background(), other.stranger())[0].Check)
	require.Equal(t, domain.CheckFail, whole.VerifyChain(context.Background(), other.stranger()).Worst(), "another chain")

	t.Run("the audit log agrees with the posted head", func(t *testing.T) {
		f, err := os.Open(w.settings.Audit.HeadsFile)
		require.NoError(t, err)
		defer f.Close()
		heads, err := audit.ReadHeads(f)
		require.NoError(t, err)
		db := w.store()
		r, err := audit.Verify(context.Background(), db, heads)
		require.NoError(t, err)
		require.True(t, r.OK(), "%+v", r)
		var actions []string
		log, err := db.AuditLog(context.Background(), 0, 100)
		require.NoError(t, err)
		for _, e := range log {
			actions = append(actions, e.Action)
		}
		require.Equal(t, "settings.use key.use key.use settings.money day.start day.end receipt.issue", strings.Join(actions, " "))
	})
}

// stranger is a pool that knows the chain's address and nothing else.
func (w *world) stranger() *chain.Pool {
	w.t.Helper()
	pool, err := chain.New(chain.Options{Endpoints: []chain.Endpoint{{Name: "public", URL: w.node.URL()}}, RequestTimeout: 10 * time.Second})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, pool.Stop(context.Background())) })
	pool.Probe(context.Background())
	return pool
}
