// Package config reads feeops.yaml and the environment into typed, validated settings.
//
// What stands later wins: the defaults, the file, the names of the operations document (RPC_URL, KEYPAIR_PATH, …),
// FEEOPS_* variables. Every problem is found in one pass and names the file, the line, the key and what was wanted,
// because an operator at night should not have to start the program five times to find five typing errors.
package config

import "time"

// Settings are all settings of the program. The zero value is not usable: begin with Default or Load.
type Settings struct {
	Network      string       `json:"network" validate:"oneof=localnet devnet testnet mainnet-beta" jsonschema_description:"The Solana network. An endpoint of another network is refused by its genesis hash."`
	GenesisHash  string       `json:"genesis_hash,omitempty" validate:"omitempty,pubkey" jsonschema_description:"Expected genesis hash. Known for the public networks; for a local chain empty accepts any."`
	RPC          RPC          `json:"rpc" jsonschema_description:"Solana endpoints and how they are used."`
	Temporal     Temporal     `json:"temporal" jsonschema_description:"The Temporal service. TLS and API key come from Temporal's own environment variables."`
	Store        Store        `json:"store" jsonschema_description:"The database of manifests, intents, reports and the audit log."`
	Signer       Signer       `json:"signer" jsonschema_description:"The fee payer's key."`
	Audit        Audit        `json:"audit" jsonschema_description:"The key that signs heads of the audit log and daily receipts."`
	Worker       Worker       `json:"worker" jsonschema_description:"The worker process."`
	Log          Log          `json:"log" jsonschema_description:"Logs on standard error."`
	Safety       Safety       `json:"safety" jsonschema_description:"What keeps money from moving."`
	Distribution Distribution `json:"distribution" jsonschema_description:"How a day is paid."`
	Operators    []Operator   `json:"operators,omitempty" validate:"dive" jsonschema_description:"People with roles and keys. Two approvers lift a stop."`
	Monitor      Monitor      `json:"monitor" jsonschema_description:"How the fleet is watched, and when people are told."`
	Incidents    Incidents    `json:"incidents" jsonschema_description:"How failures become incidents."`
	Escalation   Escalation   `json:"escalation" jsonschema_description:"Who is paged when nobody acknowledges an incident."`
	OnCall       OnCall       `json:"oncall" jsonschema_description:"Who is on call."`
	Notify       Notify       `json:"notify" jsonschema_description:"Channels that are told. Secrets come from the environment or file: references."`
	Reports      Reports      `json:"reports" jsonschema_description:"Reports as files, and the days that they are about."`
	Schedules    Schedules    `json:"schedules" jsonschema_description:"What Temporal starts by itself, and when."`
	Maintenance  Maintenance  `json:"maintenance" jsonschema_description:"What the weekly maintenance looks at."`
	Backup       Backup       `json:"backup" jsonschema_description:"Encrypted backups of the store, evidence and reports."`
	VaultsFile   string       `json:"vaults_file,omitempty" kind:"path" jsonschema_description:"JSON file with rows of vaults, as localnet --write-vaults makes it. Rows of the same id in vaults override it key by key."`
	Vaults       []Vault      `json:"vaults" validate:"dive" jsonschema_description:"The vaults that are paid and watched."`
}

// RPC is the pool of Solana endpoints (P10, P12).
type RPC struct {
	Endpoints           []Endpoint    `json:"endpoints" validate:"min=1,dive" jsonschema_description:"Endpoints, best first. Two of different providers let one be judged by the other."`
	MaxSlotLag          uint64        `json:"max_slot_lag" validate:"min=1,max=10000" jsonschema_description:"Slots that an endpoint may lie behind the newest one before it is left out."`
	RequestTimeout      time.Duration `json:"request_timeout" validate:"min=100ms,max=5m" jsonschema_description:"Longest wait for one answer."`
	Commitment          string        `json:"commitment" validate:"oneof=confirmed finalized" jsonschema_description:"Commitment at which pages follow each other. A day is settled at finalized only."`
	PollInterval        time.Duration `json:"poll_interval" validate:"min=10ms,max=1m" jsonschema_description:"Time between two reads of an open signature's status."`
	SlotTime            time.Duration `json:"slot_time" validate:"min=1ms,max=10s" jsonschema_description:"Usual time between two slots. It only sizes waits and decides nothing."`
	RebroadcastInterval time.Duration `json:"rebroadcast_interval" validate:"min=100ms,max=1m" jsonschema_description:"Time between two sends of the same signed bytes."`
}

