package devstack

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/operator/keyfile"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/seal"
)

// settings is the part of feeops.yaml that a stack sets; everything else keeps its default.
type settings struct {
	Network     string           `yaml:"network"`
	GenesisHash string           `yaml:"genesis_hash"`
	RPC         rpcSettings      `yaml:"rpc"`
	Temporal    temporalSettings `yaml:"temporal"`
	Store       struct {
		DSN string `yaml:"dsn"`
	} `yaml:"store"`
	Audit struct {
		KeyPath string `yaml:"key_path"`
	} `yaml:"audit"`
	Worker    workerSettings     `yaml:"worker"`
	Schedules scheduleSettings   `yaml:"schedules"`
	Operators []operatorSettings `yaml:"operators"`
	Reports   struct {
		Dir string `yaml:"dir"`
	} `yaml:"reports"`
	VaultsFile string `yaml:"vaults_file"`
}

// scheduleSettings switch the stop drill off: a stack that lives for minutes needs no schedule.
type scheduleSettings struct {
	StopDrill struct {
		Enabled bool `yaml:"enabled"`
	} `yaml:"stop_drill"`
}

type operatorSettings struct {
	Name  string   `yaml:"name"`
	Roles []string `yaml:"roles"`
	Key   string   `yaml:"public_key"`
}

type rpcSettings struct {
	Endpoints    []endpointSettings `yaml:"endpoints"`
	PollInterval string             `yaml:"poll_interval"`
	SlotTime     string             `yaml:"slot_time,omitempty"`
}

type endpointSettings struct {
	Name  string `yaml:"name"`
	URL   string `yaml:"url"`
	WSURL string `yaml:"ws_url"`
	Limit int    `yaml:"requests_per_second"` // 0: our own machine needs none.
}

type temporalSettings struct {
	Address   string `yaml:"address"`
	Namespace string `yaml:"namespace"`
	TaskQueue string `yaml:"task_queue"`
	UIURL     string `yaml:"ui_url"`
	Retention string `yaml:"retention"` // That of a development server; it ends with the stack anyway.
}

type workerSettings struct {
	Listen       string      `yaml:"listen"`
	DrainTimeout string      `yaml:"drain_timeout"`
	Web          webSettings `yaml:"web"`
}

type webSettings struct {
	Tokens []tokenSettings `yaml:"tokens"`
}

type tokenSettings struct {
	Operator string `yaml:"operator"`
	Token    string `yaml:"token"`
}

// webOperator is who presses the buttons of a local stack's page, with the token in this file of its directory.
const (
	webOperator = "carol"
	webToken    = "web-token"
)

// operators makes two people who approve and one who runs the day, with keys in the run's directory: a stop of a local
// stack can be lifted as one of a real network is.
func (s *Stack) operators() ([]operatorSettings, error) {
	var out []operatorSettings
	for _, o := range []operatorSettings{{Name: "alice", Roles: []string{"approver"}}, {Name: "bob", Roles: []string{"approver"}}, {Name: "carol", Roles: []string{"operator"}}} {
		public, err := keyfile.Write(s.run.Path(OperatorKey(o.Name)), rand.Reader)
		if err != nil {
			return nil, err
		}
		o.Key = operator.FormatKey(public)
		out = append(out, o)
	}
	return out, nil
}

// OperatorKey is where a local stack keeps an operator's key, relative to its directory.
func OperatorKey(name string) string { return filepath.Join("operators", name+".key") }

// writeSettings writes the stack's feeops.yaml; the other commands use the same file as the worker.
func (s *Stack) writeSettings(context.Context, Options) error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	y := settings{
		Network: "localnet", GenesisHash: s.Chain.Genesis,
		RPC: rpcSettings{
			Endpoints:    []endpointSettings{{Name: "localnet", URL: s.Chain.RPC, WSURL: s.Chain.WS}},
			PollInterval: "200ms",
		},
		Temporal: temporalSettings{
			Address: s.temporal.Address, Namespace: Namespace, TaskQueue: ops.TaskQueue, UIURL: s.temporal.UIAddress, Retention: "24h",
		},
		Worker: workerSettings{
			Listen: loopback(ports[0]), DrainTimeout: workerDrain.String(), Web: webSettings{Tokens: []tokenSettings{{webOperator, "file:" + webToken}}},
		},
		VaultsFile: vaultsName, // Beside the file, so that the directory can be looked at as a whole.
	}
	s.WebToken = s.run.Path(webToken)
	if err := os.WriteFile(s.WebToken, []byte(rand.Text()+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the token of the stack's page: %w", err)
	}
	s.Page = "http://" + y.Worker.Listen + "/"
	if y.Operators, err = s.operators(); err != nil {
		return err
	}
	if s.Chain.SlotTime > 0 {
		y.RPC.SlotTime = s.Chain.SlotTime.String()
	}
	y.Store.DSN = "file:feeops.db"
	if y.Audit.KeyPath, err = s.auditKey(); err != nil {
		return err
	}
	y.Reports.Dir = "reports" // Beside the file as well.
	var b bytes.Buffer
	b.WriteString("# Written by feeops for a local stack that ends with it.\n")
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(y); err != nil {
		return fmt.Errorf("write the stack's settings: %w", err)
	}
	s.Config = s.run.Path(configName)
	if err := os.WriteFile(s.Config, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the stack's settings: %w", err)
	}
	return nil
}

// auditKey makes a key for the stack's receipts and heads of the audit log, which end with it.
func (s *Stack) auditKey() (string, error) {
	key, err := seal.Generate(rand.Reader)
	if err != nil {
		return "", err
	}
	return auditName, key.Write(s.run.Path(auditName))
}
