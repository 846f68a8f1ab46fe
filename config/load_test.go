package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/operator"
)

func TestLoad_ExamplesHaveNoProblems(t *testing.T) {
	for _, name := range []string{"localnet", "devnet"} {
		s, source, err := config.Load(config.LoadOptions{Path: filepath.Join("examples", name+".yaml")})
		require.NoError(t, err)
		require.Equal(t, name, s.Network)
		require.NotEmpty(t, s.Vaults)
		require.Positive(t, source.Of("vaults[0].vault").Line)
		for _, v := range s.Vaults {
			require.True(t, v.Enabled)
			require.Equal(t, config.DAMMProgram, v.CPAMMProgram)
			require.NotEmpty(t, v.ProgramID)
			require.EqualValues(t, len(v.Streams), v.ExpectedInvestors)
			require.Equal(t, v.QuoteMint, v.StreamMint)
		}
	}
}

func TestLoad_NothingIsTheValidDefault(t *testing.T) {
	s, source, err := config.Load(config.LoadOptions{})
	require.NoError(t, err)
	want := config.Default()
	require.NoError(t, want.Validate())
	require.Equal(t, want, s)
	require.Equal(t, "default", source.Of("log.level").File)

	empty, err := load(t, "")
	require.NoError(t, err)
	require.Equal(t, want.RPC, empty.RPC)
	require.True(t, filepath.IsAbs(strings.TrimPrefix(empty.Store.DSN.Reveal(), "file:")), "the default database lies in the given directory")
	require.True(t, filepath.IsAbs(empty.Reports.Dir), "and so do the reports")
}

