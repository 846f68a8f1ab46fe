package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/fx"
	"go.yaml.in/yaml/v3"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fake/s3"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/receipt"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// Planted secrets: each is long enough to stand nowhere by chance. Those of the channels are made by plantAll.
const (
	plantedRPC      = "planted-rpc-key-0123456789abcdef"
	plantedPath     = "planted0rpc0path0key0123456789ab"
	plantedAESBytes = "planted-aes-key-of-thirty-two-by"
	plantedKMS      = "planted-kms-endpoint-0123456789"
)

// plantedAWS are the credentials for the place of backups, as AWS's own tools take them.
func plantedAWS() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": "PLANTEDAWSKEYID00001", "AWS_SECRET_ACCESS_KEY": "planted-aws-secret-access-key-0123456789", "AWS_SESSION_TOKEN": "planted-aws-session-token-0123456789",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
	}
}

// forms are the ways in which a secret could stand in a file.
func forms(secret []byte) map[string]string {
	numbers := make([]string, len(secret))
	for i, b := range secret {
		numbers[i] = fmt.Sprint(b)
	}
	return map[string]string{
		"as it is": string(secret), "in base64": base64.StdEncoding.EncodeToString(secret), "in base64 for addresses": base64.RawURLEncoding.EncodeToString(secret),
		"in hex": hex.EncodeToString(secret), "in an address": url.QueryEscape(string(secret)), "as numbers": strings.Join(numbers, ","), "as Go's numbers": strings.Join(numbers, " "),
	}
}

// buffer is written to by many.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.b.Bytes())
}

// secrets of a world, by name.
func (w *world) secrets() map[string][]byte {
	audit, err := os.ReadFile(w.settings.Audit.KeyPath)
	require.NoError(w.t, err)
	key := w.vault("v").Payer
	out := map[string][]byte{
		"RPC key": []byte(plantedRPC), "RPC key in a path": []byte(plantedPath), "encryption key": []byte(plantedAESBytes),
		"audit key": bytes.Split(audit, []byte("\n"))[1], "fee payer's seed": key[:32], "fee payer's key": key, "fee payer's key in base58": []byte(key.String()),
		"token of the key service": []byte(vaultToken),
	}
	identity, err := os.ReadFile(w.settings.Backup.IdentityFile)
	require.NoError(w.t, err)
	out["key that opens backups"] = bytes.Split(bytes.TrimSpace(identity), []byte("\n"))[2]
	for name, value := range plantedAWS() {
		if strings.HasPrefix(strings.ToLower(value), "planted") && name != "AWS_ACCESS_KEY_ID" { // The id is public: it stands in every signed request.
			out[name] = []byte(value)
		}
	}
	out["KMS endpoint"] = []byte(plantedKMS)
	for name, secret := range plantAll(reflect.ValueOf(&w.settings).Elem(), "settings") {
		out[name] = []byte(secret)
	}
	w.nothingForgotten(out)
	return out
}

// nothingForgotten walks the type of the settings: every field that takes a secret, or an address that may hold one, has
// one of the planted ones in it. A setting that is added later fails here until it is planted too.
func (w *world) nothingForgotten(planted map[string][]byte) {
	w.t.Helper()
	excused := map[string]string{
		".Store.DSN":                    "a file; errors of PostgreSQL are searched in the store's own tests",
		".Backup.Place":                 "the settings refuse an address with credentials",
		".Signer.Vault.Address":         "the key service is really asked there",
		".Temporal.Encryption.Keys.Key": "planted by encryptedAs, in the run that encrypts",
	}
	held := map[string][]string{}
	holders(reflect.ValueOf(w.settings), "", held)
	paths := takers(reflect.TypeFor[config.Settings](), "")
	require.Greater(w.t, len(paths), 20)
	for _, path := range paths {
		if excused[path] != "" {
			continue
		}
		require.NotEmpty(w.t, held[path], "plant a secret into %s, or say why none can be there", path)
		for _, value := range held[path] {
			require.True(w.t, slices.ContainsFunc(slices.Collect(maps.Values(planted)), func(secret []byte) bool { return strings.Contains(value, string(secret)) }), "%s holds none of the planted secrets", path)
		}
	}
}