// Endpoint is one RPC node.
type Endpoint struct {
	Name              string        `json:"name,omitempty" validate:"max=100" jsonschema_description:"Name in logs, metrics and rankings. Default: the host."`
	URL               URL           `json:"url" validate:"required,rpc_url" jsonschema_description:"http(s) address; with a key in it only as env:NAME or file:/path."`
	WSURL             URL           `json:"ws_url,omitempty" validate:"omitempty,ws_url" jsonschema_description:"ws(s) address. Empty: signatures are polled."`
	RequestsPerSecond uint32        `json:"requests_per_second" validate:"max=100000" jsonschema_description:"Request budget; 0 is unlimited."`
	Timeout           time.Duration `json:"timeout,omitempty" validate:"omitempty,min=100ms,max=5m" jsonschema_description:"Overrides rpc.request_timeout for this endpoint."`
}

// Temporal says where the workflow engine is.
type Temporal struct {
	Address   string `json:"address" validate:"hostport" jsonschema_description:"host:port of the Temporal frontend."`
	Namespace string `json:"namespace" validate:"required" jsonschema_description:"Temporal namespace."`
	TaskQueue string `json:"task_queue" validate:"required" jsonschema_description:"Task queue of the workers."`
	UIURL     string `json:"ui_url,omitempty" validate:"omitempty,http_url" jsonschema_description:"Address of the Temporal Web UI, for links in messages."`

	Encryption Encryption    `json:"encryption" jsonschema_description:"Encryption of what Temporal stores: inputs, results and failures. Search attributes and ids stay readable."`
	Retention  time.Duration `json:"retention" validate:"min=24h,max=2160h" jsonschema_description:"How long the namespace keeps the histories of ended runs, at least. feeops setup makes it so and never shortens it; doctor looks."`
}

// Store says where the database is.
type Store struct {
	DSN      URL    `json:"dsn" kind:"dsn" validate:"required,dsn" jsonschema_description:"file:PATH for SQLite, or postgres://USER@HOST:PORT/DATABASE; with a password in it only as env:NAME or FEEOPS_STORE__DSN."`
	Password Secret `json:"password,omitempty" jsonschema_description:"Password for a postgres:// address that has none, as env:NAME or file:PATH."`
}

// Worker is the process that runs workflows.
type Worker struct {
	Listen       string        `json:"listen" validate:"hostport" jsonschema_description:"Address of the page, health and metrics. Loopback only, unless allow_public."`
	AllowPublic  bool          `json:"allow_public,omitempty" jsonschema_description:"Lets listen be a public address: the page shows vaults and amounts to anyone who reaches it."`
	DrainTimeout time.Duration `json:"drain_timeout" validate:"min=1s,max=10m" jsonschema_description:"Time that running steps get to end at shutdown."`
	Identity     string        `json:"identity,omitempty" jsonschema_description:"Name of this worker in Temporal. Default: made of process and host."`
	Deployment   string        `json:"deployment,omitempty" validate:"omitempty,deployment" jsonschema_description:"Worker deployment of Temporal's worker versioning. Empty: no versioning, every worker takes every task."`
	BuildID      string        `json:"build_id,omitempty" validate:"omitempty,deployment" jsonschema_description:"Build of this worker in its deployment. Default: the revision that the program was built from."`
	Web          Web           `json:"web" jsonschema_description:"The worker's own page for people, at worker.listen."`
}

// Reports says where reports go and whose midnight ends a day (E05, E07).
type Reports struct {
	Dir      string `json:"dir" kind:"path" validate:"required" jsonschema_description:"Directory of saved reports; it is made when it is needed. No report is ever replaced."`
	TimeZone string `json:"time_zone" validate:"time_zone" jsonschema_description:"Time zone of report dates, such as Europe/Vienna. On-chain days are named by UTC whatever it is."`
}

// Log chooses what is logged and how.
type Log struct {
	Level  string `json:"level" validate:"oneof=debug info warn error" jsonschema_description:"Least level that is logged."`
	Format string `json:"format" validate:"oneof=text json" jsonschema_description:"text for people, json for machines."`

	File         string `json:"file,omitempty" jsonschema_description:"Also a file, which the program turns over by itself. Empty: standard error alone, which systemd and containers keep."`
	MaxMegabytes int    `json:"max_megabytes" validate:"min=1,max=10000" jsonschema_description:"Size at which log.file is turned over."`
	KeepFiles    int    `json:"keep_files" validate:"min=1,max=1000" jsonschema_description:"Packed older log files that are kept."`
	KeepDays     int    `json:"keep_days" validate:"min=0,max=3650" jsonschema_description:"Days for which older log files are kept; 0: only their number counts."`
}

// Safety holds the switch of the operations document (S11). The durable flag lives in the store; this one adds to it.
type Safety struct {
	EmergencyStop   bool `json:"emergency_stop,omitempty" jsonschema_description:"While true nothing is sent, and a worker that starts with it raises the durable stop. Also EMERGENCY_STOP=true."`
	ConfirmSettings bool `json:"confirm_settings,omitempty" jsonschema_description:"true: a worker that starts with other money settings than the last one raises the stop, and two operators lift it. Money settings are the network, distribution, signer.policy, operators, and the vaults without their investors."`
}