func TestLoad_LaterSourcesWin(t *testing.T) {
	yaml := "log:\n  level: warn\n  format: json\nsigner:\n  keypair_path: file.json\n"
	dir := write(t, map[string]string{"feeops.yaml": yaml})
	env := []string{"KEYPAIR_PATH=document.json", "FEEOPS_LOG__LEVEL=error", "FEEOPS_LOG__FORMAT=", "FEEOPS_HOME=/x", "FEEOPS_CONFIG=y", "HOME=/home/op"}
	s, source, err := config.Load(config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml"), Env: env, Dir: "/work"})
	require.NoError(t, err)
	require.Equal(t, "error", s.Log.Level)
	require.Equal(t, "json", s.Log.Format, "an empty variable is not set")
	require.Equal(t, "/work/document.json", s.Signer.KeypairPath)
	require.Equal(t, config.Origin{File: "environment", Key: "FEEOPS_LOG__LEVEL"}, source.Of("log.level"))
	require.Equal(t, 3, source.Of("log.format").Line)

	s, _, err = config.Load(config.LoadOptions{Env: append(env, "FEEOPS_SIGNER__KEYPAIR_PATH=~/id.json")})
	require.NoError(t, err)
	require.Equal(t, "/home/op/id.json", s.Signer.KeypairPath, "our own name wins over the document's")

	s, _, err = config.Load(config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml")})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "file.json"), s.Signer.KeypairPath, "a path in a file lies beside the file")
}

func TestLoad_DocumentNames(t *testing.T) {
	s, err := load(t, "network: devnet\nrpc:\n  endpoints:\n    - name: file\n      url: https://api.devnet.solana.com\n",
		"RPC_URL=http://127.0.0.1:8899/?api-key=abc, http://127.0.0.1:8900", "DISCORD_WEBHOOK_URL=https://discord.example/x", "PAGERDUTY_INTEGRATION_KEY=pd",
		"EMERGENCY_STOP=1", "TEMPORAL_ADDRESS=temporal:7233", "TEMPORAL_NAMESPACE=ops", "SMTP_CONFIG=smtps://u:p@mail.example.org?from=a@example.org&to=b@example.org,c@example.org")
	require.NoError(t, err)
	require.Len(t, s.RPC.Endpoints, 2, "RPC_URL replaces the list")
	require.Equal(t, "http://127.0.0.1:8899/?api-key=abc", s.RPC.Endpoints[0].URL.Reveal())
	require.Equal(t, "127.0.0.1:8899", s.RPC.Endpoints[0].Name)
	require.EqualValues(t, 50, s.RPC.Endpoints[1].RequestsPerSecond)
	require.Equal(t, "https://discord.example/x", s.Notify.Discord.WebhookURL.Reveal())
	require.Equal(t, "pd", s.Notify.PagerDuty.RoutingKey.Reveal())
	require.True(t, s.Safety.EmergencyStop)
	require.Equal(t, config.Temporal{Address: "temporal:7233", Namespace: "ops", TaskQueue: "feeops", Retention: 30 * 24 * time.Hour}, s.Temporal)
	mail := config.SMTP{Host: "mail.example.org", Port: 465, Username: "u", Password: config.NewSecret("p"), TLS: "tls", From: "a@example.org", To: []string{"b@example.org", "c@example.org"}}
	require.Equal(t, mail, s.Notify.SMTP)

	s, err = load(t, "", `SMTP_CONFIG={"host":"mail.example.org","port":465,"secure":true,"auth":{"user":"u","pass":"p"},"from":"a@example.org","to":["b@example.org","c@example.org"]}`)
	require.NoError(t, err)
	require.Equal(t, mail, s.Notify.SMTP)
}

func TestLoad_SecretsComeFromVariablesAndFiles(t *testing.T) {
	dir := write(t, map[string]string{
		"feeops.yaml": "network: devnet\nrpc:\n  endpoints:\n    - {name: a, url: 'env:A'}\n    - {name: b, url: 'file:b.url'}\nnotify:\n  slack: {token: 'env:SLACK', channel: ops}\n  pagerduty: {routing_key: 'file:pd'}\nstore: {dsn: 'env:DSN'}\n",
		"b.url":       "https://b.example/key\n",
		"pd":          "routing\n",
	})
	s, _, err := config.Load(config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml"), Env: []string{"A=https://a.example", "SLACK=xoxb", "DSN=postgres://u:p@db/x"}})
	require.NoError(t, err)
	require.Equal(t, "https://a.example", s.RPC.Endpoints[0].URL.Reveal())
	require.Equal(t, "https://b.example/key", s.RPC.Endpoints[1].URL.Reveal())
	require.Equal(t, "xoxb", s.Notify.Slack.Token.Reveal())
	require.Equal(t, "routing", s.Notify.PagerDuty.RoutingKey.Reveal())
	require.Equal(t, "postgres://u:p@db/x", s.Store.DSN.Reveal())
}

func TestLoad_VaultsFileLiesUnderTheEntries(t *testing.T) {
	dir := write(t, map[string]string{
		"feeops.yaml": "vaults_file: v.json\nvaults:\n  - id: b\n    name: Bee\n    enabled: false\n" + vaultYAML("c", keyE, "    streams_file: c.txt"),
		"c.txt":       "# registered order\n" + keyE + "\n\n" + keyD + " # second\n",
		"v.json": `[
		{"id":"a","vault":"` + keyA + `","quote_mint":"` + keyC + `","creator_wallet":"` + keyC + `","honorary_position":"` + keyC + `","cp_amm_program":"` + config.DAMMProgram + `","program_id":"` + keyD + `","streams":["` + keyD + `"],"keypair_path":"payer.json","behaviour":"published","quote_decimals":6},
		{"id":"b","vault":"` + keyB + `","name":"B \ud83d\ude00","quote_mint":"` + keyC + `","creator_wallet":"` + keyC + `","honorary_position":"` + keyC + `","streams":["` + keyD + `","` + keyE + `"]}]`,
	})
	s, _, err := config.Load(config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml")})
	require.NoError(t, err)
	var ids []string
	for _, v := range s.Vaults {
		ids = append(ids, v.ID)
	}
	require.Equal(t, []string{"b", "c", "a"}, ids)
	b, ok := s.Vault("b")
	require.True(t, ok)
	require.Equal(t, "Bee", b.Name)
	require.False(t, b.Enabled)
	require.Equal(t, keyB, b.Vault)
	require.EqualValues(t, 2, b.ExpectedInvestors)
	c, _ := s.Vault("c")
	require.Equal(t, []string{keyE, keyD}, c.Streams)
	a, _ := s.Vault("a")
	require.True(t, a.Enabled)
	require.Equal(t, filepath.Join(dir, "payer.json"), a.KeypairPath)
	require.Equal(t, domain.Published, a.Behaviour)
	require.EqualValues(t, 6, *a.QuoteDecimals)
	_, ok = s.Vault("z")
	require.False(t, ok)
}

func TestLoad_ValuesAreReadExactly(t *testing.T) {
	s, err := load(t, "distribution:\n  min_claimable: 18446744073709551615\n  payer_reserve_lamports: '10_000_000'\n  clock_skew_warn: 1m30s\nvaults:\n"+
		vaultYAML("007", keyA, "    streams: ["+keyD+"]", "    enabled: no", "    quote_decimals: 0"))
	require.NoError(t, err)
	require.Equal(t, domain.Amount(1<<64-1), s.Distribution.MinClaimable)
	require.Equal(t, domain.Amount(10_000_000), s.Distribution.PayerReserveLamports)
	require.Equal(t, 90*time.Second, s.Distribution.ClockSkewWarn)
	require.Equal(t, "007", s.Vaults[0].ID, "an id is text, not a number")
	require.False(t, s.Vaults[0].Enabled)
	require.NotNil(t, s.Vaults[0].QuoteDecimals)
}

func TestHash_CountsWhatDecidesAboutMoney(t *testing.T) {
	base := config.Default()
	base.Vaults = []config.Vault{{ID: "a", Vault: keyA, Streams: []string{keyC, keyD}}, {ID: "b", Vault: keyB}}
	tests := []struct {
		name   string
		change func(*config.Settings)
		same   bool
	}{
		{"name", func(s *config.Settings) { s.Vaults[0].Name = "x" }, true},
		{"order of vaults", func(s *config.Settings) { s.Vaults[0], s.Vaults[1] = s.Vaults[1], s.Vaults[0] }, true},
		{"endpoint", func(s *config.Settings) { s.RPC.Endpoints[0].URL = config.NewURL("http://localhost:1") }, true},
		{"order of streams", func(s *config.Settings) { s.Vaults[0].Streams = []string{keyD, keyC} }, false},
		{"quote mint", func(s *config.Settings) { s.Vaults[1].QuoteMint = keyC }, false},
		{"network", func(s *config.Settings) { s.Network = "devnet" }, false},
		{"distribution", func(s *config.Settings) { s.Distribution.MinClaimable = 7 }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := base
			changed.Vaults = append([]config.Vault(nil), base.Vaults...)
			changed.RPC.Endpoints = append([]config.Endpoint(nil), base.RPC.Endpoints...)
			tt.change(&changed)
			require.Equal(t, tt.same, base.Hash() == changed.Hash())
		})
	}
	require.Len(t, base.Hash(), 64)
}

func TestLoad_ChannelsAndRoutes(t *testing.T) {
	s, err := load(t, `notify:
  time_zone: Europe/Berlin
  slack: {token: env:S, channel: ops, rooms: thread, members: [{operator: ann, id: U0ANN}]}
  webhooks:
    - {name: sms, url: env:SMS_URL, secret: env:S}
  routes:
    - {name: pages, min_severity: critical, teams: [treasury], channels: [pagerduty, webhook/sms], fallback: [email], continue: yes}
    - name: office
      kinds: [trigger, resolve]
      hours: {from: "08:00", to: "18:00", days: [mon, fri]}
      channels: [slack]
  quiet_hours: {from: "22:00", to: "07:00", silence: [pagerduty]}
  heartbeat: {url: env:SMS_URL, interval: 5m}
`, "S=secret", "SMS_URL=https://sms.example/x", "DISCORD_WEBHOOK_URL=https://discord.example/x", "PAGERDUTY_INTEGRATION_KEY=k", "SMTP_CONFIG=smtp://h?from=a@example.org&to=b@example.org")
	require.NoError(t, err)
	n := s.Notify
	require.Equal(t, []string{"slack", "discord", "pagerduty", "email", "webhook/sms"}, n.Channels())
	require.Equal(t, "thread", n.Slack.Rooms)
	require.Equal(t, []config.SlackMember{{Operator: "ann", ID: "U0ANN"}}, n.Slack.Members)
	require.Equal(t, "https://sms.example/x", n.Webhooks[0].URL.Reveal())
	require.Equal(t, config.Route{Name: "pages", MinSeverity: domain.SeverityCritical, Teams: []string{"treasury"}, Channels: []string{"pagerduty", "webhook/sms"}, Fallback: []string{"email"}, Continue: true}, n.Routes[0])
	require.Equal(t, config.Hours{From: "08:00", To: "18:00", Days: []string{"mon", "fri"}}, n.Routes[1].Hours)
	require.Equal(t, config.QuietHours{From: "22:00", To: "07:00", Below: domain.SeverityHigh, Silence: []string{"pagerduty"}}, n.QuietHours)
	require.Equal(t, 5*time.Minute, n.Heartbeat.Interval)
	require.Empty(t, config.Default().Notify.Channels())
}

func TestLoad_EveryScalarHasAVariable(t *testing.T) {
	s, _, err := config.Load(config.LoadOptions{Env: []string{
		"FEEOPS_NETWORK=devnet", "FEEOPS_RPC__MAX_SLOT_LAG=7", "FEEOPS_RPC__POLL_INTERVAL=1s", "FEEOPS_STORE__DSN=file:/x/y.db", "FEEOPS_WORKER__ALLOW_PUBLIC=yes",
		"FEEOPS_DISTRIBUTION__MIN_CLAIMABLE=9", "FEEOPS_NOTIFY__SLACK__TOKEN=t", "FEEOPS_NOTIFY__SLACK__CHANNEL=c", "FEEOPS_NOTIFY__SMTP__TO=a@example.org, b@example.org",
	}})
	require.NoError(t, err)
	require.Equal(t, "devnet", s.Network)
	require.EqualValues(t, 7, s.RPC.MaxSlotLag)
	require.Equal(t, time.Second, s.RPC.PollInterval)
	require.Equal(t, "file:/x/y.db", s.Store.DSN.Reveal())
	require.True(t, s.Worker.AllowPublic)
	require.EqualValues(t, 9, s.Distribution.MinClaimable)
	require.Equal(t, "t", s.Notify.Slack.Token.Reveal())
	require.Equal(t, []string{"a@example.org", "b@example.org"}, s.Notify.SMTP.To)
}

func TestLoad_AnyNumbersEitherFitOrAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "feeops.yaml")
	rapid.Check(t, func(t *rapid.T) {
		page := rapid.Int64Range(-5, 80).Draw(t, "page")
		lag := rapid.Int64().Draw(t, "lag")
		require.NoError(t, os.WriteFile(path, []byte("distribution:\n  page_size: "+text(page)+"\nrpc:\n  max_slot_lag: "+text(lag)+"\n"), 0o600))
		s, _, err := config.Load(config.LoadOptions{Path: path})
		if page >= 1 && page <= domain.MaxPageSize && lag >= 1 && lag <= 10_000 {
			require.NoError(t, err)
			require.EqualValues(t, page, s.Distribution.PageSize)
			require.EqualValues(t, lag, s.RPC.MaxSlotLag)
			return
		}
		require.Error(t, err)
	})
}

func TestLoad_FilesOfSecretsAndStreamsAreChecked(t *testing.T) {
	pagerduty := "notify: {pagerduty: {routing_key: 'file:x'}}\n"
	streams := "vaults:\n" + vaultYAML("a", keyA, "    streams_file: x")
	tests := []struct {
		name string
		yaml string
		file string
		want string
	}{
		{"empty secret", pagerduty, " \n", `feeops.yaml:1: notify.pagerduty.routing_key: got "file:x", which cannot be read (the file is empty), want a file with the value. Make the file, readable by this user only.`},
		{"secret of two lines", pagerduty, "a\nb\n", `feeops.yaml:1: notify.pagerduty.routing_key: got "file:x", which cannot be read (more than one line), want a file with the value. Make the file, readable by this user only.`},
		{"secret that is an image", pagerduty, strings.Repeat("x", 70_000), `feeops.yaml:1: notify.pagerduty.routing_key: got "file:x", which cannot be read (longer than 65536 bytes), want a file with the value. Make the file, readable by this user only.`},
		{"no stream in the file", streams, "# none\n", `x:1: vaults[0].streams: got no streams, want at least one. List the investors' streams in streams or streams_file.`},
		{"bad stream in the file", streams, "\n" + keyD + "\nshort\n", `x:3: vaults[0].streams[1]: got "short", want a public key (base58, 32 bytes). It has 4 bytes: copy the whole address.`},
		{"stream twice in the file", streams, keyD + "\n" + keyD + "\n", `x:2: vaults[0].streams[1]: got "` + keyD + `" again, want every stream once. Entry 0 is the same.`},
		{"streams file missing", "vaults:\n" + vaultYAML("a", keyA, "    streams_file: y"), "", `feeops.yaml:7: vaults[0].streams_file: got "y", which cannot be read (no such file or directory), want a file of stream addresses. Correct the path.`},
		{"streams that are no list", streams, "[1]", "x: vaults[0].streams: got something else (json: cannot unmarshal number into Go value of type string), want a JSON array of addresses."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, map[string]string{"feeops.yaml": tt.yaml, "x": tt.file})
			_, _, err := config.Load(config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml")})
			require.EqualError(t, relative(err, dir), tt.want)
		})
	}
}