// secretive is true for the types of settings that may hold a secret.
func secretive(t reflect.Type) bool {
	return t == reflect.TypeFor[config.Secret]() || t == reflect.TypeFor[config.URL]()
}

// takers are the paths of all fields that take a secret, whether there is an entry or not.
func takers(t reflect.Type, path string) []string {
	switch {
	case secretive(t):
		return []string{path}
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Map, t.Kind() == reflect.Pointer:
		return takers(t.Elem(), path)
	case t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[config.Settings]().PkgPath():
		return nil
	}
	var out []string
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			out = append(out, takers(f.Type, path+"."+f.Name)...)
		}
	}
	return out
}

// holders are the same paths with what stands there.
func holders(v reflect.Value, path string, out map[string][]string) {
	switch {
	case secretive(v.Type()):
		if one := v.Interface().(interface{ Reveal() string }).Reveal(); one != "" {
			out[path] = append(out[path], one)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			holders(v.Index(i), path, out)
		}
	case v.Kind() == reflect.Map:
		for _, key := range v.MapKeys() {
			holders(v.MapIndex(key), path, out)
		}
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			holders(v.Elem(), path, out)
		}
	case v.Kind() == reflect.Struct && v.Type().PkgPath() == reflect.TypeFor[config.Settings]().PkgPath():
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				holders(v.Field(i), path+"."+f.Name, out)
			}
		}
	}
}

// plantAll puts a secret of its own into every place of a section that takes one, and names what it put where. A channel
// that is added later is found by its type.
func plantAll(v reflect.Value, name string) map[string]string {
	out := map[string]string{}
	switch {
	case v.Type() == reflect.TypeFor[config.Secret]():
		if !v.Interface().(config.Secret).IsZero() {
			break // Planted by hand, because something must really work with it.
		}
		secret := "planted-" + strings.NewReplacer(".", "-", " ", "-").Replace(name) + "-0123456789"
		value := secret
		if strings.Contains(name, "URL") { // Nobody listens there, so that failures are told.
			value = "http://127.0.0.1:1/hooks/" + secret
		}
		v.Set(reflect.ValueOf(config.NewSecret(value)))
		out[name] = secret
	case v.Kind() == reflect.Struct && v.Type().PkgPath() == reflect.TypeFor[config.Settings]().PkgPath():
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				maps.Copy(out, plantAll(v.Field(i), name+"."+v.Type().Field(i).Name))
			}
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			maps.Copy(out, plantAll(v.Index(i), fmt.Sprintf("%s.%d", name, i)))
		}
	}
	return out
}

// planted puts secrets into addresses and gives every channel something to fail with.
func planted(s *config.Settings) {
	url := s.RPC.Endpoints[0].URL.Reveal()
	ws := s.RPC.Endpoints[0].WSURL.Reveal()
	s.RPC.Endpoints = []config.Endpoint{
		{Name: "good", URL: config.NewURL(url + "/?api-key=" + plantedRPC), WSURL: config.NewURL(ws + "/?api-key=" + plantedRPC)},
		{Name: "down", URL: config.NewURL("http://user:" + plantedPath + "@127.0.0.1:1/v2/" + plantedPath), WSURL: config.NewURL("ws://127.0.0.1:1/v2/" + plantedPath)},
	}
	n := &s.Notify
	n.Slack.Channel, n.Slack.BaseURL, n.PagerDuty.BaseURL = "ops", "http://127.0.0.1:1/", "http://127.0.0.1:1"
	n.SMTP.Host, n.SMTP.Port, n.SMTP.TLS, n.SMTP.Username, n.SMTP.From, n.SMTP.To = "127.0.0.1", 1, "none", "ops", "a@example.org", []string{"b@example.org"}
	n.Webhooks = []config.Webhook{{Name: "sms"}, {Name: taken}}
	n.Routes = []config.Route{{Name: "everyone", Channels: []string{"slack", "pagerduty", "discord", "email", "webhook/sms", "webhook/" + taken}}}
	s.Signer.KMS.Endpoint = config.NewURL("http://user:" + plantedKMS + "@127.0.0.1:1")
	s.Worker.Web.Tokens = []config.WebToken{{Operator: "carol"}}
	s.Incidents.Respond, s.Incidents.EvidenceDir = true, filepath.Join(filepath.Dir(strings.TrimPrefix(s.Store.DSN.Reveal(), "file:")), "incidents")
}

