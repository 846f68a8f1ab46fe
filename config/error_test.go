package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
)

// Addresses for tests: 32 equal bytes each.
const (
	keyA = "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"
	keyB = "8qbHbw2BbbTHBW1sbeqakYXVKRQM8Ne7pLK7m6CVfeR9"
	keyC = "CktRuQ2mttgRGkXJtyksdKHjUdc2C4TgDzyB98oEzy8"
	keyD = "8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh"
	keyE = "CiDwVBFgWV9E5MvXWoLgnEgn2hK7rJikbvfWavzAQz3"
)

// longToken is as long as the page's tokens must be.
const longToken = "bm90IGEgc2VjcmV0OiBvbmx5IGEgdGVzdA"

// write puts files into a new directory and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// vaultYAML is one good entry of vaults, ready for more keys.
func vaultYAML(id, address string, more ...string) string {
	return "  - id: " + id + "\n    vault: " + address + "\n    quote_mint: " + keyC + "\n    creator_wallet: " + keyC +
		"\n    honorary_position: " + keyC + "\n" + strings.Join(more, "\n") + "\n"
}

func load(t *testing.T, yaml string, env ...string) (config.Settings, error) {
	t.Helper()
	dir := write(t, map[string]string{"feeops.yaml": yaml})
	s, _, err := config.Load(config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml"), Env: env, Dir: dir})
	if err != nil {
		err = relative(err, dir)
	}
	return s, err
}

// relative takes the test's directory out of the messages.
func relative(err error, dir string) error {
	var list config.Errors
	if !errors.As(err, &list) {
		return err
	}
	for i := range list {
		list[i].File = strings.TrimPrefix(list[i].File, dir+"/")
		list[i].Got = strings.ReplaceAll(list[i].Got, dir+"/", "")
	}
	return list
}

func TestLoad_EveryErrorNamesFileLineKeyAndWhatWasWanted(t *testing.T) {
	streams := "    streams: [" + keyD + "]"
	tests := []struct {
		name string
		yaml string
		env  []string
		want string // The whole message.
	}{
		{"unknown key", "rpc:\n  max_slot_leg: 5\n", nil, `feeops.yaml:2: rpc.max_slot_leg: got an unknown key, want a known one. Did you mean max_slot_lag?`},
		{"unknown section", "\nnothinglikeit: 5\n", nil, `feeops.yaml:2: nothinglikeit: got an unknown key, want a known one. Known keys: network, genesis_hash, rpc, temporal, store, signer, audit, worker, log, safety, distribution, operators, monitor, incidents, escalation, oncall, notify, reports, schedules, maintenance, backup, vaults_file, vaults.`},
		{"samples old before the next look", "monitor:\n  metrics_interval: 5m\n", nil, `feeops.yaml:2: monitor.stale_after: got "3m0s", want at least twice monitor.metrics_interval. One late look would make every sample old.`},
		{"samples gone before the monthly report", "monitor:\n  keep: 720h\n", nil, `feeops.yaml:2: monitor.keep: got 720h0m0s, want at least 1488h.`},
		{"key twice", "log:\n  level: info\n  level: warn\n", nil, `feeops.yaml:3: log.level: got the key twice, want it once. Line 2 has it too.`},
		{"bad network", "network: mainnet\n", nil, `feeops.yaml:1: network: got "mainnet", want one of localnet, devnet, testnet, mainnet-beta.`},
		{"genesis hash of another network", "network: devnet\ngenesis_hash: 4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY\n", nil, `feeops.yaml:2: genesis_hash: got "4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY", want EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG for devnet. Remove it, or correct the network.`},
		{"public endpoint on localnet", "rpc:\n  endpoints:\n    - url: https://api.mainnet-beta.solana.com\n", nil, `feeops.yaml:3: rpc.endpoints[0].url: got "https://api.mainnet-beta.solana.com", want a local address for network localnet. Set network, or genesis_hash if this really is a chain of your own.`},
		{"bad URL", "rpc:\n  endpoints:\n    - url: 127.0.0.1:8899\n", nil, `feeops.yaml:3: rpc.endpoints[0].url: got "127.0.0.1:8899", want an address http://… or https://….`},
		{"URL missing", "rpc:\n  endpoints:\n    - name: a\n", nil, `feeops.yaml:3: rpc.endpoints[0].url: got nothing, want a value.`},
		{"no endpoints", "rpc:\n  endpoints: []\n", nil, `feeops.yaml:2: rpc.endpoints: got [], want at least 1 entries.`},
		{"one endpoint twice", "rpc:\n  endpoints:\n    - {name: a, url: 'http://localhost:1'}\n    - {name: b, url: 'http://localhost:1'}\n", nil, `feeops.yaml:4: rpc.endpoints[1].url: got "http://localhost:1" again, want another endpoint. rpc.endpoints[0] is the same: a node cannot be judged by itself.`},
		{"endpoint name twice", "rpc:\n  endpoints:\n    - {name: a, url: 'http://localhost:1'}\n    - {name: a, url: 'http://localhost:2'}\n", nil, `feeops.yaml:4: rpc.endpoints[1].name: got "a" again, want a name of its own. rpc.endpoints[0] has it.`},
		{"key in a URL", "network: devnet\nrpc:\n  endpoints:\n    - url: https://rpc.example.org/?api-key=abc\n", nil, `feeops.yaml:4: rpc.endpoints[0].url: got an address with a key or a password in plain text (https://rpc.example.org/?api-key=…), want env:NAME or file:PATH. Put the whole address into the environment or into a file of its own.`},
		{"password in the DSN", "store:\n  dsn: postgres://feeops:hunter2@db/feeops\n", nil, `feeops.yaml:2: store.dsn: got an address with a key or a password in plain text (postgres://…@db/feeops), want env:NAME or file:PATH. Put the whole address into the environment or into a file of its own.`},
		{"bad DSN", "store:\n  dsn: mysql://db/feeops\n", nil, `feeops.yaml:2: store.dsn: got "mysql://db/feeops", want file:PATH or postgres://….`},
		{"non-loopback listen", "worker:\n  listen: 0.0.0.0:8780\n", nil, `feeops.yaml:2: worker.listen: got "0.0.0.0:8780", want a loopback address such as 127.0.0.1:8780. Set worker.allow_public: true if everyone who reaches it may read it.`},
		{"listen on all", "worker:\n  listen: :8780\n", nil, `feeops.yaml:2: worker.listen: got ":8780", want a loopback address such as 127.0.0.1:8780. Set worker.allow_public: true if everyone who reaches it may read it.`},
		{"listen without port", "worker:\n  listen: localhost\n", nil, `feeops.yaml:2: worker.listen: got "localhost", want host:port.`},
		{"bad duration", "rpc:\n  request_timeout: 10\n", nil, `feeops.yaml:2: rpc.request_timeout: got "10", want a duration such as 500ms, 10s or 15m. Add the unit.`},
		{"duration too short", "rpc:\n  request_timeout: 1ms\n", nil, `feeops.yaml:2: rpc.request_timeout: got 1ms, want at least 100ms.`},
		{"negative duration", "distribution:\n  delay_between_pages: -1s\n", nil, `feeops.yaml:2: distribution.delay_between_pages: got -1s, want at least 0s.`},
		{"page size 51", "distribution:\n  page_size: 51\n", nil, `feeops.yaml:2: distribution.page_size: got 51, want 1..50. Leave it out to take as many investors as fit a transaction.`},
		{"page size 0", "distribution:\n  page_size: 0\n", nil, `feeops.yaml:2: distribution.page_size: got "0", want 1..50. Leave it out to take as many investors as fit a transaction.`},
		{"page size -1", "distribution:\n  page_size: -1\n", nil, `feeops.yaml:2: distribution.page_size: got "-1", want 1..50.`},
		{"percent above 100", "distribution:\n  max_invalid_streams_percent: 101\n", nil, `feeops.yaml:2: distribution.max_invalid_streams_percent: got 101, want at most 100.`},
		{"amount with a point", "distribution:\n  min_claimable: 1.5\n", nil, `feeops.yaml:2: distribution.min_claimable: got "1.5", want a whole number of base units. Write base units (lamports), without a decimal point or an exponent.`},
		{"number that is text", "rpc:\n  max_slot_lag: many\n", nil, `feeops.yaml:2: rpc.max_slot_lag: got "many", want a whole number from 1 to 10000.`},
		{"truth that is text", "safety:\n  emergency_stop: perhaps\n", nil, `feeops.yaml:2: safety.emergency_stop: got "perhaps", want true or false.`},
		{"section that is text", "rpc: fast\n", nil, `feeops.yaml:1: rpc: got a single value, want a section with keys.`},
		{"list that is a section", "vaults:\n  id: a\n", nil, `feeops.yaml:2: vaults: got a section, want a list. Begin each entry on its own line with a dash.`},
		{"value that is a list", "network: [devnet]\n", nil, `feeops.yaml:1: network: got a list, want one of localnet, devnet, testnet, mainnet-beta.`},
		{"not YAML", "rpc:\n\tmax_slot_lag: 1\n", nil, `feeops.yaml:2: got "line 2: found character that cannot start any token", want YAML. Check indentation and quotes there and just above.`},
		{"second document", "network: localnet\n---\nnetwork: devnet\n", nil, `feeops.yaml:2: got a second document, want one document. Remove the line with three dashes.`},
		{"alias", "temporal: &a\n  namespace: x\n", nil, `feeops.yaml:1: temporal: got a YAML anchor or alias, want the value itself. Write the value out: a setting that changes two places at once is easy to misread.`},
		{"literal secret", "notify:\n  slack:\n    token: xoxb-1\n    channel: ops\n", nil, `feeops.yaml:3: notify.slack.token: got a secret in plain text, want env:NAME or file:PATH. Put the secret into the environment or into a file of its own, and change it: it has been written down here.`},
		{"secret not set", "notify:\n  pagerduty:\n    routing_key: env:PD\n", nil, `feeops.yaml:3: notify.pagerduty.routing_key: got "env:PD", which is not set, want a variable with the value. Set PD in the environment of this process.`},
		{"secret file missing", "notify:\n  pagerduty:\n    routing_key: file:pd.key\n", nil, `feeops.yaml:3: notify.pagerduty.routing_key: got "file:pd.key", which cannot be read (no such file or directory), want a file with the value. Make the file, readable by this user only.`},
		{"Slack without a channel", "notify:\n  slack:\n    token: env:T\n", []string{"T=x"}, `feeops.yaml:3: notify.slack.channel: got nothing, want a channel for the token.`},
		{"e-mail without receiver", "notify:\n  smtp:\n    host: localhost\n    from: a@example.org\n", nil, `feeops.yaml:3: notify.smtp.to: got nothing, want a receiver.`},
		{"password in plain over the net", "notify:\n  smtp:\n    host: mail.example.org\n    tls: none\n    password: env:P\n    from: a@example.org\n    to: [b@example.org]\n", []string{"P=x"}, `feeops.yaml:4: notify.smtp.tls: got "none", want starttls or tls for a server elsewhere. The password would cross the network in plain.`},
		{"app token alone", "notify:\n  slack:\n    app_token: env:T\n", []string{"T=x"}, `feeops.yaml:3: notify.slack.token: got nothing, want a bot token beside app_token or signing_secret.`},
		{"webhook secret alone", "notify:\n  pagerduty:\n    webhook_secret: env:T\n", []string{"T=x"}, `feeops.yaml:3: notify.pagerduty.routing_key: got nothing, want an integration key beside webhook_secret.`},
		{"forum alone", "notify:\n  discord:\n    forum_url: env:T\n", []string{"T=https://d.example/x"}, `feeops.yaml:3: notify.discord.webhook_url: got nothing, want a webhook beside forum_url.`},
		{"webhook without a secret", "notify:\n  webhooks:\n    - name: sms\n      url: env:T\n", []string{"T=https://s.example/x"}, `feeops.yaml:3: notify.webhooks[0].secret: got nothing, want a value.`},
		{"webhook name twice", "notify:\n  webhooks:\n    - {name: sms, url: 'env:T', secret: 'env:T'}\n    - {name: sms, url: 'env:T', secret: 'env:T'}\n", []string{"T=https://s.example/x"}, `feeops.yaml:4: notify.webhooks[1].name: got "sms" again, want each once. Entry 0 has it.`},
		{"webhook address is not repeated", "notify:\n  webhooks:\n    - {name: sms, url: 'env:T', secret: 'env:T'}\n", []string{"T=hunter2"}, `feeops.yaml:3: notify.webhooks[0].url: got a secret that is no address, want an address https://….`},
		{"member twice", "notify:\n  slack:\n    members:\n      - {operator: ann, id: U1}\n      - {operator: ann, id: U2}\n", nil, `feeops.yaml:5: notify.slack.members[1].operator: got "ann" again, want each once. Entry 0 has it.`},
		{"route to nobody", "notify:\n  routes:\n    - name: x\n", nil, `feeops.yaml:3: notify.routes[0].channels: got [], want at least 1 entries.`},
		{"route to a channel that is off", "notify:\n  routes:\n    - name: x\n      channels: [console, slack]\n", nil, `feeops.yaml:4: notify.routes[0].channels[1]: got "slack", want a channel that is set up: console. Set it up in notify, or correct the name.`},
		{"fallback to a channel that is off", "notify:\n  routes:\n    - name: x\n      channels: [pagerduty]\n      fallback: [email]\n", []string{"PAGERDUTY_INTEGRATION_KEY=k"}, `feeops.yaml:5: notify.routes[0].fallback[0]: got "email", want a channel that is set up: pagerduty, console. Set it up in notify, or correct the name.`},
		{"route of a severity", "notify:\n  routes:\n    - {name: x, channels: [console], min_severity: urgent}\n", nil, `feeops.yaml:3: notify.routes[0].min_severity: got "urgent", want one of low, medium, high, critical.`},
		{"route of a kind", "notify:\n  routes:\n    - {name: x, channels: [console], kinds: [shout]}\n", nil, `feeops.yaml:3: notify.routes[0].kinds[0]: got "shout", want one of trigger, update, acknowledge, resolve, info, change.`},
		{"route of a vault that is none", "vaults:\n" + vaultYAML("a", keyA, streams) + "notify:\n  routes:\n    - name: x\n      channels: [console]\n      vaults: [a, b]\n", nil, `feeops.yaml:12: notify.routes[0].vaults[1]: got "b", want the id of a vault. No vault has it: the rule would pass its messages by.`},
		{"route of a team that is none", "vaults:\n" + vaultYAML("a", keyA, streams) + "notify:\n  routes:\n    - name: x\n      channels: [console]\n      teams: [treasury]\n", nil, `feeops.yaml:12: notify.routes[0].teams[0]: got "treasury", want the team of a vault (vaults[].team). No vault has it: the rule would pass its messages by.`},
		{"hours with one end", "notify:\n  routes:\n    - name: x\n      channels: [console]\n      hours: {from: '08:00'}\n", nil, `feeops.yaml:5: notify.routes[0].hours.to: got nothing, want a time of day such as 07:00.`},
		{"time of day", "notify:\n  quiet_hours:\n    from: '25:00'\n    to: '07:00'\n", nil, `feeops.yaml:3: notify.quiet_hours.from: got "25:00", want a time of day from 00:00 to 23:59.`},
		{"quiet days without hours", "notify:\n  quiet_hours:\n    days: [sat]\n", nil, `feeops.yaml:3: notify.quiet_hours.from: got nothing, want a time of day such as 22:00.`},
		{"time zone", "notify:\n  time_zone: Mars/Olympus\n", nil, `feeops.yaml:2: notify.time_zone: got "Mars/Olympus", want a time zone such as UTC or Europe/Berlin. Take a name of the tz database: what this machine calls local is another place elsewhere.`},
		{"heartbeat too fast", "notify:\n  heartbeat:\n    interval: 1s\n", nil, `feeops.yaml:3: notify.heartbeat.interval: got 1s, want at least 10s.`},
		{"a time of day that is skipped", "schedules:\n  time_zone: Europe/Vienna\n  morning_check:\n    at: '02:30'\n", nil, `feeops.yaml:4: schedules.morning_check.at: got "02:30", want a time of day that every date has once. The clock is set there: on 2026-03-29 there is no 02:30 in Europe/Vienna.`},
		{"a day that not every month has", "schedules:\n  monthly_review:\n    day_of_month: 31\n", nil, `feeops.yaml:3: schedules.monthly_review.day_of_month: got 31, want at most 28.`},
		{"short token", "worker:\n  web:\n    tokens:\n      - operator: ann\n        token: env:TOKEN\n", []string{"TOKEN=guessable"}, `feeops.yaml:5: worker.web.tokens[0].token: got a token that is empty, short or has spaces, want at least 24 characters without spaces. Make one: openssl rand -base64 24.`},
		{"no token", "worker:\n  web:\n    tokens:\n      - operator: ann\n", nil, `feeops.yaml:4: worker.web.tokens[0].token: got a token that is empty, short or has spaces, want at least 24 characters without spaces. Make one: openssl rand -base64 24.`},
		{"token in the file", "worker:\n  web:\n    tokens:\n      - operator: ann\n        token: " + longToken + "\n", nil, `feeops.yaml:5: worker.web.tokens[0].token: got a secret in plain text, want env:NAME or file:PATH. Put the secret into the environment or into a file of its own, and change it: it has been written down here.`},
		{"one token, two people", "worker:\n  web:\n    tokens:\n      - {operator: ann, token: 'env:TOKEN'}\n      - {operator: bob, token: 'env:TOKEN'}\n", []string{"TOKEN=" + longToken}, `feeops.yaml:5: worker.web.tokens[1].token: got a token again, want a token of its own. Entry 0 has it: nobody could tell the two people apart.`},
		{"one person, two tokens", "worker:\n  web:\n    tokens:\n      - {operator: ann, token: 'env:A'}\n      - {operator: ann, token: 'env:B'}\n", []string{"A=" + longToken, "B=" + longToken + "b"}, `feeops.yaml:5: worker.web.tokens[1].operator: got "ann" again, want each person once. Entry 0 has it.`},
		{"token of nobody", "operators:\n  - {name: bob, roles: [viewer]}\nworker:\n  web:\n    tokens:\n      - {operator: ann, token: 'env:TOKEN'}\n", []string{"TOKEN=" + longToken}, `feeops.yaml:6: worker.web.tokens[0].operator: got "ann", want a name of operators. With operators in the settings only they do something on the page.`},
		{"session too short", "worker:\n  web:\n    session: 1m\n", nil, `feeops.yaml:3: worker.web.session: got 1m0s, want at least 5m.`},
		{"no time zone", "reports:\n  time_zone: Middle/Earth\n", nil, `feeops.yaml:2: reports.time_zone: got "Middle/Earth", want a time zone such as UTC or Europe/Berlin. Take a name of the tz database: what this machine calls local is another place elsewhere.`},
		{"the machine's own time zone", "reports:\n  time_zone: Local\n", nil, `feeops.yaml:2: reports.time_zone: got "Local", want a time zone such as UTC or Europe/Berlin. Take a name of the tz database: what this machine calls local is another place elsewhere.`},
		{"bad id", "vaults:\n" + vaultYAML("Big_One", keyB, streams), nil, `feeops.yaml:2: vaults[0].id: got "Big_One", want a name that matches ^[a-z0-9][a-z0-9._-]{0,62}$. Use small letters, digits, dots and dashes.`},
		{"bad public key", "vaults:\n" + vaultYAML("a", keyB[2:], streams), nil, `feeops.yaml:3: vaults[0].vault: got "` + keyB[2:] + `", want a public key (base58, 32 bytes). It has 31 bytes: copy the whole address.`},
		{"no base58", "vaults:\n" + vaultYAML("a", "0"+keyB[1:], streams), nil, `feeops.yaml:3: vaults[0].vault: got "0` + keyB[1:] + `", want a public key (base58, 32 bytes). '0' does not occur in base58.`},
		{"vault id twice", "vaults:\n" + vaultYAML("a", keyA, streams) + vaultYAML("a", keyB, streams), nil, `feeops.yaml:8: vaults[1].id: got "a" again, want an id of its own. vaults[0] (a) has it.`},
		{"vault address twice", "vaults:\n" + vaultYAML("a", keyA, streams) + vaultYAML("b", keyA, streams), nil, `feeops.yaml:9: vaults[1].vault: got "` + keyA + `" again, want another vault. vaults[0] (a) has it: two entries would crank one vault.`},
		{"stream twice", "vaults:\n" + vaultYAML("a", keyA, "    streams:", "      - "+keyD, "      - "+keyE, "      - "+keyD), nil, `feeops.yaml:10: vaults[0].streams[2]: got "` + keyD + `" again, want every stream once. Entry 0 is the same.`},
		{"bad stream", "vaults:\n" + vaultYAML("a", keyA, "    streams:", "      - short"), nil, `feeops.yaml:8: vaults[0].streams[0]: got "short", want a public key (base58, 32 bytes). It has 4 bytes: copy the whole address.`},
		{"no streams", "vaults:\n" + vaultYAML("a", keyA, "    streams: []"), nil, `feeops.yaml:7: vaults[0].streams: got no streams, want at least one. List the investors' streams in streams or streams_file.`},
		{"streams missing", "vaults:\n" + vaultYAML("a", keyA), nil, `feeops.yaml:2: vaults[0].streams: got no streams, want at least one. List the investors' streams in streams or streams_file.`},
		{"streams in two places", "vaults:\n" + vaultYAML("a", keyA, streams, "    streams_file: s.txt"), nil, `feeops.yaml:8: vaults[0].streams_file: got streams and streams_file, want one of them. Remove one: their order would not be clear.`},
		{"vault's page size 51", "vaults:\n" + vaultYAML("a", keyA, streams) + vaultYAML("b", keyB, streams, "    page_size: 51"), nil, `feeops.yaml:14: vaults[1].page_size: got 51, want 1..50. Leave it out to take as many investors as fit a transaction.`},
		{"Raydium's program", "vaults:\n" + vaultYAML("a", keyA, streams, "    cp_amm_program: CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"), nil, `feeops.yaml:8: vaults[0].cp_amm_program: got "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C", want cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG. This address is Raydium's, though some documents give it as Meteora's.`},
		{"bad behaviour", "vaults:\n" + vaultYAML("a", keyA, streams, "    behaviour: other"), nil, `feeops.yaml:8: vaults[0].behaviour: got "other", want one of reference, published.`},
		{"program not known on mainnet", "network: mainnet-beta\nrpc:\n  endpoints:\n    - url: https://api.mainnet-beta.solana.com\nvaults:\n" + vaultYAML("a", keyA, streams), nil, `feeops.yaml:6: vaults[0].program_id: got nothing, want a value.`},
		{"vaults file missing", "vaults_file: gone.json\n", nil, `feeops.yaml:1: vaults_file: got "gone.json", which cannot be read (no such file or directory), want a JSON file of vaults. Correct the path, or make the file with feeops localnet --write-vaults.`},
		{"unknown variable", "", []string{"FEEOPS_RPC_MAX_SLOT_LAG=5"}, `environment: FEEOPS_RPC_MAX_SLOT_LAG: got an unknown variable, want a known one. Did you mean FEEOPS_RPC__MAX_SLOT_LAG?`},
		{"bad variable", "", []string{"FEEOPS_RPC__MAX_SLOT_LAG=x"}, `environment: FEEOPS_RPC__MAX_SLOT_LAG: got "x", want a whole number from 1 to 10000.`},
		{"variable out of range", "", []string{"FEEOPS_DISTRIBUTION__PAGE_SIZE=51"}, `environment: FEEOPS_DISTRIBUTION__PAGE_SIZE: got 51, want 1..50. Leave it out to take as many investors as fit a transaction.`},
		{"an operator's name", "operators:\n  - {name: ann lee, roles: [viewer]}\n", nil, `feeops.yaml:2: operators[0].name: got "ann lee", want a name that matches ^[A-Za-z0-9][A-Za-z0-9._@/-]{0,99}$. Leave out spaces.`},
		{"an operator's role", "operators:\n  - {name: ann, roles: [boss]}\n", nil, `feeops.yaml:2: operators[0].roles[0]: got "boss", want one of viewer, operator, approver, admin.`},
		{"an operator without roles", "operators:\n  - {name: ann}\n", nil, `feeops.yaml:2: operators[0].roles: got [], want at least 1 entries.`},
		{"an operator's key", "operators:\n  - {name: ann, roles: [viewer], public_key: \"ed25519:AAAA\"}\n", nil, `feeops.yaml:2: operators[0].public_key: got "ed25519:AAAA", want ed25519: and 32 bytes in base64. Copy the line that feeops operator keygen printed.`},
		{"an approver without a key", "operators:\n  - {name: ann, roles: [approver]}\n", nil, `feeops.yaml:2: operators[0].public_key: got nothing, want a public key for one who approves. Make one with feeops operator keygen.`},
		{"an operator's end", "operators:\n  - {name: ann, roles: [viewer], expires: soon}\n", nil, `feeops.yaml:2: operators[0].expires: got "soon", want 2027-01-31 or 2027-01-31T12:00:00Z.`},
		{"one operator twice", "operators:\n  - {name: ann, roles: [viewer]}\n  - {name: ann, roles: [viewer]}\n", nil, `feeops.yaml:3: operators[1].name: got "ann" again, want a name of its own. operators[0] has it.`},
		{"one key for two operators", "operators:\n  - {name: ann, roles: [viewer], public_key: \"ed25519:oSdt0pug9DmCmD6BTCpR/Xku9k6r6uVwTB/RTvL6TdI=\"}\n  - {name: bob, roles: [approver], public_key: \"ed25519:oSdt0pug9DmCmD6BTCpR/Xku9k6r6uVwTB/RTvL6TdI=\"}\n", nil, `feeops.yaml:3: operators[1].public_key: got a key again, want a key of its own. operators[0] has it: one person could approve as two.`},
		{"a drill's time", "schedules:\n  stop_drill:\n    at: weekly\n", nil, `feeops.yaml:3: schedules.stop_drill.at: got "weekly", want a time of day from 00:00 to 23:59.`},
		{"bad stop", "", []string{"EMERGENCY_STOP=maybe"}, `environment: EMERGENCY_STOP: got "maybe", want true or false.`},
		{"bad RPC_URL", "", []string{"RPC_URL=localhost:1"}, `environment: RPC_URL[0].url: got "localhost:1", want an address http://… or https://….`},
		{"bad webhook is not repeated", "", []string{"DISCORD_WEBHOOK_URL=hunter2"}, `environment: DISCORD_WEBHOOK_URL: got a secret that is no address, want an address https://….`},
		{"bad SMTP_CONFIG is not repeated", "", []string{"SMTP_CONFIG=hunter2"}, `environment: SMTP_CONFIG: got something else, want smtp://user:password@host:587?from=a@example.org&to=b@example.org, or JSON with host, port, auth, from, to.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.yaml, tt.env...)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestLoad_VaultsFileErrorsNameTheRow(t *testing.T) {
	row := func(id, address, more string) string {
		return `{"id":"` + id + `","vault":"` + address + `","quote_mint":"` + keyC + `","creator_wallet":"` + keyC +
			`","honorary_position":"` + keyC + `","streams":["` + keyD + `"]` + more + `}`
	}
	tests := []struct {
		name string
		json string
		want string
	}{
		{"no JSON", "[\n{\"id\": }\n]", `v.json:2: got something else (invalid character '}' looking for beginning of value), want JSON. Correct the syntax there or just above.`},
		{"no array", `{"id":"a"}`, `v.json:1: got a section, want an array of vaults.`},
		{"row that is text", `["a"]`, `v.json:1: [0]: got a single value, want a section with keys.`},
		{"unknown key", "[\n" + row("a", keyA, "") + ",\n" + row("b", keyB, `,"page_sice":5`) + "]", `v.json:3: [1].page_sice: got an unknown key, want a known one. Did you mean page_size?`},
		{"bad value", "[\n" + row("a", keyA, "") + ",\n" + row("b", keyB, `,"page_size":51`) + "]", `v.json:3: [1].page_size: got 51, want 1..50. Leave it out to take as many investors as fit a transaction.`},
		{"id twice", "[\n" + row("a", keyA, "") + ",\n" + row("a", keyB, "") + "]", `v.json:3: [1].id: got "a" again, want an id of its own. vaults[0] (a) has it.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, map[string]string{"feeops.yaml": "vaults_file: v.json\n", "v.json": tt.json})
			_, _, err := config.Load(config.LoadOptions{Path: filepath.Join(dir, "feeops.yaml")})
			require.EqualError(t, relative(err, dir), tt.want)
		})
	}
}

func TestLoad_AllProblemsInOnePassInTheOrderOfTheFile(t *testing.T) {
	_, err := load(t, "network: nowhere\nrpc:\n  max_slot_lag: x\n  requests: 1\nlog:\n  level: loud\nvaults:\n"+vaultYAML("A", "short"), "FEEOPS_X=1")
	var list config.Errors
	require.ErrorAs(t, err, &list)
	var keys []string
	for _, e := range list {
		keys = append(keys, e.Key)
	}
	require.Equal(t, []string{"network", "rpc.max_slot_lag", "rpc.requests", "log.level", "vaults[0].id", "vaults[0].program_id", "vaults[0].streams", "vaults[0].vault", "FEEOPS_X"}, keys)
	var one config.Error
	require.ErrorAs(t, err, &one)
}

func TestLoad_MissingFile(t *testing.T) {
	_, _, err := config.Load(config.LoadOptions{Path: "gone.yaml"})
	require.EqualError(t, err, "gone.yaml: got a file that cannot be read (no such file or directory), want a settings file. Name another with --config or FEEOPS_CONFIG.")
}