func TestLoad_StreamsFileMayBeJSON(t *testing.T) {
	dir := write(t, map[string]string{"feeops.yaml": "vaults:\n" + vaultYAML("a", keyA, "    streams_file: x"), "x": `["` + keyD + `","` + keyE + `"]`})
	s, _, err := config.Load(config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml")})
	require.NoError(t, err)
	require.Equal(t, []string{keyD, keyE}, s.Vaults[0].Streams)
}

func TestLoad_SMTPConfigSaysWhichPartIsWrong(t *testing.T) {
	for give, want := range map[string]string{
		"smtp://h:99999":          `got port "99999", want`,
		"smtp://h?cc=a@b.example": `got the parameter "cc", want`,
		`{"host": 5}`:             `got JSON that does not fit, want`,
		`{"host":"h","to":7}`:     `got a list to that is not text, want`,
		"https://h":               `got something else, want`,
		"env:UNSET":               `got "env:UNSET", which is not set, want`,
	} {
		_, err := load(t, "", "SMTP_CONFIG="+give)
		require.ErrorContains(t, err, "environment: SMTP_CONFIG: "+want, give)
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"localnet", "devnet"} {
		data, err := os.ReadFile(filepath.Join("examples", name+".yaml"))
		require.NoError(f, err)
		f.Add(data, "FEEOPS_LOG__LEVEL=warn")
	}
	f.Add([]byte("a: &a [*a]"), "RPC_URL=,")
	f.Add([]byte("vaults: [null, 1, {id: [x]}]"), "SMTP_CONFIG=smtp://%")
	f.Add([]byte("? [1]: 2\n"), "=")
	path := filepath.Join(f.TempDir(), "feeops.yaml")
	f.Fuzz(func(t *testing.T, data []byte, env string) {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		s, _, err := config.Load(config.LoadOptions{Path: path, Env: []string{env}})
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NoError(t, s.Validate(), "what Load accepts is valid")
	})
}

// X01: what would loop for ever, send nothing or pay a vault twice is refused before anything starts.
func TestX01_BoundsOfAVaultsSettings(t *testing.T) {
	list := "    streams: [" + keyD + "]"
	tests := []struct {
		name, yaml, want string
	}{
		{"a page of nobody", "distribution: {page_size: 0}\nvaults:\n" + vaultYAML("a", keyA, list), `distribution.page_size: got "0", want 1..50`},
		{"a page above the program's bound", "vaults:\n" + vaultYAML("a", keyA, list, "    page_size: 51"), "vaults[0].page_size: got 51, want 1..50"},
		{"nobody to pay", "vaults:\n" + vaultYAML("a", keyA, "    streams: []"), "vaults[0].streams: got no streams, want at least one"},
		{"one id for two vaults", "vaults:\n" + vaultYAML("a", keyA, list) + vaultYAML("a", keyE, list), "vaults[1].id"},
		{"one vault under two ids", "vaults:\n" + vaultYAML("a", keyA, list) + vaultYAML("b", keyA, list), "vaults[1].vault"},
		{"a stream twice", "vaults:\n" + vaultYAML("a", keyA, "    streams: ["+keyD+", "+keyD+"]"), "vaults[0].streams[1]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.yaml)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestRoster_HoldsWhatJudgesSignaturesAndNoMore(t *testing.T) {
	s, err := load(t, "operators:\n  - {name: ann, roles: [viewer, approver], public_key: \"ed25519:oSdt0pug9DmCmD6BTCpR/Xku9k6r6uVwTB/RTvL6TdI=\", expires: 2027-01-31, slack: U1, pagerduty: P1}\n  - {name: bob, roles: [viewer], expires: \"2027-01-31T12:00:00+02:00\"}\n")
	require.NoError(t, err)
	require.Equal(t, operator.Roster{
		{Name: "ann", Roles: []operator.Role{operator.Viewer, operator.Approver}, Key: "ed25519:oSdt0pug9DmCmD6BTCpR/Xku9k6r6uVwTB/RTvL6TdI=", Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
		{Name: "bob", Roles: []operator.Role{operator.Viewer}, Expires: time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC)},
	}, s.Roster())
	require.Equal(t, "U1", s.Operators[0].Slack)
}

func TestLoad_WhatIsUrgentDoesNotWaitForSecretsThatItDoesNotNeed(t *testing.T) {
	dir := write(t, map[string]string{"feeops.yaml": "network: localnet\nnotify:\n  pagerduty:\n    routing_key: env:NOT_HERE\nrpc:\n  endpoints:\n    - {name: a, url: env:NOWHERE}\n"})
	o := config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml"), Dir: dir}
	_, _, err := config.Load(o)
	require.ErrorContains(t, err, "NOT_HERE")
	o.Urgent = true
	_, source, err := config.Load(o)
	require.NoError(t, err)
	require.Len(t, source.Missing, 2)
	require.Equal(t, "notify.pagerduty.routing_key", source.Missing[0].Key)

	for name, env := range map[string]string{
		"the store's address":        "FEEOPS_STORE__DSN=env:NOT_HERE",
		"an unknown key":             "FEEOPS_STORE__DNS=x",
		"a value that cannot be one": "FEEOPS_RPC__MAX_SLOT_LAG=many",
	} {
		t.Run(name, func(t *testing.T) {
			o := o
			o.Env = []string{env}
			_, _, err := config.Load(o)
			require.Error(t, err, "what is wrong is no less wrong in a hurry")
		})
	}
}