// taken is the one channel whose messages arrive.
const taken = "taken"

// receiver keeps what the channel that works was sent: headers and bodies. Its own address is a secret too, which the
// request line holds and nothing else may.
func (w *world) receiver() *buffer {
	w.t.Helper()
	got := &buffer{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(got, "%v\n%s\n%v\n", r.Header, body, err)
	}))
	w.t.Cleanup(server.Close)
	for i, hook := range w.settings.Notify.Webhooks {
		if hook.Name == taken {
			w.settings.Notify.Webhooks[i].URL = config.NewSecret(strings.Replace(hook.URL.Reveal(), "http://127.0.0.1:1", server.URL, 1))
		}
	}
	return got
}

// reports are all reports in all formats, read while one endpoint is down.
func (w *world) reports(left map[string][]byte) {
	w.t.Helper()
	ctx, r := context.Background(), w.reporting()
	now := r.now(w.t)
	window := report.NewWindow("day", now.Add(-24*time.Hour), now.Add(time.Hour), now, time.UTC)
	review, morning := r.review(w.t, 24), r.Morning(ctx, nil)
	daily, err := r.Daily(ctx, report.DailyInput{Window: window, Review: &review})
	require.NoError(w.t, err)
	weekly, err := r.Weekly(ctx, window)
	require.NoError(w.t, err)
	monthly, err := r.Monthly(ctx, report.MonthlyParams{Window: window, Security: r.store})
	require.NoError(w.t, err)
	performance, err := r.Performance(ctx, window.From, window.To)
	require.NoError(w.t, err)
	statement, known, err := r.Investor(ctx, w.vault("v").Investors[0].Wallet.String(), "", "")
	require.NoError(w.t, err)
	require.True(w.t, known)
	for name, one := range map[string]sheet.Paged{
		"morning": morning, "events": review, "daily": daily, "weekly": weekly, "monthly": monthly, "performance": performance, "investor": statement,
	} {
		for _, format := range sheet.Formats() {
			body, err := sheet.Render(one, format)
			require.NoError(w.t, err)
			left["report "+name+" as "+format] = body
		}
	}
	require.Contains(w.t, string(left["report daily as md"]), w.slug("v"))
}

// TestSecretsStandNowhere pays a day with a secret in every place of the settings that takes one, while an endpoint is
// down, the other one stutters and the key service is sealed for a while, and then looks for each secret, in any form,
// in everything that is left: logs at the lowest level, the histories of all runs, the store's files, evidence of incidents,
// reports in all formats, messages of a channel that works, the page, receipts, heads, pages of the worker, shown settings, errors.
func TestSecretsStandNowhere(t *testing.T) {
	t.Parallel()
	for _, encrypt := range []bool{false, true} {
		t.Run(fmt.Sprintf("encryption %t", encrypt), func(t *testing.T) {
			w := newChain(t, specs(localnet.VaultSpec{Investors: 30, MissingATAs: 2, ClosedStreams: 1}), pageSize(7), with(slowly), with(planted), backedUp)
			bucket := w.inBucket()
			audits(w)
			server := inVault(w)
			secrets := w.secrets()
			told := w.receiver()
			if encrypt {
				w.encryptedAs(plantedAESBytes)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			w.settings.Worker.Listen = l.Addr().String()
			require.NoError(t, l.Close())
			log := &buffer{}
			logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug - 8}))
			w.startWorkerWith(fx.Decorate(func(*slog.Logger) *slog.Logger { return logger }))
			fault, err := localnet.ParseFault("5xx=30%,count=6")
			require.NoError(t, err)
			w.node.SetFault(fault)
			before := w.ledger("v")
			run := w.start("v")
			w.cursor("v", 7)
			server.Seal()
			w.state(run, domain.Stuck)
			w.incident("with evidence", func(i domain.Incident) bool { return len(i.Evidence) > 0 })
			left := map[string][]byte{"readiness while sealed": w.page("/readyz")}
			server.Unseal()
			report := w.end(run)
			w.audited("v", before, report)
			left["metrics"], left["readiness"] = w.page("/metrics"), w.page("/readyz")
			w.until("the incident is told", func() bool {
				return bytes.Contains(told.Bytes(), []byte("Seal")) || bytes.Contains(told.Bytes(), []byte("seal"))
			})
			for _, path := range []string{"/", "/vaults/" + w.slug("v"), "/incidents", "/audit"} {
				left["page "+path] = w.page(path)
			}
			require.Contains(t, string(left["page /"]), w.slug("v"))
			w.archives(left, bucket)
			w.leavings(left, run, report)
			w.reports(left)
			w.stopWorker()
			left["messages that arrived"] = told.Bytes()
			left["error without an endpoint"] = w.failedStart(func(s *config.Settings) { s.RPC.Endpoints = s.RPC.Endpoints[1:] })
			server.SetToken("another")
			left["error without the key service"] = w.failedStart(func(*config.Settings) {})
			left["log"] = log.Bytes()
			for _, text := range []string{"127.0.0.1:1", "level", w.slug("v"), "slack", "pagerduty", "discord", "email", "webhook/sms"} {
				require.True(t, bytes.Contains(left["log"], []byte(text)), "the log would show %s", text)
			}
			for where, content := range left {
				require.NotEmpty(t, content, where)
				for what, secret := range secrets {
					for how, form := range forms(secret) {
						require.False(t, bytes.Contains(content, []byte(form)), "%s stands %s in: %s", what, how, where)
					}
				}
			}
		})
	}
}

// inBucket keeps the world's backups at a service that refuses every request at first, so that failures are told.
func (w *world) inBucket() *s3.Server {
	w.t.Helper()
	server, err := s3.Start(context.Background())
	fake.ForTest(w.t, server, err)
	w.settings.Backup.Place = config.NewURL(server.Address("prod"))
	server.Break(fake.Fault{Name: fake.Refuse, Status: 403, Code: "AccessDenied"})
	return server
}

// archives are a backup that failed, and one as it lies in the bucket and as it comes out again.
func (w *world) archives(left map[string][]byte, server *s3.Server) {
	w.t.Helper()
	w.until("a backup failed", func() bool {
		last, _, err := w.store().LastBackup(context.Background())
		require.NoError(w.t, err)
		if last != nil {
			left["failed backup"] = fmt.Appendf(nil, "%+v", *last)
		}
		return last != nil && !last.OK
	})
	server.Mend()
	made := w.backup()
	keys, err := server.Keys()
	require.NoError(w.t, err)
	for _, key := range keys {
		left["in the bucket "+key], err = server.Object(key)
		require.NoError(w.t, err)
	}
	require.Contains(w.t, strings.Join(keys, " "), made.Archive)
	keeper, err := app.Keeper(w.settings, nil, time.Now)
	require.NoError(w.t, err)
	place, err := keeper.Open(context.Background())
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, place.Close()) }()
	label, err := place.Label(context.Background(), made.Archive)
	require.NoError(w.t, err)
	identities, err := backup.LoadIdentities(w.settings.Backup.IdentityFile)
	require.NoError(w.t, err)
	dir := w.t.TempDir()
	to := backup.Target{DSN: "file:" + filepath.Join(dir, "feeops.db"), Folders: []backup.Folder{{Name: backup.FolderEvidence, Dir: filepath.Join(dir, "evidence")}}, Settings: filepath.Join(dir, "settings.json")}
	_, err = place.Restore(context.Background(), label, backup.Keys{Identities: identities, Signers: keeper.Signers()}, to)
	require.NoError(w.t, err)
	require.NoError(w.t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		left["restored "+filepath.Base(path)], err = os.ReadFile(path)
		return err
	}))
	require.Contains(w.t, string(left["restored settings.json"]), "127.0.0.1:1", "the settings would show addresses")
}

// failedStart is what a worker says that cannot start.
func (w *world) failedStart(change func(*config.Settings)) []byte {
	w.t.Helper()
	s := w.settings
	change(&s)
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	err := app.Run(ctx, s, fx.Decorate(func(*slog.Logger) *slog.Logger { return slog.New(slog.DiscardHandler) }))
	require.Error(w.t, err)
	require.NoError(w.t, ctx.Err(), "it did not wait to be stopped")
	return []byte(err.Error())
}

// encryptedAs gives settings and client one key of the given bytes.
func (w *world) encryptedAs(key string) {
	w.settings.Temporal.Encryption.Keys = []config.EncryptionKey{{ID: "k1", Key: config.NewSecret(base64.StdEncoding.EncodeToString([]byte(key)))}}
	w.redial()
}

// page is what the worker's server answers.
func (w *world) page(path string) []byte {
	w.t.Helper()
	answer, err := http.Get("http://" + w.settings.Worker.Listen + path)
	require.NoError(w.t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	require.NoError(w.t, answer.Body.Close())
	return body
}

// leavings collects what a day leaves behind.
func (w *world) leavings(left map[string][]byte, run interface {
	GetID() string
	GetRunID() string
}, report any,
) {
	w.t.Helper()
	ctx, db := context.Background(), w.store()
	left["history"], left["history as bytes"] = w.kept(run)
	listed, err := w.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: w.settings.Temporal.Namespace, Query: fmt.Sprintf("TaskQueue = '%s'", w.settings.Temporal.TaskQueue),
	})
	require.NoError(w.t, err)
	for _, e := range listed.GetExecutions() {
		id := e.GetExecution()
		left["history of "+id.GetWorkflowId()], left["history as bytes of "+id.GetWorkflowId()] = w.kept(w.client.GetWorkflow(ctx, id.GetWorkflowId(), id.GetRunId()))
	}
	evidence, err := filepath.Glob(filepath.Join(w.settings.EvidenceDir(), "*"))
	require.NoError(w.t, err)
	require.NotEmpty(w.t, evidence)
	for _, file := range evidence {
		left["evidence "+filepath.Base(file)], err = os.ReadFile(file)
		require.NoError(w.t, err)
	}
	shown, err := json.Marshal(w.settings.Redacted())
	require.NoError(w.t, err)
	asYAML, err := yaml.Marshal(w.settings)
	require.NoError(w.t, err)
	left["shown settings"], left["settings as YAML"] = shown, asYAML
	left["printed settings"] = fmt.Appendf(nil, "%v %+v %#v", w.settings, w.settings, w.settings)
	left["report"] = fmt.Appendf(nil, "%+v", report)
	days, err := db.ReceiptDays(ctx, w.slug("v"))
	require.NoError(w.t, err)
	require.Len(w.t, days, 1)
	r, err := (&receipt.Service{Store: db}).Find(ctx, w.slug("v"), days[0])
	require.NoError(w.t, err)
	left["receipt"], err = json.Marshal(r)
	require.NoError(w.t, err)
	log, err := db.AuditLog(ctx, 0, 1000)
	require.NoError(w.t, err)
	left["audit log"] = fmt.Appendf(nil, "%+v", log)
	path := strings.TrimPrefix(w.settings.Store.DSN.Reveal(), "file:")
	files, err := filepath.Glob(path + "*")
	require.NoError(w.t, err)
	for _, file := range append(files, w.settings.Audit.HeadsFile) {
		if strings.HasSuffix(file, ".lock") {
			continue
		}
		left["file "+filepath.Base(file)], err = os.ReadFile(file)
		require.NoError(w.t, err)
	}
	require.Contains(w.t, left, "file feeops.db")
}
